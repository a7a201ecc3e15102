/* SPDX-License-Identifier: Apache-2.0 */
/* How far Mbed TLS reads a file of certificates: what it passes over, and where it stops. */
#include "forms.h"
#include "tap.h"

/* What stands in a file instead of a text of its second block, and how many of three are loaded. */
static const struct {
	const char *text, *instead;
	size_t loaded;
} changes[] = {
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE----- \r\n", 3 },
	{ "-----BEGIN CERTIFICATE-----\n", "word-----BEGIN CERTIFICATE-----\n", 3 },
	{ "-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----", 3 },
	/* Passed over. */
	{ "-----BEGIN CERTIFICATE-----\nMI", "-----BEGIN CERTIFICATE-----\n*I", 2 },
	{ "-----BEGIN CERTIFICATE-----\nMI", "-----BEGIN CERTIFICATE-----\nM I", 2 },
	{ "-----BEGIN CERTIFICATE-----\nMI", "-----BEGIN CERTIFICATE-----\nMA", 2 },
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE----\n", 1 },
	/* Stopped at: a body that does not begin on a new line; an END that comes first. */
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----x\n", 1 },
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----  \n", 1 },
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\r\r\n", 1 },
	{ "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", 1 },
};

TEST(stops, "a damaged block is passed over, a damaged line of its frame ends the list")
{
	damage_setup();
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {}, block = {};
		const struct store *store;
		size_t at;

		pem_write(&text, "CERTIFICATE", damage_ders[0]);
		pem_write(&block, "CERTIFICATE", damage_ders[1]);
		at = span_find(buffer_span(&block), changes[i].text, 0);
		must(at != SIZE_MAX, "what is replaced is there");
		buffer_add(&text, block.data, at);
		buffer_add_text(&text, changes[i].instead);
		at += strlen(changes[i].text);
		buffer_add(&text, block.data + at, block.length - at);
		pem_write(&text, "CERTIFICATE", damage_ders[2]);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_MBEDTLS_FILE);
		CHECK(store->loading.loads && store->loading.certificates == changes[i].loaded);
		if (*failed)
			printf("# change %zu: %zu\n", i, store->loading.certificates);
	}
}

TEST(nul, "nothing behind a NUL byte is seen")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	pem_write(&text, "CERTIFICATE", damage_ders[0]);
	buffer_add(&text, "\0\n", 2);
	pem_write(&text, "CERTIFICATE", damage_ders[1]);
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_MBEDTLS_FILE);
	CHECK(store->loading.loads && store->loading.certificates == 1);
	CHECK(store->loading.loaded[0] && !store->loading.loaded[1]);
}

TAP_MAIN()
