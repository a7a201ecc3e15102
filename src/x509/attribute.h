/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of a distinguished name in their order, and their values as UTF-8. */
#pragma once

#include "x509/der.h"

struct attribute {
	struct span oid;
	struct der_element value;
	bool begins_set; /* the first of its relative distinguished name */
};

struct attribute_walk {
	struct der outer, name, set;
	bool in_set;
};

struct attribute_walk attribute_walk_of(struct span name);
/* False at the end, or at damage; attribute_walk_is_whole then says which. */
bool attribute_next(struct attribute_walk *, struct attribute *ret);
bool attribute_walk_is_whole(const struct attribute_walk *);

/* What attribute_utf8 writes at most. */
static inline size_t
attribute_utf8_bound(const struct der_element *value)
{
	return 2 * value->content.length;
}

/* NULL, or what is wrong with the value: OpenSSL then does not read the certificate at all. */
const char *attribute_fault(const struct der_element *value);
/* Whether the value is of a string type that is compared as text. */
bool attribute_is_text(const struct der_element *value);
/* Its length, or -1 where the octets are no string of this type, or the type is none. */
ssize_t attribute_utf8(const struct der_element *value, uint8_t *out);
