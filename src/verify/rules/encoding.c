/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/rule.h"

enum { SERIAL_MAX_OCTETS = 20 }; /* RFC 5280 4.1.2.2 */

#define ID_CE "\x55\x1d"
#define ID_PE "\x2b\x06\x01\x05\x05\x07\x01"

/* One certificate of a path, and what of it a demand may ask. */
struct bearer {
	const struct cert *cert;
	bool is_anchor;
	bool is_ca; /* it issued the one below */
};

/* RFC 5280 4.1.1.2 */
static bool
algorithms_differ(const struct bearer *bearer)
{
	return !span_equal(bearer->cert->inner_algorithm, bearer->cert->signature_algorithm);
}

/* RFC 5280 4.1.2.9 */
static bool
version_lacks_extensions(const struct bearer *bearer)
{
	return bearer->cert->version < 3 && bearer->cert->extensions.length > 0;
}

/* RFC 5280 4.1.2.8 */
static bool
version_lacks_unique_ids(const struct bearer *bearer)
{
	return bearer->cert->version < 2 && bearer->cert->has_unique_ids;
}

/* RFC 5280 4.1.2.4 */
static bool
issuer_is_empty(const struct bearer *bearer)
{
	return name_is_empty(bearer->cert->issuer);
}

/* RFC 5280 4.1.2.6: who issues has a name. */
static bool
ca_is_nameless(const struct bearer *bearer)
{
	return (bearer->is_ca || bearer->cert->is_ca) && name_is_empty(bearer->cert->subject);
}

static bool
is_critical(const struct cert *cert, const char *oid, size_t length, bool *ret_present)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	*ret_present = false;
	while (cert_extension_next(&extensions, &extension)) {
		if (!der_oid_is(extension.oid, oid, length))
			continue;
		*ret_present = true;
		return extension.critical;
	}
	return false;
}

/* RFC 5280 4.2.1.6: without a subject the alternative names are all there is. */
static bool
alt_names_stand_alone(const struct bearer *bearer)
{
	bool is_present;

	return name_is_empty(bearer->cert->subject) && !bearer->cert->is_ca &&
	       !is_critical(bearer->cert, ID_CE "\x11", 3, &is_present);
}

/* RFC 5280 4.2.1.6: if present, with at least one entry. */
static bool
alt_names_are_empty(const struct bearer *bearer)
{
	bool is_present = false;

	if (bearer->cert->subject_alt_names.length == 0)
		(void)is_critical(bearer->cert, ID_CE "\x11", 3, &is_present);
	return is_present;
}

/* RFC 5280 4.2.1.10 */
static bool
constraints_without_ca(const struct bearer *bearer)
{
	return bearer->cert->name_constraints.length > 0 && !bearer->cert->is_ca;
}

/* RFC 5280 4.2.1.9: pathLenConstraint only where cA is asserted. */
static bool
path_length_without_ca(const struct bearer *bearer)
{
	return bearer->cert->path_length != CERT_PATH_LENGTH_NONE && !bearer->cert->is_ca;
}

/* RFC 5280 4.2.1.4 */
static bool
policy_comes_twice(const struct bearer *bearer)
{
	return bearer->cert->policy_repeats;
}

/* RFC 5280 4.2.1.5 */
static bool
maps_any_policy(const struct bearer *bearer)
{
	static const char any[] = ID_CE "\x20\x00";
	struct der outer = der_of(bearer->cert->policy_mappings);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);
	struct der list = der_enter(&sequence);

	while (!der_at_end(&list)) {
		struct der_element pair = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&pair);
		struct span from = der_oid(&inside), to = der_oid(&inside);

		if (der_oid_is(from, any, sizeof(any) - 1) || der_oid_is(to, any, sizeof(any) - 1))
			return true;
	}
	return false;
}

/* RFC 5280 4.2.1.1, 4.2.1.2, 4.2.2.1: whoever does not know them must not fail for them. */
static bool
critical_that_must_not_be(const struct bearer *bearer)
{
	static const char *const plain[] = { ID_CE "\x23", ID_CE "\x0e", ID_PE "\x01" };
	struct der extensions = der_of(bearer->cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension))
		if (extension.critical && der_oid_is_among(extension.oid, plain, COUNT_OF(plain)))
			return true;
	return false;
}

static bool
present_and_not_critical(const struct cert *cert, const char *oid)
{
	bool is_present, is_so = is_critical(cert, oid, 3, &is_present);

	return is_present && !is_so;
}

/* RFC 5280 4.2.1.10, 4.2.1.11, 4.2.1.14 */
static bool
uncritical_that_must_be(const struct bearer *bearer)
{
	return present_and_not_critical(bearer->cert, ID_CE "\x1e") ||
	       present_and_not_critical(bearer->cert, ID_CE "\x24") ||
	       present_and_not_critical(bearer->cert, ID_CE "\x36");
}

/* RFC 5280 4.1.2.2 */
static bool
serial_is_odd(const struct bearer *bearer)
{
	struct span serial = bearer->cert->serial;
	bool is_zero = serial.length == 1 && serial.data[0] == 0;

	return serial.length == 0 || serial.data[0] >= 0x80 || is_zero ||
	       serial.length > SERIAL_MAX_OCTETS;
}

/* RFC 5280 4.2.1.1: all but the self-signed name the key that signed them. */
static bool
authority_key_id_is_missing(const struct bearer *bearer)
{
	return bearer->cert->authority_key_id.key_id.length == 0 &&
	       !cert_is_self_issued(bearer->cert);
}

