/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/issued.h"

#include <string.h>

#include "verify/judge.h"

enum { GENERAL_NAME_DIRECTORY = 4 };

/* The first directory name among GeneralNames; OpenSSL looks at no other. */
static bool
first_directory_name(struct span general_names, struct span *ret)
{
	struct der names = der_of(general_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_DIRECTORY) {
			*ret = name.value;
			return true;
		}
	return false;
}

bool
key_id_fits(const struct cert *issuer, const struct authority_key_id *id)
{
	struct span name;

	if (id->key_id.length > 0 && issuer->subject_key_id.length > 0 &&
		!span_equal(id->key_id, issuer->subject_key_id))
		return false;
	if (id->serial.length > 0 && !span_equal(id->serial, issuer->serial))
		return false;
	return id->issuer.length == 0 || !first_directory_name(id->issuer, &name) ||
	       name_equal(name, issuer->issuer);
}

bool
key_id_fits_subject(const struct cert *issuer, const struct cert *subject)
{
	return !subject->has_authority_key_id || key_id_fits(issuer, &subject->authority_key_id);
}

/* A certificate that is signed by another kind of key than its own did not sign itself. */
static bool
key_can_sign(enum key_kind kind, struct span algorithm)
{
	const char *name = signature_algorithm_name(algorithm);
	bool is_rsa = strstr(name, "RSA") != NULL || strstr(name, "rsassaPss") != NULL;
	bool is_ec = strncmp(name, "ecdsa", strlen("ecdsa")) == 0;

	switch (kind) {
	case KEY_RSA:
		return is_rsa;
	case KEY_RSA_PSS:
		return strcmp(name, "rsassaPss") == 0;
	case KEY_EC:
		return is_ec || strstr(name, "SM2") != NULL;
	case KEY_ED25519:
		return strcmp(name, "ED25519") == 0;
	case KEY_ED448:
		return strcmp(name, "ED448") == 0;
	case KEY_DSA:
		return strncmp(name, "dsa", strlen("dsa")) == 0;
	case KEY_OTHER: /* such as RSA by the identifier of X.509 itself: cannot be told */
		return true;
	case KEY_DH:
		break;
	}
	return false;
}

bool
cert_is_self_signed(const struct cert *cert)
{
	return cert_is_self_issued(cert) && key_id_fits_subject(cert, cert) &&
	       key_can_sign(cert->key.kind, cert->signature_algorithm);
}

bool
judge_issued(struct judge *judge, const struct cert *issuer, const struct cert *subject)
{
	return name_equal(issuer->subject, subject->issuer) &&
	       key_id_fits_subject(issuer, subject) &&
	       signature_cert(judge->signatures, subject, issuer->spki) == SIGNATURE_GOOD;
}
