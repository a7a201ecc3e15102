/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

/* X509_verify_cert tells a missing issuer of what the client sent from one of what the store holds.
 */
static void
anchor_missing(struct examination *examination, unsigned last)
{
	const struct question *question = examination->question;
	const struct cert *cert = examination->path->certs[last];
	const char *issuer = name_text(question->arena, cert->issuer);

	if (examination->path->origins[last] == ORIGIN_STORE)
		(void)path_fail(examination, &rule_anchor, last,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
			"the store holds this certificate, but not its issuer %s, and a path must "
			"end "
			"in a self-signed certificate of the store (RFC 5280 6.1)",
			issuer);
	else
		(void)path_fail(examination, &rule_anchor, last,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			"its issuer %s is neither in the store nor sent by the client (RFC 5280 "
			"6.1)",
			issuer);
}

/* RFC 5280 6.1: a path ends in a trust anchor. */
static void
anchor_check(struct examination *examination)
{
	const struct path *path = examination->path;
	unsigned last = path->length - 1;

	if (path->ends_in_anchor ||
		trust_word(examination->question->verifier, path->anchors[last]) ==
			TRUST_REJECTED ||
		trust_word(examination->question->verifier, path->anchors[0]) == TRUST_REJECTED)
		return;
	if (path->origins[last] == ORIGIN_STORE || !cert_is_self_signed(path->certs[last]))
		anchor_missing(examination, last);
	else if (last > 0)
		(void)path_fail(examination, &rule_anchor, last,
			X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
			"the root %s comes from the client alone and is in no store (RFC 5280 6.1)",
			name_text(examination->question->arena, path->certs[last]->subject));
}

const struct rule rule_anchor = {
	.name = "anchor",
	.change = "trust its issuer, or send what leads to an anchor",
	.cost = CHANGE_TRUST,
	.check = anchor_check,
};
