/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

/* RFC 3279 2.2, RFC 4055, RFC 5758, RFC 8410, and NIST's registry (2.16.840.1.101.3.4). */
#define PKCS1       "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA       "\x2a\x86\x48\xce\x3d\x04"
#define NIST_SIGNED "\x60\x86\x48\x01\x65\x03\x04\x03"
#define NIST_HASH   "\x60\x86\x48\x01\x65\x03\x04\x02"

enum {
	BITS_UNKNOWN = -1,
	BITS_FROM_PARAMETERS = -2,
	/* OpenSSL counts half the digest, and less where collisions are known (x509_set.c). */
	BITS_MD5 = 39,
	BITS_SHA1 = 63,
	BITS_PSS_SHA1 = 64, /* rsa_ameth.c: not the 63 of the others */
};

struct algorithm {
	const char *oid;
	size_t oid_length;
	const char *name;
	int security_bits;
};

#define ALGORITHM(oid, name, bits)               \
	{                                        \
		oid, sizeof(oid) - 1, name, bits \
	}

/* Names as OpenSSL prints them. */
static const struct algorithm signatures[] = {
	ALGORITHM(PKCS1 "\x0b", "sha256WithRSAEncryption", 128),
	ALGORITHM(PKCS1 "\x0c", "sha384WithRSAEncryption", 192),
	ALGORITHM(PKCS1 "\x0d", "sha512WithRSAEncryption", 256),
	ALGORITHM(PKCS1 "\x05", "sha1WithRSAEncryption", BITS_SHA1),
	ALGORITHM(PKCS1 "\x0a", "rsassaPss", BITS_FROM_PARAMETERS),
	ALGORITHM(PKCS1 "\x0e", "sha224WithRSAEncryption", 112),
	ALGORITHM(PKCS1 "\x0f", "sha512-224WithRSAEncryption", 112),
	ALGORITHM(PKCS1 "\x10", "sha512-256WithRSAEncryption", 128),
	ALGORITHM(PKCS1 "\x02", "md2WithRSAEncryption", BITS_UNKNOWN),
	ALGORITHM(PKCS1 "\x03", "md4WithRSAEncryption", 64),
	ALGORITHM(PKCS1 "\x04", "md5WithRSAEncryption", BITS_MD5),
	ALGORITHM("\x2b\x0e\x03\x02\x1d", "sha1WithRSA", BITS_SHA1),
	ALGORITHM("\x2b\x24\x03\x03\x01\x02", "ripemd160WithRSA", 80),
	ALGORITHM(ECDSA "\x03\x02", "ecdsa-with-SHA256", 128),
	ALGORITHM(ECDSA "\x03\x03", "ecdsa-with-SHA384", 192),
	ALGORITHM(ECDSA "\x03\x04", "ecdsa-with-SHA512", 256),
	ALGORITHM(ECDSA "\x03\x01", "ecdsa-with-SHA224", 112),
	ALGORITHM(ECDSA "\x01", "ecdsa-with-SHA1", BITS_SHA1),
	ALGORITHM("\x2b\x65\x70", "ED25519", 128),
	ALGORITHM("\x2b\x65\x71", "ED448", 224),
	ALGORITHM("\x2a\x86\x48\xce\x38\x04\x03", "dsaWithSHA1", BITS_SHA1),
	ALGORITHM("\x2b\x0e\x03\x02\x1b", "dsaWithSHA1-old", BITS_SHA1),
	ALGORITHM(NIST_SIGNED "\x01", "dsa_with_SHA224", 112),
	ALGORITHM(NIST_SIGNED "\x02", "dsa_with_SHA256", 128),
	ALGORITHM(NIST_SIGNED "\x03", "dsa_with_SHA384", 192),
	ALGORITHM(NIST_SIGNED "\x04", "dsa_with_SHA512", 256),
	ALGORITHM(NIST_SIGNED "\x09", "ecdsa_with_SHA3-224", 112),
	ALGORITHM(NIST_SIGNED "\x0a", "ecdsa_with_SHA3-256", 128),
	ALGORITHM(NIST_SIGNED "\x0b", "ecdsa_with_SHA3-384", 192),
	ALGORITHM(NIST_SIGNED "\x0c", "ecdsa_with_SHA3-512", 256),
	ALGORITHM(NIST_SIGNED "\x0d", "RSA-SHA3-224", 112),
	ALGORITHM(NIST_SIGNED "\x0e", "RSA-SHA3-256", 128),
	ALGORITHM(NIST_SIGNED "\x0f", "RSA-SHA3-384", 192),
	ALGORITHM(NIST_SIGNED "\x10", "RSA-SHA3-512", 256),
	ALGORITHM("\x2a\x81\x1c\xcf\x55\x01\x83\x75", "SM2-with-SM3", 128),
};

