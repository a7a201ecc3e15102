/* SPDX-License-Identifier: Apache-2.0 */
/* Keystores and containers: every algorithm, hostile counts, and what is left after damage. */
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <time.h>

#include "damage.h"
#include "stores/der_out.h"
#include "stores/keystore_crypt.h"
#include "stores/parse.h"
#include "tap.h"

#define OID(text) span_of(text, sizeof(text) - 1)

static const struct defect *
defect_of(const struct store *store, enum cause_code cause)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == cause)
			return &store->defects[i];
	return NULL;
}

static bool
has_harm(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return true;
	return false;
}

static bool
has_der(const struct store *store, struct span der)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (span_equal(store->entries[i].der, der))
			return true;
	return false;
}

static const struct store *
open_as(struct stores *stores, struct span bytes, enum store_loader loader)
{
	return stores_open_bytes(stores, "f", bytes, loader);
}

/* The corpus of damage.h in some format, under the password "changeit" or none. */
static void
written(const char *format, bool closed, struct buffer *out)
{
	static struct entry entries[DAMAGE_BLOCKS];
	const struct entry *pointers[DAMAGE_BLOCKS];
	const struct password password = { { (const uint8_t *)"changeit", 8 }, "", true };
	struct store_content content = { pointers, DAMAGE_BLOCKS, closed ? &password : NULL,
		1700000000 };
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = (struct entry){ .der = damage_ders[i], .created = MOMENT_NEVER };
		(void)cert_read(damage_ders[i], &entries[i].cert, &fault, &offset);
		pointers[i] = &entries[i];
	}
	must(store_write(format, &content, out, NULL) == 0, format);
}

struct scheme {
	const char *name, *profile, *digest;
	int nid;
	bool is_legacy;
};

/* The certificates of the corpus by OpenSSL's own writer, a key with the first. */
static struct buffer
created(const struct scheme *scheme, const char *password)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	EVP_PKEY *key = make_key("EC:P-256");
	struct made made = { .subject = "CN=alice", .digest = "SHA256" };
	X509 *cert = make_cert(&made, key, NULL, NULL);
	unsigned char *bytes = NULL;
	struct buffer out = {};
	PKCS12 *pkcs12;
	int length;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		const unsigned char *at = damage_ders[i].data;

		sk_X509_push(others, d2i_X509(NULL, &at, (long)damage_ders[i].length));
	}
	pkcs12 = PKCS12_create(password, "alice", key, cert, others, 0, scheme->nid, 100, -1, 0);
	must(pkcs12 != NULL, scheme->name);
	if (scheme->digest != NULL)
		must(PKCS12_set_mac(pkcs12, password, -1, NULL, 0, 100,
			     EVP_get_digestbyname(scheme->digest)) == 1,
			"a MAC");
	length = i2d_PKCS12(pkcs12, &bytes);
	buffer_add(&out, bytes, (size_t)length);
	OPENSSL_free(bytes);
	PKCS12_free(pkcs12);
	X509_free(cert);
	EVP_PKEY_free(key);
	sk_X509_pop_free(others, X509_free);
	return out;
}

/* What PKCS12_parse has, as a count of certificates, or -1. */
static int
parsed(const struct buffer *bytes, const char *password)
{
	const unsigned char *at = bytes->data;
	PKCS12 *pkcs12 = d2i_PKCS12(NULL, &at, (long)bytes->length);
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int count = -1;

	if (PKCS12_parse(pkcs12, password, &key, &cert, &others) == 1)
		count = (others == NULL ? 0 : sk_X509_num(others)) + (cert != NULL);
	sk_X509_pop_free(others, X509_free);
	X509_free(cert);
	EVP_PKEY_free(key);
	PKCS12_free(pkcs12);
	ERR_clear_error();
	return count;
}

static int
viewed(const struct store *store)
{
	return store->loading.loads ? (int)store->loading.certificates : -1;
}

static const struct scheme schemes[] = {
	{ "RC2-40", "LegacyRC2", "SHA1", NID_pbe_WithSHA1And40BitRC2_CBC, true },
	{ "RC2-128", "RC2-128-CBC, MAC SHA1", "SHA1", NID_pbe_WithSHA1And128BitRC2_CBC, true },
	{ "RC4-40", "RC4-40, MAC SHA1", "SHA1", NID_pbe_WithSHA1And40BitRC4, true },
	{ "RC4-128", "RC4-128, MAC SHA1", "SHA1", NID_pbe_WithSHA1And128BitRC4, true },
	{ "3DES", "LegacyDES", "SHA1", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, false },
	{ "2-key 3DES", "2-key 3DES-CBC, MAC SHA1", "SHA1", NID_pbe_WithSHA1And2_Key_TripleDES_CBC,
		false },
	{ "AES-128", "AES-128-CBC, MAC SHA384", "SHA384", NID_aes_128_cbc, false },
	{ "AES-192", "AES-192-CBC, MAC SHA512", "SHA512", NID_aes_192_cbc, false },
	{ "AES-256", "Modern2023", "SHA256", NID_aes_256_cbc, false },
	{ "no MAC", "Modern2023", NULL, NID_aes_256_cbc, false },
	{ "plain", "unencrypted", "SHA256", -1, false },
};

