/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forgiving cursor over BER (X.690 section 8), for containers that writers of all kinds make:
 * indefinite lengths, lengths in more octets than they need, strings in segments. What is cut short
 * is read as far as it goes, and says so; the strict cursor of x509/der.h stays the one for what is
 * judged.
 */
#pragma once

#include "x509/der.h"

enum { BER_MAX_DEPTH = 32, BER_MAX_SEGMENTS = 100'000 };

struct ber {
	struct span bytes;
	size_t offset;
	unsigned depth;
	bool damaged; /* what comes next is no element at all */
	bool clipped; /* the last element reaches past the end of what holds it */
};

struct ber_element {
	unsigned tag;        /* identifier octet */
	struct span whole;   /* as far as it is there */
	struct span content; /* without the end-of-contents octets */
	unsigned depth;      /* of its content */
	bool clipped;        /* the end of it is missing */
};

static inline struct ber
ber_of(struct span bytes)
{
	return (struct ber){ .bytes = bytes };
}

/* The next element; false at the end, at end-of-contents octets and where there is none. */
bool ber_next(struct ber *, struct ber_element *ret);
/* The next element where it has this tag; otherwise nothing moves. */
bool ber_take(struct ber *, unsigned tag, struct ber_element *ret);
/* A cursor over the content: empty past BER_MAX_DEPTH, and damaged then. */
struct ber ber_enter(const struct ber_element *);
/* Content of an OCTET STRING, or of one with this context number IMPLICIT: where it stands, or put
 * together in out from its segments. False past the bounds. */
bool ber_octets(const struct ber_element *, struct buffer *out, struct span *ret);
/* A non-negative INTEGER of at most 63 bits. */
bool ber_number(const struct ber_element *, uint64_t *ret);
/* Whether the elements in it go on to its end, none longer than what holds it. */
bool ber_is_whole(const struct ber_element *);
/* Whether it is an OBJECT IDENTIFIER: each number in as few octets as it needs (X.690 8.19.2). */
bool ber_is_oid(const struct ber_element *);
