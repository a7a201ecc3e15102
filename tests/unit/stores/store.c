/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <openssl/pkcs12.h>

#include "stores/damage.h"
#include "stores/pem.h"

static const struct store *
open_bytes(struct stores *stores, const void *bytes, size_t length)
{
	return stores_open_bytes(stores, "store", span_of(bytes, length), LOADER_OPENSSL_FILE);
}

static const struct defect *
defect_of(const struct store *store, enum cause_code cause)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == cause)
			return &store->defects[i];
	return NULL;
}

TEST(empty, "a file without bytes, or of white space, is an empty store")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store = open_bytes(stores, "", 0);

	CHECK(defect_of(store, CAUSE_STORE_EMPTY) != NULL && store->entry_count == 0);
	CHECK(!store->loading.loads);
	CHECK_TEXT(store->loading.error, "no certificate or crl found");
	CHECK_TEXT(store->format, "unknown");
	store = open_bytes(stores, " \r\n\t", 4);
	CHECK(defect_of(store, CAUSE_STORE_EMPTY) != NULL);
	store = open_bytes(stores, "\0\0\0", 3);
	CHECK(defect_of(store, CAUSE_STORE_NUL_BYTES) != NULL &&
		defect_of(store, CAUSE_STORE_EMPTY) != NULL);
	store = open_bytes(stores, "hello\n", 6);
	CHECK(defect_of(store, CAUSE_STORE_WRONG_FORMAT) != NULL);
}

TEST(comments, "comments alone are an empty store; other text is of no known format")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	static const char comments[] = "# none\n\n  # yet", text[] = "# none\nyet\n";
	const struct store *store = open_bytes(stores, comments, sizeof(comments) - 1);

	CHECK(defect_of(store, CAUSE_STORE_EMPTY) != NULL && store->defect_count == 1);
	store = open_bytes(stores, text, sizeof(text) - 1);
	CHECK(defect_of(store, CAUSE_STORE_WRONG_FORMAT) != NULL && store->defect_count == 1);
}

TEST(misspelt, "a certificate below a misspelt label is a damaged entry")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	pem_write(&text, "CERTIFICATE", damage_ders[0]);
	pem_write(&text, "CERTFICATE", damage_ders[1]);
	store = open_bytes(stores, text.data, text.length);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 2 && store->loading.certificates == 1);
	CHECK(store->loading.loaded[0] && !store->loading.loaded[1]);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_FOREIGN_OBJECT) == NULL);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY)->is_block);
	CHECK(span_equal(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY)->salvage, damage_ders[1]));
}

TEST(mixed, "text beside the lines of blocks that two writers mixed is no damage of its own")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer one = {}, two = {}, mixed = {};
	const struct store *store;
	enum { CHUNK = 150 };

	damage_setup();
	pem_write(&one, "CERTIFICATE", damage_ders[0]);
	pem_write(&two, "CERTIFICATE", damage_ders[1]);
	for (size_t at = 0; at < one.length || at < two.length; at += CHUNK) {
		if (at < one.length)
			buffer_add(&mixed, one.data + at,
				one.length - at < CHUNK ? one.length - at : CHUNK);
		if (at < two.length)
			buffer_add(&mixed, two.data + at,
				two.length - at < CHUNK ? two.length - at : CHUNK);
	}
	store = open_bytes(stores, mixed.data, mixed.length);
	CHECK(defect_of(store, CAUSE_STORE_INTERLEAVED_WRITE) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_STRAY_TEXT) == NULL);
}

TEST(der, "DER is salvaged, and is not what a server loads")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer two = {};
	const struct store *store;

	damage_setup();
	store = open_bytes(stores, damage_ders[0].data, damage_ders[0].length);
	CHECK_TEXT(store->format, "der");
	CHECK(store->entry_count == 1 && span_equal(store->entries[0].der, damage_ders[0]));
	CHECK(defect_of(store, CAUSE_STORE_WRONG_FORMAT) != NULL);
	CHECK(!store->loading.loads && !store->loading.loaded[0]);
	CHECK_TEXT(store->loading.error, "no certificate or crl found");
	buffer_add(&two, damage_crl.data, damage_crl.length);
	buffer_add(&two, damage_ders[1].data, damage_ders[1].length);
	store = open_bytes(stores, two.data, two.length);
	CHECK(store_count(store, ENTRY_CRL) == 1 && store_count(store, ENTRY_CERTIFICATE) == 1);
	CHECK(store->entries[1].offset == damage_crl.length);
}