TEST(algorithms, "every scheme opens with a known password, and PKCS12_parse is foretold")
{
	static const char *const passwords[] = { "changeit", "changeme", "" };

	for (size_t i = 0; i < COUNT_OF(schemes) * COUNT_OF(passwords); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		const struct scheme *scheme = &schemes[i / COUNT_OF(passwords)];
		const char *password = passwords[i % COUNT_OF(passwords)];
		OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(NULL, "legacy");
		/* Stays: a provider that was asked for keeps the default one from coming by itself.
		 */
		OSSL_PROVIDER *base = OSSL_PROVIDER_load(NULL, "default");
		CLEANUP(buffer_free) struct buffer bytes = created(scheme, password);
		const struct store *store;

		must(legacy != NULL && base != NULL, "a provider");
		/* By a process that was made before anybody asked for what it needs. */
		stores_begin(stores);
		(void)OSSL_PROVIDER_unload(legacy);
		store = open_as(stores, buffer_span(&bytes), LOADER_OPENSSL_PKCS12);
		printf("# %s, \"%s\": %zu entries, %s\n", scheme->name, password,
			store->entry_count, store->profile);
		CHECK_TEXT(store->profile, scheme->profile);
		CHECK(store->integrity ==
			(scheme->digest == NULL ? INTEGRITY_NONE : INTEGRITY_GOOD));
		CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS + 1);
		CHECK(store_count(store, ENTRY_PRIVATE_KEY) == 1 && !has_harm(store));
		CHECK((defect_of(store, CAUSE_STORE_LEGACY_ENCRYPTION) != NULL) ==
			scheme->is_legacy);
		for (size_t k = 0; k < DAMAGE_BLOCKS; k++)
			CHECK(has_der(store, damage_ders[k]));
		CHECK(viewed(store) == parsed(&bytes, password));
	}
}

TEST(password, "a password that is not known is named, and nothing is read of what it closes")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	CLEANUP(buffer_free) struct buffer bytes = created(&schemes[8], "another one");
	const struct store *store = open_as(stores, buffer_span(&bytes), LOADER_JAVA_KEYSTORE);

	CHECK(store_count(store, ENTRY_CERTIFICATE) == 0 && !store->loading.loads);
	CHECK(!defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD)->harmless);
	CHECK_TEXT(store->loading.error, "keystore password was incorrect");
	CHECK(passwords_add(passwords, span_of("another one", 11), "a test", NULL) == 0);
	/* On keystores that are opened from now on: of that one it is known what it holds. */
	stores_use_passwords(stores, passwords);
	store = open_as(stores, buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 0);
	store = stores_open_bytes(stores, "g", buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS + 1);
	CHECK_TEXT(store->password_source, "a test");
	/* A key's own certificate is what Java takes, and the others bear no mark. */
	CHECK(store->loading.certificates == 1);
	CHECK(defect_of(store, CAUSE_STORE_NO_TRUSTED_ENTRIES)->harmless);
}

/* ContentInfo of data around the bytes. */
static void
put_data(struct buffer *out, struct span bytes)
{
	size_t info = der_open(out, DER_SEQUENCE), box;

	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"));
	box = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	der_put(out, DER_OCTET_STRING, bytes);
	der_close(out, box);
	der_close(out, info);
}

/* A PFX over the safes with a MAC of this many rounds, which fits nothing. */
static void
put_pfx(struct buffer *out, struct span safes, uint64_t rounds)
{
	size_t pfx = der_open(out, DER_SEQUENCE), mac, info;

	der_put_number(out, 3);
	put_data(out, safes);
	mac = der_open(out, DER_SEQUENCE);
	info = der_open(out, DER_SEQUENCE);
	der_put_algorithm(out, OID("\x2b\x0e\x03\x02\x1a"), true);
	der_put(out, DER_OCTET_STRING, OID("01234567890123456789"));
	der_close(out, info);
	der_put(out, DER_OCTET_STRING, OID("saltsalt"));
	der_put_number(out, rounds);
	der_close(out, mac);
	der_close(out, pfx);
}

