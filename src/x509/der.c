/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"

enum {
	LONG_FORM = 0x80,
	INDEFINITE_FORM = 0x80,
	LENGTH_OCTETS_MAX = 4,
	TAG_NUMBER_MASK = 0x1f, /* all ones: the tag number follows, X.690 8.1.2.4 */
	INTEGER_SIGN = 0x80,
	OID_MORE = 0x80,
	BOOLEAN_TRUE = 0xff,
	/* RFC 5280 4.1.2.5.1: the two digits of a UTCTime mean 1950 to 2049. */
	UTC_TIME_PIVOT = 50,
};

static const char fault_long[] = "a length of 2 GiB or more";
static const char fault_short[] = "the data ends in the middle of an element";

const char der_odd_boolean[] = "a BOOLEAN that is neither 00 nor FF";

static void
fail_at(struct der *der, size_t offset, const char *fault)
{
	if (der->fault != NULL)
		return;
	der->fault = fault;
	der->fault_offset = offset;
}

/* X.690 10.1: definite, in the fewest octets. octets begin with one of the long form; ret_header
 * grows by those that follow it. Returns a fault, or NULL. */
static const char *
read_long_length(struct span octets, size_t *ret_header, size_t *ret_length)
{
	size_t count = octets.data[0] & ~LONG_FORM, length = 0;

	if (octets.data[0] == INDEFINITE_FORM)
		return "a length of indefinite form, which is BER and not DER";
	if (count > LENGTH_OCTETS_MAX)
		return fault_long;
	if (octets.length < 1 + count)
		return fault_short;
	for (size_t i = 1; i <= count; i++)
		length = length << 8 | octets.data[i];
	if (length < LONG_FORM || octets.data[1] == 0)
		return "a length in more octets than it needs";
	if (length > INT32_MAX)
		return fault_long;
	*ret_header += count;
	*ret_length = length;
	return NULL;
}

const char *
der_header(struct span rest, unsigned *ret_tag, size_t *ret_header, size_t *ret_length)
{
	*ret_header = 2;
	if (rest.length == 0)
		return fault_short;
	if ((rest.data[0] & TAG_NUMBER_MASK) == TAG_NUMBER_MASK)
		return "a tag number above 30";
	if (rest.data[0] == 0)
		return "the reserved tag 0";
	if (rest.length < *ret_header)
		return fault_short;
	*ret_tag = rest.data[0];
	*ret_length = rest.data[1];
	if (*ret_length < LONG_FORM)
		return NULL;
	return read_long_length(span_of(rest.data + 1, rest.length - 1), ret_header, ret_length);
}

/* rest is not empty. Returns a fault, or NULL. */
static const char *
read_element(struct span rest, struct der_element *ret)
{
	unsigned tag;
	size_t header, length;
	const char *fault = der_header(rest, &tag, &header, &length);

	if (fault != NULL)
		return fault;
	if (length > rest.length - header)
		return "an element runs past the end of what holds it";
	ret->tag = tag;
	ret->whole = span_of(rest.data, header + length);
	ret->content = span_of(rest.data + header, length);
	return NULL;
}

struct der_element
der_next_checked(struct der *der)
{
	struct der_element element = { .tag = 0 };
	const char *fault;

	if (der_at_end(der)) {
		fail_at(der, der->offset, "an element is missing");
		return element;
	}
	fault = read_element(
		span_of(der->bytes.data + der->offset, der->bytes.length - der->offset), &element);
	if (fault != NULL)
		fail_at(der, der->offset, fault);
	else
		der->offset += element.whole.length;
	return element;
}

struct der_element
der_expect_checked(struct der *der, unsigned tag)
{
	if (!der_at_end(der) && der_peek(der) != tag)
		fail_at(der, der->offset, "an element is of another type than belongs here");
	return der_next_checked(der);
}

void
der_fail(struct der *der, const char *fault)
{
	fail_at(der, der->offset, fault);
}

void
der_leave(struct der *outer, struct der *inner)
{
	if (!der_at_end(inner))
		der_fail(inner, "something is left over at the end of an element");
	if (outer->fault != NULL || inner->fault == NULL)
		return;
	fail_at(outer, (size_t)(inner->bytes.data - outer->bytes.data) + inner->fault_offset,
		inner->fault);
}

