/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* The settings of a TRUSTED CERTIFICATE block speak where its certificate ends the search. */
static void
trust_settings_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		const struct trusted *trusted = path->anchors[i];

		if (trust_word(trusted) != TRUST_REJECTED)
			continue;
		(void)path_fail(examination, &rule_trust_settings, i, X509_V_ERR_CERT_REJECTED,
			trusted->settings.has_reject && trusted->settings.rejects_client
				? "its trust settings reject client authentication "
				  "(X509_check_trust)"
				: "its trust settings name uses, and client authentication is not "
				  "among "
				  "them (X509_check_trust)");
	}
}

const struct rule rule_trust_settings = {
	.name = "trust-settings",
	.check = trust_settings_check,
};