/* EncryptedData by PBES1 with 3DES, of this many rounds. */
static void
put_encrypted(struct buffer *out, uint64_t rounds)
{
	size_t info = der_open(out, DER_SEQUENCE), box, data, content, algorithm, parameters;

	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"));
	box = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(out, DER_SEQUENCE);
	der_put_number(out, 0);
	content = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"));
	algorithm = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"));
	parameters = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, OID("saltsalt"));
	der_put_number(out, rounds);
	der_close(out, parameters);
	der_close(out, algorithm);
	der_put(out, DER_CONTEXT(0), OID("0123456701234567"));
	der_close(out, content);
	der_close(out, data);
	der_close(out, box);
	der_close(out, info);
}

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A keystore of less than a kilobyte whose every count is this. */
static void
put_impatient(struct buffer *out, uint64_t rounds)
{
	CLEANUP(buffer_free) struct buffer safes = {};
	size_t list = der_open(&safes, DER_SEQUENCE);

	put_encrypted(&safes, rounds);
	der_close(&safes, list);
	put_pfx(out, buffer_span(&safes), rounds);
}

/* How many rounds the reader of PKCS#12 goes. */
static uint64_t
rounds_of(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(keystore_crypt_freep) struct keystore_crypt *crypt = keystore_crypt_new();
	const struct parser parser = { .crypt = crypt };
	const struct parse_task task = { .path = "impatient.p12", .bytes = bytes };
	struct parsed parsed;

	parse(arena, &parser, &task, &parsed);
	return strcmp(parsed.format, "pkcs12") == 0 ? keystore_crypt_rounds(crypt) : UINT64_MAX;
}

TEST(rounds, "counts beyond any reader's are refused before anything is derived")
{
	static const uint64_t counts[] = { INT32_MAX, UINT64_C(1) << 62, KEYSTORE_MAX_ROUNDS + 1,
		0 };
	CLEANUP(buffer_free) struct buffer usual = {};

	put_impatient(&usual, 1000);
	CHECK(rounds_of(buffer_span(&usual)) >= 1000);
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer out = {};
		const struct store *store;

		put_impatient(&out, counts[i]);
		CHECK(out.length < 1024 && rounds_of(buffer_span(&out)) == 0);
		store = open_as(stores, buffer_span(&out), LOADER_ANY);
		CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL && has_harm(store));
	}
}

TEST(guesses, "what nobody gave is not tried for longer than its bound")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer safes = {}, out = {};
	size_t list = der_open(&safes, DER_SEQUENCE);
	struct keystore_work work = {};
	struct derivation derivation = { DERIVE_PBKDF2, "SHA1", OID("salt"), KEYSTORE_MAX_ROUNDS };
	const struct store *store;
	double before = seconds();

	for (int i = 0; i < 100; i++)
		put_encrypted(&safes, KEYSTORE_MAX_GUESSES / 2);
	der_close(&safes, list);
	put_pfx(&out, buffer_span(&safes), KEYSTORE_MAX_ROUNDS);
	store = open_as(stores, buffer_span(&out), LOADER_ANY);
	printf("# %.3f s\n", seconds() - before);
	CHECK(seconds() - before < 10 && has_harm(store));
	CHECK(derivation_refused(&derivation, &work, false) != NULL && work.total == 0);
	for (int i = 0; i < KEYSTORE_MAX_WORK / KEYSTORE_MAX_ROUNDS; i++)
		CHECK(derivation_refused(&derivation, &work, true) == NULL);
	CHECK(derivation_refused(&derivation, &work, true) != NULL);
}

TEST(altered, "a password that opens what has changed since is told from a wrong one")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	written("pkcs12", true, &bytes);
	bytes.data[bytes.length / 2] ^= 1;
	store = open_as(stores, buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
	CHECK(store->integrity == INTEGRITY_BAD && !store->loading.loads);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD) == NULL);
	CHECK(store_count(store, ENTRY_CERTIFICATE) >= DAMAGE_BLOCKS - 1);
}

/* Where each certificate of the corpus stands in plain bytes. */
static size_t
offset_of(const struct buffer *bytes, size_t index)
{
	struct span der = damage_ders[index];

	for (size_t at = 0; at + der.length <= bytes->length; at++)
		if (memcmp(bytes->data + at, der.data, der.length) == 0)
			return at;
	return SIZE_MAX;
}

static const char *const plain_formats[] = { "pkcs12", "jks", "pkcs7" };

