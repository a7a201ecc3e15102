/* SPDX-License-Identifier: Apache-2.0 */
/* One signature by one key, nothing kept: what signature.c and signature_batch.c stand on. Safe in
 * several threads at once, each with a key of its own. */
#pragma once

#include <openssl/evp.h>

#include "x509/signature.h"

enum signature_result signature_check(
	EVP_PKEY *, struct span signed_bytes, struct span algorithm_der, struct span signature);
/* RFC 5280 4.1.1.2: the algorithm stands in the TBSCertificate as well, and the two must agree;
 * X509_verify asks it too. */
static inline bool
signature_algorithms_agree(const struct cert *cert)
{
	return span_equal(cert->inner_algorithm, cert->signature_algorithm);
}
/* A CRL's, of which there need be no bytes. */
enum signature_result signature_check_crl(EVP_PKEY *, const struct crl *);
/* The digest by itself that an algorithm signs, as libcrypto numbers it; NID_undef where there is
 * none (RSASSA-PSS has it in its parameters, Ed25519 inside) or the algorithm is unknown. */
int signature_digest_nid(struct span algorithm_der);
/* The same by the digest alone, which must be of that kind. */
enum signature_result signature_check_digest(
	EVP_PKEY *, struct span digest, struct span algorithm_der, struct span signature);
