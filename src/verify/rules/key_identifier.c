/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

/* RFC 5280 4.2.1.1: the identifier helps to find the issuer, and nothing in 6.1 asks for it.
 * OpenSSL passes an issuer over whose identifier is another one, and reports that there is none. */
static void
key_identifier_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; !by_standard(examination) && i + 1 < path->length; i++)
		if (!key_id_fits_subject(path->certs[i + 1], path->certs[i]))
			(void)path_fail(examination, &rule_key_identifier, i,
				path->origins[i] == ORIGIN_STORE
					? X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
					: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				"its authority key identifier is not that of the certificate %s "
				"(RFC 5280 4.2.1.1)",
				name_text(
					examination->question->arena, path->certs[i + 1]->subject));
}

const struct rule rule_key_identifier = {
	.name = "key-identifier",
	.change = "take the issuer's certificate whose key identifier it names",
	.cost = CHANGE_CA,
	.of_edge = true,
	.check = key_identifier_check,
};
