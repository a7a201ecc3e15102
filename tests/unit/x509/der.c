/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

#include <stdlib.h>

#include "tap.h"

#define BYTES(text) span_of(text, sizeof(text) - 1)

TEST(der_walks, "elements come in order, and the end is the end")
{
	struct der der = der_of(BYTES("\x02\x01\x05\x30\x03\x01\x01\xff\x05\x00"));
	struct der_element sequence;
	struct der inside;

	CHECK(der_peek(&der) == DER_INTEGER);
	CHECK(der_unsigned(&der) == 5);
	CHECK(der_optional(&der, DER_NULL).tag == 0);
	sequence = der_expect(&der, DER_SEQUENCE);
	CHECK(sequence.whole.length == 5 && sequence.content.length == 3);
	inside = der_enter(&sequence);
	CHECK(der_boolean(&inside));
	der_leave(&der, &inside);
	CHECK(der_optional(&der, DER_NULL).tag == DER_NULL);
	CHECK(der_at_end(&der) && der_peek(&der) == 0 && der.fault == NULL);
	CHECK(der_next(&der).tag == 0);
	CHECK(der.fault != NULL && der.fault_offset == 10);
}

TEST(der_damage, "what is not DER is refused where it stands")
{
	static const struct {
		struct span bytes;
		size_t offset;
	} rows[] = {
		{ { (const uint8_t *)"\x30", 1 }, 0 },                 /* no length */
		{ { (const uint8_t *)"\x30\x80\x00\x00", 4 }, 0 },     /* indefinite */
		{ { (const uint8_t *)"\x04\x81\x01\x00", 4 }, 0 },     /* long form for short */
		{ { (const uint8_t *)"\x04\x82\x00\x80", 4 }, 0 },     /* leading zero */
		{ { (const uint8_t *)"\x05\x00\x04\x02\x00", 5 }, 2 }, /* past the end */
		{ { (const uint8_t *)"\x04\x84\x80\x00\x00\x00", 6 }, 0 },
		{ { (const uint8_t *)"\x04\x85\x01\x00\x00\x00\x00", 7 }, 0 },
		{ { (const uint8_t *)"\x04\x82\x01", 3 }, 0 },
		{ { (const uint8_t *)"\x1f\x01\x00", 3 }, 0 },     /* high tag number */
		{ { (const uint8_t *)"\x05\x00\x00\x00", 4 }, 2 }, /* end of contents */
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct der der = der_of(rows[i].bytes);

		while (!der_at_end(&der))
			(void)der_next(&der);
		CHECK(der.fault != NULL);
		CHECK(der.fault_offset == rows[i].offset);
	}
}

TEST(der_long_lengths, "lengths of several octets are read")
{
	enum { SIZE = 70000 };
	uint8_t *bytes = calloc(1, SIZE + 5);
	struct der der = der_of(span_of(bytes, SIZE + 5));
	struct der_element element;

	(void)memcpy(bytes, "\x04\x83\x01\x11\x70", 5);
	element = der_next(&der);
	free(bytes);
	CHECK(element.tag == DER_OCTET_STRING && element.content.length == SIZE);
	CHECK(der.fault == NULL);
}

TEST(der_first_fault, "the first fault stays, and later reads do nothing")
{
	struct der der = der_of(BYTES("\x02\x01\x05\x05\x00\x02\x01\x07"));

	CHECK(der_unsigned(&der) == 5);
	CHECK(!der_boolean(&der));
	CHECK(der.fault_offset == 3);
	const char *fault = der.fault;
	CHECK(der_integer(&der).length == 0 && der_unsigned(&der) == 0);
	der_fail(&der, "another");
	CHECK(der.fault == fault && der.fault_offset == 3 && der_at_end(&der));
}

TEST(der_leaving, "a fault inside becomes the outer one's, at its place there")
{
	struct der der = der_of(BYTES("\x05\x00\x30\x04\x02\x02\x00\x05"));
	struct der_element sequence;
	struct der inside;

	(void)der_next(&der);
	sequence = der_next(&der);
	inside = der_enter(&sequence);
	(void)der_integer(&inside);
	der_leave(&der, &inside);
	CHECK(der.fault != NULL && der.fault_offset == 4);

	der = der_of(BYTES("\x30\x02\x05\x00"));
	sequence = der_next(&der);
	inside = der_enter(&sequence);
	der_leave(&der, &inside);
	CHECK(der.fault != NULL && der.fault_offset == 2);
}

static bool
integer_is_refused(struct span bytes)
{
	struct der der = der_of(bytes);

	(void)der_unsigned(&der);
	return der.fault != NULL && der.fault_offset == 0;
}

TEST(der_integers, "numbers are minimal, and where they must not be, not negative")
{
	struct der der = der_of(BYTES("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"));

	CHECK(der_unsigned(&der) == UINT64_MAX && der.fault == NULL);
	CHECK(integer_is_refused(BYTES("\x02\x00")));
	CHECK(integer_is_refused(BYTES("\x02\x02\x00\x7f")));
	CHECK(integer_is_refused(BYTES("\x02\x02\xff\x80")));
	CHECK(integer_is_refused(BYTES("\x02\x01\x80")));
	CHECK(integer_is_refused(BYTES("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00")));
	der = der_of(BYTES("\x02\x01\xff"));
	CHECK(der_integer(&der).length == 1 && der.fault == NULL);
}

