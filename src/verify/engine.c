/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engine.h"

#include <openssl/x509.h>
#include <string.h>

#define ENGINE(name) extern const struct engine engine_##name;
#include "verify/engines.def"
#undef ENGINE

static const struct engine *const engines[] = {
#define ENGINE(name) &engine_##name,
#include "verify/engines.def"
#undef ENGINE
};

const struct engine *
engine_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < COUNT_OF(engines); i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return engines[0];
}

const struct engine *
engine_at(size_t index)
{
	return index < COUNT_OF(engines) ? engines[index] : NULL;
}

/* nginx's ngx_ssl_verify_error_optional and httpd's ssl_verify_error_is_optional are one list; 2
 * is not on it. */
static bool
is_unknown_ca(int error)
{
	return error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	       error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       error == X509_V_ERR_CERT_UNTRUSTED;
}

bool
engine_forgives(const struct verifier *verifier, int error, unsigned depth)
{
	bool is_leaf = depth == 0;

	if (verifier->mode == MODE_OPTIONAL_NO_CA && is_unknown_ca(error))
		return true;
	if (verifier->crl_missing_ok && error == X509_V_ERR_UNABLE_TO_GET_CRL)
		return true;
	if (verifier->ocsp.missing_ok &&
		(error == X509_V_ERR_OCSP_VERIFY_NEEDED || error == X509_V_ERR_OCSP_VERIFY_FAILED))
		return true;
	if (is_leaf ? verifier->ignores_all_leaf_errors : verifier->ignores_all_ca_errors)
		return true;
	if (error < 0 || error >= VERIFIER_IGNORED_ERRORS)
		return false;
	return is_leaf ? verifier->ignored_leaf_errors[error] : verifier->ignored_ca_errors[error];
}
