/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl_list.h"

#include <stdio.h>

#include "list.h"
#include "tap.h"

#define UNKNOWN_CRITICAL "\x30\x0e\x30\x0c\x06\x03\x2a\x03\x04\x01\x01\xff\x04\x02\x05\x00"
#define INVALIDITY                                             \
	"\x30\x1a\x30\x18\x06\x03\x55\x1d\x18\x04\x11\x18\x0f" \
	"20240101000000Z"
/* critical certificateIssuer: the directory name CN=A, and CN=B */
#define ISSUER(letter)                                                                             \
	"\x30\x1e\x30\x1c\x06\x03\x55\x1d\x1d\x01\x01\xff\x04\x12\x30\x10\xa4\x0e\x30\x0c\x31\x0a" \
	"\x30\x08\x06\x03\x55\x04\x03\x0c\x01" letter

enum { MANY = 3000, BLOCKS = 9 };
static const size_t blocks[BLOCKS] = { 1, 2, 3, 5, 7, 16, 61, 256, CRL_INDEX_MIN_ENTRIES << 10 };

/* All the forms that an entry may have; some serials more than once, and none in order. */
static void
put_forms(struct buffer *entries)
{
	ENTRY(entries, "\x02\x01\x05" UTC);
	ENTRY(entries, "\x02\x01\x03" UTC REASON("\x01"));
	ENTRY(entries, "\x02\x01\x00" UTC);
	ENTRY(entries, "\x02\x01\x80" UTC REASON("\x0a"));
	ENTRY(entries, "\x02\x02\xff\x7f" UTC);
	ENTRY(entries, "\x02\x15\x00\x80"
		       "1234567890123456789" UTC);
	ENTRY(entries, "\x02\x1e"
		       "123456789012345678901234567890" UTC REASON("\x08"));
	ENTRY(entries, "\x02\x01\x03"
		       "\x18\x0f"
		       "20240101000000Z" REASON("\x06"));
	ENTRY(entries, "\x02\x01\x05"
		       "\x17\x0d"
		       "240228000000Z");
	ENTRY(entries, "\x02\x01\x06" UTC INVALIDITY);
	ENTRY(entries, "\x02\x01\x07" UTC ISSUER("B"));
	ENTRY(entries, "\x02\x01\x05" UTC);
	ENTRY(entries, "\x02\x01\x08" UTC UNKNOWN_CRITICAL);
	ENTRY(entries, "\x02\x01\x09" UTC ISSUER("A"));
	ENTRY(entries, "\x02\x01\x07" UTC REASON("\x00"));
}

static void
put_many(struct buffer *entries)
{
	for (unsigned i = 0; i < MANY; i++) {
		CLEANUP(buffer_free) struct buffer content = {};
		uint8_t serial[4] = { 0x40, (uint8_t)(i * 7 >> 8), (uint8_t)(i * 7), (uint8_t)i };

		der_put(&content, DER_INTEGER, span_of(serial, sizeof(serial)));
		buffer_add_text(&content, UTC);
		if (i % 3 == 0)
			buffer_add(&content, REASON("\x04"), sizeof(REASON("\x04")) - 1);
		der_put(entries, DER_SEQUENCE, buffer_span(&content));
	}
}

TEST(list_forms, "every form of an entry is read as from a whole list, across any border of blocks")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};
	struct crl crl;
	struct crl_fault fault;
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	for (size_t i = 0; i < BLOCKS; i++)
		CHECK(readers_agree(buffer_span(&der), blocks[i], SIZE_MAX));
	list = list_of(buffer_span(&der), 16, NULL, &crl, &fault);
	CHECK(list != NULL && crl.entry_count == 15 && crl.entry_critical && crl.entry_issuers);
	CHECK(crl_find(&crl, span_of("\x03", 1), NULL) == 1);
	CHECK(crl_find(&crl, span_of("\x04", 1), NULL) == 0);
	CHECK(crl_find(&crl, span_of("123456789012345678901234567890", 30), NULL) == 0);
}

TEST(list_duplicates, "a serial that is there three times is found three times, in order")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};
	struct crl crl;
	struct crl_fault fault;
	struct crl_search search;
	struct crl_entry entry;
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	list = list_of(buffer_span(&der), 7, NULL, &crl, &fault);
	for (unsigned round = 0; round < 2 * CRL_WALKS_BEFORE_INDEX; round++) {
		search = crl_search_begin(&crl, span_of("\x05", 1));
		CHECK(crl_search_next(&search, &entry) == 1 && entry.revoked_at == 1709251199 &&
			entry.certificate_issuer.length == 0);
		CHECK(crl_search_next(&search, &entry) == 1 && entry.revoked_at == 1709078400);
		CHECK(crl_search_next(&search, &entry) == 1 &&
			entry.certificate_issuer.length == 16);
		CHECK(memchr(entry.certificate_issuer.data, 'B', 16) != NULL);
		CHECK(crl_search_next(&search, &entry) == 0);
		crl_search_end(&search);
	}
}

