/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of OCSP, made in the process with libcrypto and exactly as sound as a test asks for; and
 * what libcrypto itself makes of them.
 */
#pragma once

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "court.h"

enum { ANSWER_MAX_SINGLES = 4, HOUR = 3'600 };

struct answer_single {
	const struct pki_cert *cert, *issuer;
	int status;       /* V_OCSP_CERTSTATUS_… */
	int reason;       /* where revoked */
	int64_t from, to; /* thisUpdate and nextUpdate in seconds from now; to 0: none */
	bool sha256, sha384, critical;
};

struct answer {
	struct answer_single singles[ANSWER_MAX_SINGLES];
	size_t count;
	const struct pki_cert *signer;
	bool by_key, without_certificates, broken_signature, critical;
	int refusal; /* a status of the response other than successful */
	struct span nonce;
};

static inline void
answer_must(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "# cannot make %s\n", what);
	exit(2);
}

static inline X509_EXTENSION *
answer_unknown_extension(void)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
	X509_EXTENSION *extension;

	(void)ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	answer_must(extension != NULL, "an extension");
	return extension;
}

static inline void
answer_add_single(OCSP_BASICRESP *basic, const struct answer_single *single, int64_t now)
{
	const EVP_MD *digest = single->sha256   ? EVP_sha256()
			       : single->sha384 ? EVP_sha384()
						: EVP_sha1();
	OCSP_CERTID *id = OCSP_cert_to_id(digest, single->cert->x509, single->issuer->x509);
	ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, now + single->from), *to = NULL;
	ASN1_TIME *revoked = ASN1_GENERALIZEDTIME_set(NULL, now - 1000 * HOUR);
	X509_EXTENSION *critical = answer_unknown_extension();
	OCSP_SINGLERESP *made;

	if (single->to != 0)
		to = ASN1_GENERALIZEDTIME_set(NULL, now + single->to);
	made = OCSP_basic_add1_status(basic, id, single->status, single->reason,
		single->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, from, to);
	answer_must(made != NULL, "a single answer");
	if (single->critical)
		answer_must(
			OCSP_SINGLERESP_add_ext(made, critical, -1) == 1, "a critical extension");
	X509_EXTENSION_free(critical);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(revoked);
}

/* Another last bit of the signature. */
static inline void
answer_break(OCSP_BASICRESP *basic)
{
	ASN1_OCTET_STRING *signature =
		(ASN1_OCTET_STRING *)(uintptr_t)OCSP_resp_get0_signature(basic);

	signature->data[signature->length - 1] ^= 1;
}

/* DER, from the arena. */
static inline struct span
answer_make(struct arena *arena, const struct answer *answer, int64_t now)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	X509_EXTENSION *critical = answer_unknown_extension();
	OCSP_RESPONSE *response;
	unsigned char *bytes = NULL;
	struct span made;
	int length;

	for (size_t i = 0; i < answer->count; i++)
		answer_add_single(basic, &answer->singles[i], now);
	if (answer->nonce.length > 0)
		answer_must(
			OCSP_basic_add1_nonce(basic, (unsigned char *)(uintptr_t)answer->nonce.data,
				(int)answer->nonce.length) == 1,
			"a nonce");
	if (answer->critical)
		answer_must(
			OCSP_BASICRESP_add_ext(basic, critical, -1) == 1, "a critical extension");
	answer_must(OCSP_basic_sign(basic, answer->signer->x509, answer->signer->key, EVP_sha256(),
			    NULL,
			    (answer->by_key ? OCSP_RESPID_KEY : 0) |
				    (answer->without_certificates ? OCSP_NOCERTS : 0)) == 1,
		"a signature");
	if (answer->broken_signature)
		answer_break(basic);
	response = OCSP_response_create(answer->refusal, answer->refusal == 0 ? basic : NULL);
	length = i2d_OCSP_RESPONSE(response, &bytes);
	answer_must(length > 0, "DER");
	made = span_of(arena_dup(arena, bytes, (size_t)length), (size_t)length);
	OPENSSL_free(bytes);
	X509_EXTENSION_free(critical);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return made;
}

/* As servers ask it: OCSP_basic_verify with the chain of the client, then the status, then the
 * times. -1: it is not believed. */
static inline int
answer_libcrypto(
	struct span der, X509 *cert, X509 *issuer, X509_STORE *store, STACK_OF(X509) * chain)
{
	const unsigned char *at = der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.length);
	OCSP_BASICRESP *basic = response != NULL ? OCSP_response_get1_basic(response) : NULL;
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, cert, issuer);
	ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;
	int status = -1;

	if (basic == NULL || OCSP_response_status(response) != 0 ||
		OCSP_basic_verify(basic, chain, store, 0) != 1 ||
		OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &to) != 1 ||
		OCSP_check_validity(from, to, OCSP_SKEW_DEFAULT, -1) != 1)
		status = -1;
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return status;
}
