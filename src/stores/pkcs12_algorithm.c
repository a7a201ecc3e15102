/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pkcs12_algorithm.h"

#include <string.h>

#include <openssl/crypto.h>

/* 1.2.840.113549.1.12.1, pkcs-12PbeIds; .1.5, pkcs-5; .2, digestAlgorithm; .3, encryptionAlgorithm;
 * 2.16.840.1.101.3.4.1 and .2, NIST's. */
#define PBE_IDS   "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"
#define PKCS5     "\x2a\x86\x48\x86\xf7\x0d\x01\x05"
#define RSA_HMAC  "\x2a\x86\x48\x86\xf7\x0d\x02"
#define RSA_ENC   "\x2a\x86\x48\x86\xf7\x0d\x03"
#define NIST_AES  "\x60\x86\x48\x01\x65\x03\x04\x01"
#define NIST_HASH "\x60\x86\x48\x01\x65\x03\x04\x02"

struct oid {
	const char *bytes;
	size_t length;
};
#define OID(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct oid pbes2 = OID(PKCS5 "\x0d"), pbkdf2 = OID(PKCS5 "\x0c"),
			pbmac1 = OID(PKCS5 "\x0e"),
			scrypt = OID("\x2b\x06\x01\x04\x01\xda\x47\x04\x0b");

/* cipher NULL: known by name, and read by nobody here. */
static const struct cipher_row {
	struct oid oid;
	const char *name, *cipher;
	bool is_legacy;
	size_t key_size, iv_size;
	const char *digest; /* of a PBES1 scheme of PKCS#12; NULL: an encryption scheme of PBES2 */
} ciphers[] = {
	{ OID(PBE_IDS "\x01"), "RC4-128", "RC4", true, 16, 0, "SHA1" },
	{ OID(PBE_IDS "\x02"), "RC4-40", "RC4-40", true, 5, 0, "SHA1" },
	{ OID(PBE_IDS "\x03"), "3DES-CBC", "DES-EDE3-CBC", false, 24, 8, "SHA1" },
	{ OID(PBE_IDS "\x04"), "2-key 3DES-CBC", "DES-EDE-CBC", false, 16, 8, "SHA1" },
	{ OID(PBE_IDS "\x05"), "RC2-128-CBC", "RC2-CBC", true, 16, 8, "SHA1" },
	{ OID(PBE_IDS "\x06"), "RC2-40-CBC", "RC2-40-CBC", true, 5, 8, "SHA1" },
	{ OID(PKCS5 "\x03"), "PBES1 with MD5 and DES-CBC", NULL, true, 8, 8, "MD5" },
	{ OID(PKCS5 "\x06"), "PBES1 with MD5 and RC2-CBC", NULL, true, 8, 8, "MD5" },
	{ OID(PKCS5 "\x0a"), "PBES1 with SHA1 and DES-CBC", NULL, true, 8, 8, "SHA1" },
	{ OID(PKCS5 "\x0b"), "PBES1 with SHA1 and RC2-CBC", NULL, true, 8, 8, "SHA1" },
	{ OID(NIST_AES "\x02"), "AES-128-CBC", "AES-128-CBC", false, 16, 16, NULL },
	{ OID(NIST_AES "\x16"), "AES-192-CBC", "AES-192-CBC", false, 24, 16, NULL },
	{ OID(NIST_AES "\x2a"), "AES-256-CBC", "AES-256-CBC", false, 32, 16, NULL },
	{ OID(RSA_ENC "\x07"), "3DES-CBC", "DES-EDE3-CBC", false, 24, 8, NULL },
	{ OID("\x2b\x0e\x03\x02\x07"), "DES-CBC", "DES-CBC", true, 8, 8, NULL },
};

