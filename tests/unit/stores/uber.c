/* SPDX-License-Identifier: Apache-2.0 */
/* BouncyCastle's two keystores: by what they are told apart, and what is read of the encrypted one.
 */
#include <nettle/cbc.h>
#include <nettle/twofish.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>

#include "forms.h"
#include "stores/format.h"
#include "tap.h"

enum { ROUNDS = 100, KEY = 32, SALT = 20, BODY = 4 + 4 + SALT + 4 };

#define SALT_TEXT "salt of twenty bytes"

static void
put_header(struct buffer *out, uint8_t version, uint8_t salt)
{
	const uint8_t numbers[] = { 0, 0, 0, version, 0, 0, 0, salt },
		      rounds[] = { 0, 0, 0, ROUNDS };

	buffer_add(out, numbers, sizeof(numbers));
	buffer_add(out, SALT_TEXT, SALT);
	buffer_add(out, rounds, sizeof(rounds));
}

static void
put_text(struct buffer *out, const char *text)
{
	const uint8_t length[] = { 0, (uint8_t)strlen(text) };

	buffer_add(out, length, sizeof(length));
	buffer_add_text(out, text);
}

/* A record for each certificate of the corpus, and the end of records. */
static void
put_records(struct buffer *out)
{
	static const uint8_t date[] = { 0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0 }, chain[4] = {};

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		const uint8_t length[] = { 0, 0, (uint8_t)(damage_ders[i].length >> 8),
			(uint8_t)damage_ders[i].length };
		const char name[] = { 'a', (char)('0' + i), '\0' };

		buffer_add(out, "\1", 1);
		put_text(out, name);
		buffer_add(out, date, sizeof(date));
		buffer_add(out, chain, sizeof(chain));
		put_text(out, "X.509");
		buffer_add(out, length, sizeof(length));
		buffer_add(out, damage_ders[i].data, damage_ders[i].length);
	}
	buffer_add(out, "\0", 1);
}

/* All of it by Twofish-CBC, under "changeit" (RFC 7292 B). */
static void
put_uber(struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer plain = {};
	uint8_t key[KEY], vector[TWOFISH_BLOCK_SIZE], digest[SHA_DIGEST_LENGTH], padding;
	uint8_t salt[] = SALT_TEXT;
	struct twofish_ctx context;

	put_header(out, 1, SALT);
	put_records(&plain);
	(void)SHA1(plain.data, plain.length, digest);
	buffer_add(&plain, digest, sizeof(digest));
	padding = (uint8_t)(TWOFISH_BLOCK_SIZE - plain.length % TWOFISH_BLOCK_SIZE);
	for (size_t i = padding; i > 0; i--)
		buffer_add(&plain, &padding, 1);
	must(PKCS12_key_gen_asc("changeit", -1, salt, SALT, PKCS12_KEY_ID, ROUNDS, KEY, key,
		     EVP_sha1()) == 1 &&
			PKCS12_key_gen_asc("changeit", -1, salt, SALT, PKCS12_IV_ID, ROUNDS,
				sizeof(vector), vector, EVP_sha1()) == 1,
		"keys");
	twofish_set_key(&context, KEY, key);
	cbc_encrypt(&context, (nettle_cipher_func *)twofish_encrypt, TWOFISH_BLOCK_SIZE, vector,
		plain.length, plain.data, plain.data);
	buffer_add(out, plain.data, plain.length);
}

static size_t
found(const struct store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < DAMAGE_BLOCKS; i++)
		count += entry_of(store, damage_ders[i]) != NULL;
	return count;
}

TEST(told_apart, "records that are seen are BKS, be they damaged; what shows none is UBER")
{
	CLEANUP(buffer_free) struct buffer records = {}, sealed = {}, odd = {}, small = {};

	put_header(&records, 2, SALT);
	put_records(&records);
	CHECK_TEXT(format_of(buffer_span(&records))->name, "bks");
	records.data[BODY] = 0x55; /* the type of the first record */
	CHECK_TEXT(format_of(buffer_span(&records))->name, "bks");
	put_uber(&sealed);
	CHECK_TEXT(format_of(buffer_span(&sealed))->name, "uber");
	for (size_t cut = 1; cut <= TWOFISH_BLOCK_SIZE; cut++)
		CHECK_TEXT(format_of(span_of(sealed.data, sealed.length - cut))->name, "uber");
	CHECK_TEXT(format_of(span_of(sealed.data, BODY + TWOFISH_BLOCK_SIZE))->name, "uber");
	CHECK_TEXT(format_of(span_of(sealed.data, BODY + TWOFISH_BLOCK_SIZE - 1))->name, "bks");
	put_header(&odd, 3, SALT);
	buffer_add(&odd, sealed.data + BODY, sealed.length - BODY);
	CHECK_TEXT(format_of(buffer_span(&odd))->name, "unknown");
	put_header(&small, 1, 7);
	buffer_add(&small, sealed.data + BODY, sealed.length - BODY);
	CHECK_TEXT(format_of(buffer_span(&small))->name, "unknown");
}

TEST(opened,
	"what is whole opens; a changed block costs what stands in it, and is no wrong password")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	put_uber(&bytes);
	store = stores_open_bytes(stores, "a", buffer_span(&bytes), LOADER_ANY);
	CHECK(store->integrity == INTEGRITY_GOOD && store->defect_count == 0);
	CHECK(store->entry_count == DAMAGE_BLOCKS && found(store) == DAMAGE_BLOCKS);
	bytes.data[bytes.length / 2] ^= 1;
	store = stores_open_bytes(stores, "b", buffer_span(&bytes), LOADER_ANY);
	CHECK(store->integrity == INTEGRITY_BAD && store->defect_count > 0);
	CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD) == NULL);
	CHECK(found(store) == DAMAGE_BLOCKS - 1);
	bytes.data[bytes.length / 2] ^= 1;
	buffer_add(&bytes, "garbage", 7);
	store = stores_open_bytes(stores, "c", buffer_span(&bytes), LOADER_ANY);
	CHECK(store->integrity == INTEGRITY_GOOD && found(store) == DAMAGE_BLOCKS);
	CHECK(store->defect_count == 1 && store->defects[0].offset == bytes.length - 7);
}

TEST(first_version, "the keys of its first version are not derived: it is told, and not guessed at")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	put_uber(&bytes);
	bytes.data[3] = 0;
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_ANY);
	CHECK_TEXT(store->format, "uber");
	CHECK(store->entry_count == 0 && store->integrity == INTEGRITY_UNKNOWN);
	CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_TYPE) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD) == NULL);
}

TAP_MAIN()
