/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenJDK's certificate reader makes of a certificate (sun.security.x509 of OpenJDK 17). */
#pragma once

#include "x509/x509.h"

const char *jsse_unreadable(const struct cert *);
/* Of extensions that are not critical, what cannot be read is passed over (UnparseableExtension):
 * without them, where that is so. */
struct span jsse_alt_names(const struct cert *);
struct span jsse_constraints(const struct cert *);
/* X500Name.equals: of two string types only, without regard to case and repeated spaces. */
bool jsse_same_name(struct span, struct span);
/* The first name's relative names are the beginning of the second's. */
bool jsse_name_begins(struct span base, struct span name);
/* DNSName: labels of letters, digits and hyphens, none empty. */
bool jsse_is_host(struct span);
