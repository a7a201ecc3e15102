/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict DER cursor (X.690 section 10): definite lengths in the fewest octets, low tag numbers,
 * no element past its parent's end, none of 2 GiB or more. It remembers its first fault: read
 * several fields, then ask once.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/mem.h"

enum { DER_MAX_DEPTH = 32 };

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13,
	DER_T61_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_VISIBLE_STRING = 0x1a,
	DER_UNIVERSAL_STRING = 0x1c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* [number] IMPLICIT primitive, and constructed (or EXPLICIT). */
#define DER_CONTEXT(number)             (0x80 | (number))
#define DER_CONTEXT_CONSTRUCTED(number) (0xa0 | (number))

struct der {
	struct span bytes;   /* what is being read */
	size_t offset;       /* of the next element */
	const char *fault;   /* static text of the first thing that was wrong, or NULL */
	size_t fault_offset; /* in bytes */
};

struct der_element {
	unsigned tag;      /* identifier octet */
	struct span whole; /* identifier, length and content */
	struct span content;
};

static inline struct der
der_of(struct span bytes)
{
	return (struct der){ .bytes = bytes };
}

/* No more elements, or faulted. */
static inline bool
der_at_end(const struct der *der)
{
	return der->fault != NULL || der->offset >= der->bytes.length;
}

/* The next element's tag without moving; 0 at the end. */
static inline unsigned
der_peek(const struct der *der)
{
	return der_at_end(der) ? 0 : der->bytes.data[der->offset];
}

/* What der_next, der_expect and der_optional do where the element is no plain one of a short
 * length: long lengths and all faults. */
struct der_element der_next_checked(struct der *);
/* The fault of a BOOLEAN of another octet than DER has: to some readers it is true. */
extern const char der_odd_boolean[];
struct der_element der_expect_checked(struct der *, unsigned tag);

/* The next element, whatever its tag. At a fault or the end: an empty element of tag 0, and a fault
 * is set. Most elements are short, and of a certificate's time most is spent here. */
static inline struct der_element
der_next(struct der *der)
{
	size_t rest = der->bytes.length - der->offset, length;
	const uint8_t *at;

	if (der->fault != NULL || rest < 2)
		return der_next_checked(der);
	at = der->bytes.data + der->offset;
	length = at[1];
	if (at[0] == 0 || (at[0] & 0x1f) == 0x1f || length >= 0x80 || length > rest - 2)
		return der_next_checked(der);
	der->offset += 2 + length;
	return (struct der_element){ at[0], { at, 2 + length }, { at + 2, length } };
}

/* The next element, which must have this tag, else a fault. */
static inline struct der_element
der_expect(struct der *der, unsigned tag)
{
	return der_peek(der) == tag ? der_next(der) : der_expect_checked(der, tag);
}

/* The next element if it has this tag; else an element of tag 0 and nothing moves. */
static inline struct der_element
der_optional(struct der *der, unsigned tag)
{
	return der_peek(der) == tag ? der_next(der) : (struct der_element){ .tag = 0 };
}

/* A cursor over the content; it carries a fault of its own. */
static inline struct der
der_enter(const struct der_element *element)
{
	return der_of(element->content);
}

/* Identifier and length of the element that begins the bytes, however long it is: its tag, the
 * octets before its content, those of its content. NULL, or what is wrong. */
const char *der_header(struct span, unsigned *ret_tag, size_t *ret_header, size_t *ret_length);
enum { DER_MAX_HEADER = 6 }; /* of a length below 2 GiB */

/* Sets a fault at the current offset, unless there is one. */
void der_fail(struct der *, const char *fault);
/* Ends the reading of an element that was entered: the inner cursor's fault, or that it left
 * something over, becomes the outer's, at its place in the outer's bytes. */
void der_leave(struct der *outer, struct der *inner);

/* BOOLEAN must be 00 or FF; INTEGER must be minimal. The getters fail the cursor they read from. */
bool der_boolean(struct der *);
/* A non-negative INTEGER that fits; fails otherwise. */
uint64_t der_unsigned(struct der *);
/* Content of an INTEGER, as it is (two's complement, minimal). */
struct span der_integer(struct der *);
/* Bits of a BIT STRING with no unused bits; ret_unused may take the count of unused bits instead.
 */
struct span der_bits(struct der *, unsigned *ret_unused);
/* UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 wants them, in seconds since 1970. */
int64_t der_time(struct der *);
/* Content of an OBJECT IDENTIFIER of whole, minimal components. */
struct span der_oid(struct der *);
/* True where the content of an OID element is this dotted OID's encoding, given as bytes. */
bool der_oid_is(struct span oid, const char *encoded, size_t length);
/* Whether it is one of these, which hold no octet 0. */
bool der_oid_is_among(struct span oid, const char *const *encoded, size_t count);
/* Adds an element of this tag with this content. */
void der_put(struct buffer *, unsigned tag, struct span content);
/* The content of the OBJECT IDENTIFIER that "2.5.29.15" names; -1 where the text names none. */
int der_oid_encode(struct arena *, const char *text, struct span *ret);
/* "2.5.29.15" into text, which a component too large or a text too long ends with "…". */
enum { DER_OID_TEXT_SIZE = 128 };
void der_oid_text(struct span oid, char text[static DER_OID_TEXT_SIZE]);
