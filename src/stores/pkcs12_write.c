/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#12 as current writers make it, the profile that go-pkcs12 named Modern2023: PBES2 with
 * PBKDF2 by HMAC-SHA256 and AES-256-CBC, and a MAC by HMAC-SHA256. Without a password: no
 * encryption and no MAC. Each certificate bears the attribute by which Java knows a trusted one.
 */
#include "stores/pkcs12_write.h"

#include <string.h>

#include <openssl/rand.h>

#include "stores/der_out.h"
#include "stores/keystore_crypt.h"
#include "stores/pkcs12_bags.h"

#define PKCS7 "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
#define PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"
#define PKCS5 "\x2a\x86\x48\x86\xf7\x0d\x01\x05"
#define BAGS  "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"

#define OID(text) span_of(text, sizeof(text) - 1)

enum {
	WRITE_ROUNDS = 10'000, /* keystore.pkcs12.certPbeIterationCount of the JDK */
	WRITE_SALT = 20,
	WRITE_KEY = 32,
	WRITE_IV = 16,
	WRITE_DIGEST = 32,
	PFX_VERSION = 3,
};

static void
put_bmp(struct buffer *out, const char *text)
{
	size_t length = strlen(text);
	CLEANUP(mem_freep) uint8_t *units = mem_alloc(2 * length + 1);

	length = password_utf16(span_of(text, length), units);
	der_put(out, DER_BMP_STRING, span_of(units, length));
}

static void
put_attribute(struct buffer *out, struct span oid, const char *name)
{
	size_t attribute = der_open(out, DER_SEQUENCE), values;

	der_put(out, DER_OID, oid);
	values = der_open(out, DER_SET);
	if (name != NULL)
		put_bmp(out, name);
	else
		der_put(out, DER_OID, OID("\x55\x1d\x25\x00")); /* anyExtendedKeyUsage */
	der_close(out, values);
	der_close(out, attribute);
}

/* SafeBag { certBag or crlBag, [0] { OID, [0] OCTET STRING }, attributes } */
static void
put_bag(struct buffer *out, const struct entry *entry, const char *alias)
{
	bool is_crl = entry->kind == ENTRY_CRL;
	size_t bag = der_open(out, DER_SEQUENCE), value, box, content, attributes;

	der_put(out, DER_OID, is_crl ? OID(BAGS "\x04") : OID(BAGS "\x03"));
	value = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	box = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, is_crl ? OID(PKCS9 "\x17\x01") : OID(PKCS9 "\x16\x01"));
	content = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	der_put(out, DER_OCTET_STRING, entry->der);
	der_close(out, content);
	der_close(out, box);
	der_close(out, value);
	attributes = der_open(out, DER_SET);
	put_attribute(out, OID(PKCS9 "\x14"), alias);
	if (!is_crl)
		put_attribute(out, OID(PKCS12_TRUSTED_KEY_USAGE), NULL);
	der_close(out, attributes);
	der_close(out, bag);
}

/* PBES2 { PBKDF2 { salt, rounds, hmacWithSHA256 }, AES-256-CBC { iv } } */
static void
put_encryption(struct buffer *out, struct span salt, struct span iv)
{
	size_t algorithm = der_open(out, DER_SEQUENCE), parameters, kdf, inside, cipher;

	der_put(out, DER_OID, OID(PKCS5 "\x0d"));
	parameters = der_open(out, DER_SEQUENCE);
	kdf = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID(PKCS5 "\x0c"));
	inside = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, salt);
	der_put_number(out, WRITE_ROUNDS);
	der_put_algorithm(out, OID("\x2a\x86\x48\x86\xf7\x0d\x02\x09"), true);
	der_close(out, inside);
	der_close(out, kdf);
	cipher = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"));
	der_put(out, DER_OCTET_STRING, iv);
	der_close(out, cipher);
	der_close(out, parameters);
	der_close(out, algorithm);
}

static int
encrypt(const struct store_content *content, struct span plain, struct span salt, struct span iv,
	struct buffer *out)
{
	CLEANUP(keystore_crypt_freep) struct keystore_crypt *crypt = keystore_crypt_new();
	CLEANUP(key_bytes_wipe) struct key_bytes key = { .length = WRITE_KEY };
	struct attempt attempt = { .password = *content->password };
	struct derivation derivation = { DERIVE_PBKDF2, "SHA256", salt, WRITE_ROUNDS };
	struct cipher_key ready = { .cipher = "AES-256-CBC", .iv = iv };