TEST(der_booleans, "00 and FF, nothing else")
{
	struct der der = der_of(BYTES("\x01\x01\x00\x01\x01\xff\x01\x01\x01"));

	CHECK(!der_boolean(&der) && der.fault == NULL);
	CHECK(der_boolean(&der) && der.fault == NULL);
	CHECK(!der_boolean(&der) && der.fault_offset == 6);
}

TEST(der_bit_strings, "unused bits are counted and zero")
{
	struct der der =
		der_of(BYTES("\x03\x02\x00\xa5\x03\x02\x05\xa0\x03\x01\x00\x03\x02\x01\x01"));
	unsigned unused;
	struct span bits = der_bits(&der, NULL);

	CHECK(bits.length == 1 && bits.data[0] == 0xa5);
	bits = der_bits(&der, &unused);
	CHECK(bits.length == 1 && unused == 5);
	CHECK(der_bits(&der, NULL).length == 0 && der.fault == NULL);
	(void)der_bits(&der, &unused);
	CHECK(der.fault != NULL && der.fault_offset == 11);
	der = der_of(BYTES("\x03\x02\x05\xa0"));
	(void)der_bits(&der, NULL);
	CHECK(der.fault != NULL);
	der = der_of(BYTES("\x03\x00"));
	(void)der_bits(&der, &unused);
	CHECK(der.fault != NULL);
	der = der_of(BYTES("\x03\x01\x01"));
	(void)der_bits(&der, &unused);
	CHECK(der.fault != NULL);
}

static bool
time_is(unsigned tag, const char *text, int64_t wanted)
{
	uint8_t bytes[32] = { (uint8_t)tag, (uint8_t)strlen(text) };
	struct der der = der_of(span_of(bytes, 2 + strlen(text)));

	(void)memcpy(bytes + 2, text, strlen(text));
	return der_time(&der) == wanted && der.fault == NULL;
}

static bool
time_is_refused(unsigned tag, const char *text)
{
	uint8_t bytes[32] = { (uint8_t)tag, (uint8_t)strlen(text) };
	struct der der = der_of(span_of(bytes, 2 + strlen(text)));

	(void)memcpy(bytes + 2, text, strlen(text));
	return der_time(&der) == 0 && der.fault != NULL && der.fault_offset == 0;
}

TEST(der_times, "the two forms of RFC 5280 4.1.2.5, and no other")
{
	CHECK(time_is(DER_UTC_TIME, "700101000000Z", 0));
	CHECK(time_is(DER_UTC_TIME, "500101000000Z", -631152000));
	CHECK(time_is(DER_UTC_TIME, "491231235959Z", 2524607999));
	CHECK(time_is(DER_GENERALIZED_TIME, "20250101000000Z", 1735689600));
	CHECK(time_is(DER_GENERALIZED_TIME, "99991231235959Z", 253402300799));
	CHECK(time_is(DER_UTC_TIME, "000229000000Z", 951782400));
	CHECK(time_is_refused(DER_UTC_TIME, "010229000000Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "7001010000Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "700101000000+0000"));
	CHECK(time_is_refused(DER_UTC_TIME, "70010100000:Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "701301000000Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "700100000000Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "700101240000Z"));
	CHECK(time_is_refused(DER_UTC_TIME, "700101000060Z"));
	CHECK(time_is_refused(DER_GENERALIZED_TIME, "20250101000000.5Z"));
	CHECK(time_is_refused(DER_GENERALIZED_TIME, "20250101000000"));
	CHECK(time_is_refused(DER_IA5_STRING, "700101000000Z"));
}

static const char *
oid_text(struct span oid)
{
	static char text[DER_OID_TEXT_SIZE];

	der_oid_text(oid, text);
	return text;
}

TEST(der_oids, "OIDs are whole, and shown dotted")
{
	struct der der = der_of(BYTES("\x06\x03\x55\x1d\x0f\x06\x02\x55\x9d"));
	struct span oid = der_oid(&der);
	char many[200];

	CHECK(der_oid_is(oid, "\x55\x1d\x0f", 3) && !der_oid_is(oid, "\x55\x1d", 2));
	CHECK_TEXT(oid_text(oid), "2.5.29.15");
	(void)der_oid(&der);
	CHECK(der.fault != NULL && der.fault_offset == 5);
	der = der_of(BYTES("\x06\x03\x55\x80\x01"));
	(void)der_oid(&der);
	CHECK(der.fault != NULL);
	der = der_of(BYTES("\x06\x00"));
	(void)der_oid(&der);
	CHECK(der.fault != NULL);
	CHECK_TEXT(oid_text(BYTES("\x2a\x86\x48\x86\xf7\x0d")), "1.2.840.113549");
	CHECK_TEXT(oid_text(BYTES("\x88\x37\x03")), "2.999.3");
	CHECK_TEXT(oid_text(BYTES("\x27")), "0.39");
	CHECK_TEXT(oid_text(BYTES("\x55\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), "2.5…");
	(void)memset(many, 0x7f, sizeof(many));
	CHECK(strlen(oid_text(span_of(many, sizeof(many)))) < DER_OID_TEXT_SIZE);
}

TAP_MAIN()
