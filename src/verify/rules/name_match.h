/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one name lies in a subtree of name constraints, by form (RFC 5280 4.2.1.10). */
#pragma once

#include "x509/x509.h"

enum general_name_kind {
	GENERAL_NAME_OTHER = 0,
	GENERAL_NAME_MAIL = 1,
	GENERAL_NAME_DNS = 2,
	GENERAL_NAME_X400 = 3,
	GENERAL_NAME_DIRECTORY = 4,
	GENERAL_NAME_EDI_PARTY = 5,
	GENERAL_NAME_URI = 6,
	GENERAL_NAME_IP = 7,
	GENERAL_NAME_ID = 8,
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
/* The next of GeneralSubtrees; false at the end, or where it cannot be read. */
struct subtree {
	unsigned kind;
	struct span base;
	bool has_bounds; /* minimum above 0, or a maximum */
	bool has_rest;   /* something follows that does not belong there */
};
bool subtree_next(struct der *subtrees, struct subtree *ret);

/* What rules and engines share. */
bool name_same_without_case(struct span, struct span);
/* The base or anything with more labels before it; ".base" means with more labels only. */
bool host_is_in_domain(struct span host, struct span base);
/* "*" as the whole first label stands for one label. */
bool host_matches_wildcard(struct span pattern, struct span host);
/* The host of a URI without user and port, one that begins with "[" as it stands; empty where there
 * is none. */
struct span uri_host(struct span uri);
/* An address in a subnet of its own family, host bits of which are masked off. */
bool address_is_in_subnet(struct span address, struct span subnet);
/* RFC 4632: a mask is ones and then zeros. */
bool mask_is_sound(struct span mask);
/* The octets of an address of IPv4 or IPv6; empty where the text is none. */
struct span text_address(const char *text, uint8_t octets[static 16]);
/* The last common name as UTF-8, from the arena; empty where there is none. */
struct span cert_common_name(struct arena *, const struct cert *);
bool cert_has_alt_name(const struct cert *, unsigned kind);
/* The host name that a common name may stand for, as OpenSSL sees it: two labels or more of
 * letters, digits, '-' and '_'. */
bool name_looks_like_host(struct span utf8);