	if (!derivation_run(crypt, &derivation, &attempt, DERIVE_KEY, &key))
		return -1;
	ready.key = span_of(key.bytes, key.length);
	return cipher_encrypt(crypt, &ready, plain, out) ? 0 : -1;
}

/* ContentInfo { data, [0] OCTET STRING } */
static void
put_data(struct buffer *out, struct span bytes)
{
	size_t info = der_open(out, DER_SEQUENCE), content;

	der_put(out, DER_OID, OID(PKCS7 "\x01"));
	content = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	der_put(out, DER_OCTET_STRING, bytes);
	der_close(out, content);
	der_close(out, info);
}

/* ContentInfo { encryptedData, [0] { 0, { data, algorithm, [0] IMPLICIT OCTET STRING } } } */
static int
put_encrypted(struct buffer *out, const struct store_content *content, struct span plain)
{
	CLEANUP(buffer_free) struct buffer closed = {};
	uint8_t salt[WRITE_SALT], iv[WRITE_IV];
	size_t info, box, data, inside;

	if (RAND_bytes(salt, sizeof(salt)) != 1 || RAND_bytes(iv, sizeof(iv)) != 1 ||
		encrypt(content, plain, span_of(salt, sizeof(salt)), span_of(iv, sizeof(iv)),
			&closed) < 0)
		return -1;
	info = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID(PKCS7 "\x06"));
	box = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(out, DER_SEQUENCE);
	der_put_number(out, 0);
	inside = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, OID(PKCS7 "\x01"));
	put_encryption(out, span_of(salt, sizeof(salt)), span_of(iv, sizeof(iv)));
	der_put(out, DER_CONTEXT(0), buffer_span(&closed));
	der_close(out, inside);
	der_close(out, data);
	der_close(out, box);
	der_close(out, info);
	return 0;
}

/* MacData { { { sha256 }, value }, salt, rounds } */
static int
put_mac(struct buffer *out, const struct store_content *content, struct span bytes)
{
	CLEANUP(keystore_crypt_freep) struct keystore_crypt *crypt = keystore_crypt_new();
	CLEANUP(key_bytes_wipe) struct key_bytes key = { .length = WRITE_DIGEST };
	uint8_t salt[WRITE_SALT], value[KEYSTORE_MAX_KEY];
	struct attempt attempt = { .password = *content->password };
	struct derivation derivation = { DERIVE_PKCS12, "SHA256", { salt, sizeof(salt) },
		WRITE_ROUNDS };
	size_t length, mac, info;

	if (RAND_bytes(salt, sizeof(salt)) != 1 ||
		!derivation_run(crypt, &derivation, &attempt, DERIVE_MAC, &key) ||
		!hmac_of("SHA256", span_of(key.bytes, key.length), bytes, value, &length))
		return -1;
	mac = der_open(out, DER_SEQUENCE);
	info = der_open(out, DER_SEQUENCE);
	der_put_algorithm(out, OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), true);
	der_put(out, DER_OCTET_STRING, span_of(value, length));
	der_close(out, info);
	der_put(out, DER_OCTET_STRING, span_of(salt, sizeof(salt)));
	der_put_number(out, WRITE_ROUNDS);
	der_close(out, mac);
	return 0;
}

static void
put_contents(const struct store_content *content, struct buffer *out)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *const *aliases = store_aliases(arena, content);
	size_t contents = der_open(out, DER_SEQUENCE);

	for (size_t i = 0; i < content->count; i++)
		put_bag(out, content->entries[i], aliases[i]);
	der_close(out, contents);
}

int
pkcs12_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	CLEANUP(buffer_free) struct buffer plain = {}, safes = {};
	bool closed = content->password != NULL;
	size_t list, pfx;

	put_contents(content, &plain);
	list = der_open(&safes, DER_SEQUENCE);
	if (!closed)
		put_data(&safes, buffer_span(&plain));
	else if (put_encrypted(&safes, content, buffer_span(&plain)) < 0)
		return err_set(err, ERR_INTERNAL, "libcrypto does not encrypt the container");
	der_close(&safes, list);
	pfx = der_open(out, DER_SEQUENCE);
	der_put_number(out, PFX_VERSION);
	put_data(out, buffer_span(&safes));
	if (closed && put_mac(out, content, buffer_span(&safes)) < 0)
		return err_set(err, ERR_INTERNAL, "libcrypto makes no MAC of the container");
	der_close(out, pfx);
	return 0;
}
