/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one name lies in a subtree of name constraints, by form (RFC 5280 4.2.1.10). */
#pragma once

#include "x509/x509.h"

enum general_name_kind {
	GENERAL_NAME_OTHER = 0,
	GENERAL_NAME_MAIL = 1,
	GENERAL_NAME_DNS = 2,
	GENERAL_NAME_DIRECTORY = 4,
	GENERAL_NAME_URI = 6,
	GENERAL_NAME_IP = 7,
};

/* How names are compared. */
struct name_manner {
	struct arena *arena;
	bool by_standard; /* as RFC 5280 has it; else as OpenSSL 3.0 does */
	bool is_excluded; /* the subtree is one that nothing may lie in */
};

/* X509_V_OK: inside; X509_V_ERR_PERMITTED_VIOLATION: outside; other errors: cannot be told. */
int name_match(const struct name_manner *, unsigned kind, struct span name, struct span base);
/* Of otherName: the type and the text inside, empty where it is none. */
struct other_name {
	struct span type, text;
};
struct other_name other_name_of(struct span content);
bool name_same_without_case(struct span, struct span);
/* The host name that a common name may stand for, as OpenSSL sees it: two labels or more of
 * letters, digits, '-' and '_'. */
bool name_looks_like_host(struct span utf8);
