/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* RFC 5280 6.1.4 (l), (m); counted from the leaf up: intermediates below this one that are not
 * self-issued. */
static void
path_length_check(struct examination *examination)
{
	const struct path *path = examination->path;
	int below = 0;

	for (unsigned i = 2; i < path->length; i++) {
		const struct cert *cert = path->certs[i];

		below += !cert_is_self_issued(path->certs[i - 1]);
		if (cert->path_length != CERT_PATH_LENGTH_NONE && below > cert->path_length)
			(void)path_fail(examination, &rule_path_length, i,
				X509_V_ERR_PATH_LENGTH_EXCEEDED,
				"it allows %d CA certificates below it, and there are %d "
				"(RFC 5280 4.2.1.9)",
				cert->path_length, below);
	}
}

const struct rule rule_path_length = {
	.name = "path-length",
	.change = "issue it again with a greater path length, or issue below fewer CAs",
	.cost = CHANGE_CA,
	.check = path_length_check,
};
