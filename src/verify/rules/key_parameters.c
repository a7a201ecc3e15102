/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* RFC 5480 2.1.1: a curve is named, not given by its equation. OpenSSL looks at it on every path of
 * two certificates or more. */
static void
key_parameters_check(struct examination *examination)
{
	const struct path *path = examination->path;
	unsigned from = path->length > 1 || by_standard(examination) ? 0 : 1;

	for (unsigned i = from; i < path->length; i++)
		if (path->certs[i]->key.kind == KEY_EC && path->certs[i]->key.explicit_parameters)
			(void)path_fail(examination, &rule_key_parameters, i,
				X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,
				"the curve of its key is given by its equation, not by its name "
				"(RFC 5480 2.1.1)");
}

const struct rule rule_key_parameters = {
	.name = "key-parameters",
	.change = "issue it again with a key on a named curve",
	.cost = CHANGE_CERTIFICATE,
	.check = key_parameters_check,
};
