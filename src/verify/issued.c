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

/* RSA by the identifier that X.509 itself once gave it, 2.5.8.1.1; libcrypto reads such keys. */
static bool
key_is_old_rsa(struct span spki)
{
	static const char oid[] = "\x55\x08\x01\x01";
	struct der der = der_of(spki);
	struct der_element sequence = der_expect(&der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct der_element algorithm = der_expect(&inside, DER_SEQUENCE);
	struct der content = der_enter(&algorithm);

	return der_oid_is(der_expect(&content, DER_OID).content, oid, sizeof(oid) - 1);
}

/* A certificate that is signed by another kind of key than its own did not sign itself. */
static bool
key_can_sign(const struct cert *cert)
{
	const char *name = signature_algorithm_name(cert->signature_algorithm);
	bool is_rsa = strstr(name, "RSA") != NULL || strstr(name, "rsassaPss") != NULL;
	bool is_ec = strncmp(name, "ecdsa", strlen("ecdsa")) == 0;

	switch (cert->key.kind) {
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
	case KEY_OTHER:
		return is_rsa && key_is_old_rsa(cert->spki);
	case KEY_DH:
		break;
	}
	return false;
}

bool
cert_is_self_signed(const struct cert *cert)
{
	return cert_is_self_issued(cert) && key_id_fits_subject(cert, cert) && key_can_sign(cert);
}

bool
judge_issued(struct judge *judge, const struct cert *issuer, const struct cert *subject)
{
	return name_equal(issuer->subject, subject->issuer) &&
	       key_id_fits_subject(issuer, subject) &&
	       signature_cert(judge->signatures, subject, issuer->spki) == SIGNATURE_GOOD;
}
