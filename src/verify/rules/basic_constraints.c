/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

/*
 * check_ca in OpenSSL 3.0 (crypto/x509/v3_purp.c) takes a certificate without basicConstraints as
 * CA too where it is a self-signed one of version 1, or its key usage allows signing; but the
 * latter only as the last of a path.
 */
static const char *
not_a_ca(const struct cert *cert, bool is_last)
{
	if (cert->has_basic_constraints)
		return cert->is_ca ? NULL
				   : "its basicConstraints say CA:FALSE (RFC 5280 6.1.4 (k))";
	if (is_last && cert->version == 1 && cert_is_self_signed(cert))
		return NULL;
	if (is_last && cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) != 0)
		return NULL;
	if (cert->version < 3)
		return "it is of version 1 or 2, which cannot say that it is a CA "
		       "(RFC 5280 6.1.4 (k))";
	return "it has no basicConstraints (RFC 5280 6.1.4 (k))";
}

/* RFC 5280 6.1.4 (k). What a trust anchor is made of is not RFC 5280's; as a certificate of version
 * 3 it says itself whether it is a CA, and one of version 1 is trusted as what it was put there
 * for. */
static const char *
not_a_ca_by_standard(const struct path *path, unsigned depth)
{
	const struct cert *cert = path->certs[depth];

	if (cert->has_basic_constraints || !is_anchor(path, depth) || cert->version == 3)
		return not_a_ca(cert, false);
	return NULL;
}

static void
basic_constraints_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 1; i < path->length; i++) {
		const char *reason = by_standard(examination)
					     ? not_a_ca_by_standard(path, i)
					     : not_a_ca(path->certs[i], i + 1 == path->length);

		if (reason != NULL)
			(void)path_fail(examination, &rule_basic_constraints, i,
				X509_V_ERR_INVALID_CA, "it issues certificates, but %s", reason);
	}
}

const struct rule rule_basic_constraints = {
	.name = "basic-constraints",
	.change = "issue it again with basicConstraints CA:TRUE",
	.cost = CHANGE_CA,
	.check = basic_constraints_check,
};
