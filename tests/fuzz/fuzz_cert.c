/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate: what is read lies inside them, and may be shown and compared. */
#include "fuzz.h"
#include "x509/x509.h"

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE], hash[NAME_HASH_TEXT_SIZE];
	struct cert cert;
	const char *fault = NULL;
	size_t offset;

	fuzz_require((cert_read(bytes, &cert, &fault, &offset) < 0) == (fault != NULL));
	fuzz_require(offset <= bytes.length);
	if (fault != NULL)
		return;
	fuzz_require(fuzz_is_inside(cert.extensions, bytes));
	fuzz_require(cert_is_self_issued(&cert) == name_equal(cert.subject, cert.issuer));
	fuzz_require(name_common(arena, cert.subject) != NULL);
	fuzz_require(name_openssl_hash(cert.issuer, hash) == 0);
	cert_serial_text(cert.serial, dec, hex);
	(void)signature_security_bits(cert.signature_algorithm);
}

FUZZ(use(bytes))