bool
der_boolean(struct der *der)
{
	size_t start = der->offset;
	struct span content = der_expect(der, DER_BOOLEAN).content;

	/* X.690 11.1 */
	if (content.length != 1 || (content.data[0] != 0 && content.data[0] != BOOLEAN_TRUE)) {
		fail_at(der, start, der_odd_boolean);
		return false;
	}
	return content.data[0] != 0;
}

struct span
der_integer(struct der *der)
{
	size_t start = der->offset;
	struct span content = der_expect(der, DER_INTEGER).content;

	if (content.length == 0) {
		fail_at(der, start, "an INTEGER without content");
		return content;
	}
	/* X.690 8.3.2: the first nine bits are not all the same. */
	if (content.length > 1 &&
		((content.data[0] == 0 && content.data[1] < INTEGER_SIGN) ||
			(content.data[0] == 0xff && content.data[1] >= INTEGER_SIGN)))
		fail_at(der, start, "an INTEGER in more octets than it needs");
	return content;
}

uint64_t
der_unsigned(struct der *der)
{
	size_t start = der->offset;
	struct span content = der_integer(der);
	uint64_t number = 0;

	if (der->fault != NULL)
		return 0;
	if (content.data[0] >= INTEGER_SIGN) {
		fail_at(der, start, "a negative INTEGER where none may be");
		return 0;
	}
	if (content.data[0] == 0)
		content = span_of(content.data + 1, content.length - 1);
	if (content.length > sizeof(number)) {
		fail_at(der, start, "an INTEGER too large for its purpose");
		return 0;
	}
	for (size_t i = 0; i < content.length; i++)
		number = number << 8 | content.data[i];
	return number;
}

struct span
der_bits(struct der *der, unsigned *ret_unused)
{
	size_t start = der->offset;
	struct span content = der_expect(der, DER_BIT_STRING).content;
	unsigned unused = content.length > 0 ? content.data[0] : 8;

	if (ret_unused != NULL)
		*ret_unused = 0;
	if (unused > 7 || (unused > 0 && content.length == 1)) {
		fail_at(der, start, "a BIT STRING with a wrong count of unused bits");
		return (struct span){};
	}
	/* X.690 11.2.1 */
	if (unused > 0 && (content.data[content.length - 1] & ((1u << unused) - 1)) != 0)
		fail_at(der, start, "a BIT STRING whose unused bits are not zero");
	if (ret_unused != NULL)
		*ret_unused = unused;
	else if (unused > 0)
		fail_at(der, start, "a BIT STRING that is not of whole octets");
	return span_of(content.data + 1, content.length - 1);
}

/* Pairs of digits into numbers; false where one is no digit. */
static bool
read_pairs(const uint8_t *text, size_t count, int *ret)
{
	for (size_t i = 0; i < count; i++) {
		unsigned tens = text[2 * i] - '0', units = text[2 * i + 1] - '0';

		if (tens > 9 || units > 9)
			return false;
		ret[i] = (int)(tens * 10 + units);
	}
	return true;
}

static bool
calendar_is_valid(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

/*
 * RFC 5280 4.1.2.5: in Zulu time, with seconds, without fractions. That a date before 2050 should
 * be a UTCTime is not asked: OpenSSL does not, and such certificates are in use.
 */
int64_t
der_time(struct der *der)
{
	size_t start = der->offset;
	bool generalized = der_peek(der) == DER_GENERALIZED_TIME;
	struct span content =
		der_expect(der, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME).content;
	/* century, year, month, day, hour, minute, second */
	int parts[7] = { 0 };
	size_t first = generalized ? 0 : 1, count = COUNT_OF(parts) - first;

	if (content.length != 2 * count + 1 || content.data[2 * count] != 'Z' ||
		!read_pairs(content.data, count, parts + first)) {
		fail_at(der, start, "a time that is not of the form that RFC 5280 wants");
		return 0;
	}
	if (!generalized)
		parts[0] = parts[1] < UTC_TIME_PIVOT ? 20 : 19;
	parts[1] += parts[0] * 100;
	if (!calendar_is_valid(parts[1], parts[2], parts[3]) || parts[4] > 23 || parts[5] > 59 ||
		parts[6] > 59) {
		fail_at(der, start, "a time that no calendar has");
		return 0;
	}
	return moment_from_calendar(parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]);
}