/* RFC 5280 4.2.1.2 */
static bool
subject_key_id_is_missing(const struct bearer *bearer)
{
	return bearer->cert->is_ca && bearer->cert->subject_key_id.length == 0;
}

/* RFC 5280 4.2.1.3: if keyCertSign is asserted, cA must be as well. */
static bool
signs_without_ca(const struct bearer *bearer)
{
	return (bearer->cert->key_usage & KEY_USAGE_CERT_SIGN) != 0 && !bearer->cert->is_ca;
}

/* RFC 5280 4.2.1.3: a CA says what its key is for. */
static bool
ca_without_key_usage(const struct bearer *bearer)
{
	return bearer->cert->is_ca && !bearer->cert->has_key_usage;
}

/* RFC 5280 4.2.1.9: critical in whatever signs certificates. */
static bool
ca_is_not_critical(const struct bearer *bearer)
{
	return bearer->cert->is_ca && present_and_not_critical(bearer->cert, ID_CE "\x13");
}

/*
 * What section 4 of RFC 5280 demands of a certificate. Most rows make it ambiguous what was signed
 * or meant, or decoders refuse it; those of the strict profile are duties of who issues, which most
 * private CAs neglect in some point.
 */
static const struct {
	const struct rule *rule; /* as which it is told */
	bool (*is_broken)(const struct bearer *);
	bool strict_only, not_of_anchor;
	const char *text;
} demands[] = {
	{ &rule_encoding, algorithms_differ, false, true,
		"the signature's algorithm is another one inside what was signed (RFC 5280 "
		"4.1.1.2)" },
	{ &rule_encoding, version_lacks_extensions, false, true,
		"it has extensions, and its version has none (RFC 5280 4.1.2.9)" },
	{ &rule_encoding, version_lacks_unique_ids, false, true,
		"it has unique identifiers, and its version has none (RFC 5280 4.1.2.8)" },
	{ &rule_encoding, issuer_is_empty, false, true,
		"its issuer is an empty name (RFC 5280 4.1.2.4)" },
	{ &rule_encoding, ca_is_nameless, false, true,
		"it is a CA with an empty name (RFC 5280 4.1.2.6)" },
	{ &rule_encoding, alt_names_stand_alone, false, true,
		"its subject is empty, and alternative names that are critical do not replace it "
		"(RFC 5280 4.1.2.6)" },
	{ &rule_encoding, alt_names_are_empty, false, true,
		"its alternative names are an empty list (RFC 5280 4.2.1.6)" },
	{ &rule_name_constraints, constraints_without_ca, false, true,
		"it has name constraints and is no CA (RFC 5280 4.2.1.10)" },
	{ &rule_encoding, path_length_without_ca, true, false,
		"it has a path length and is no CA (RFC 5280 4.2.1.9)" },
	{ &rule_policies, policy_comes_twice, false, true,
		"it names a policy twice (RFC 5280 4.2.1.4)" },
	{ &rule_policies, maps_any_policy, false, true,
		"it maps a policy to or from anyPolicy (RFC 5280 4.2.1.5)" },
	{ &rule_encoding, critical_that_must_not_be, false, true,
		"a key identifier or authorityInfoAccess of it is critical (RFC 5280 4.2.1.1, "
		"4.2.1.2, 4.2.2.1)" },
	{ &rule_encoding, uncritical_that_must_be, true, false,
		"its name constraints, policy constraints or inhibitAnyPolicy are not critical "
		"(RFC 5280 4.2.1.10, 4.2.1.11, 4.2.1.14)" },
	{ &rule_encoding, serial_is_odd, true, false,
		"its serial number is not positive, or of more than 20 octets (RFC 5280 4.1.2.2)" },
	{ &rule_encoding, authority_key_id_is_missing, true, false,
		"it has no authority key identifier (RFC 5280 4.2.1.1)" },
	{ &rule_encoding, subject_key_id_is_missing, true, false,
		"it is a CA without subject key identifier (RFC 5280 4.2.1.2)" },
	{ &rule_encoding, signs_without_ca, true, false,
		"its key usage has keyCertSign, and it is no CA (RFC 5280 4.2.1.3)" },
	{ &rule_encoding, ca_without_key_usage, true, false,
		"it is a CA without key usage (RFC 5280 4.2.1.3)" },
	{ &rule_encoding, ca_is_not_critical, true, false,
		"its basicConstraints are not critical (RFC 5280 4.2.1.9)" },
};

static void
encoding_check(struct examination *examination)
{
	const struct path *path = examination->path;
	bool is_strict = examination->question->verifier->strict_profile;

	for (unsigned i = 0; i < path->length; i++) {
		struct bearer bearer = {
			.cert = path->certs[i], .is_anchor = is_anchor(path, i), .is_ca = i > 0
		};

		for (size_t j = 0; j < COUNT_OF(demands); j++)
			if ((is_strict || !demands[j].strict_only) &&
				!(demands[j].not_of_anchor && bearer.is_anchor) &&
				demands[j].is_broken(&bearer))
				(void)path_fail(examination, demands[j].rule, i,
					X509_V_ERR_INVALID_EXTENSION, "%s", demands[j].text);
	}
}

const struct rule rule_encoding = {
	.name = "encoding",
	.change = "issue it again as RFC 5280 demands",
	.cost = CHANGE_CERTIFICATE,
	.standard_only = true,
	.check = encoding_check,
};
