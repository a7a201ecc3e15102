/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/rule.h"

/*
 * SSL_CTX_set_security_level(3). libssl gives its level to the verification as auth_level
 * (ssl_verify_cert_chain); minbits_table of crypto/x509/x509_vfy.c says what it means.
 */
static const int minimum_bits[] = { 0, 80, 112, 128, 192, 256 };

static int
bits_of_level(int level)
{
	int last = (int)COUNT_OF(minimum_bits) - 1;

	return minimum_bits[level < 0 ? 0 : level > last ? last : level];
}

/* Decoding a key takes libcrypto longer than all our rules together, and most are plainly strong:
 * RSA 2048 is worth 112 bits, a curve half its size up to 256 (SP 800-57 part 1, table 2). */
static bool
key_is_plainly_strong(const struct key_info *key, int wanted)
{
	if (key->kind == KEY_RSA)
		return key->bits >= 2'048 && wanted <= 112;
	return key->kind == KEY_EC && !key->explicit_parameters && key->bits >= 256 &&
	       wanted <= 128;
}

static void
key_check(struct examination *examination, unsigned depth, int wanted)
{
	const struct cert *cert = examination->path->certs[depth];
	char text[64];
	int bits;

	if (key_is_plainly_strong(&cert->key, wanted))
		return;
	bits = key_security_bits(examination->question->judge->signatures, cert->spki);
	if (bits >= wanted)
		return;
	key_info_text(&cert->key, text, sizeof(text));
	(void)path_fail(examination, &rule_security_level, depth,
		depth == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_KEY_TOO_SMALL,
		"its key (%s) is worth %d bits and the server's security level %d wants %d", text,
		bits < 0 ? 0 : bits, examination->question->verifier->security_level, wanted);
}

/* The anchor's own signature is never looked at. */
static void
signature_check(struct examination *examination, unsigned depth, int wanted)
{
	struct span algorithm = examination->path->certs[depth]->signature_algorithm;
	int bits = signature_security_bits(algorithm);

	if (bits >= wanted)
		return;
	(void)path_fail(examination, &rule_security_level, depth, X509_V_ERR_CA_MD_TOO_WEAK,
		"its signature (%s) is worth %d bits and the server's security level %d wants %d",
		signature_algorithm_name(algorithm), bits < 0 ? 0 : bits,
		examination->question->verifier->security_level, wanted);
}

static void
security_level_check(struct examination *examination)
{
	const struct path *path = examination->path;
	int wanted = bits_of_level(examination->question->verifier->security_level);

	for (unsigned i = 0; wanted > 0 && i < path->length; i++) {
		key_check(examination, i, wanted);
		if (i + 1 < path->length)
			signature_check(examination, i, wanted);
	}
}

const struct rule rule_security_level = {
	.name = "security-level",
	.change = "issue it again with a stronger key and digest; a lower level would let it pass",
	.cost = CHANGE_CERTIFICATE,
	.check = security_level_check,
};
