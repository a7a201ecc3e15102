/* SPDX-License-Identifier: Apache-2.0 */
/* What NSS asks in its own way: rules of its model. */
#pragma once

#include "verify/rule.h"

/* nss_names.c: how it compares names, and finds the host among them. */
extern const struct rule nss_host_name, nss_name_chaining;
/* CERT_CompareAVA, of the values: to the letter, in whatever encodings; white space and case count
 * for nothing between two PrintableStrings. */
bool nss_values_match(struct arena *, const struct der_element *a, const struct der_element *b);
/* A value as text, from the arena; NULL where it has none. */
const char *nss_text_of(struct arena *, const struct der_element *value);
/* nss_constraints.c: the name space of the CAs above. */
extern const struct rule nss_name_constraints;
/* nss_algorithms.c: what it can check signatures with. */
extern const struct rule nss_algorithms;
/* nss_revocation.c: its cache of CRLs. */
extern const struct rule nss_revocation;
