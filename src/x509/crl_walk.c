/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a list, one after the other. Nearly all are plain: serial, UTCTime and perhaps a
 * reason, in one form that DER leaves them. Those are taken at a glance; whatever else is there goes
 * the way of any entry, and decides alone what is a fault.
 */
#include <string.h>

#include "x509/crl_list_own.h"

enum {
	TIME_SIZE = 15,   /* UTCTime with its header */
	REASON_SIZE = 14, /* extensions that are a reason alone */
	REASON_LAST = 10,
	SHORT = 0x80,
};

static bool
are_digits(const uint8_t *text, size_t count)
{
	uint8_t wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong |= (uint8_t)(text[i] - '0') > 9;
	return wrong == 0;
}

/* The day is the one that was found good last. */
static bool
is_plain_time(const struct list_walk *walk, const uint8_t *at)
{
	const uint8_t *text = at + 2;

	return at[0] == DER_UTC_TIME && at[1] == TIME_SIZE - 2 && text[12] == 'Z' &&
	       memcmp(text, walk->day, sizeof(walk->day)) == 0 && are_digits(text + 6, 6) &&
	       memcmp(text + 6, "24", 2) < 0 && text[8] < '6' && text[10] < '6';
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
	size_t serial = at[3], rest;

	if (length < 4 + 1 + TIME_SIZE || at[2] != DER_INTEGER || serial == 0 ||
		serial > length - 4 - TIME_SIZE)
		return false;
	if (serial > 1 && ((at[4] == 0 && at[5] < 0x80) || (at[4] == 0xff && at[5] >= 0x80)))
		return false;
	rest = length - 4 - serial - TIME_SIZE;
	if (!is_plain_time(walk, at + 4 + serial) ||
		(rest != 0 &&
			(rest != REASON_SIZE || !is_plain_reason(at + 4 + serial + TIME_SIZE))))
		return false;
	walk->serial = span_of(at + 4, serial);
	return true;
}

/* What the day of a good entry was, for the next ones. */
static void
keep_day(struct list_walk *walk)
{
	const uint8_t *time = walk->serial.data + walk->serial.length;

	if (time[0] == DER_UTC_TIME && time[1] == TIME_SIZE - 2)
		memcpy(walk->day, time + 2, sizeof(walk->day));
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
	keep_day(walk);
	return true;
}

bool
list_walk_next(struct list_walk *walk)
{
	struct span bytes;
	size_t header, length, left;
	unsigned tag;
	const char *fault;

	walk->offset = crl_window_offset(walk->window);
	if (walk->offset >= walk->end)
		return false;
	left = (size_t)(walk->end - walk->offset);
	bytes = crl_window_want(walk->window, DER_MAX_HEADER);
	fault = der_header(bytes.length < left ? bytes : span_of(bytes.data, left), &tag, &header,
		&length);
	if (fault == NULL && tag != DER_SEQUENCE)
		fault = "an element is of another type than belongs here";
	if (fault == NULL && length > left - header)
		fault = "an element runs past the end of what holds it";
	if (fault == NULL && length > CRL_ENTRY_MAX_SIZE)
		fault = "an entry larger than any";
	if (fault != NULL)
		return fail(walk, fault, 0);
	bytes = crl_window_want(walk->window, header + length);
	if (bytes.length < header + length)
		return fail(walk, "the data ends in the middle of an element", 0);
	walk->whole = span_of(bytes.data, header + length);
	walk->is_plain = length < SHORT && is_plain(walk, bytes.data, header + length);
	if (!walk->is_plain && !read_entry(walk))
		return false;
	crl_window_pass(walk->window, header + length);
	return true;
}
