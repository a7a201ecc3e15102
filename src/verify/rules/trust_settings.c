/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

static bool
is_rejected(const struct trusted *trusted, enum verify_purpose purpose)
{
	const struct trust_settings *settings = &trusted->settings;

	return settings->has_reject &&
	       (purpose == PURPOSE_SERVER ? settings->rejects_server : settings->rejects_client);
}

/* Whoever does not trust a CA's certificate trusts none of the same name and key; OpenSSL does not
 * look for that, but takes what it has first. NULL where there is none. */
static const struct trusted *
find_distrusted(const struct question *question, const struct cert *cert)
{
	const struct trusted *trusted;
	struct graph_walk walk;

	if (!question->graph->has_settings)
		return NULL;
	walk = graph_by_subject(question->graph, cert->subject);
	while ((trusted = graph_next_subject(&walk, question->trust, cert->subject)) != NULL)
		if (trust_word(question->verifier, trusted) == TRUST_REJECTED &&
			digest_equal(&trusted->cert->key_digest, &cert->key_digest))
			return trusted;
	return NULL;
}

/* The settings of a TRUSTED CERTIFICATE block speak where its certificate ends the search. */
static void
trust_settings_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		const struct trusted *trusted =
			by_standard(examination)
				? find_distrusted(examination->question, path->certs[i])
				: path->anchors[i];

		if (trust_word(examination->question->verifier, trusted) != TRUST_REJECTED)
			continue;
		(void)path_fail(examination, &rule_trust_settings, i, X509_V_ERR_CERT_REJECTED,
			is_rejected(trusted, examination->question->verifier->purpose)
				? "its trust settings reject this purpose "
				  "(X509_check_trust)"
				: "its trust settings name uses, and this purpose is not "
				  "among "
				  "them (X509_check_trust)");
	}
}

const struct rule rule_trust_settings = {
	.name = "trust-settings",
	.change = "change its trust settings in the store",
	.cost = CHANGE_TRUST,
	.check = trust_settings_check,
};