TEST(containers, "PKCS#12, PKCS#7 and Java keystores are named where a server wants PEM")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	EVP_PKEY *key = make_key("EC:P-256");
	struct made made = { .subject = "CN=a", .digest = "SHA256" };
	X509 *cert = make_cert(&made, key, NULL, NULL);
	PKCS12 *pkcs12 = PKCS12_create("secret", "a", key, cert, NULL, 0, 0, 1, 1, 0);
	PKCS7 *pkcs7 = PKCS7_new();
	unsigned char *bytes = NULL, *more = NULL;
	const struct store *store;
	int length = i2d_PKCS12(pkcs12, &bytes);

	store = open_bytes(stores, bytes, (size_t)length);
	CHECK_TEXT(store->format, "pkcs12");
	CHECK(defect_of(store, CAUSE_STORE_WRONG_CONTAINER) != NULL &&
		defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD) != NULL &&
		store_count(store, ENTRY_CERTIFICATE) == 0);
	CHECK(PKCS7_set_type(pkcs7, NID_pkcs7_signed) && PKCS7_content_new(pkcs7, NID_pkcs7_data) &&
		PKCS7_add_certificate(pkcs7, cert));
	length = i2d_PKCS7(pkcs7, &more);
	store = open_bytes(stores, more, (size_t)length);
	CHECK_TEXT(store->format, "pkcs7");
	CHECK(defect_of(store, CAUSE_STORE_WRONG_CONTAINER) != NULL && store->entry_count == 1);
	CHECK(!store->loading.loads && !store->loading.loaded[0]);
	store = open_bytes(stores, "\xfe\xed\xfe\xed\0\0\0\2", 8);
	CHECK_TEXT(store->format, "jks");
	CHECK(defect_of(store, CAUSE_STORE_WRONG_CONTAINER) != NULL);
	stores_free(TAKE(stores));
	OPENSSL_free(bytes);
	OPENSSL_free(more);
	PKCS12_free(pkcs12);
	PKCS7_free(pkcs7);
	X509_free(cert);
	EVP_PKEY_free(key);
}

TEST(pkcs7_pem, "a PKCS7 block alone is a container, beside certificates a foreign object")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer alone = {}, beside = {};
	const struct store *store;

	damage_setup();
	pem_write(&alone, "PKCS7", span_of("\x30\x00", 2));
	store = open_bytes(stores, alone.data, alone.length);
	CHECK(defect_of(store, CAUSE_STORE_WRONG_CONTAINER) != NULL);
	CHECK(!defect_of(store, CAUSE_STORE_WRONG_CONTAINER)->harmless);
	buffer_add(&beside, alone.data, alone.length);
	pem_write(&beside, "CERTIFICATE", damage_ders[0]);
	store = open_bytes(stores, beside.data, beside.length);
	CHECK(defect_of(store, CAUSE_STORE_WRONG_CONTAINER) == NULL);
	CHECK(defect_of(store, CAUSE_STORE_FOREIGN_OBJECT)->harmless && store->loading.loads);
}

TEST(secrets, "of a private key no byte is kept")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store;

	damage_setup();
	store = open_bytes(stores, damage_key, strlen(damage_key));
	CHECK(store_count(store, ENTRY_PRIVATE_KEY) == 1 && store->entries[0].der.length == 0);
	for (size_t i = 0; i < store->defect_count; i++)
		CHECK(store->defects[i].salvage.length == 0);
	CHECK(!defect_of(store, CAUSE_STORE_FOREIGN_OBJECT)->harmless);
}

TEST(places, "offsets, lines and comments are those of the file")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {}, wide = {};
	const struct store *store;
	size_t first, second;

	damage_setup();
	buffer_add_text(&text, "# head\n\n# of the first\n");
	first = text.length;
	pem_write(&text, "CERTIFICATE", damage_ders[0]);
	buffer_add_text(&text, "# of the second\r\n# more\r\n");
	second = text.length;
	pem_write(&text, "X509 CERTIFICATE", damage_ders[1]);
	store = open_bytes(stores, text.data, text.length);
	CHECK(store->entry_count == 2 && store->defect_count == 0);
	CHECK(store->entries[0].offset == first && store->entries[0].text_offset == 8);
	CHECK(store->entries[0].line == 4);
	CHECK(store->entries[1].offset == second && store->entries[1].text_offset == second - 25);
	CHECK(store->entries[1].offset + store->entries[1].length == text.length - 1);
	CHECK_TEXT(store->entries[1].label, "X509 CERTIFICATE");
	buffer_add(&wide, text.data, text.length);
	finish_utf16(&wide);
	store = open_bytes(stores, wide.data, wide.length);
	CHECK(store->entry_count == 2 && store->entries[1].offset == 2 + second * 2);
	CHECK(memcmp(wide.data + store->entries[1].offset, "-\0-\0", 4) == 0);
	CHECK(store->entries[1].line == store->entries[0].line + 14 || store->entries[1].line > 4);
	buffer_clear(&wide);
	base64_encode_lines(buffer_span(&text), &wide);
	store = open_bytes(stores, wide.data, wide.length);
	CHECK(store->entry_count == 2 && store->entries[1].offset < wide.length);
	CHECK(store->entries[1].offset > second);
}