TEST(cuts, "of a file cut anywhere, what is whole is kept, and the cut is named")
{
	for (size_t f = 0; f < COUNT_OF(plain_formats); f++) {
		CLEANUP(buffer_free) struct buffer bytes = {};

		written(plain_formats[f], strcmp(plain_formats[f], "jks") == 0, &bytes);
		for (size_t cut = 64; cut < bytes.length; cut += 13) {
			CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
			const struct store *store =
				open_as(stores, span_of(bytes.data, cut), LOADER_ANY);
			size_t whole = 0;

			CHECK_TEXT(store->format, plain_formats[f]);
			for (size_t i = 0; i < DAMAGE_BLOCKS; i++)
				if (offset_of(&bytes, i) + damage_ders[i].length <= cut) {
					CHECK(has_der(store, damage_ders[i]));
					whole++;
				}
			CHECK(store_count(store, ENTRY_CERTIFICATE) == whole);
			CHECK(defect_of(store, CAUSE_STORE_TRUNCATED) != NULL && has_harm(store));
		}
	}
}

TEST(cut_closed, "a file cut in its encrypted part opens as far as it goes")
{
	CLEANUP(buffer_free) struct buffer bytes = {};
	size_t most = 0;

	written("pkcs12", true, &bytes);
	for (size_t cut = 128; cut < bytes.length; cut += 64) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		const struct store *store = open_as(stores, span_of(bytes.data, cut), LOADER_ANY);
		size_t count = store_count(store, ENTRY_CERTIFICATE);

		CHECK(count >= most && defect_of(store, CAUSE_STORE_TRUNCATED) != NULL);
		for (size_t i = 0; i < count; i++)
			CHECK(has_der(store, damage_ders[i]) && store->entries[i].is_enclosed);
		most = count;
	}
	CHECK(most == DAMAGE_BLOCKS);
}

/* Past the first bytes, by which the format is known. */
enum { HEAD = 64 };

/* How many certificates are lost that the changed byte does not stand in. */
static size_t
lost_by_flip(const char *format, struct buffer *bytes, size_t at, uint8_t mask)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
	const struct store *store;
	size_t lost = 0;

	bytes->data[at] ^= mask;
	store = open_as(stores, buffer_span(bytes), LOADER_ANY);
	bytes->data[at] ^= mask;
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		size_t from = offset_of(bytes, i);
		bool hit = at >= from && at < from + damage_ders[i].length;

		if (hit || has_der(store, damage_ders[i]))
			continue;
		printf("# %s: byte %zu of %zu, mask %02x, costs certificate %zu\n", format, at,
			bytes->length, mask, i);
		lost++;
	}
	return lost;
}

TEST(flips, "a changed byte costs no certificate but the one that it stands in")
{
	static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x80, 0xff };

	for (size_t f = 0; f < COUNT_OF(plain_formats); f++) {
		CLEANUP(buffer_free) struct buffer bytes = {};
		size_t lost = 0;

		written(plain_formats[f], strcmp(plain_formats[f], "jks") == 0, &bytes);
		for (size_t at = HEAD * COUNT_OF(masks); at < bytes.length * COUNT_OF(masks); at++)
			lost += lost_by_flip(plain_formats[f], &bytes, at / COUNT_OF(masks),
				masks[at % COUNT_OF(masks)]);
		CHECK(lost == 0);
	}
}

/* What OpenSSL's and other writers' streams look like: indefinite lengths, strings in segments. */
TEST(ber, "indefinite lengths and segments read as definite ones")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer plain = {}, out = {};
	struct der outer, pfx, info, box;
	struct der_element element;
	struct span safes;
	const struct store *store;

	written("pkcs12", false, &plain);
	outer = der_of(buffer_span(&plain));
	element = der_expect(&outer, DER_SEQUENCE);
	pfx = der_enter(&element);
	(void)der_unsigned(&pfx);
	element = der_expect(&pfx, DER_SEQUENCE);
	info = der_enter(&element);
	(void)der_oid(&info);
	element = der_expect(&info, DER_CONTEXT_CONSTRUCTED(0));
	box = der_enter(&element);
	safes = der_expect(&box, DER_OCTET_STRING).content;
	CHECK(box.fault == NULL && safes.length > 200);
	buffer_add(&out, "\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
		18);
	buffer_add(&out, "\xa0\x80\x24\x80", 4);
	der_put(&out, DER_OCTET_STRING, span_of(safes.data, 100));
	der_put(&out, DER_OCTET_STRING, span_of(safes.data + 100, safes.length - 100));
	buffer_add(&out, "\0\0\0\0\0\0\0\0", 8);
	store = open_as(stores, buffer_span(&out), LOADER_JAVA_KEYSTORE);
	CHECK_TEXT(store->format, "pkcs12");
	CHECK(store->loading.certificates == DAMAGE_BLOCKS && store->defect_count == 0);
	CHECK(store->entries[0].is_enclosed);
}

