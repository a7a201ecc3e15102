/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ngx_http_ssl_module since 1.19.0, and ngx_event_openssl_stapling.c: after the handshake each
 * certificate of the chain but the last is asked about ("on"), or the leaf ("leaf"), of the
 * responder that is configured, or else the first that the certificate names; without nonce, with
 * 300 seconds of skew. Whatever goes wrong refuses the client with 400.
 */
#include "services/products/nginx_ocsp.h"

#include <string.h>

static const struct check_row {
	const char *word;
	enum crl_check check;
} checks[] = {
	{ "off", CRL_CHECK_NONE },
	{ "on", CRL_CHECK_CHAIN },
	{ "leaf", CRL_CHECK_LEAF },
};

static const struct check_row *
check_find(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (strcasecmp(checks[i].word, word) == 0)
			return &checks[i];
	return NULL;
}

static const char *
take_responder(struct arena *arena, const struct nginx_ocsp *ocsp, struct ocsp_policy *policy)
{
	const char *url = ocsp->responder != NULL ? ocsp->responder->words[1].text : "";

	if (url[0] == '\0')
		return NULL;
	policy->responder = url;
	policy->responder_overrides = true;
	if (strncasecmp(url, "http://", strlen("http://")) == 0)
		return NULL;
	return arena_printf(arena, "invalid URL prefix in OCSP responder \"%s\"", url);
}

const char *
nginx_ocsp_read(struct arena *arena, const struct nginx_ocsp *ocsp, struct verifier *verifier,
	const struct nginx_directive **ret_at)
{
	const struct check_row *row;
	const char *problem;

	*ret_at = ocsp->check;
	if (ocsp->check == NULL)
		return NULL;
	row = check_find(ocsp->check->words[1].text);
	if (row == NULL)
		return arena_printf(arena, "invalid value \"%s\" in \"ssl_ocsp\" directive",
			ocsp->check->words[1].text);
	if (row->check == CRL_CHECK_NONE)
		return NULL;
	verifier->ocsp = (struct ocsp_policy){
		.check = row->check,
		.where = ocsp->check->words[1].where,
		.directive = "ssl_ocsp",
		.without_resolver = ocsp->resolver == NULL,
	};
	if (verifier->mode == MODE_OPTIONAL_NO_CA)
		return "\"ssl_ocsp\" is incompatible with \"ssl_verify_client optional_no_ca\"";
	*ret_at = ocsp->responder;
	problem = take_responder(arena, ocsp, &verifier->ocsp);
	return problem;
}
