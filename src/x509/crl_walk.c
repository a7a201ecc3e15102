/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a list, one after the other. Nearly all are plain: serial, UTCTime and perhaps a
 * reason, in one form that DER leaves them. Those are taken at a glance; whatever else is there
 * goes the way of any entry, and decides alone what is a fault.
 */
#include <limits.h>
#include <string.h>

#include "x509/crl_list_own.h"

enum {
	TIME_SIZE = 15,   /* UTCTime with its header */
	REASON_SIZE = 14, /* extensions that are a reason alone */
	SHORT = 0x80,
};

/* Two digits as a number; a large one where they are none. */
static unsigned
pair(const uint8_t *text)
{
	unsigned tens = text[0] - '0', units = text[1] - '0';

	return tens <= 9 && units <= 9 ? tens * 10 + units : UINT_MAX;
}

/* A UTCTime that der_time takes. Of 1950 to 2049 every fourth year is a leap year. */
static bool
is_plain_time(const uint8_t *at)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const uint8_t *text = at + 2;
	unsigned year, month, day;

	if (at[0] != DER_UTC_TIME || at[1] != TIME_SIZE - 2 || text[12] != 'Z')
		return false;
	year = pair(text);
	month = pair(text + 2);
	day = pair(text + 4);
	return year < 100 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month] + (unsigned)(month == 2 && year % 4 == 0) &&
	       pair(text + 6) < 24 && pair(text + 8) < 60 && pair(text + 10) < 60;
}

static bool
is_plain_reason(const uint8_t *at)
{
	static const uint8_t form[REASON_SIZE - 1] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
		0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01 };

	return memcmp(at, form, sizeof(form)) == 0 && at[sizeof(form)] <= REASON_LAST;
}

/* at: an entry of this whole length, which is short. */
static bool
is_plain(struct list_walk *walk, const uint8_t *at, size_t length)
{
	size_t serial, rest;

	if (length < 4 + 1 + TIME_SIZE)
		return false;
	serial = at[3];
	if (at[2] != DER_INTEGER || serial == 0 || serial > length - 4 - TIME_SIZE)
		return false;
	if (serial > 1 && ((at[4] == 0 && at[5] < 0x80) || (at[4] == 0xff && at[5] >= 0x80)))
		return false;
	rest = length - 4 - serial - TIME_SIZE;
	if (!is_plain_time(at + 4 + serial) ||
		(rest != 0 &&
			(rest != REASON_SIZE || !is_plain_reason(at + 4 + serial + TIME_SIZE))))
		return false;
	walk->serial = span_of(at + 4, serial);
	return true;
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
	walk->serial = walk->entry.serial;
	return true;
}

/* What was walked of the view is passed, and so much more is seen, if there is so much. */
static void
look(struct list_walk *walk, size_t wanted)
{
	crl_window_pass(walk->window, walk->used);
	walk->view = crl_window_want(walk->window, wanted);
	walk->used = 0;
	walk->begin = crl_window_offset(walk->window);
}

static struct span
rest_of(const struct list_walk *walk)
{
	return span_of(walk->view.data + walk->used, walk->view.length - walk->used);
}

static bool
next_of_any_form(struct list_walk *walk, size_t left)
{
	struct span bytes;
	size_t header, length;
	unsigned tag;
	const char *fault;

	look(walk, DER_MAX_HEADER);
	bytes = rest_of(walk);
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
	walk->is_plain = false;
	if (!read_entry(walk))
		return false;
	walk->used = header + length;
	return true;
}

bool
list_walk_next(struct list_walk *walk)
{
	const uint8_t *at = walk->view.data + walk->used;
	size_t seen = walk->view.length - walk->used, left;

	walk->offset = walk->begin + walk->used;
	if (walk->offset >= walk->end)
		return false;
	left = (size_t)(walk->end - walk->offset);
	if (seen >= 2 && at[0] == DER_SEQUENCE && at[1] < SHORT && 2U + at[1] <= seen &&
		2U + at[1] <= left && is_plain(walk, at, 2U + at[1])) {
		walk->whole = span_of(at, 2U + at[1]);
		walk->is_plain = true;
		walk->used += walk->whole.length;
		return true;
	}
	return next_of_any_form(walk, left);
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