TEST(list_cut, "a list that is cut anywhere is refused, at a place within it")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	for (size_t length = 0; length < der.length; length++)
		for (size_t i = 0; i < BLOCKS; i += 3)
			CHECK(readers_agree(span_of(der.data, length), blocks[i], SIZE_MAX));
	buffer_add(&der, "\x05", 1);
	CHECK(readers_agree(buffer_span(&der), 16, SIZE_MAX));
}

TEST(list_changed, "whatever octet is another, the two readers judge alike")
{
	static const uint8_t changes[] = { 0x01, 0x20, 0x80, 0xff };
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	for (size_t i = 0; i < der.length; i++)
		for (size_t j = 0; j < sizeof(changes); j++) {
			der.data[i] ^= changes[j];
			CHECK(readers_agree(buffer_span(&der), blocks[(i + j) % BLOCKS], SIZE_MAX));
			der.data[i] ^= changes[j];
		}
}

TEST(list_plain,
	"an entry of the plain form is taken where any entry is, whatever each octet of it says")
{
	static const char form[] = "\x02\x03\x01\x80\x05" UTC REASON("\x01");

	for (size_t length = sizeof("\x02\x03\x01\x80\x05" UTC) - 1; length < sizeof(form);
		length += sizeof(REASON("\x01")) - 1)
		for (size_t i = 0; i < length * 256; i++) {
			CLEANUP(buffer_free) struct buffer entries = {}, der = {};

			put_entry(&entries, form, length);
			entries.data[2 + i / 256] = (uint8_t)i;
			put_list(&der, &entries, (struct span){});
			CHECK(readers_agree(buffer_span(&der), 256, SIZE_MAX));
		}
}

TEST(list_days,
	"a day of the plain form is one where it is one in any entry: all of them, and some more")
{
	for (unsigned i = 0; i < 100 * 14 * 33; i++) {
		CLEANUP(buffer_free) struct buffer entries = {}, der = {};
		char content[32];

		(void)snprintf(content, sizeof(content),
			"\x02\x01\x01\x17\x0d"
			"%02u%02u%02u120000Z",
			i / 33 / 14, i / 33 % 14, i % 33);
		put_entry(&entries, content, 3 + 2 + 13);
		put_list(&der, &entries, (struct span){});
		CHECK(readers_agree(buffer_span(&der), 256, SIZE_MAX));
	}
}

static const struct {
	const char *content;
	size_t length;
	const char *fault;
	size_t offset; /* in the entry */
} malformed[] = {
#define ROW(content, fault, offset)                         \
	{                                                   \
		content, sizeof(content) - 1, fault, offset \
	}
	ROW("\x02\x00" UTC, "an INTEGER without content", 2),
	ROW("\x02\x02\x00\x01" UTC, "an INTEGER in more octets than it needs", 2),
	ROW("\x02\x02\xff\x80" UTC, "an INTEGER in more octets than it needs", 2),
	ROW("\x04\x01\x01" UTC, "an element is of another type than belongs here", 2),
	ROW("\x02\x01\x01", "an element is missing", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "240230000000Z",
		"a time that no calendar has", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "240228240000Z",
		"a time that no calendar has", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "240229236000Z",
		"a time that no calendar has", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "240229235960Z",
		"a time that no calendar has", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "24022923595:Z",
		"a time that is not of the form that RFC 5280 wants", 5),
	ROW("\x02\x01\x01\x17\x0b"
	    "2402292359Z",
		"a time that is not of the form that RFC 5280 wants", 5),
	ROW("\x02\x01\x01\x17\x0d"
	    "2402292359590",
		"a time that is not of the form that RFC 5280 wants", 5),
	ROW("\x02\x01\x01" UTC REASON("\x0b"), "a reason that RFC 5280 5.3.1 does not know", 34),
	ROW("\x02\x01\x01" UTC "\x30\x00\x05\x00",
		"something is left over at the end of an element", 22),
	ROW("\x02\x01\x01" UTC "\x30\x18\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01"
	    "\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01",
		"an extension that comes twice", 34),
	ROW("\x02\x7f\x01" UTC, "an element runs past the end of what holds it", 2),
#undef ROW
};