TEST(leaf, "a certificate that is no CA is a foreign object, a bit flip a corrupt entry")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	EVP_PKEY *key = make_key("EC:P-256");
	struct made ca = { .subject = "CN=ca",
		.digest = "SHA256",
		.extensions = { { "basicConstraints", "CA:TRUE" } } };
	struct made leaf = { .subject = "CN=leaf", .digest = "SHA256" };
	X509 *issuer = make_cert(&ca, key, NULL, NULL), *cert = make_cert(&leaf, key, issuer, key);
	struct span der = made_der(cert);
	const struct store *store;

	pem_write(&text, "CERTIFICATE", der);
	store = open_bytes(stores, text.data, text.length);
	CHECK(defect_of(store, CAUSE_STORE_FOREIGN_OBJECT) != NULL && store->loading.loads);
	damage_setup();
	buffer_clear(&text);
	emit_bit_flip(&text, NULL, damage_ders[0]);
	store = open_bytes(stores, text.data, text.length);
	CHECK(store->entry_count == 1 && store->loading.loads);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY)->harmless);
	X509_free(issuer);
	X509_free(cert);
	EVP_PKEY_free(key);
	OPENSSL_free((void *)der.data);
}

TEST(early, "a store that is opened early has all its defects as soon as all is settled")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *world = world_host();
	char path[] = "/tmp/unit-store-XXXXXX";
	CLEANUP(fd_close) int fd = mkstemp(path);
	static struct buffer text;
	const struct store *early, *names;
	struct err err = {};

	damage_setup();
	buffer_clear(&text);
	emit_bit_flip(&text, NULL, damage_ders[0]);
	CHECK(fd >= 0 && file_write_fd(fd, path, span_of(text.data, text.length), &err) == 0);
	early = stores_open_early(stores, world, path, LOADER_OPENSSL_FILE);
	names = stores_open_early(stores, world, path, LOADER_OPENSSL_NAMES);
	(void)unlink(path);
	CHECK(early->loading.loads && names->loading.loads);
	CHECK(defect_of(early, CAUSE_STORE_CORRUPT_ENTRY) == NULL);
	stores_settle(stores);
	CHECK(defect_of(early, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	CHECK(defect_of(names, CAUSE_STORE_CORRUPT_ENTRY) != NULL && early->defect_count == 1);
}

TEST(salvage, "what could be decoded of a damaged block begins like the original")
{
	static struct buffer texts[5]; /* as long as the stores that were read from them */
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	static void (*const emit[])(struct buffer *, const char *, struct span) = { emit_cut,
		emit_bad_base64, emit_bad_der, emit_missing_line, emit_nested };

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(emit); i++) {
		struct damage damage = { .emit = emit[i] };
		struct buffer *text = &texts[i];
		const struct store *store;
		const struct defect *defect;

		damage_make(&damage, 1, 3, text);
		store = open_bytes(stores, text->data, text->length);
		CHECK(store->defect_count > 0);
		defect = &store->defects[0];
		CHECK(defect->is_block && !defect->harmless && defect->salvage.length > 64);
		CHECK(emit[i] == emit_bad_der ||
			memcmp(defect->salvage.data, damage_ders[1].data, 64) == 0);
		CHECK(memcmp(text->data + defect->offset, "-----BEGIN", 10) == 0);
	}
}

TEST(cache, "the same path, content and loader give the same store")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	pem_write(&text, "CERTIFICATE", damage_ders[0]);
	store = open_bytes(stores, text.data, text.length);
	CHECK(open_bytes(stores, text.data, text.length) == store);
	CHECK(stores_open_bytes(stores, "other", buffer_span(&text), LOADER_OPENSSL_FILE) != store);
	CHECK(stores_open_bytes(stores, "store", buffer_span(&text), LOADER_OPENSSL_NAMES) !=
		store);
	CHECK(open_bytes(stores, text.data, text.length - 1) != store);
	CHECK(stores_signatures(stores) != NULL);
}

TEST(bounds, "no more defects are kept than there is room for")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	for (size_t i = 0; i < STORE_MAX_DEFECTS + 100; i++)
		buffer_add_text(
			&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	store = open_bytes(stores, text.data, text.length);
	CHECK(store->defect_count == STORE_MAX_DEFECTS + 1);
	CHECK_TEXT(
		store->defects[STORE_MAX_DEFECTS].text, "there are more defects than are listed");
}

TAP_MAIN()