static const struct algorithm digests[] = {
	ALGORITHM(NIST_HASH "\x01", "sha256", 128),
	ALGORITHM(NIST_HASH "\x02", "sha384", 192),
	ALGORITHM(NIST_HASH "\x03", "sha512", 256),
	ALGORITHM(NIST_HASH "\x04", "sha224", 112),
	ALGORITHM(NIST_HASH "\x05", "sha512-224", 112),
	ALGORITHM(NIST_HASH "\x06", "sha512-256", 128),
	ALGORITHM(NIST_HASH "\x07", "sha3-224", 112),
	ALGORITHM(NIST_HASH "\x08", "sha3-256", 128),
	ALGORITHM(NIST_HASH "\x09", "sha3-384", 192),
	ALGORITHM(NIST_HASH "\x0a", "sha3-512", 256),
	ALGORITHM("\x2b\x0e\x03\x02\x1a", "sha1", BITS_PSS_SHA1),
	ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x02\x05", "md5", BITS_MD5),
};

static const struct algorithm *
find(const struct algorithm *rows, size_t count, struct span oid)
{
	for (size_t i = 0; i < count; i++) {
		if (der_oid_is(oid, rows[i].oid, rows[i].oid_length))
			return &rows[i];
	}
	return NULL;
}

/* A cursor behind the OID of an AlgorithmIdentifier, and its row. */
static const struct algorithm *
find_signature(struct span algorithm, struct der *ret_parameters)
{
	struct der outer = der_of(algorithm);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);

	*ret_parameters = der_enter(&sequence);
	return find(signatures, COUNT_OF(signatures), der_oid(ret_parameters));
}

const char *
signature_algorithm_name(struct span algorithm)
{
	struct der parameters;
	const struct algorithm *row = find_signature(algorithm, &parameters);

	return row != NULL ? row->name : "unknown";
}

/* RFC 4055 3.1: [0] hashAlgorithm DEFAULT sha1. */
static int
pss_security_bits(struct der *parameters)
{
	struct der_element sequence = der_expect(parameters, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct der_element hash = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0));
	struct der hash_inside = der_enter(&hash);
	struct der_element identifier;
	struct der identifier_inside;
	const struct algorithm *row;

	if (parameters->fault != NULL || inside.fault != NULL)
		return BITS_UNKNOWN;
	if (hash.tag == 0)
		return BITS_PSS_SHA1;
	identifier = der_expect(&hash_inside, DER_SEQUENCE);
	identifier_inside = der_enter(&identifier);
	row = find(digests, COUNT_OF(digests), der_oid(&identifier_inside));
	return row != NULL ? row->security_bits : BITS_UNKNOWN;
}

int
signature_security_bits(struct span algorithm)
{
	struct der parameters;
	const struct algorithm *row = find_signature(algorithm, &parameters);

	if (row == NULL)
		return BITS_UNKNOWN;
	if (row->security_bits == BITS_FROM_PARAMETERS)
		return pss_security_bits(&parameters);
	return row->security_bits;
}
