/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature_check.h"

#include <openssl/err.h>
#include <openssl/x509.h>

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
