/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/rule.h"

#define ID_CE "\x55\x1d"

/* What our rules process; OpenSSL lets others pass that it knows by name only. */
static const char *const processed[] = {
	ID_CE "\x0e", /* subjectKeyIdentifier */
	ID_CE "\x0f", /* keyUsage */
	ID_CE "\x11", /* subjectAltName */
	ID_CE "\x12", /* issuerAltName, with which nothing is to be done */
	ID_CE "\x13", /* basicConstraints */
	ID_CE "\x1e", /* nameConstraints */
	ID_CE "\x1f", /* cRLDistributionPoints */
	ID_CE "\x20", /* certificatePolicies */
	ID_CE "\x21", /* policyMappings */
	ID_CE "\x23", /* authorityKeyIdentifier */
	ID_CE "\x24", /* policyConstraints */
	ID_CE "\x25", /* extKeyUsage */
	ID_CE "\x36", /* inhibitAnyPolicy */
	/* id-pkix-ocsp-nocheck, RFC 6960 4.2.2.2.1: of a responder, whose status is not asked for.
	 */
	"\x2b\x06\x01\x05\x05\x07\x30\x01\x05",
};

/* id-qt-cps and id-qt-unotice. */
static bool
qualifier_is_known(struct span oid)
{
	static const char qt[] = "\x2b\x06\x01\x05\x05\x07\x02";

	return oid.length == sizeof(qt) && memcmp(oid.data, qt, sizeof(qt) - 1) == 0 &&
	       (oid.data[sizeof(qt) - 1] == 1 || oid.data[sizeof(qt) - 1] == 2);
}

/* The first qualifier of PolicyInformation that nobody here knows; empty where there is none. */
static struct span
find_unknown_qualifier(const struct der_element *information)
{
	struct der inside = der_enter(information), qualifiers;
	struct der_element list;

	(void)der_oid(&inside);
	list = der_optional(&inside, DER_SEQUENCE);
	qualifiers = der_enter(&list);
	while (!der_at_end(&qualifiers)) {
		struct der_element qualifier = der_expect(&qualifiers, DER_SEQUENCE);
		struct der content = der_enter(&qualifier);
		struct span oid = der_oid(&content);

		if (content.fault == NULL && !qualifier_is_known(oid))
			return oid;
	}
	return (struct span){};
}

/* RFC 5280 4.2.1.4: where the policies are critical, their qualifiers must be understood. */
static void
policy_qualifiers_check(struct examination *examination, unsigned depth)
{
	const struct cert *cert = examination->path->certs[depth];
	struct der outer = der_of(cert->policies);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);
	struct der list = der_enter(&sequence);
	char text[DER_OID_TEXT_SIZE];
	struct span oid = {};

	while (!der_at_end(&list) && oid.length == 0) {
		struct der_element information = der_expect(&list, DER_SEQUENCE);

		oid = find_unknown_qualifier(&information);
	}
	if (oid.length == 0 || !cert_extension_is_critical(cert, ID_CE "\x20", 3))
		return;
	der_oid_text(oid, text);
	(void)path_fail(examination, &rule_critical_extension, depth,
		X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		"its policies are critical and have the qualifier %s, which is unknown "
		"(RFC 5280 4.2.1.4)",
		text);
}

/* RFC 5280 4.2: who does not know a critical extension must reject the certificate. */
static void
critical_extension_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		struct span oid = path->certs[i]->unknown_critical;
		char text[DER_OID_TEXT_SIZE];

		if (by_standard(examination) &&
			!cert_has_critical(path->certs[i], processed, COUNT_OF(processed), &oid))
			oid = (struct span){};
		if (by_standard(examination) && !is_anchor(path, i))
			policy_qualifiers_check(examination, i);
		if (oid.length == 0)
			continue;
		der_oid_text(oid, text);
		(void)path_fail(examination, &rule_critical_extension, i,
			X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
			"the critical extension %s is unknown (RFC 5280 4.2)", text);
	}
}

const struct rule rule_critical_extension = {
	.name = "critical-extension",
	.change = "issue it again without that extension, or not critical",
	.cost = CHANGE_CERTIFICATE,
	.check = critical_extension_check,
};
