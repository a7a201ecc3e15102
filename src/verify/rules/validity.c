/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

/*
 * internal_verify passes over the last certificate where it is neither self-signed nor taken by
 * partial chain: one that its trust settings made an anchor.
 */
static bool
time_is_asked(const struct examination *examination, unsigned depth)
{
	const struct path *path = examination->path;

	return depth + 1 < path->length || depth == 0 ||
	       examination->question->verifier->partial_chain ||
	       trust_word(examination->question->verifier, path->anchors[depth]) != TRUST_GIVEN ||
	       cert_is_self_signed(path->certs[depth]);
}

/* RFC 5280 6.1.3 (a) (2), and of the anchor too, as all libraries ask it. The very second of
 * notAfter is inside (4.1.2.5); to OpenSSL's X509_cmp_time it is past. */
static void
validity_check(struct examination *examination)
{
	const struct path *path = examination->path;
	int64_t at = examination->question->at;
	char text[MOMENT_TEXT_SIZE];

	for (unsigned i = 0; i < path->length; i++) {
		const struct cert *cert = path->certs[i];

		if (!by_standard(examination) && !time_is_asked(examination, i))
			continue;
		if (cert->not_before > at) {
			moment_text(cert->not_before, text);
			(void)path_fail(examination, &rule_validity, i,
				X509_V_ERR_CERT_NOT_YET_VALID,
				"it is not valid before %s (RFC 5280 4.1.2.5)", text);
		}
		if (by_standard(examination) ? cert->not_after < at : cert->not_after <= at) {
			moment_text(cert->not_after, text);
			(void)path_fail(examination, &rule_validity, i, X509_V_ERR_CERT_HAS_EXPIRED,
				"it expired at %s (RFC 5280 4.1.2.5)", text);
		}
	}
}

const struct rule rule_validity = {
	.name = "validity",
	.change = "take one that is valid at that time",
	.cost = CHANGE_CERTIFICATE,
	.check = validity_check,
};