/* The pseudo-random functions of PBKDF2, and the digests of a MAC. */
static const struct digest_row {
	struct oid prf, digest;
	const char *name;
	size_t size;
} digests[] = {
	{ OID(RSA_HMAC "\x07"), OID("\x2b\x0e\x03\x02\x1a"), "SHA1", 20 },
	{ OID(RSA_HMAC "\x08"), OID(NIST_HASH "\x04"), "SHA224", 28 },
	{ OID(RSA_HMAC "\x09"), OID(NIST_HASH "\x01"), "SHA256", 32 },
	{ OID(RSA_HMAC "\x0a"), OID(NIST_HASH "\x02"), "SHA384", 48 },
	{ OID(RSA_HMAC "\x0b"), OID(NIST_HASH "\x03"), "SHA512", 64 },
	{ OID(RSA_HMAC "\x0c"), OID(NIST_HASH "\x05"), "SHA512-224", 28 },
	{ OID(RSA_HMAC "\x0d"), OID(NIST_HASH "\x06"), "SHA512-256", 32 },
};

/* An AlgorithmIdentifier: its OID, and its parameters where they are a SEQUENCE. */
struct identifier {
	struct span oid;
	struct ber_element rest; /* of tag 0 where there is nothing behind the OID */
	struct ber parameters;
};

static bool
identifier_read(const struct ber_element *algorithm, struct identifier *ret)
{
	struct ber inside = ber_enter(algorithm);
	struct ber_element oid;

	*ret = (struct identifier){};
	if (!ber_take(&inside, DER_OID, &oid))
		return false;
	ret->oid = oid.content;
	if (ber_next(&inside, &ret->rest) && ret->rest.tag == DER_SEQUENCE)
		ret->parameters = ber_enter(&ret->rest);
	return true;
}

static bool
next_identifier(struct ber *ber, struct identifier *ret)
{
	struct ber_element element;

	return ber_take(ber, DER_SEQUENCE, &element) && identifier_read(&element, ret);
}

static bool
oid_equal(struct span oid, const struct oid *row)
{
	return der_oid_is(oid, row->bytes, row->length);
}

static const struct digest_row *
digest_find(struct span oid, bool is_prf)
{
	for (size_t i = 0; i < COUNT_OF(digests); i++)
		if (oid_equal(oid, is_prf ? &digests[i].prf : &digests[i].digest))
			return &digests[i];
	return NULL;
}

/* PBKDF2-params (RFC 8018 A.2); key_size stays where keyLength is left out. */
static const char *
read_pbkdf2(struct identifier *kdf, struct derivation *ret, size_t *key_size)
{
	struct ber_element salt, rounds, length;
	struct identifier prf;
	const struct digest_row *row = &digests[0]; /* DEFAULT algid-hmacWithSHA1 */
	uint64_t size;

	if (oid_equal(kdf->oid, &scrypt))
		return "its key is derived by scrypt, which no Java reads";
	if (!oid_equal(kdf->oid, &pbkdf2))
		return "its key is derived in an unknown way";
	ret->kind = DERIVE_PBKDF2;
	if (!ber_take(&kdf->parameters, DER_OCTET_STRING, &salt) ||
		!ber_take(&kdf->parameters, DER_INTEGER, &rounds) ||
		!ber_number(&rounds, &ret->rounds))
		return "its salt or iteration count is damaged";
	ret->salt = salt.content;
	if (ber_take(&kdf->parameters, DER_INTEGER, &length)) {
		if (!ber_number(&length, &size) || size == 0 || size > KEYSTORE_MAX_KEY)
			return "its key is of a length that no algorithm has";
		*key_size = (size_t)size;
	}
	if (next_identifier(&kdf->parameters, &prf))
		row = digest_find(prf.oid, true);
	if (row == NULL)
		return "its key is derived with an unknown digest";
	ret->digest = row->name;
	return NULL;
}

static const struct cipher_row *
cipher_find(struct span oid, bool is_scheme)
{
	for (size_t i = 0; i < COUNT_OF(ciphers); i++)
		if (oid_equal(oid, &ciphers[i].oid) && (ciphers[i].digest != NULL) == is_scheme)
			return &ciphers[i];
	return NULL;
}

static const char *
take_row(const struct cipher_row *row, struct pkcs12_cipher *ret)
{
	if (row == NULL)
		return "it is encrypted by an unknown algorithm";
	ret->name = row->name;
	ret->cipher = row->cipher;
	ret->is_legacy = row->is_legacy;
	ret->key_size = row->key_size;
	ret->iv_size = row->iv_size;
	return row->cipher != NULL ? NULL : "it is encrypted by an algorithm that is given up";
}

/* pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER } */
static const char *
read_pbes1(struct identifier *scheme, struct pkcs12_cipher *ret)
{
	const struct cipher_row *row = cipher_find(scheme->oid, true);
	struct ber_element salt, rounds;
	const char *problem = take_row(row, ret);

	if (problem != NULL)
		return problem;
	ret->derivation.kind = DERIVE_PKCS12;
	ret->derivation.digest = row->digest;
	if (!ber_take(&scheme->parameters, DER_OCTET_STRING, &salt) ||
		!ber_take(&scheme->parameters, DER_INTEGER, &rounds) ||
		!ber_number(&rounds, &ret->derivation.rounds))
		return "its salt or iteration count is damaged";
	ret->derivation.salt = salt.content;
	return NULL;
}

/* PBES2-params (RFC 8018 A.4) */
static const char *
read_pbes2(struct identifier *scheme, struct pkcs12_cipher *ret)
{
	struct identifier kdf, encryption;
	const char *problem;
	size_t asked = 0;

	if (!next_identifier(&scheme->parameters, &kdf) ||
		!next_identifier(&scheme->parameters, &encryption))
		return "the parameters of its encryption are damaged";
	problem = take_row(cipher_find(encryption.oid, false), ret);
	if (problem == NULL)
		problem = read_pbkdf2(&kdf, &ret->derivation, &asked);
	if (problem != NULL)
		return problem;
	if (asked != 0 && asked != ret->key_size)
		return "its key is of another length than its cipher's";
	if (encryption.rest.tag != DER_OCTET_STRING ||
		encryption.rest.content.length != ret->iv_size)
		return "the initialisation vector of its cipher is damaged";
	ret->iv = encryption.rest.content;
	return NULL;
}

void
pkcs12_cipher_read(const struct ber_element *algorithm, struct pkcs12_cipher *ret)
{
	struct identifier scheme;

	*ret = (struct pkcs12_cipher){};
	if (!identifier_read(algorithm, &scheme))
		ret->problem = "the name of its encryption is damaged";
	else if (oid_equal(scheme.oid, &pbes2))
		ret->problem = read_pbes2(&scheme, ret);
	else
		ret->problem = read_pbes1(&scheme, ret);
}

/* RFC 9579: the salt and iterations of MacData itself mean nothing then. */
static const char *
read_pbmac1(struct ber *inside, struct identifier *algorithm, struct pkcs12_mac *ret)
{
	struct ber_element salt, rounds;
	struct identifier kdf, scheme;
	const struct digest_row *row;
	const char *problem;

	ret->is_pbmac1 = true;
	if (!ber_take(inside, DER_OCTET_STRING, &salt) ||
		(inside->offset < inside->bytes.length && !ber_take(inside, DER_INTEGER, &rounds)))
		return "what stands behind its MAC is damaged";
	if (!next_identifier(&algorithm->parameters, &kdf) ||
		!next_identifier(&algorithm->parameters, &scheme))
		return "the parameters of its MAC are damaged";
	row = digest_find(scheme.oid, true);
	if (row == NULL)
		return "its MAC is of an unknown algorithm";
	ret->digest = row->name;
	problem = read_pbkdf2(&kdf, &ret->derivation, &ret->key_size);
	/* RFC 9579 5: keyLength must be there. */
	if (problem == NULL && ret->key_size == 0)
		return "its MAC does not say how long its key is";
	return problem;
}

static const char *
read_classic_mac(struct ber *inside, const struct identifier *algorithm, struct pkcs12_mac *ret)
{
	const struct digest_row *row = digest_find(algorithm->oid, false);
	struct ber_element salt, rounds;

	if (row == NULL)
		return "its MAC is of an unknown algorithm";
	ret->digest = row->name;
	ret->key_size = row->size;
	ret->derivation =
		(struct derivation){ .kind = DERIVE_PKCS12, .digest = row->name, .rounds = 1 };
	if (!ber_take(inside, DER_OCTET_STRING, &salt))
		return "the salt of its MAC is damaged";
	ret->derivation.salt = salt.content;
	/* iterations INTEGER DEFAULT 1 */
	if (ber_take(inside, DER_INTEGER, &rounds) && !ber_number(&rounds, &ret->derivation.rounds))
		return "the iteration count of its MAC is damaged";
	return NULL;
}

