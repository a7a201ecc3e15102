/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/hearing.h"

#include <openssl/x509_vfy.h>

#include "verify/engine.h"

/* ssl_callback_SSLVerify of httpd asks it at each certificate, whatever else was said of it. */
static bool
is_too_deep(const struct verifier *verifier, unsigned depth)
{
	return verifier->depth_counts_all && verifier->depth.value >= 0 &&
	       depth > (unsigned)verifier->depth.value + 1;
}

bool
hearing_call(struct hearing *hearing, bool ok, int error, unsigned depth)
{
	const struct verifier *verifier = hearing->verifier;
	bool passes = ok || engine_forgives(verifier, error, depth);

	if (!ok)
		hearing->last = error;
	if (passes && is_too_deep(verifier, depth)) {
		error = X509_V_ERR_CERT_CHAIN_TOO_LONG;
		passes = false;
	}
	if (passes || hearing->refused)
		return passes;
	hearing->refused = true;
	hearing->error = error;
	hearing->depth = depth;
	return false;
}

bool
hearing_end(struct hearing *hearing)
{
	/* ngx_http_process_request looks at SSL_get_verify_result alone. */
	if (hearing->refused && hearing->verifier->last_error_decides)
		hearing->refused = !engine_forgives(hearing->verifier, hearing->last, 0);
	return !hearing->refused;
}
