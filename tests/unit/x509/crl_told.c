/* SPDX-License-Identifier: Apache-2.0 */
/* What one process tells another of a list: the same list, and no harm where it lies. */
#include "x509/crl_list.h"

#include "list.h"
#include "tap.h"

/* critical certificateIssuer: the directory name CN=B */
#define ISSUER                                                                                     \
	"\x30\x1e\x30\x1c\x06\x03\x55\x1d\x1d\x01\x01\xff\x04\x12\x30\x10\xa4\x0e\x30\x0c\x31\x0a" \
	"\x30\x08\x06\x03\x55\x04\x03\x0c\x01"                                                     \
	"B"

enum { MANY = 300, WANTED = 5 };

/* The third byte is the number modulo 128: each serial is there twice or more. */
static void
put_some(struct buffer *entries)
{
	for (unsigned i = 0; i < MANY; i++) {
		CLEANUP(buffer_free) struct buffer content = {};
		uint8_t serial[2] = { 0x10, (uint8_t)(i % 128) };

		der_put(&content, DER_INTEGER, span_of(serial, sizeof(serial)));
		buffer_add_text(&content, UTC);
		if (i % 100 == 50)
			buffer_add(&content, ISSUER, sizeof(ISSUER) - 1);
		der_put(entries, DER_SEQUENCE, buffer_span(&content));
	}
}

static struct crl_list *
take(struct span told, struct span der, const struct crl_wanted *wanted, struct crl *ret)
{
	struct crl_reading reading = { .source = crl_source_bytes(der), .wanted = wanted };

	return crl_list_take(told, &reading, ret);
}

/* All that is found of a serial, as numbers; -1 ends it where it cannot be told. */
static void
find_all(const struct crl *crl, struct span serial, struct buffer *ret)
{
	CLEANUP(crl_search_end) struct crl_search search = crl_search_begin(crl, serial);
	struct crl_entry entry;
	int found;

	while ((found = crl_search_next(&search, &entry)) > 0)
		buffer_addf(ret, "%lld/%zu ", (long long)entry.revoked_at,
			entry.certificate_issuer.length);
	buffer_addf(ret, "%d;", found);
}

static const uint8_t serials[WANTED][2] = { { 0x10, 1 }, { 0x10, 50 }, { 0x10, 100 }, { 0x10, 127 },
	{ 0x11, 1 } };

static void
find_each(const struct crl *crl, struct buffer *ret)
{
	for (unsigned i = 0; i < WANTED; i++)
		find_all(crl, span_of(serials[i], 2), ret);
}

struct desk {
	struct buffer der, told, found;
	struct crl_wanted *wanted;
	struct crl_list *list;
	struct crl crl;
};

static void
desk_make(struct desk *desk)
{
	CLEANUP(buffer_free) struct buffer entries = {};
	struct span spans[WANTED];
	struct crl_fault fault;

	*desk = (struct desk){};
	for (unsigned i = 0; i < WANTED; i++)
		spans[i] = span_of(serials[i], 2);
	put_some(&entries);
	put_list(&desk->der, &entries, (struct span){});
	desk->wanted = crl_wanted_new(spans, WANTED);
	desk->list = list_of(buffer_span(&desk->der), 0, desk->wanted, &desk->crl, &fault);
	must(desk->list != NULL, "a list");
	crl_list_tell(&desk->crl, &desk->told);
	find_each(&desk->crl, &desk->found);
}

static void
desk_end(struct desk *desk)
{
	crl_list_free(desk->list);
	crl_wanted_free(desk->wanted);
	buffer_free(&desk->der);
	buffer_free(&desk->told);
	buffer_free(&desk->found);
}

TEST(told, "what was told is the same list")
{
	CLEANUP(desk_end) struct desk desk;
	CLEANUP(buffer_free) struct buffer found = {};
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;
	struct crl crl;

	desk_make(&desk);
	list = take(buffer_span(&desk.told), buffer_span(&desk.der), desk.wanted, &crl);
	CHECK(list != NULL && crl.entry_count == MANY && crl.entry_issuers);
	CHECK(digest_equal(&crl.fingerprint, &desk.crl.fingerprint));
	CHECK(span_equal(crl.issuer, desk.crl.issuer) &&
		span_equal(crl.signature, desk.crl.signature));
	find_each(&crl, &found);
	CHECK(span_equal(buffer_span(&found), buffer_span(&desk.found)));
	/* Those that nobody wanted, too. */
	CHECK(crl_find(&crl, span_of("\x10\x02", 2), NULL) == 1);
	CHECK(crl_find(&crl, span_of("\x12\x02", 2), NULL) == 0);
}

TEST(told_short, "what breaks off, or has more, was told by nobody")
{
	CLEANUP(desk_end) struct desk desk;
	struct crl crl;

	desk_make(&desk);
	for (size_t length = 0; length < desk.told.length; length++)
		CHECK(take(span_of(desk.told.data, length), buffer_span(&desk.der), desk.wanted,
			      &crl) == NULL);
	buffer_add_text(&desk.told, "x");
	CHECK(take(buffer_span(&desk.told), buffer_span(&desk.der), desk.wanted, &crl) == NULL);
}

TEST(told_lies, "whichever octet of it is another, it is refused or can be searched")
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	CLEANUP(desk_end) struct desk desk;
	size_t refused = 0, taken = 0;

	desk_make(&desk);
	for (size_t i = 0; i < desk.told.length * sizeof(masks); i++) {
		uint8_t *octet = &desk.told.data[i / sizeof(masks)];
		CLEANUP(buffer_free) struct buffer found = {};
		struct crl_list *list;
		struct crl crl;

		*octet ^= masks[i % sizeof(masks)];
		list = take(buffer_span(&desk.told), buffer_span(&desk.der), desk.wanted, &crl);
		if (list != NULL)
			find_each(&crl, &found);
		/* No entry is made up: what is found is on the list. */
		CHECK(list == NULL || crl_find(&crl, span_of("\x11\x01", 2), NULL) <= 0);
		taken += list != NULL;
		refused += list == NULL;
		crl_list_free(list);
		*octet ^= masks[i % sizeof(masks)];
	}
	CHECK(refused > 100 && taken > 100);
}

TAP_MAIN()