void
pkcs12_mac_read(const struct ber_element *mac_data, struct pkcs12_mac *ret)
{
	struct ber inside = ber_enter(mac_data), info;
	struct ber_element digest_info, value;
	struct identifier algorithm;

	*ret = (struct pkcs12_mac){ .problem = "its MAC is damaged" };
	if (!ber_take(&inside, DER_SEQUENCE, &digest_info))
		return;
	info = ber_enter(&digest_info);
	if (!next_identifier(&info, &algorithm) || !ber_take(&info, DER_OCTET_STRING, &value))
		return;
	ret->value = value.content;
	ret->problem = oid_equal(algorithm.oid, &pbmac1)
			       ? read_pbmac1(&inside, &algorithm, ret)
			       : read_classic_mac(&inside, &algorithm, ret);
}

/*
 * SafeContents (RFC 7292 4.2) are bags: the OID of one stands in their first bytes, and that of
 * what a bag holds behind it. No wrong key decrypts to that by chance; and a damaged block, be it
 * the first, does not cost the others.
 */
static bool
looks_plain(const struct secret *secret)
{
	static const char bag[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01",
			  certificate[] = "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
	struct span plain = span_of(secret->data, secret->length);
	struct ber outer = ber_of(plain);
	struct ber_element contents;

	if (ber_take(&outer, DER_SEQUENCE, &contents) && contents.content.length == 0)
		return !contents.clipped;
	return span_find(plain, bag, 0) != SIZE_MAX || span_find(plain, certificate, 0) != SIZE_MAX;
}

void
pkcs12_keys_wipe(struct pkcs12_keys *keys)
{
	key_bytes_wipe(&keys->key);
	key_bytes_wipe(&keys->iv);
}

bool
pkcs12_keys_derive(struct keystore_crypt *crypt, const struct pkcs12_cipher *cipher,
	const struct attempt *attempt, struct pkcs12_keys *ret)
{
	*ret = (struct pkcs12_keys){ .key = { .length = cipher->key_size },
		.iv = { .length = cipher->iv_size } };
	ret->derives_iv = cipher->derivation.kind == DERIVE_PKCS12 && cipher->iv_size > 0;
	return derivation_run(crypt, &cipher->derivation, attempt, DERIVE_KEY, &ret->key) &&
	       (!ret->derives_iv ||
		       derivation_run(crypt, &cipher->derivation, attempt, DERIVE_IV, &ret->iv));
}

bool
pkcs12_decrypt_blocks(struct keystore_crypt *crypt, const struct pkcs12_cipher *cipher,
	const struct pkcs12_keys *keys, struct span data, struct secret *ret)
{
	struct cipher_key ready = { .cipher = cipher->cipher, .is_legacy = cipher->is_legacy };
	bool padded;

	ready.key = span_of(keys->key.bytes, keys->key.length);
	ready.iv = keys->derives_iv ? span_of(keys->iv.bytes, keys->iv.length) : cipher->iv;
	return cipher_decrypt(crypt, &ready, data, ret, &padded);
}

bool
pkcs12_decrypt(struct keystore_crypt *crypt, const struct pkcs12_cipher *cipher,
	const struct attempt *attempt, struct span data, struct secret *ret)
{
	CLEANUP(pkcs12_keys_wipe) struct pkcs12_keys keys = {};

	if (!pkcs12_keys_derive(crypt, cipher, attempt, &keys))
		return false;
	if (pkcs12_decrypt_blocks(crypt, cipher, &keys, data, ret) && looks_plain(ret))
		return true;
	secret_free(ret);
	return false;
}

bool
pkcs12_mac_fits(struct keystore_crypt *crypt, const struct pkcs12_mac *mac,
	const struct attempt *attempt, struct span data)
{
	CLEANUP(key_bytes_wipe) struct key_bytes key = { .length = mac->key_size };
	uint8_t value[KEYSTORE_MAX_KEY];
	size_t length;

	return derivation_run(crypt, &mac->derivation, attempt, DERIVE_MAC, &key) &&
	       hmac_of(mac->digest, span_of(key.bytes, key.length), data, value, &length) &&
	       length == mac->value.length && CRYPTO_memcmp(value, mac->value.data, length) == 0;
}
