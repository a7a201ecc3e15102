/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* RFC 5246 7.4.6 and RFC 8446 4.4.2.3: a client signs; OpenSSL lets key agreement pass as well, and
 * of a server encipherment too (KU_TLS of crypto/x509/v3_purp.c). */
static void
leaf_check(struct examination *examination)
{
	const struct cert *leaf = examination->path->certs[0];
	enum verify_purpose purpose = examination->question->verifier->purpose;
	unsigned usages = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT;

	if (purpose == PURPOSE_SERVER)
		usages |= KEY_USAGE_KEY_ENCIPHERMENT;
	if (purpose != PURPOSE_ANY && leaf->has_key_usage &&
		trust_word(examination->question->verifier, examination->path->anchors[0]) !=
			TRUST_GIVEN &&
		(leaf->key_usage & usages) == 0)
		(void)path_fail(examination, &rule_key_usage, 0, X509_V_ERR_INVALID_PURPOSE,
			"its key usage lacks digitalSignature (RFC 5280 4.2.1.3)");
}

/* RFC 5280 6.1.4 (n). OpenSSL reports it as invalid CA (79), unsuitable purpose (26) and this. */
static void
key_usage_check(struct examination *examination)
{
	const struct path *path = examination->path;

	leaf_check(examination);
	for (unsigned i = 1; i < path->length; i++)
		if (path->certs[i]->has_key_usage &&
			(path->certs[i]->key_usage & KEY_USAGE_CERT_SIGN) == 0)
			(void)path_fail(examination, &rule_key_usage, i,
				X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
				"it issues certificates, but its key usage lacks keyCertSign "
				"(RFC 5280 6.1.4 (n))");
}

const struct rule rule_key_usage = {
	.name = "key-usage",
	.change = "issue it again with the key usage that is wanted",
	.cost = CHANGE_CERTIFICATE,
	.check = key_usage_check,
};