/* RFC 9579: PBKDF2 gives the MAC's key, and the salt of MacData means nothing. */
static void
put_pbmac1(struct buffer *out, struct span safes, const char *password)
{
	uint8_t key[32], value[KEYSTORE_MAX_KEY];
	size_t pfx = der_open(out, DER_SEQUENCE), mac, info, algorithm, parameters, kdf, inside;
	size_t length = 0;

	must(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const unsigned char *)"salt", 4,
		     2048, EVP_sha512(), sizeof(key), key) == 1 &&
			hmac_of("SHA256", span_of(key, sizeof(key)), safes, value, &length),
		"a MAC");
	der_put_number(out, 3);
	put_data(out, safes);
	mac = der_open(out, DER_SEQUENCE);
	info = der_open(out, DER_SEQUENCE);
	algorithm = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"));
	parameters = der_open(out, DER_SEQUENCE);
	kdf = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"));
	inside = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, OID("salt"));
	der_put_number(out, 2048);
	der_put_number(out, sizeof(key));
	der_put_algorithm(out, OID("\x2a\x86\x48\x86\xf7\x0d\x02\x0b"), true);
	der_close(out, inside);
	der_close(out, kdf);
	der_put_algorithm(out, OID("\x2a\x86\x48\x86\xf7\x0d\x02\x09"), true);
	der_close(out, parameters);
	der_close(out, algorithm);
	der_put(out, DER_OCTET_STRING, span_of(value, length));
	der_close(out, info);
	der_put(out, DER_OCTET_STRING, OID("NOT USED"));
	der_put_number(out, 1);
	der_close(out, mac);
	der_close(out, pfx);
}

TEST(pbmac1, "a MAC by PBMAC1 is checked")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer good = {}, bad = {};
	const struct store *store;

	put_pbmac1(&good, OID("\x30\x00"), "changeit");
	put_pbmac1(&bad, OID("\x30\x00"), "nobody's");
	store = open_as(stores, buffer_span(&good), LOADER_ANY);
	CHECK(store->integrity == INTEGRITY_GOOD && store->defect_count == 0);
	store = open_as(stores, buffer_span(&bad), LOADER_ANY);
	CHECK(store->integrity == INTEGRITY_UNKNOWN);
	CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD)->harmless);
}

TEST(capitals, "a name with a capital in a JKS is one that Java never finds")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	enum { ALIAS = 12 + 4 + 2 };
	const struct store *store;

	written("jks", true, &bytes);
	bytes.data[ALIAS] = 'X';
	store = open_as(stores, buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
	CHECK(store->entry_count == DAMAGE_BLOCKS && !store->loading.loaded[0]);
	CHECK(store->loading.certificates == DAMAGE_BLOCKS - 1);
	CHECK(defect_of(store, CAUSE_STORE_NO_TRUSTED_ENTRIES) != NULL);
}

TEST(first_block, "a damaged first block of what is encrypted is no wrong password")
{
	static const char aes[] = "\x60\x86\x48\x01\x65\x03\x04\x01\x2a\x04\x10";
	enum { BLOCK = 16, HEADER = 4 };
	CLEANUP(buffer_free) struct buffer bytes = {};
	size_t at = 0;

	written("pkcs12", true, &bytes);
	while (at + sizeof(aes) < bytes.length &&
		memcmp(bytes.data + at, aes, sizeof(aes) - 1) != 0)
		at++;
	at += sizeof(aes) - 1 + BLOCK;
	must(at + HEADER + BLOCK < bytes.length && bytes.data[at] == DER_CONTEXT(0) &&
			bytes.data[at + 1] == 0x82,
		"encrypted content");
	for (size_t bit = 0; bit < BLOCK; bit += 5) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		const struct store *store;

		bytes.data[at + HEADER + bit] ^= 1;
		store = open_as(stores, buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
		bytes.data[at + HEADER + bit] ^= 1;
		for (size_t i = 0; i < DAMAGE_BLOCKS; i++)
			CHECK(has_der(store, damage_ders[i]));
		CHECK(defect_of(store, CAUSE_STORE_KEYSTORE_PASSWORD) == NULL && has_harm(store));
		CHECK(store->integrity == INTEGRITY_BAD && !store->loading.loads);
	}
}

TAP_MAIN()
