/* SPDX-License-Identifier: Apache-2.0 */
/* Who is meant by a response: certificates by hashes of their issuer, responders by name or key;
 * and the request that asks. */
#include <openssl/evp.h>
#include <string.h>

#include "x509/name.h"
#include "x509/ocsp.h"

#define NIST_HASH   "\x60\x86\x48\x01\x65\x03\x04\x02"
#define OID_SHA1    "\x2b\x0e\x03\x02\x1a"
#define OID_NONCE   "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
#define DER_OF_NULL "\x05\x00"

struct hash_row {
	const char *oid;
	size_t oid_length;
	const char *name; /* as libcrypto knows it */
	unsigned size;
};

#define HASH(oid, name, size)                    \
	{                                        \
		oid, sizeof(oid) - 1, name, size \
	}

/* RFC 6960 4.3 wants SHA-1 known, RFC 9654 and the profiles of today SHA-256. */
static const struct hash_row hashes[] = {
	[OCSP_HASH_SHA1] = HASH(OID_SHA1, "SHA1", 20),
	[OCSP_HASH_SHA256] = HASH(NIST_HASH "\x01", "SHA256", 32),
	HASH(NIST_HASH "\x02", "SHA384", 48),
	HASH(NIST_HASH "\x03", "SHA512", 64),
	HASH(NIST_HASH "\x04", "SHA224", 28),
};

struct hashed {
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned length; /* 0 where libcrypto would not */
};

static const struct hash_row *
hash_find(struct span algorithm)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (der_oid_is(algorithm, hashes[i].oid, hashes[i].oid_length))
			return &hashes[i];
	return NULL;
}

bool
ocsp_hash_is_known(struct span algorithm)
{
	return hash_find(algorithm) != NULL;
}

static struct hashed
hash_of(const struct hash_row *row, struct span bytes)
{
	struct hashed hashed = {};
	size_t length = 0;

	if (EVP_Q_digest(NULL, row->name, NULL, bytes.data, bytes.length, hashed.bytes, &length) ==
			1 &&
		length == row->size)
		hashed.length = row->size;
	return hashed;
}

static bool
hashed_is(const struct hashed *hashed, struct span wanted)
{
	return hashed->length > 0 && span_equal(span_of(hashed->bytes, hashed->length), wanted);
}

