/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* RFC 5280 6.1.3 (a) (4): the issuer's subject is the subject's issuer. Only a certificate whose
 * key made the signature is on a path without it. */
static void
name_chaining_check(struct examination *examination)
{
	const struct path *path = examination->path;
	struct arena *arena = examination->question->arena;

	for (unsigned i = 0; i + 1 < path->length; i++) {
		const struct cert *subject = path->certs[i], *issuer = path->certs[i + 1];

		if (!name_equal(subject->issuer, issuer->subject))
			(void)path_fail(examination, &rule_name_chaining, i,
				path->origins[i] == ORIGIN_STORE
					? X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
					: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				"it names %s as its issuer, but the certificate with the key that "
				"signed "
				"it is named %s (RFC 5280 6.1.3 (a) (4))",
				name_text(arena, subject->issuer),
				name_text(arena, issuer->subject));
	}
}

const struct rule rule_name_chaining = {
	.name = "name-chaining",
	.change = "take the issuer's certificate that bears the name it was issued under",
	.cost = CHANGE_CA,
	.of_edge = true,
	.check = name_chaining_check,
};
