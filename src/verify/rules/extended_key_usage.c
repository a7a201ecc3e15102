/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/*
 * RFC 5280 4.2.1.12, as X509_PURPOSE_SSL_CLIENT has it: anyExtendedKeyUsage does not stand for
 * clientAuth, and a CA that has the extension needs clientAuth as well. Trust settings in favour of
 * clients overrule it.
 */
static void
extended_key_usage_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		const struct cert *cert = path->certs[i];

		if (!cert->has_extended_key_usage || trust_word(path->anchors[i]) == TRUST_GIVEN ||
			(cert->extended_key_usage & EKU_CLIENT_AUTH) != 0)
			continue;
		(void)path_fail(examination, &rule_extended_key_usage, i,
			X509_V_ERR_INVALID_PURPOSE, "%s (RFC 5280 4.2.1.12)",
			cert->extended_key_usage == EKU_ANY
				? "its only extended key usage is anyExtendedKeyUsage, which "
				  "OpenSSL "
				  "does not take for clientAuth"
				: "its extended key usage lacks clientAuth");
	}
}

const struct rule rule_extended_key_usage = {
	.name = "extended-key-usage",
	.check = extended_key_usage_check,
};
