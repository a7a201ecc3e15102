/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature_check.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "x509/crl_list.h"

static void
end_algorithm(X509_ALGOR **algorithm)
{
	X509_ALGOR_free(*algorithm);
}

static void
end_type(ASN1_TYPE **type)
{
	ASN1_TYPE_free(*type);
}

static void
end_bits(ASN1_BIT_STRING **bits)
{
	ASN1_BIT_STRING_free(*bits);
}

static bool
algorithm_is_supported(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *oid;
	int digest, key;

	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &digest, &key) != 1)
		return false;
	/* No digest of its own: RSASSA-PSS has it in the parameters, Ed25519 inside. */
	return digest == NID_undef || EVP_get_digestbynid(digest) != NULL;
}

/*
 * ASN1_item_verify is what X509_verify calls: it matches the algorithm with the kind of key and
 * obeys the parameters of RSASSA-PSS. It encodes what it is given; an ASN1_TYPE of a SEQUENCE is
 * encoded as the very bytes that it was read from.
 */
enum signature_result
signature_check(
	EVP_PKEY *key, struct span signed_bytes, struct span algorithm_der, struct span signature)
{
	const unsigned char *at = algorithm_der.data;
	CLEANUP(end_algorithm)
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)algorithm_der.length);
	CLEANUP(end_type) ASN1_TYPE *content = NULL;
	CLEANUP(end_bits) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	if (algorithm == NULL || bits == NULL || !algorithm_is_supported(algorithm))
		return SIGNATURE_UNSUPPORTED;
	at = signed_bytes.data;
	content = d2i_ASN1_TYPE(NULL, &at, (long)signed_bytes.length);
	if (content == NULL || ASN1_STRING_set(bits, signature.data, (int)signature.length) != 1)
		return SIGNATURE_UNSUPPORTED;
	if (ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, bits, content, key) != 1)
		return SIGNATURE_BAD;
	return SIGNATURE_GOOD;
}

/* Of digest and key that an algorithm stands for; false where it is none of that kind. */
static bool
split_algorithm(struct span algorithm_der, int *ret_digest, int *ret_key)
{
	const unsigned char *at = algorithm_der.data;
	CLEANUP(end_algorithm)
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)algorithm_der.length);
	const ASN1_OBJECT *oid;

	if (algorithm == NULL)
		return false;
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return OBJ_find_sigid_algs(OBJ_obj2nid(oid), ret_digest, ret_key) == 1 &&
	       *ret_digest != NID_undef && *ret_key != NID_undef;
}

int
signature_digest_nid(struct span algorithm_der)
{
	int digest = NID_undef, key;

	(void)ERR_set_mark();
	if (!split_algorithm(algorithm_der, &digest, &key))
		digest = NID_undef;
	(void)ERR_pop_to_mark();
	return digest;
}

static void
end_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

/* As ASN1_item_verify_ctx (crypto/asn1/a_verify.c): the algorithm's kind of key must be the key's.
 */
enum signature_result
signature_check_digest(
	EVP_PKEY *key, struct span digest, struct span algorithm_der, struct span signature)
{
	CLEANUP(end_context) EVP_PKEY_CTX *context = NULL;
	const EVP_MD *kind;
	int digest_nid, key_nid;

	if (!split_algorithm(algorithm_der, &digest_nid, &key_nid))
		return SIGNATURE_UNSUPPORTED;
	kind = EVP_get_digestbynid(digest_nid);
	if (kind == NULL || (size_t)EVP_MD_get_size(kind) != digest.length)
		return SIGNATURE_UNSUPPORTED;
	if (EVP_PKEY_is_a(key, OBJ_nid2sn(key_nid)) != 1)
		return SIGNATURE_BAD;
	context = EVP_PKEY_CTX_new(key, NULL);
	if (context == NULL || EVP_PKEY_verify_init(context) != 1 ||
		EVP_PKEY_CTX_set_signature_md(context, kind) != 1)
		return SIGNATURE_UNSUPPORTED;
	return EVP_PKEY_verify(
		       context, signature.data, signature.length, digest.data, digest.length) == 1
		       ? SIGNATURE_GOOD
		       : SIGNATURE_BAD;
}

/* The digest was made while the list was read. */
enum signature_result
signature_check_crl(EVP_PKEY *key, const struct crl *crl)
{
	int nid = signature_digest_nid(crl->signature_algorithm);
	CLEANUP(buffer_free) struct buffer tbs = {};
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (crl->tbs.length > 0)
		return signature_check(key, crl->tbs, crl->signature_algorithm, crl->signature);
	if (nid != NID_undef)
		return crl_list_digest(crl->list, nid, digest, &length) == 0
			       ? signature_check_digest(key, span_of(digest, length),
					 crl->signature_algorithm, crl->signature)
			       : SIGNATURE_UNSUPPORTED;
	if (crl_list_tbs(crl->list, &tbs) < 0)
		return SIGNATURE_UNSUPPORTED;
	return signature_check(key, buffer_span(&tbs), crl->signature_algorithm, crl->signature);
}
