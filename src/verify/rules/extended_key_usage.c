/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* As X509_PURPOSE_SSL_CLIENT and X509_PURPOSE_SSL_SERVER name it. */
static const struct {
	unsigned usage;
	const char *name;
} wanted_usages[] = {
	[PURPOSE_CLIENT] = { EKU_CLIENT_AUTH, "clientAuth" },
	[PURPOSE_SERVER] = { EKU_SERVER_AUTH, "serverAuth" },
	[PURPOSE_ANY] = { 0, NULL },
};

/* To RFC 5280 anyExtendedKeyUsage stands for all usages. What a trust anchor is for is the matter
 * of who trusts it. */
static bool
allows_by_standard(const struct examination *examination, unsigned depth, unsigned usage)
{
	const struct cert *cert = examination->path->certs[depth];

	return is_anchor(examination->path, depth) ||
	       (cert->extended_key_usage & (usage | EKU_ANY)) != 0;
}

/*
 * RFC 5280 4.2.1.12, as OpenSSL has it: anyExtendedKeyUsage does not stand for clientAuth, and a CA
 * that has the extension needs clientAuth as well. Trust settings in favour of clients overrule it.
 */
static void
extended_key_usage_check(struct examination *examination)
{
	const struct path *path = examination->path;
	enum verify_purpose purpose = examination->question->verifier->purpose;
	const char *name = wanted_usages[purpose].name;

	for (unsigned i = 0; name != NULL && i < path->length; i++) {
		const struct cert *cert = path->certs[i];

		if (!cert->has_extended_key_usage ||
			trust_word(examination->question->verifier, path->anchors[i]) ==
				TRUST_GIVEN ||
			(cert->extended_key_usage & wanted_usages[purpose].usage) != 0)
			continue;
		if (by_standard(examination) &&
			allows_by_standard(examination, i, wanted_usages[purpose].usage))
			continue;
		if (cert->extended_key_usage == EKU_ANY)
			(void)path_fail(examination, &rule_extended_key_usage, i,
				X509_V_ERR_INVALID_PURPOSE,
				"its only extended key usage is anyExtendedKeyUsage, which OpenSSL "
				"does not take for %s (RFC 5280 4.2.1.12)",
				name);
		else
			(void)path_fail(examination, &rule_extended_key_usage, i,
				X509_V_ERR_INVALID_PURPOSE,
				"its extended key usage lacks %s (RFC 5280 4.2.1.12)", name);
	}
}

const struct rule rule_extended_key_usage = {
	.name = "extended-key-usage",
	.change = "issue it again with the extended key usage that is wanted",
	.cost = CHANGE_CERTIFICATE,
	.check = extended_key_usage_check,
};
