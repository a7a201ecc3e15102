/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/explore.h"
#include "verify/rule.h"

/* RFC 5280 6.1.3 (a) (1). A root's signature of itself is not checked: it proves nothing. */
static void
signature_check(struct examination *examination)
{
	const struct path *path = examination->path;
	const struct question *question = examination->question;

	for (unsigned i = 0; i + 1 < path->length; i++)
		if (!explore_signed(question, path->certs[i + 1], path->certs[i]))
			(void)path_fail(examination, &rule_signature, i,
				X509_V_ERR_CERT_SIGNATURE_FAILURE,
				"its signature was not made by the key of %s (RFC 5280 6.1.3 (a) "
				"(1))",
				name_text(question->arena, path->certs[i + 1]->subject));
}

const struct rule rule_signature = {
	.name = "signature",
	.change = "take the issuer's certificate whose key signed it",
	.cost = CHANGE_CA,
	.of_edge = true,
	.check = signature_check,
};
