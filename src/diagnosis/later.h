/* SPDX-License-Identifier: Apache-2.0 */
/* What will bite later: certificates and CRLs in the stores, and clients, that end soon. */
#pragma once

#include "diagnosis/check.h"

void later_find(struct scene *, struct suspects *);
