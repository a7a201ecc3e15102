/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of OCSP as bytes: what is read of them, and what is refused. */
#include <openssl/ocsp.h>

#include "make.h"
#include "tap.h"
#include "x509/x509.h"

enum { NOW = 1'780'272'000, DAY = 86'400 };

/* A CA and a leaf, and an answer about it. */
struct office {
	struct arena *arena;
	EVP_PKEY *key, *leaf_key;
	X509 *ca_x509, *leaf_x509;
	struct span ca_der, leaf_der;
	struct cert ca, leaf;
};

static void
office_end(struct office *office)
{
	made_free(office->ca_der);
	made_free(office->leaf_der);
	X509_free(office->ca_x509);
	X509_free(office->leaf_x509);
	EVP_PKEY_free(office->key);
	EVP_PKEY_free(office->leaf_key);
	arena_free(office->arena);
}

static struct office
office_begin(void)
{
	struct office office = {
		.arena = arena_new(), .key = make_key("EC:P-256"), .leaf_key = make_key("EC:P-256")
	};
	const char *fault;
	size_t offset;

	office.ca_x509 = make_cert(
		&(struct made){ .subject = "CN=CA", .digest = "SHA256" }, office.key, NULL, NULL);
	office.leaf_x509 =
		make_cert(&(struct made){ .subject = "CN=a", .serial = "77", .digest = "SHA256" },
			office.leaf_key, office.ca_x509, office.key);
	office.ca_der = made_der(office.ca_x509);
	office.leaf_der = made_der(office.leaf_x509);
	must(cert_read(office.ca_der, &office.ca, &fault, &offset) == 0 &&
			cert_read(office.leaf_der, &office.leaf, &fault, &offset) == 0,
		"certificates");
	return office;
}

#define OFFICE CLEANUP(office_end) struct office office = office_begin()

static ASN1_TIME *
moment(int64_t at)
{
	return ASN1_GENERALIZEDTIME_set(NULL, at);
}

/* count answers, the first of them revoked for a key that was stolen. */
static struct span
answer(struct office *office, unsigned count, size_t nonce_length)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), office->leaf_x509, office->ca_x509);
	ASN1_TIME *from = moment(NOW), *to = moment(NOW + DAY), *revoked = moment(NOW - DAY);
	unsigned char nonce[256] = { 1, 2, 3 }, *bytes = NULL;
	OCSP_RESPONSE *response;
	struct span made;
	int length;

	for (unsigned i = 0; i < count; i++)
		must(OCSP_basic_add1_status(basic, id,
			     i == 0 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD, 1,
			     i == 0 ? revoked : NULL, from, i == 0 ? to : NULL) != NULL,
			"an answer");
	if (nonce_length > 0)
		must(OCSP_basic_add1_nonce(basic, nonce, (int)nonce_length) == 1, "a nonce");
	must(OCSP_basic_sign(basic, office->ca_x509, office->key, EVP_sha256(), NULL, 0) == 1,
		"a signature");
	response = OCSP_response_create(0, basic);
	length = i2d_OCSP_RESPONSE(response, &bytes);
	must(length > 0, "DER");
	made = span_of(arena_dup(office->arena, bytes, (size_t)length), (size_t)length);
	OPENSSL_free(bytes);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(revoked);
	return made;
}

static const char *
fault_of(struct span der)
{
	struct ocsp_response response;
	const char *fault;
	size_t offset;

	(void)ocsp_read(der, &response, &fault, &offset);
	return fault;
}

TEST(read, "all that a response says is read")
{
	OFFICE;
	struct span der = answer(&office, 2, 32);
	struct ocsp_response response;
	struct ocsp_single single;
	struct der cursor;
	const char *fault;
	size_t offset;

	CHECK(ocsp_read(der, &response, &fault, &offset) == 0);
	CHECK(response.answer == OCSP_SUCCESSFUL && response.single_count == 2);
	CHECK(response.has_nonce && response.nonce.length == 32 && response.nonce.data[2] == 3);
	CHECK(response.certificate_count == 1 && ocsp_responder_is(&response, &office.ca));
	CHECK(!ocsp_responder_is(&response, &office.leaf));
	cursor = der_of(response.singles);
	CHECK(ocsp_single_next(&cursor, &single));
	CHECK(single.status == OCSP_STATUS_REVOKED && single.reason == 1);
	CHECK(single.revoked_at == NOW - DAY && single.this_update == NOW);
	CHECK(single.next_update == NOW + DAY);
	CHECK(ocsp_hash_is_known(single.id.algorithm));
	CHECK(ocsp_id_names(&single.id, &office.leaf, &office.ca));
	CHECK(!ocsp_id_names(&single.id, &office.ca, &office.ca));
	CHECK(!ocsp_id_names(&single.id, &office.leaf, &office.leaf));
	CHECK(ocsp_single_next(&cursor, &single));
	CHECK(single.status == OCSP_STATUS_GOOD && single.next_update == INT64_MAX);
	CHECK(!ocsp_single_next(&cursor, &single) && cursor.fault == NULL);
}