/* RFC 6960 4.1.1: of the value of the BIT STRING, without tag, length and count of unused bits. */
static struct span
key_bits(const struct cert *cert)
{
	struct der der = der_of(cert->spki);
	struct der_element sequence = der_expect(&der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	unsigned unused;

	(void)der_expect(&inside, DER_SEQUENCE);
	return der_bits(&inside, &unused);
}

static bool
key_is_named(const struct ocsp_id *id, const struct hash_row *row, const struct cert *issuer)
{
	struct hashed key = hash_of(row, key_bits(issuer));

	return hashed_is(&key, id->key_hash);
}

bool
ocsp_id_names_issuer(const struct ocsp_id *id, const struct cert *issuer)
{
	const struct hash_row *row = hash_find(id->algorithm);
	struct hashed name;

	if (row == NULL)
		return false;
	name = hash_of(row, issuer->subject);
	return hashed_is(&name, id->name_hash) && key_is_named(id, row, issuer);
}

/* RFC 6960 4.1.1 hashes the issuer's name as the certificate has it; many responders, as the issuer
 * has it. The two are equal by RFC 5280 7.1 and need not be so in their bytes. */
bool
ocsp_id_names(const struct ocsp_id *id, const struct cert *cert, const struct cert *issuer)
{
	const struct hash_row *row = hash_find(id->algorithm);
	struct hashed name;

	if (row == NULL || !span_equal(id->serial, cert->serial))
		return false;
	name = hash_of(row, cert->issuer);
	if (hashed_is(&name, id->name_hash))
		return key_is_named(id, row, issuer);
	return ocsp_id_names_issuer(id, issuer);
}

bool
ocsp_responder_is(const struct ocsp_response *response, const struct cert *cert)
{
	struct hashed key;

	if (response->responder_name.length > 0)
		return name_equal(response->responder_name, cert->subject);
	key = hash_of(&hashes[OCSP_HASH_SHA1], key_bits(cert));
	return hashed_is(&key, response->responder_key);
}

static void
put_id(struct buffer *out, const struct hash_row *row, const struct cert *cert,
	const struct cert *issuer)
{
	CLEANUP(buffer_free) struct buffer algorithm = {};
	CLEANUP(buffer_free) struct buffer content = {};
	struct hashed name = hash_of(row, cert->issuer), key = hash_of(row, key_bits(issuer));

	der_put(&algorithm, DER_OID, span_of(row->oid, row->oid_length));
	buffer_add(&algorithm, DER_OF_NULL, sizeof(DER_OF_NULL) - 1);
	der_put(&content, DER_SEQUENCE, buffer_span(&algorithm));
	der_put(&content, DER_OCTET_STRING, span_of(name.bytes, name.length));
	der_put(&content, DER_OCTET_STRING, span_of(key.bytes, key.length));
	der_put(&content, DER_INTEGER, cert->serial);
	der_put(out, DER_SEQUENCE, buffer_span(&content));
}

/* [2] EXPLICIT Extensions, of one: the nonce. */
static void
put_nonce(struct buffer *out, struct span nonce)
{
	CLEANUP(buffer_free) struct buffer value = {};
	CLEANUP(buffer_free) struct buffer extension = {};
	CLEANUP(buffer_free) struct buffer extensions = {};
	CLEANUP(buffer_free) struct buffer sequence = {};

	der_put(&value, DER_OCTET_STRING, nonce);
	der_put(&extension, DER_OID, span_of(OID_NONCE, sizeof(OID_NONCE) - 1));
	der_put(&extension, DER_OCTET_STRING, buffer_span(&value));
	der_put(&sequence, DER_SEQUENCE, buffer_span(&extension));
	der_put(&extensions, DER_SEQUENCE, buffer_span(&sequence));
	der_put(out, DER_CONTEXT_CONSTRUCTED(2), buffer_span(&extensions));
}

/* RFC 6960 4.1.1: OCSPRequest { TBSRequest { requestList { Request { CertID } }, [2] Extensions } }
 */
void
ocsp_request_write(struct buffer *out, enum ocsp_hash hash, const struct cert *cert,
	const struct cert *issuer, struct span nonce)
{
	CLEANUP(buffer_free) struct buffer id = {};
	CLEANUP(buffer_free) struct buffer request = {};
	CLEANUP(buffer_free) struct buffer content = {};
	CLEANUP(buffer_free) struct buffer tbs = {};

	put_id(&id, &hashes[hash], cert, issuer);
	der_put(&request, DER_SEQUENCE, buffer_span(&id));
	der_put(&content, DER_SEQUENCE, buffer_span(&request));
	if (nonce.length > 0)
		put_nonce(&content, nonce);
	der_put(&tbs, DER_SEQUENCE, buffer_span(&content));
	der_put(out, DER_SEQUENCE, buffer_span(&tbs));
}

/* Between the line of BEGIN and that of END. */
static struct span
between_lines(struct span text, const char **ret_fault)
{
	static const char begin[] = "-----BEGIN OCSP RESPONSE-----", end[] = "-----END";
	size_t from = span_find(text, begin, 0), to;

	if (from == SIZE_MAX) {
		*ret_fault = "a PEM block that is no OCSP RESPONSE";
		return (struct span){};
	}
	from += strlen(begin);
	to = span_find(text, end, from);
	if (to == SIZE_MAX) {
		*ret_fault = "a PEM block without end";
		return (struct span){};
	}
	return span_of(text.data + from, to - from);
}

struct span
ocsp_unwrap(struct arena *arena, struct span bytes, const char **ret_fault)
{
	CLEANUP(buffer_free) struct buffer decoded = {};
	size_t bad;

	*ret_fault = NULL;
	if (bytes.length > 0 && bytes.data[0] == DER_SEQUENCE)
		return bytes;
	if (span_find(bytes, "-----BEGIN", 0) != SIZE_MAX)
		bytes = between_lines(bytes, ret_fault);
	if (*ret_fault != NULL)
		return (struct span){};
	if (base64_decode(bytes, &decoded, &bad) < 0 || decoded.length == 0) {
		*ret_fault = "neither DER nor base64";
		return (struct span){};
	}
	return span_of(arena_dup(arena, decoded.data, decoded.length), decoded.length);
}
