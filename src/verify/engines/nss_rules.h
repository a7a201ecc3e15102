/* SPDX-License-Identifier: Apache-2.0 */
/* What NSS asks in its own way: rules of its model. */
#pragma once

#include "verify/rule.h"

/* nss_names.c: how it compares names, constrains them, and finds the host among them. */
extern const struct rule nss_host_name, nss_name_chaining, nss_name_constraints;
/* nss_algorithms.c: what it can check signatures with. */
extern const struct rule nss_algorithms;
/* nss_revocation.c: its cache of CRLs. */
extern const struct rule nss_revocation;