TEST(cut, "cut anywhere, or with a byte behind it, it is refused with a fault inside it")
{
	OFFICE;
	struct span der = answer(&office, 1, 32);
	uint8_t *longer = arena_alloc(office.arena, der.length + 1);
	struct ocsp_response response;
	const char *fault;
	size_t offset;

	CHECK(fault_of(der) == NULL);
	for (size_t i = 0; i < der.length; i++) {
		CHECK(ocsp_read(span_of(der.data, i), &response, &fault, &offset) == -1);
		CHECK(fault != NULL && offset <= i);
	}
	(void)memcpy(longer, der.data, der.length);
	CHECK_TEXT(fault_of(span_of(longer, der.length + 1)), "something follows the response");
}

TEST(bounds, "a nonce, answers and bytes beyond their bounds are refused")
{
	OFFICE;
	uint8_t *large = arena_alloc(office.arena, OCSP_MAX_SIZE + 1);

	CHECK(fault_of(answer(&office, 1, OCSP_MAX_NONCE)) == NULL);
	CHECK_TEXT(fault_of(answer(&office, 1, OCSP_MAX_NONCE + 1)),
		"a nonce longer than RFC 9654 allows");
	CHECK(fault_of(answer(&office, 7'000, 0)) == NULL);
	CHECK_TEXT(fault_of(answer(&office, OCSP_MAX_SINGLES + 1, 0)),
		"larger than any OCSP response");
	CHECK_TEXT(fault_of(span_of(large, OCSP_MAX_SIZE + 1)), "larger than any OCSP response");
}

TEST(refusals, "of a refusal the status alone is read, and one that nobody knows is a fault")
{
	static const uint8_t later[] = { 0x30, 3, 0x0a, 1, 3 }, four[] = { 0x30, 3, 0x0a, 1, 4 },
			     empty[] = { 0x30, 3, 0x0a, 1, 0 };
	struct ocsp_response response;
	const char *fault;
	size_t offset;

	CHECK(ocsp_read(span_of(later, sizeof(later)), &response, &fault, &offset) == 0);
	CHECK(response.answer == OCSP_TRY_LATER && response.single_count == 0);
	CHECK_TEXT(ocsp_answer_name(response.answer), "tryLater");
	CHECK(fault_of(span_of(four, sizeof(four))) != NULL);
	CHECK(fault_of(span_of(empty, sizeof(empty))) != NULL);
}

TEST(forms, "DER, base64 and PEM hold the same answer")
{
	OFFICE;
	struct span der = answer(&office, 1, 0), plain;
	CLEANUP(buffer_free) struct buffer base64 = {};
	CLEANUP(buffer_free) struct buffer pem = {};
	const char *fault;

	base64_encode_lines(der, &base64);
	buffer_add_text(&pem, "-----BEGIN OCSP RESPONSE-----\n");
	buffer_add(&pem, base64.data, base64.length);
	buffer_add_text(&pem, "-----END OCSP RESPONSE-----\n");
	plain = ocsp_unwrap(office.arena, der, &fault);
	CHECK(fault == NULL && span_equal(plain, der));
	plain = ocsp_unwrap(office.arena, buffer_span(&base64), &fault);
	CHECK(fault == NULL && span_equal(plain, der));
	plain = ocsp_unwrap(office.arena, buffer_span(&pem), &fault);
	CHECK(fault == NULL && span_equal(plain, der));
	(void)ocsp_unwrap(office.arena, span_of("-----BEGIN CERTIFICATE-----", 27), &fault);
	CHECK(fault != NULL);
	(void)ocsp_unwrap(office.arena, span_of("", 0), &fault);
	CHECK(fault != NULL);
	(void)ocsp_unwrap(office.arena, span_of("not base64!", 11), &fault);
	CHECK(fault != NULL);
}

TEST(request, "libcrypto reads our request, and finds in it what it would ask itself")
{
	OFFICE;
	static const enum ocsp_hash kinds[] = { OCSP_HASH_SHA1, OCSP_HASH_SHA256 };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		CLEANUP(buffer_free) struct buffer bytes = {};
		const unsigned char *at;
		OCSP_REQUEST *request;
		OCSP_CERTID *wanted = OCSP_cert_to_id(
			i == 0 ? EVP_sha1() : EVP_sha256(), office.leaf_x509, office.ca_x509);

		ocsp_request_write(&bytes, kinds[i], &office.leaf, &office.ca,
			i == 0 ? span_of("nonce of sixteen", 16) : (struct span){});
		at = bytes.data;
		request = d2i_OCSP_REQUEST(NULL, &at, (long)bytes.length);
		CHECK(request != NULL && at == bytes.data + bytes.length);
		CHECK(OCSP_request_onereq_count(request) == 1);
		CHECK(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)),
			      wanted) == 0);
		CHECK((OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1) >= 0) ==
			(i == 0));
		OCSP_REQUEST_free(request);
		OCSP_CERTID_free(wanted);
	}
}

TAP_MAIN()
