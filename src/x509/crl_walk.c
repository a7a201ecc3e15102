/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a list, one after the other. Nearly all are plain: serial, UTCTime and perhaps a
 * reason, in one form that DER leaves them. Those are taken at a glance, many in turn, eight
 * characters in one number; whatever else is there goes the way of any entry, and decides alone
 * what is a fault.
 */
#include <endian.h>
#include <string.h>

#include "x509/crl_list_own.h"

enum {
	TIME_SIZE = 15,   /* UTCTime with its header */
	REASON_SIZE = 14, /* extensions that are a reason alone */
	SHORT = 0x80,
	HOURS = 24,
};

/* The first byte is the lowest, whatever the machine's own order. */
static uint64_t
eight_bytes(const uint8_t *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return le64toh(bytes);
}

/* As an element holds them: read from the left. */
#define EIGHT(a, b, c, d, e, f, g, h)                                                     \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | \
		(uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 |         \
		(uint64_t)(h) << 56)
#define ALL_EIGHT(a) EIGHT(a, a, a, a, a, a, a, a)

/* Not 0 where any of eight bytes is more than its limit, which is less than 0x80. */
static uint64_t
excess(uint64_t bytes, uint64_t limits)
{
	uint64_t sum = (bytes & ALL_EIGHT(0x7f)) + (ALL_EIGHT(0x7f) - limits);

	return (sum | bytes) & ALL_EIGHT(0x80);
}

static unsigned
octet(uint64_t bytes, unsigned number)
{
	return bytes >> 8 * number & 0xff;
}

/* A UTCTime that der_time takes: 17 0d YYMMDDhhmmssZ. */
static bool
is_plain_time(const uint8_t *at)
{
	/* Of months from 0 to 19, in leap years and in others. Of 1950 to 2049 every fourth year is
	 * a leap year. */
	static const uint8_t days[2][20] = {
		{ 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 },
		{ 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 },
	};
	uint64_t date =
		eight_bytes(at) ^ EIGHT(DER_UTC_TIME, TIME_SIZE - 2, '0', '0', '0', '0', '0', '0');
	uint64_t time = eight_bytes(at + 7) ^ EIGHT('0', '0', '0', '0', '0', '0', '0', 'Z');
	unsigned month, day;

	if ((excess(date, EIGHT(0, 0, 9, 9, 1, 9, 3, 9)) |
		    excess(time, EIGHT(9, 2, 9, 5, 9, 5, 9, 0))) != 0)
		return false;
	month = octet(date, 4) * 10 + octet(date, 5);
	day = octet(date, 6) * 10 + octet(date, 7);
	/* Ten is two, modulo four. */
	return day - 1 < days[(octet(date, 2) * 2 + octet(date, 3)) % 4 != 0][month] &&
	       octet(time, 1) * 10 + octet(time, 2) < HOURS;
}

/* extensions { { id-ce-cRLReasons, OCTET STRING { ENUMERATED } } } */
static bool
is_plain_reason(const uint8_t *at)
{
	uint64_t tail = eight_bytes(at + REASON_SIZE - 8) ^
			EIGHT(0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0);

	return eight_bytes(at) == EIGHT(0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d) &&
	       octet(tail, 7) <= REASON_LAST && tail << 8 == 0;
}

/* Length of the plain entry that these bytes begin with; 0 where there is none. */
static size_t
plain_length(const uint8_t *at, size_t left)
{
	size_t length, serial, rest;

	if (left < 4 || at[0] != DER_SEQUENCE || at[1] >= SHORT || at[2] != DER_INTEGER)
		return 0;
	length = 2U + at[1];
	serial = at[3];
	if (length > left || serial == 0 || length < 4 + serial + TIME_SIZE)
		return 0;
	/* No first octet that says nothing (X.690 8.3.2). */
	if (serial > 1 && ((at[4] == 0 && at[5] < 0x80) || (at[4] == 0xff && at[5] >= 0x80)))
		return 0;
	rest = length - 4 - serial - TIME_SIZE;
	if (rest != 0 && (rest != REASON_SIZE || !is_plain_reason(at + 4 + serial + TIME_SIZE)))
		return 0;
	return is_plain_time(at + 4 + serial) ? length : 0;
}

/* What was walked of the view is passed. */
static void
step(struct list_walk *walk)
{
	if (walk->used == 0)
		return;
	crl_window_pass(walk->window, walk->used);
	walk->view = span_of(walk->view.data + walk->used, walk->view.length - walk->used);
	walk->begin += walk->used;
	walk->used = 0;
}

size_t
list_walk_plain(struct list_walk *walk, const uint8_t *ret[static LIST_WALK_MANY])
{
	const uint8_t *at;
	size_t left, count = 0, length;

	step(walk);
	at = walk->view.data;
	left = walk->view.length;
	if (left > walk->end - walk->begin)
		left = (size_t)(walk->end - walk->begin);
	while (count < LIST_WALK_MANY && (length = plain_length(at, left)) > 0) {
		ret[count++] = at;
		at += length;
		left -= length;
	}
	walk->used = (size_t)(at - walk->view.data);
	return count;
}

static bool
fail(struct list_walk *walk, const char *fault, size_t offset)
{
	walk->fault = fault;
	walk->offset += offset;
	return false;
}

static bool
read_entry(struct list_walk *walk)
{
	struct der cursor = der_of(walk->whole);

	if (!crl_entry_next(&cursor, &walk->entry))
		return fail(walk, cursor.fault, cursor.fault_offset);
	return true;
}

/* What was walked of the view is passed, and so much more is seen, if there is so much. */
static void
look(struct list_walk *walk, size_t wanted)
{
	step(walk);
	walk->view = crl_window_want(walk->window, wanted);
	walk->begin = crl_window_offset(walk->window);
}

bool
list_walk_next(struct list_walk *walk)
{
	struct span bytes;
	size_t header, length, left;
	unsigned tag;
	const char *fault;

	walk->offset = walk->begin + walk->used;
	if (walk->offset >= walk->end)
		return false;
	left = (size_t)(walk->end - walk->offset);
	look(walk, DER_MAX_HEADER);
	bytes = walk->view;
	fault = der_header(
		bytes.length < left ? bytes : span_of(bytes.data, left), &tag, &header, &length);
	if (fault == NULL && tag != DER_SEQUENCE)
		fault = "an element is of another type than belongs here";
	if (fault == NULL && length > left - header)
		fault = "an element runs past the end of what holds it";
	if (fault == NULL && length > CRL_ENTRY_MAX_SIZE)
		fault = "an entry larger than any";
	if (fault != NULL)
		return fail(walk, fault, 0);
	look(walk, header + length);
	if (walk->view.length < header + length)
		return fail(walk, "the data ends in the middle of an element", 0);
	walk->whole = span_of(walk->view.data, header + length);
	if (!read_entry(walk))
		return false;
	walk->used = header + length;
	return true;
}

struct list_walk
list_walk_begin(struct crl_window *window, uint64_t end)
{
	struct list_walk walk = { .window = window, .end = end };

	look(&walk, 1);
	return walk;
}

void
list_walk_end(struct list_walk *walk)
{
	look(walk, 1);
}
