/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/suppose.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

enum {
	SUPPOSE_HOUR = 3'600,
	SUPPOSE_SIGNATURE_SIZE = 64,
	SUPPOSE_MAX_POINTS = 16,        /* distribution points that are copied */
	SUPPOSE_HIGH_LEVEL = 4,         /* from this security level on 128 bits are too few */
	SUPPOSE_FIRST_LONG_YEAR = 2050, /* RFC 5280 4.1.2.5: GeneralizedTime from then on */
};

/*
 * OpenSSL passes an issuer over whose kind of key does not fit the signature's algorithm. So the
 * algorithm is one of the CA's, with a digest that no security level refuses.
 */
struct algorithm {
	enum key_kind kind;
	const char *der;
	size_t length;
};

#define ALGORITHM(kind, der)               \
	{                                  \
		kind, der, sizeof(der) - 1 \
	}

static const struct algorithm algorithms[] = {
	/* sha512WithRSAEncryption */
	ALGORITHM(KEY_RSA, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
	/* RSASSA-PSS with SHA-512, MGF1 with SHA-512, salt of 64 */
	ALGORITHM(KEY_RSA_PSS,
		"\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34"
		"\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"
		"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
		"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"
		"\xa2\x03\x02\x01\x40"),
	/* ecdsa-with-SHA512 */
	ALGORITHM(KEY_EC, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
	ALGORITHM(KEY_ED25519, "\x30\x05\x06\x03\x2b\x65\x70"),
	ALGORITHM(KEY_ED448, "\x30\x05\x06\x03\x2b\x65\x71"),
	/* dsa_with_SHA512 */
	ALGORITHM(KEY_DSA, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x04"),
};

/* [0] EXPLICIT version 3, and a serial that no CA has given out. */
#define VERSION_AND_SERIAL     \
	"\xa0\x03\x02\x01\x02" \
	"\x02\x14\x7f"         \
	"trustmend supposes "
/* basicConstraints is left out; keyUsage critical digitalSignature; extKeyUsage clientAuth. */
#define USAGE_EXTENSIONS                                                   \
	"\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80" \
	"\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
#define OID_AUTHORITY_KEY_ID    "\x06\x03\x55\x1d\x23"
#define OID_DISTRIBUTION_POINTS "\x06\x03\x55\x1d\x1f"

static const struct algorithm *
algorithm_of(enum key_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(algorithms); i++)
		if (algorithms[i].kind == kind)
			return &algorithms[i];
	return NULL;
}

static void
put_time(struct buffer *out, int64_t moment)
{
	time_t seconds = (time_t)moment;
	struct tm calendar;
	char text[64];
	const char *from;
	bool is_long;

	if (gmtime_r(&seconds, &calendar) == NULL)
		return;
	is_long = calendar.tm_year + 1900 >= SUPPOSE_FIRST_LONG_YEAR;
	if (strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &calendar) == 0)
		return;
	from = is_long ? text : text + 2; /* UTCTime has two digits of the year */
	der_put(out, is_long ? DER_GENERALIZED_TIME : DER_UTC_TIME, span_of(from, strlen(from)));
}

static void
put_validity(struct buffer *out, int64_t at)
{
	CLEANUP(buffer_free) struct buffer times = {};

	put_time(&times, at - SUPPOSE_HOUR);
	put_time(&times, at + SUPPOSE_HOUR);
	der_put(out, DER_SEQUENCE, buffer_span(&times));
}

static void
put_extension(struct buffer *out, const char *oid, size_t oid_length, struct span value)
{
	CLEANUP(buffer_free) struct buffer extension = {};

	buffer_add(&extension, oid, oid_length);
	der_put(&extension, DER_OCTET_STRING, value);
	der_put(out, DER_SEQUENCE, buffer_span(&extension));
}

static void
put_key_id(struct buffer *out, const struct cert *issuer)
{
	CLEANUP(buffer_free) struct buffer key_id = {}, value = {};

	if (issuer->subject_key_id.length == 0)
		return;
	der_put(&key_id, DER_CONTEXT(0), issuer->subject_key_id);
	der_put(&value, DER_SEQUENCE, buffer_span(&key_id));
	put_extension(
		out, OID_AUTHORITY_KEY_ID, sizeof(OID_AUTHORITY_KEY_ID) - 1, buffer_span(&value));
}

/* A CA whose CRLs are for a distribution point writes that point into what it issues. */
static void
put_points(struct buffer *out, const struct trust *trust, const struct cert *issuer)
{
	CLEANUP(buffer_free) struct buffer points = {}, value = {};
	unsigned count = 0;

	for (size_t i = 0; i < trust->crl_count && count < SUPPOSE_MAX_POINTS; i++) {
		struct span where = trust->crls[i]->scope.distribution_point;
		CLEANUP(buffer_free) struct buffer point = {};

		if (where.length == 0 || !name_equal(trust->crls[i]->issuer, issuer->subject))
			continue;
		der_put(&point, DER_CONTEXT_CONSTRUCTED(0), where);
		der_put(&points, DER_SEQUENCE, buffer_span(&point));
		count++;
	}
	if (count == 0)
		return;
	der_put(&value, DER_SEQUENCE, buffer_span(&points));
	put_extension(out, OID_DISTRIBUTION_POINTS, sizeof(OID_DISTRIBUTION_POINTS) - 1,
		buffer_span(&value));
}

static void
put_extensions(struct buffer *out, const struct trust *trust, const struct cert *issuer)
{
	CLEANUP(buffer_free) struct buffer list = {}, sequence = {};

	buffer_add(&list, USAGE_EXTENSIONS, sizeof(USAGE_EXTENSIONS) - 1);
	put_key_id(&list, issuer);
	put_points(&list, trust, issuer);
	der_put(&sequence, DER_SEQUENCE, buffer_span(&list));
	der_put(out, DER_CONTEXT_CONSTRUCTED(3), buffer_span(&sequence));
}

/* The public half of a key whose private half is thrown away at once. Made once for a judge. */
static struct span
client_key(struct judge *judge, int level)
{
	bool high = level >= SUPPOSE_HIGH_LEVEL;
	struct span *kept = &judge->client_keys[high];
	EVP_PKEY *key;
	unsigned char *der = NULL;
	int length;

	if (kept->length > 0)
		return *kept;
	key = EVP_EC_gen(high ? "P-521" : "P-256");
	length = key != NULL ? i2d_PUBKEY(key, &der) : 0;
	if (length > 0)
		*kept = span_of(arena_dup(judge->arena, der, (size_t)length), (size_t)length);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return *kept;
}

int
suppose_leaf(const struct question *question, const struct cert *issuer, struct cert *ret)
{
	static const uint8_t signature[1 + SUPPOSE_SIGNATURE_SIZE]; /* no unused bits, all zero */
	CLEANUP(buffer_free) struct buffer tbs = {}, cert = {}, der = {};
	const struct algorithm *algorithm = algorithm_of(issuer->key.kind);
	struct span spki = client_key(question->judge, question->verifier->security_level);
	const char *fault;
	size_t offset;

	if (algorithm == NULL || spki.length == 0)
		return -1;
	buffer_add(&tbs, VERSION_AND_SERIAL, sizeof(VERSION_AND_SERIAL) - 1);
	buffer_add(&tbs, algorithm->der, algorithm->length);
	buffer_add(&tbs, issuer->subject.data, issuer->subject.length);
	put_validity(&tbs, question->at);
	/* No name at all: no name constraints can be against it. */
	der_put(&tbs, DER_SEQUENCE, (struct span){});
	buffer_add(&tbs, spki.data, spki.length);
	put_extensions(&tbs, question->trust, issuer);
	der_put(&cert, DER_SEQUENCE, buffer_span(&tbs));
	buffer_add(&cert, algorithm->der, algorithm->length);
	der_put(&cert, DER_BIT_STRING, span_of(signature, sizeof(signature)));
	der_put(&der, DER_SEQUENCE, buffer_span(&cert));
	return cert_read(span_of(arena_dup(question->arena, der.data, der.length), der.length), ret,
		&fault, &offset);
}
