/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of OCSP, stored in whatever way: all that is read lies inside them, and
 * each single answer can be walked again. */
#include "fuzz.h"
#include "x509/x509.h"

static void
walk(const struct ocsp_response *response, struct span bytes)
{
	struct der cursor = der_of(response->singles),
		   certificates = der_of(response->certificates);
	struct ocsp_single single;
	struct cert cert;
	size_t count = 0;

	fuzz_require(fuzz_is_inside(response->tbs, bytes));
	fuzz_require(
		fuzz_is_inside(response->nonce, bytes) && response->nonce.length <= OCSP_MAX_NONCE);
	fuzz_require(response->responder_key.length == 0 ||
		     response->responder_key.length == OCSP_KEY_HASH_SIZE);
	while (ocsp_single_next(&cursor, &single)) {
		fuzz_require(fuzz_is_inside(single.id.serial, response->singles));
		fuzz_require(single.status == OCSP_STATUS_REVOKED || single.reason == REASON_NONE);
		count++;
	}
	fuzz_require(cursor.fault == NULL && count == response->single_count);
	count = 0;
	while (ocsp_certificate_next(&certificates, &cert)) {
		(void)ocsp_responder_is(response, &cert);
		count++;
	}
	fuzz_require(count <= response->certificate_count);
}

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct ocsp_response response;
	const char *fault = NULL;
	size_t offset;

	bytes = ocsp_unwrap(arena, bytes, &fault);
	if (fault != NULL)
		return;
	fuzz_require((ocsp_read(bytes, &response, &fault, &offset) < 0) == (fault != NULL));
	fuzz_require(offset <= bytes.length);
	if (fault == NULL && response.answer == OCSP_SUCCESSFUL)
		walk(&response, bytes);
}

FUZZ(use(bytes))