TEST(list_malformed, "each malformed entry is a fault at its place")
{
	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		CLEANUP(buffer_free) struct buffer entries = {}, der = {};
		struct crl crl;
		struct crl_fault fault;
		size_t before, list_header;

		/* Behind a good one, so that its day is known. */
		ENTRY(&entries, "\x02\x01\x05" UTC);
		before = entries.length;
		put_entry(&entries, malformed[i].content, malformed[i].length);
		ENTRY(&entries, "\x02\x01\x05" UTC);
		put_list(&der, &entries, (struct span){});
		list_header = span_find(buffer_span(&der), "\x02\x01\x05", 0) - 2;
		for (size_t j = 0; j < BLOCKS; j++) {
			CHECK(list_of(buffer_span(&der), blocks[j], NULL, &crl, &fault) == NULL);
			CHECK_TEXT(fault.text, malformed[i].fault);
			if (fault.offset != list_header + before + malformed[i].offset)
				printf("# row %zu: %zu\n", i,
					(size_t)fault.offset - list_header - before);
			CHECK(fault.offset == list_header + before + malformed[i].offset);
		}
		CHECK(readers_agree(buffer_span(&der), 16, SIZE_MAX));
	}
}

TEST(list_index, "the index finds what a walk finds, and nothing else")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};
	struct crl whole, parts, indexed;
	struct crl_fault fault;
	const char *text;
	size_t offset;
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;
	CLEANUP(crl_list_freep) struct crl_list *own = NULL;

	put_many(&entries);
	put_list(&der, &entries, (struct span){});
	CHECK(crl_read(buffer_span(&der), &whole, &text, &offset) == 0);
	list = list_of(buffer_span(&der), 4096, NULL, &parts, &fault);
	CHECK(list != NULL && same_entries(&whole, &parts, SIZE_MAX));
	indexed = whole;
	own = crl_list_of(&indexed);
	CHECK(own != NULL && indexed.list == own && same_entries(&whole, &indexed, SIZE_MAX));
	for (unsigned i = 0; i < MANY; i++) {
		uint8_t serial[4] = { 0x41, (uint8_t)(i >> 8), (uint8_t)i, 0 };

		CHECK(crl_find(&parts, span_of(serial, 4), NULL) == 0);
		CHECK(crl_find(&indexed, span_of(serial, 4), NULL) == 0);
	}
}

TEST(list_wanted, "serials that are known before are found in the pass that reads the list")
{
	static const struct span serials[] = { { (const uint8_t *)"\x05", 1 },
		{ (const uint8_t *)"\x04", 1 }, { (const uint8_t *)"\xff\x7f", 2 } };
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};
	CLEANUP(crl_wanted_freep)
	struct crl_wanted *wanted = crl_wanted_new(serials, COUNT_OF(serials));
	struct crl whole, parts;
	struct crl_fault fault;
	const char *text;
	size_t offset;
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	CHECK(crl_read(buffer_span(&der), &whole, &text, &offset) == 0);
	list = list_of(buffer_span(&der), 64, wanted, &parts, &fault);
	CHECK(list != NULL);
	CHECK(same_search(&whole, &parts, serials[0]) == 3);
	CHECK(same_search(&whole, &parts, serials[1]) == 0);
	CHECK(same_search(&whole, &parts, serials[2]) == 1);
	CHECK(same_entries(&whole, &parts, SIZE_MAX));
}

TEST(list_bounds, "a head, a tail or an entry larger than any is refused")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {}, content = {}, large = {};
	uint8_t *zeros = calloc(1, CRL_ENTRY_MAX_SIZE + 1);
	struct crl crl;
	struct crl_fault fault;

	der_put(&content, DER_INTEGER, span_of("\x05", 1));
	der_put(&content, DER_OCTET_STRING, span_of(zeros, CRL_ENTRY_MAX_SIZE));
	der_put(&entries, DER_SEQUENCE, buffer_span(&content));
	put_list(&der, &entries, (struct span){});
	CHECK(list_of(buffer_span(&der), 0, NULL, &crl, &fault) == NULL);
	CHECK_TEXT(fault.text, "an entry larger than any");
	der_put(&large, DER_SEQUENCE, span_of(zeros, CRL_TAIL_MAX_SIZE));
	buffer_clear(&entries);
	buffer_clear(&der);
	put_list(&der, &entries, buffer_span(&large));
	CHECK(list_of(buffer_span(&der), 0, NULL, &crl, &fault) == NULL);
	CHECK_TEXT(fault.text, "more behind the entries than any list has");
	free(zeros);
}

TEST(list_outline, "the outline is the same list without entries, but for a critical one")
{
	CLEANUP(buffer_free) struct buffer entries = {}, der = {};
	struct crl crl, drawn;
	struct crl_fault fault;
	const char *text;
	size_t offset;
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;

	put_forms(&entries);
	put_list(&der, &entries, (struct span){});
	list = list_of(buffer_span(&der), 64, NULL, &crl, &fault);
	CHECK(list != NULL && crl_read(crl_list_outline(list), &drawn, &text, &offset) == 0);
	CHECK(drawn.entry_count == 1 && drawn.entry_critical &&
		span_equal(drawn.issuer, crl.issuer));
	CHECK(crl_list_size(list) == der.length);
}

TAP_MAIN()
