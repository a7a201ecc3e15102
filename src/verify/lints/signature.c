/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms of signatures. A root's signature of itself proves nothing, and is asked by nobody. */
#include <string.h>

#include "verify/lint.h"

enum { BITS_SHA1 = 64 };

static const char *
algorithm_of(const struct lint_subject *subject)
{
	return subject->is_root ? "" : signature_algorithm_name(subject->cert->signature_algorithm);
}

bool
lint_signature_differs(const struct lint_subject *subject)
{
	return !span_equal(subject->cert->inner_algorithm, subject->cert->signature_algorithm);
}

static bool
begins(const char *name, const char *const *beginnings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

bool
lint_signature_md5(const struct lint_subject *subject)
{
	static const char *const broken[] = { "md2", "md4", "md5" };

	return begins(algorithm_of(subject), broken, COUNT_OF(broken));
}

bool
lint_signature_sha1(const struct lint_subject *subject)
{
	const char *name = algorithm_of(subject);

	if (strcmp(name, "rsassaPss") == 0)
		return signature_security_bits(subject->cert->signature_algorithm) == BITS_SHA1;
	return strstr(name, "SHA1") != NULL || strncmp(name, "sha1", 4) == 0;
}

bool
lint_signature_unknown(const struct lint_subject *subject)
{
	return strcmp(algorithm_of(subject), "unknown") == 0;
}

/* Those of RFC 8446 4.2.3 that sign certificates; what is weak or unknown is told by others. */
bool
lint_signature_unusual(const struct lint_subject *subject)
{
	static const char *const usual[] = { "sha256WithRSA", "sha384WithRSA", "sha512WithRSA",
		"rsassaPss", "ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512",
		"ED25519" };
	const char *name = algorithm_of(subject);

	return name[0] != '\0' && !begins(name, usual, COUNT_OF(usual)) &&
	       !lint_signature_md5(subject) && !lint_signature_sha1(subject) &&
	       !lint_signature_unknown(subject);
}

/* The OID of an AlgorithmIdentifier in a field of its own; empty where the field is left out. */
static struct span
algorithm_in(struct der *parameters, unsigned number, struct der *ret_rest)
{
	struct der_element field = der_optional(parameters, DER_CONTEXT_CONSTRUCTED(number));
	struct der inside = der_enter(&field);
	struct der_element identifier;

	*ret_rest = (struct der){};
	if (field.tag == 0)
		return (struct span){};
	identifier = der_expect(&inside, DER_SEQUENCE);
	*ret_rest = der_enter(&identifier);
	return der_oid(ret_rest);
}

/* RFC 4055 3.1: hashAlgorithm, maskGenAlgorithm with its own digest, saltLength. */
bool
lint_signature_pss_odd(const struct lint_subject *subject)
{
	static const char sha2[] = "\x60\x86\x48\x01\x65\x03\x04\x02";
	static const unsigned salts[] = { 0, 32, 48, 64 }; /* of sha256, sha384, sha512 */
	struct der outer = der_of(subject->cert->signature_algorithm), parameters, rest, masking;
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE), set, salt;
	struct span digest, mask;
	uint64_t length = 20;

	if (strcmp(algorithm_of(subject), "rsassaPss") != 0)
		return false;
	parameters = der_enter(&sequence);
	(void)der_oid(&parameters);
	set = der_expect(&parameters, DER_SEQUENCE);
	parameters = der_enter(&set);
	digest = algorithm_in(&parameters, 0, &rest);
	(void)algorithm_in(&parameters, 1, &masking);
	set = der_expect(&masking, DER_SEQUENCE);
	masking = der_enter(&set);
	mask = der_oid(&masking);
	salt = der_optional(&parameters, DER_CONTEXT_CONSTRUCTED(2));
	rest = der_enter(&salt);
	if (salt.tag != 0)
		length = der_unsigned(&rest);
	if (digest.length != sizeof(sha2) || memcmp(digest.data, sha2, sizeof(sha2) - 1) != 0 ||
		digest.data[sizeof(sha2) - 1] < 1 || digest.data[sizeof(sha2) - 1] > 3)
		return true;
	return !span_equal(digest, mask) || length != salts[digest.data[sizeof(sha2) - 1]];
}
