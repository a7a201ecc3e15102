/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* RFC 5280 4.2: who does not know a critical extension must reject the certificate. */
static void
critical_extension_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		struct span oid = path->certs[i]->unknown_critical;
		char text[DER_OID_TEXT_SIZE];

		if (oid.length == 0)
			continue;
		der_oid_text(oid, text);
		(void)path_fail(examination, &rule_critical_extension, i,
			X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
			"the critical extension %s is unknown (RFC 5280 4.2)", text);
	}
}

const struct rule rule_critical_extension = {
	.name = "critical-extension",
	.check = critical_extension_check,
};
