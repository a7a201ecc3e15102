/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/nss_rules.h"

enum { NSS_LEAST_BITS = 1'023 }; /* SSL_RSA_MIN_MODULUS_BITS and the like, lib/nss/nssoptions.h */

/* What sec_DecodeSigAlg of lib/cryptohi/secvfy.c knows and apply_default_policy of secoid.c leaves
 * on: no MD2, MD4 and MD5, no Edwards curves, no SHA-3. */
static const char *const signatures[] = {
	"sha1WithRSAEncryption",
	"sha1WithRSA",
	"sha224WithRSAEncryption",
	"sha256WithRSAEncryption",
	"sha384WithRSAEncryption",
	"sha512WithRSAEncryption",
	"rsassaPss",
	"ecdsa-with-SHA1",
	"ecdsa-with-SHA224",
	"ecdsa-with-SHA256",
	"ecdsa-with-SHA384",
	"ecdsa-with-SHA512",
	"dsaWithSHA1",
	"dsaWithSHA1-old",
	"dsa_with_SHA224",
	"dsa_with_SHA256",
};

/* gf_populate_params of lib/freebl/ec.c and ecdecode.c. */
static const char *const curves[] = { "P-256", "P-384", "P-521" };

static bool
is_in(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* SEC_OID_X500_RSA_ENCRYPTION, 2.5.8.1.1: rsa of X.509, which seckey_GetKeyType takes for RSA. */
static bool
is_x500_rsa(const struct cert *cert)
{
	struct der outer = der_of(cert->spki);
	struct der_element info = der_optional(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&info);
	struct der_element algorithm = der_optional(&inside, DER_SEQUENCE);
	struct der content = der_enter(&algorithm);

	return der_oid_is(der_oid(&content), "\x55\x08\x01\x01", 4);
}

/* seckey_GetKeyType: of the leaf's key too the kind must be known (pkix_Build_InitiateBuildChain
 * takes it out first). */
static bool
is_known_kind(const struct cert *cert)
{
	switch (cert->key.kind) {
	case KEY_RSA:
	case KEY_RSA_PSS:
	case KEY_DSA:
	case KEY_DH:
	case KEY_EC:
		return true;
	default:
		return is_x500_rsa(cert);
	}
}

/* Why it verifies nothing with such a key; NULL: it does (seckey_EnforceKeySize). */
static const char *
key_fault(const struct cert *cert)
{
	const struct key_info *key = &cert->key;

	switch (key->kind) {
	case KEY_RSA:
	case KEY_RSA_PSS:
	case KEY_DSA:
		return key->bits < NSS_LEAST_BITS ? "of less than 1023 bits" : NULL;
	case KEY_EC:
		if (key->explicit_parameters)
			return "on a curve that is given by its equation";
		return key->curve != NULL && is_in(key->curve, curves, COUNT_OF(curves))
			       ? NULL
			       : "on a curve that is none of P-256, P-384 and P-521";
	default:
		return is_x500_rsa(cert) ? NULL : "of a kind that NSS does not verify with";
	}
}

static void
check_signature(struct examination *examination, unsigned depth, unsigned issuer)
{
	const struct path *path = examination->path;
	const char *name = signature_algorithm_name(path->certs[depth]->signature_algorithm);
	const char *fault = key_fault(path->certs[issuer]);

	if (!is_in(name, signatures, COUNT_OF(signatures)))
		(void)path_fail(examination, &nss_algorithms, depth, X509_V_ERR_CA_MD_TOO_WEAK,
			"it is signed with %s, which NSS does not take", name);
	if (fault != NULL)
		(void)path_fail(examination, &nss_algorithms, issuer, X509_V_ERR_CA_KEY_TOO_SMALL,
			"the key that signed below it is %s", fault);
}

/* Of each certificate below the anchor, and of a leaf that is its own. */
static void
algorithms_check(struct examination *examination)
{
	const struct cert *leaf = examination->path->certs[0];
	unsigned length = examination->path->length;

	if (!is_known_kind(leaf))
		(void)path_fail(examination, &nss_algorithms, 0, X509_V_ERR_EE_KEY_TOO_SMALL,
			"its key is of a kind that NSS does not know");
	if (length == 1)
		check_signature(examination, 0, 0);
	for (unsigned i = 0; i + 1 < length; i++)
		check_signature(examination, i, i + 1);
}

const struct rule nss_algorithms = {
	.name = "security-level",
	.change = "issue it again with an algorithm and a key that NSS takes",
	.cost = CHANGE_CERTIFICATE,
	.check = algorithms_check,
};
