/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/* X509_VERIFY_PARAM_set_depth(3) since OpenSSL 1.1.0: the number of certificates between leaf and
 * anchor. */
static void
depth_check(struct examination *examination)
{
	const struct path *path = examination->path;
	int allowed = examination->question->verifier->depth.value;
	bool anchor_is_last = path->ends_in_anchor && path->anchors[path->length - 1] != NULL;
	int between = (int)path->length - 1 - anchor_is_last;

	if (allowed >= 0 && between > allowed)
		(void)path_fail(examination, &rule_depth, (unsigned)allowed + 1,
			X509_V_ERR_CERT_CHAIN_TOO_LONG,
			"the path has %d intermediate certificates and the server allows %d",
			between, allowed);
}

const struct rule rule_depth = {
	.name = "depth",
	.change = "allow more intermediates",
	.cost = CHANGE_SETTING,
	.check = depth_check,
};
