/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes that p11-kit knows by name (common/constants.c of p11-kit 0.24). Of one that it
 * does not know it says "invalid or unsupported attribute", and does not go on. */
#include "stores/p11kit_names.h"

#include <stdlib.h>
#include <string.h>

/* In the order of strcmp. */
static const char *const names[] = {
	"ac-issuer",
	"allowed-mechanisms",
	"always-authenticate",
	"always-sensitive",
	"application",
	"attr-types",
	"auth-pin-flags",
	"base",
	"bits-per-pixel",
	"cert-md5-hash",
	"cert-sha1-hash",
	"certificate-category",
	"certificate-type",
	"char-columns",
	"char-rows",
	"char-sets",
	"check-value",
	"class",
	"coefficient",
	"color",
	"decrypt",
	"default-cms-attributes",
	"derive",
	"ec-point",
	"ecdsa-params",
	"encoding-methods",
	"encrypt",
	"end-date",
	"exponent-1",
	"exponent-2",
	"extractable",
	"has-reset",
	"hash-of-issuer-public-key",
	"hash-of-subject-public-key",
	"hw-feature-type",
	"id",
	"issuer",
	"java-midp-security-domain",
	"key-gen-mechanism",
	"key-type",
	"label",
	"local",
	"mechanism-type",
	"mime-types",
	"modifiable",
	"modulus",
	"modulus-bits",
	"never-extractable",
	"nss-email",
	"nss-email-distrust-after",
	"nss-expires",
	"nss-krl",
	"nss-module-spec",
	"nss-mozilla-ca-policy",
	"nss-password-check",
	"nss-pkcs8-salt",
	"nss-pqg-counter",
	"nss-pqg-h",
	"nss-pqg-seed",
	"nss-pqg-seed-bits",
	"nss-server-distrust-after",
	"nss-smime-constant",
	"nss-smime-timestamp",
	"nss-url",
	"object-id",
	"owner",
	"pixel-x",
	"pixel-y",
	"prime",
	"prime-1",
	"prime-2",
	"prime-bits",
	"private",
	"private-exponent",
	"public-exponent",
	"public-key-info",
	"required-cms-attributes",
	"reset-on-init",
	"resolution",
	"secondary-auth",
	"sensitive",
	"serial-number",
	"sign",
	"sign-recover",
	"start-date",
	"subject",
	"subprime",
	"subprime-bits",
	"supported-cms-attributes",
	"token",
	"trust-client-auth",
	"trust-code-signing",
	"trust-crl-sign",
	"trust-data-encipherment",
	"trust-digital-signature",
	"trust-email-protection",
	"trust-ipsec-end-system",
	"trust-ipsec-tunnel",
	"trust-ipsec-user",
	"trust-key-agreement",
	"trust-key-cert-sign",
	"trust-key-encipherment",
	"trust-non-repudiation",
	"trust-server-auth",
	"trust-step-up-approved",
	"trust-time-stamping",
	"trusted",
	"unwrap",
	"unwrap-template",
	"url",
	"value",
	"value-bits",
	"value-len",
	"verify",
	"verify-recover",
	"wrap",
	"wrap-template",
	"wrap-with-trusted",
	"x-assertion-type",
	"x-certificate-value",
	"x-critical",
	"x-distrusted",
	"x-peer",
	"x-public-key-info",
	"x-purpose",
};

static int
compare_names(const void *key, const void *element)
{
	const struct span *name = key;

	return span_compare(*name,
		span_of(*(const char *const *)element, strlen(*(const char *const *)element)));
}

bool
p11kit_is_attribute(struct span name)
{
	bool is_number = name.length > 0;

	for (size_t i = 0; i < name.length; i++)
		is_number = is_number && name.data[i] >= '0' && name.data[i] <= '9';
	return is_number ||
	       bsearch(&name, names, COUNT_OF(names), sizeof(names[0]), compare_names) != NULL;
}

/* Constants that p11-kit does not know are no values to it (trust/persist.c, parse_constant); where
 * nothing stands, strtoul(3) finds a number. */
bool
p11kit_is_value(struct span name, struct span value)
{
	static const struct {
		const char *name, *values[8];
	} rows[] = {
		{ "trusted", { "true", "false" } },
		{ "x-distrusted", { "true", "false" } },
		{ "class", { "certificate", "x-certificate-extension", "nss-trust", "data",
				   "public-key", "x-trust-assertion", "nss-crl", "nss-smime" } },
		{ "certificate-category",
			{ "unspecified", "token-user", "authority", "other-entity" } },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!span_equal(name, span_of(rows[i].name, strlen(rows[i].name))))
			continue;
		if (value.length == 0 || (value.data[0] >= '0' && value.data[0] <= '9'))
			return true;
		for (size_t k = 0; k < COUNT_OF(rows[i].values) && rows[i].values[k] != NULL; k++)
			if (span_equal(
				    value, span_of(rows[i].values[k], strlen(rows[i].values[k]))))
				return true;
		return false;
	}
	return true;
}