/* X.690 8.19: the last octet ends a component, and none begins with 80. */
static bool
oid_is_valid(struct span oid)
{
	unsigned previous = 0, bad = 0;

	if (oid.length == 0 || oid.data[oid.length - 1] >= OID_MORE)
		return false;
	for (size_t i = 0; i < oid.length; i++) {
		bad |= oid.data[i] == OID_MORE && previous < OID_MORE;
		previous = oid.data[i];
	}
	return bad == 0;
}

struct span
der_oid(struct der *der)
{
	size_t start = der->offset;
	struct span content = der_expect(der, DER_OID).content;

	if (!oid_is_valid(content))
		fail_at(der, start, "a damaged OBJECT IDENTIFIER");
	return content;
}

bool
der_oid_is(struct span oid, const char *encoded, size_t length)
{
	return oid.length == length && memcmp(oid.data, encoded, length) == 0;
}

bool
der_oid_is_among(struct span oid, const char *const *encoded, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (der_oid_is(oid, encoded[i], strlen(encoded[i])))
			return true;
	return false;
}

void
der_oid_text(struct span oid, char text[static DER_OID_TEXT_SIZE])
{
	static const char more[] = "…";
	size_t used = 0, room = DER_OID_TEXT_SIZE - sizeof(more);
	uint64_t component = 0;
	bool first = true;

	text[0] = '\0';
	for (size_t i = 0; i < oid.length; i++) {
		char piece[48];
		int length;

		if (component > UINT64_MAX >> 7) {
			(void)strcpy(text + used, more);
			return;
		}
		component = component << 7 | (oid.data[i] & ~OID_MORE);
		if (oid.data[i] >= OID_MORE)
			continue;
		/* X.690 8.19.4: the first two arcs share one component. */
		unsigned arc = component < 80 ? (unsigned)component / 40 : 2;
		length = first ? snprintf(piece, sizeof(piece), "%u.%ju", arc,
					 (uintmax_t)(component - 40 * arc))
			       : snprintf(piece, sizeof(piece), ".%ju", (uintmax_t)component);
		if ((size_t)length > room - used) {
			(void)strcpy(text + used, more);
			return;
		}
		(void)memcpy(text + used, piece, (size_t)length + 1);
		used += (size_t)length;
		component = 0;
		first = false;
	}
}

/* One decimal component at *text, which moves behind it and its dot; -1 where there is none. */
static int
read_component(const char **text, uint64_t *ret)
{
	const char *at = *text;

	*ret = 0;
	if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
		return -1;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*ret > (UINT64_MAX >> 8) / 10)
			return -1;
		*ret = *ret * 10 + (uint64_t)(*at - '0');
	}
	if (*at != '\0' && (*at != '.' || at[1] == '\0'))
		return -1;
	*text = *at == '.' ? at + 1 : at;
	return 0;
}

/* X.690 8.19.2: seven bits an octet, the highest first. */
static size_t
write_component(uint64_t component, uint8_t *out)
{
	size_t count = 1, used = 0;

	for (uint64_t rest = component >> 7; rest > 0; rest >>= 7)
		count++;
	while (count-- > 0)
		out[used++] =
			(uint8_t)((component >> 7 * count & 0x7f) | (count > 0 ? OID_MORE : 0));
	return used;
}

int
der_oid_encode(struct arena *arena, const char *text, struct span *ret)
{
	uint8_t *out = arena_alloc(arena, 2 * strlen(text) + 1);
	uint64_t first, component;
	size_t used;

	/* X.660: below the arcs 0 and 1 there are forty. */
	if (read_component(&text, &first) < 0 || first > 2 ||
		read_component(&text, &component) < 0 || (first < 2 && component >= 40))
		return -1;
	used = write_component(40 * first + component, out);
	while (*text != '\0') {
		if (read_component(&text, &component) < 0)
			return -1;
		used += write_component(component, out + used);
	}
	*ret = span_of(out, used);
	return 0;
}
