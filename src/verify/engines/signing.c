/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/signing.h"

#include <string.h>

#define HASH_OID "\x60\x86\x48\x01\x65\x03\x04\x02"
#define MGF1_OID "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"

/* By the names that x509/algorithms.c gives; those that are not here nobody but OpenSSL takes. */
static const struct {
	const char *name;
	enum key_kind kind;
	enum signing_hash hash;
} names[] = {
	{ "sha256WithRSAEncryption", KEY_RSA, HASH_SHA256 },
	{ "sha384WithRSAEncryption", KEY_RSA, HASH_SHA384 },
	{ "sha512WithRSAEncryption", KEY_RSA, HASH_SHA512 },
	{ "sha1WithRSAEncryption", KEY_RSA, HASH_SHA1 },
	{ "sha1WithRSA", KEY_RSA, HASH_SHA1 },
	{ "rsassaPss", KEY_RSA_PSS, HASH_OTHER },
	{ "sha224WithRSAEncryption", KEY_RSA, HASH_SHA224 },
	{ "sha512-224WithRSAEncryption", KEY_RSA, HASH_OTHER },
	{ "sha512-256WithRSAEncryption", KEY_RSA, HASH_OTHER },
	{ "md2WithRSAEncryption", KEY_RSA, HASH_MD2 },
	{ "md4WithRSAEncryption", KEY_RSA, HASH_MD4 },
	{ "md5WithRSAEncryption", KEY_RSA, HASH_MD5 },
	{ "ecdsa-with-SHA1", KEY_EC, HASH_SHA1 },
	{ "ecdsa-with-SHA224", KEY_EC, HASH_SHA224 },
	{ "ecdsa-with-SHA256", KEY_EC, HASH_SHA256 },
	{ "ecdsa-with-SHA384", KEY_EC, HASH_SHA384 },
	{ "ecdsa-with-SHA512", KEY_EC, HASH_SHA512 },
	{ "ecdsa_with_SHA3-224", KEY_EC, HASH_OTHER },
	{ "ecdsa_with_SHA3-256", KEY_EC, HASH_OTHER },
	{ "ecdsa_with_SHA3-384", KEY_EC, HASH_OTHER },
	{ "ecdsa_with_SHA3-512", KEY_EC, HASH_OTHER },
	{ "RSA-SHA3-224", KEY_RSA, HASH_OTHER },
	{ "RSA-SHA3-256", KEY_RSA, HASH_OTHER },
	{ "RSA-SHA3-384", KEY_RSA, HASH_OTHER },
	{ "RSA-SHA3-512", KEY_RSA, HASH_OTHER },
	{ "ED25519", KEY_ED25519, HASH_NONE },
	{ "ED448", KEY_ED448, HASH_NONE },
	{ "dsaWithSHA1", KEY_DSA, HASH_SHA1 },
	{ "dsaWithSHA1-old", KEY_DSA, HASH_SHA1 },
	{ "dsa_with_SHA224", KEY_DSA, HASH_SHA224 },
	{ "dsa_with_SHA256", KEY_DSA, HASH_SHA256 },
	{ "dsa_with_SHA384", KEY_DSA, HASH_SHA384 },
	{ "dsa_with_SHA512", KEY_DSA, HASH_SHA512 },
};

static const struct {
	const char *oid;
	enum signing_hash hash;
} hashes[] = {
	{ HASH_OID "\x01", HASH_SHA256 },
	{ HASH_OID "\x02", HASH_SHA384 },
	{ HASH_OID "\x03", HASH_SHA512 },
	{ HASH_OID "\x04", HASH_SHA224 },
	{ "\x2b\x0e\x03\x02\x1a", HASH_SHA1 },
	{ "\x2a\x86\x48\x86\xf7\x0d\x02\x05", HASH_MD5 },
};

/* AlgorithmIdentifier of a digest, whose parameters are NULL or absent. */
static enum signing_hash
read_hash(struct der *der, bool *damaged)
{
	struct der_element sequence = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct span oid = der_oid(&inside);
	struct der_element parameters = der_optional(&inside, DER_NULL);

	*damaged = *damaged || parameters.content.length > 0 || !der_at_end(&inside) ||
		   inside.fault != NULL || der->fault != NULL;
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (der_oid_is(oid, hashes[i].oid, strlen(hashes[i].oid)))
			return hashes[i].hash;
	return HASH_OTHER;
}

static enum signing_hash
read_mask(struct der *der, bool *damaged)
{
	struct der_element sequence = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	if (!der_oid_is(der_oid(&inside), MGF1_OID, sizeof(MGF1_OID) - 1))
		*damaged = true;
	return read_hash(&inside, damaged);
}

/* RSASSA-PSS-params, RFC 4055 3.1. */
static void
read_pss(struct signing *signing)
{
	struct der outer = der_of(signing->parameters);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE), field;
	struct der inside = der_enter(&sequence), content;

	signing->hash = signing->mask_hash = HASH_SHA1;
	signing->salt = SIGNING_PSS_SALT;
	signing->trailer = SIGNING_PSS_TRAILER;
	field = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0));
	content = der_enter(&field);
	signing->names_all = field.tag != 0;
	if (field.tag != 0)
		signing->hash = read_hash(&content, &signing->damaged);
	field = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(1));
	content = der_enter(&field);
	signing->names_all = signing->names_all && field.tag != 0;
	if (field.tag != 0)
		signing->mask_hash = read_mask(&content, &signing->damaged);
	field = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(2));
	content = der_enter(&field);
	if (field.tag != 0)
		signing->salt = der_unsigned(&content);
	field = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(3));
	content = der_enter(&field);
	if (field.tag != 0)
		signing->trailer = der_unsigned(&content);
	signing->damaged = signing->damaged || outer.fault != NULL || !der_at_end(&inside) ||
			   inside.fault != NULL;
}

struct signing
signing_of(struct span algorithm)
{
	struct der outer = der_of(algorithm);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	const char *name = signature_algorithm_name(algorithm);
	struct signing signing = { .kind = KEY_OTHER, .hash = HASH_OTHER };

	(void)der_oid(&inside);
	signing.parameters =
		span_of(inside.bytes.data + inside.offset, inside.bytes.length - inside.offset);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i].name, name) == 0) {
			signing.kind = names[i].kind;
			signing.hash = names[i].hash;
		}
	if (signing.kind == KEY_RSA_PSS)
		read_pss(&signing);
	return signing;
}

unsigned
signing_hash_size(enum signing_hash hash)
{
	static const unsigned sizes[] = {
		[HASH_MD2] = 16,
		[HASH_MD4] = 16,
		[HASH_MD5] = 16,
		[HASH_SHA1] = 20,
		[HASH_SHA224] = 28,
		[HASH_SHA256] = 32,
		[HASH_SHA384] = 48,
		[HASH_SHA512] = 64,
		[HASH_OTHER] = 0,
	};

	return sizes[hash];
}

bool
signing_has_one_digest(const struct signing *signing)
{
	return !signing->damaged && signing->mask_hash == signing->hash &&
	       signing->salt == signing_hash_size(signing->hash);
}
