/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

/* A certificate that signed itself must be in the store, byte for byte. */
static void
self_signed_leaf_check(struct examination *examination)
{
	const struct path *path = examination->path;

	if (path->length == 1 && path->origins[0] == ORIGIN_CLIENT && !path->ends_in_anchor &&
		cert_is_self_signed(path->certs[0]))
		(void)path_fail(examination, &rule_self_signed_leaf, 0,
			X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
			"the client certificate is self-signed and is itself in no store (RFC 5280 "
			"6.1)");
}

const struct rule rule_self_signed_leaf = {
	.name = "self-signed-leaf",
	.change = "trust it, or use one that a trusted CA issued",
	.cost = CHANGE_TRUST,
	.check = self_signed_leaf_check,
};
