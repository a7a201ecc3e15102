/* SPDX-License-Identifier: Apache-2.0 */
/* What is whole in bytes that no structure leads to any more. */
#include "tap.h"

#include <string.h>

#include "stores/damage.h"
#include "stores/format.h"
#include "stores/wreckage.h"

static const struct store *
open_as(struct stores *stores, const struct buffer *bytes)
{
	return stores_open_bytes(stores, "store", buffer_span(bytes), LOADER_ANY);
}

static size_t
count_of(const struct store *store, struct span der)
{
	size_t count = 0;

	for (size_t i = 0; i < store->entry_count; i++)
		count += span_equal(store->entries[i].der, der);
	return count;
}

/* How often those of the corpus are there: each is to be there once. */
static size_t
found(const struct store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		count += count_of(store, damage_ders[i]);
	}
	return count;
}

static void
add_base64(struct buffer *out, struct span bytes)
{
	CLEANUP(mem_freep) char *text = mem_alloc(bytes.length * 4 / 3 + 8);

	EVP_EncodeBlock((unsigned char *)text, bytes.data, (int)bytes.length);
	buffer_add_text(out, text);
}

TEST(binary, "certificates among other bytes are found, and once")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	damage_setup();
	buffer_add(&bytes, "\xff\xfe\x01\x02garbage\x30\x82", 13);
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		buffer_add(&bytes, damage_ders[i].data, damage_ders[i].length);
		buffer_add(&bytes, "\x30\x82\x01", 3);
	}
	buffer_add(&bytes, damage_ders[0].data, damage_ders[0].length);
	store = open_as(stores, &bytes);
	CHECK_TEXT(store->format, "unknown");
	CHECK(found(store) == DAMAGE_BLOCKS && store->defect_count > 0);
}

TEST(text, "base64 is found wherever in a group of digits it begins, and however it is broken into "
	   "lines")
{
	static const char *const before[] = { "{", "{A", "{AB", "{ABC", "{A B\r\n\tC\\nD" };

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(before); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {};
		const struct store *store;

		buffer_add_text(&bytes, before[i]);
		add_base64(&bytes, damage_ders[0]);
		buffer_add_text(&bytes, "}");
		store = open_as(stores, &bytes);
		CHECK(found(store) == 1 && count_of(store, damage_ders[0]) == 1);
		CHECK(store->entries[0].is_enclosed && store->entries[0].offset == 1);
	}
}

TEST(digit, "of base64 with one digit that is none nothing comes out")
{
	damage_setup();
	for (size_t place = 0; place < damage_ders[0].length; place += 7) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer bytes = {};

		buffer_add_text(&bytes, "{");
		add_base64(&bytes, damage_ders[0]);
		bytes.data[1 + place] = '!';
		CHECK(found(open_as(stores, &bytes)) == 0);
	}
}

TEST(twice, "base64 of a text with base64 in it is gone into")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer inner = {}, bytes = {};

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		add_base64(&inner, damage_ders[i]);
		buffer_add_text(&inner, "\n--\n");
	}
	buffer_add_text(&bytes, "ca.crt: (");
	add_base64(&bytes, buffer_span(&inner));
	CHECK(found(open_as(stores, &bytes)) == DAMAGE_BLOCKS);
}

TEST(group, "where the first digits of a group are lost, the bytes that are whole in it are read")
{
	damage_setup();
	/* As many digits as there were bytes before it. */
	for (size_t lost = 1; lost <= 2; lost++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer whole = {}, text = {}, bytes = {};

		buffer_add(&whole, "\0\0", lost);
		buffer_add(&whole, damage_ders[0].data, damage_ders[0].length);
		add_base64(&text, buffer_span(&whole));
		buffer_add_text(&bytes, "{");
		buffer_add(&bytes, text.data + lost, text.length - lost);
		CHECK(found(open_as(stores, &bytes)) == 1);
	}
}

/* An encrypted container of the corpus. */
static void
written(struct buffer *out)
{
	static struct entry entries[DAMAGE_BLOCKS];
	const struct entry *pointers[DAMAGE_BLOCKS];
	const struct password password = { { (const uint8_t *)"changeit", 8 }, "", true };
	struct store_content content = { pointers, DAMAGE_BLOCKS, &password, 1700000000 };
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = (struct entry){ .der = damage_ders[i], .created = MOMENT_NEVER };
		(void)cert_read(damage_ders[i], &entries[i].cert, &fault, &offset);
		pointers[i] = &entries[i];
	}
	must(store_write("pkcs12", &content, out, NULL) == 0, "pkcs12");
}

TEST(encrypted, "the encrypted part of a container is opened without the container")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer whole = {}, bytes = {};
	const struct store *store;

	written(&whole);
	buffer_add_text(&bytes, "somebody's garbage ");
	buffer_add(&bytes, whole.data + 2, whole.length - 2);
	store = open_as(stores, &bytes);
	CHECK_TEXT(store->format, "unknown");
	CHECK(found(store) == DAMAGE_BLOCKS && store->defect_count > 0);
}

TEST(shifted, "bytes lost in the encrypted content cost what they stand in, and no more")
{
	damage_setup();
	for (size_t lost = 1; lost <= 16; lost += 3) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer whole = {}, bytes = {};
		size_t place;

		written(&whole);
		place = whole.length / 2;
		buffer_add(&bytes, whole.data, place);
		buffer_add(&bytes, whole.data + place + lost, whole.length - place - lost);
		CHECK(found(open_as(stores, &bytes)) == DAMAGE_BLOCKS - 1);
	}
}

TEST(vain, "what is read in vain is counted, and ends the search")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	struct store_builder builder = { .arena = arena };
	const struct place whole = {};
	const char *fault;
	struct cert cert;
	size_t offset, signature;

	damage_setup();
	/* What follows the signed part is no algorithm: what is before it is read in vain. */
	must(cert_read(damage_ders[0], &cert, &fault, &offset) == 0, "the first of the corpus");
	signature = (size_t)(cert.tbs.data - damage_ders[0].data) + cert.tbs.length;
	buffer_add(&bytes, damage_ders[0].data, damage_ders[0].length);
	bytes.data[signature] ^= 1;
	buffer_add(&bytes, damage_ders[1].data, damage_ders[1].length);
	builder_turn_to(&builder, "store", buffer_span(&bytes));
	builder_salvage(&builder, buffer_span(&bytes), &whole);
	CHECK(builder.entry_count == 1 && builder.salvage.read > bytes.length + signature);

	builder.entry_count = 0;
	builder.salvage.read = SALVAGE_MAX_READ;
	builder_salvage_wreckage(&builder, 0, 0);
	CHECK(builder.entry_count == 0 && builder.defect_count == 1);
	CHECK(strstr(builder.defects[0].text, "not searched to its end") != NULL);
}

TEST(parts,
	"encrypted parts are counted in all of a file, however many runs of base64 they stand in")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
	CLEANUP(buffer_free) struct buffer whole = {}, bytes = {};
	const struct store *store;
	bool told = false;

	written(&whole);
	for (size_t i = 0; i <= 2 * SALVAGE_MAX_PARTS; i++) {
		/* Nothing comes out of it: its content is that of another. */
		whole.data[whole.length / 2] ^= (uint8_t)(i + 1);
		buffer_add_text(&bytes, "(");
		add_base64(&bytes, buffer_span(&whole));
	}
	store = open_as(stores, &bytes);
	for (size_t i = 0; i < store->defect_count; i++)
		told |= strstr(store->defects[i].text, "not searched to its end") != NULL;
	CHECK(told);
}

TAP_MAIN()
