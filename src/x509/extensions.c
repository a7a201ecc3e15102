/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/extensions.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "x509/envelope.h"

/* id-ce and id-pe of RFC 5280 appendix A. */
#define ID_CE "\x55\x1d"
#define ID_PE "\x2b\x06\x01\x05\x05\x07\x01"
#define ID_KP "\x2b\x06\x01\x05\x05\x07\x03"

/* The content of the one SEQUENCE that the value is; its elements are whole. */
static struct span
read_sequence(struct der *value)
{
	struct der_element sequence = der_expect(value, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	while (!der_at_end(&inside))
		(void)der_next(&inside);
	der_leave(value, &inside);
	return sequence.content;
}

/* cA is written even where it is FALSE, its default, by many; and pathLenConstraint without cA by
 * some: both are kept. */
static void
read_basic_constraints(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;
	struct der_element sequence = der_expect(value, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	cert->has_basic_constraints = true;
	if (der_peek(&inside) == DER_BOOLEAN)
		cert->is_ca = der_boolean(&inside);
	if (!der_at_end(&inside)) {
		uint64_t length = der_unsigned(&inside);

		cert->path_length = length < INT_MAX ? (int)length : INT_MAX;
	}
	der_leave(value, &inside);
}

/* Zero bits at the end, which X.690 11.2.2 forbids in a list of named bits, do no harm. */
static void
read_key_usage(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;
	unsigned unused;
	struct span bits = der_bits(value, &unused);

	cert->has_key_usage = true;
	for (unsigned bit = 0; bit < 9 && bit / 8 < bits.length; bit++) {
		if ((bits.data[bit / 8] & 0x80 >> bit % 8) != 0)
			cert->key_usage |= 1u << bit;
	}
}

static const struct {
	const char *oid;
	size_t oid_length;
	unsigned usage;
} extended_key_usages[] = {
	{ ID_KP "\x01", sizeof(ID_KP), EKU_SERVER_AUTH },
	{ ID_KP "\x02", sizeof(ID_KP), EKU_CLIENT_AUTH },
	{ ID_KP "\x03", sizeof(ID_KP), EKU_CODE_SIGNING },
	{ ID_KP "\x04", sizeof(ID_KP), EKU_EMAIL_PROTECTION },
	{ ID_KP "\x08", sizeof(ID_KP), EKU_TIME_STAMPING },
	{ ID_KP "\x09", sizeof(ID_KP), EKU_OCSP_SIGNING },
	{ ID_CE "\x25\x00", sizeof(ID_CE "\x25\x00") - 1, EKU_ANY },
};

static unsigned
extended_key_usage_of(struct span oid)
{
	for (size_t i = 0; i < COUNT_OF(extended_key_usages); i++) {
		if (der_oid_is(oid, extended_key_usages[i].oid, extended_key_usages[i].oid_length))
			return extended_key_usages[i].usage;
	}
	return EKU_OTHER;
}

static void
read_extended_key_usage(struct der *value, bool critical, void *owner)
{
	struct cert *cert = owner;
	struct der_element sequence = der_expect(value, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	cert->has_extended_key_usage = true;
	cert->extended_key_usage_critical = critical;
	while (!der_at_end(&inside)) {
		struct span oid = der_oid(&inside);

		if (inside.fault == NULL)
			cert->extended_key_usage |= extended_key_usage_of(oid);
	}
	der_leave(value, &inside);
}

static void
read_subject_key_id(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;

	cert->subject_key_id = der_expect(value, DER_OCTET_STRING).content;
}

static void
read_authority_key_id(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;

	cert->has_authority_key_id = true;
	envelope_authority_key_id(value, &cert->authority_key_id);
}

static void
read_subject_alt_names(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;
	struct subject_alt_name name;
	struct der names;

	cert->subject_alt_names = read_sequence(value);
	names = der_of(cert->subject_alt_names);
	while (subject_alt_name_next(&names, &name))
		;
	if (value->fault == NULL)
		der_leave(value, &names);
}

static void
read_name_constraints(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->name_constraints = read_sequence(value);
}

static void
read_crl_distribution_points(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->crl_distribution_points = read_sequence(value);
}

static void
read_authority_info_access(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->authority_info_access = read_sequence(value);
}

static int
compare_policies(const void *left, const void *right)
{
	return span_compare(*(const struct span *)left, *(const struct span *)right);
}

/* Whether one of these policies is there twice. What cannot be read ends the list. */
static bool
policy_repeats(struct der list)
{
	CLEANUP(mem_freep) struct span *policies = NULL;
	size_t count = 0, capacity = 0;
	bool found = false;

	while (!der_at_end(&list)) {
		struct der_element information = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&information);
		struct span policy = der_oid(&inside);

		if (list.fault != NULL || inside.fault != NULL)
			break;
		policies = mem_grow(policies, count, &capacity, sizeof(policies[0]));
		policies[count++] = policy;
	}
	if (count > 1)
		qsort(policies, count, sizeof(policies[0]), compare_policies);
	for (size_t i = 1; i < count && !found; i++)
		found = span_equal(policies[i - 1], policies[i]);
	return found;
}

/* Kept with their own header; whoever judges policies looks inside. */
static void
read_policies(struct der *value, bool, void *owner)
{
	struct cert *cert = owner;
	struct der_element sequence = der_next(value);

	cert->policies = sequence.whole;
	cert->policy_repeats = sequence.tag == DER_SEQUENCE && policy_repeats(der_enter(&sequence));
}

static void
read_policy_mappings(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->policy_mappings = der_next(value).whole;
}

static void
read_policy_constraints(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->policy_constraints = der_next(value).whole;
}

static void
read_inhibit_any_policy(struct der *value, bool, void *owner)
{
	((struct cert *)owner)->inhibit_any_policy = der_next(value).whole;
}

/*
 * The last column is OpenSSL's X509_supported_extension, for that is what decides in the servers
 * that this is about: it handles some that we only name, and not all that we read.
 */
static const struct extension_row rows[] = {
	EXTENSION_ROW(ID_CE "\x0e", "subjectKeyIdentifier", read_subject_key_id, false),
	EXTENSION_ROW(ID_CE "\x0f", "keyUsage", read_key_usage, true),
	EXTENSION_ROW(ID_CE "\x11", "subjectAltName", read_subject_alt_names, true),
	EXTENSION_ROW(ID_CE "\x12", "issuerAltName", NULL, false),
	EXTENSION_ROW(ID_CE "\x13", "basicConstraints", read_basic_constraints, true),
	EXTENSION_ROW(ID_CE "\x1e", "nameConstraints", read_name_constraints, true),
	EXTENSION_ROW(ID_CE "\x1f", "cRLDistributionPoints", read_crl_distribution_points, true),
	EXTENSION_ROW(ID_CE "\x20", "certificatePolicies", read_policies, true),
	EXTENSION_ROW(ID_CE "\x21", "policyMappings", read_policy_mappings, true),
	EXTENSION_ROW(ID_CE "\x23", "authorityKeyIdentifier", read_authority_key_id, false),
	EXTENSION_ROW(ID_CE "\x24", "policyConstraints", read_policy_constraints, true),
	EXTENSION_ROW(ID_CE "\x25", "extKeyUsage", read_extended_key_usage, true),
	EXTENSION_ROW(ID_CE "\x36", "inhibitAnyPolicy", read_inhibit_any_policy, true),
	EXTENSION_ROW(ID_PE "\x01", "authorityInfoAccess", read_authority_info_access, false),
	EXTENSION_ROW(ID_PE "\x07", "ipAddrBlocks", NULL, true),
	EXTENSION_ROW(ID_PE "\x08", "autonomousSysIds", NULL, true),
	EXTENSION_ROW(ID_PE "\x0e", "proxyCertInfo", NULL, true),
	EXTENSION_ROW("\x2b\x06\x01\x05\x05\x07\x30\x01\x05", "ocspNoCheck", NULL, true),
	EXTENSION_ROW("\x60\x86\x48\x01\x86\xf8\x42\x01\x01", "netscapeCertType", NULL, true),
};

static_assert(COUNT_OF(rows) <= 64, "extensions_walk keeps one bit for each row");

void
cert_extensions_read(struct der *tbs, struct cert *cert)
{
	static const struct extension_table table = { rows, COUNT_OF(rows) };

	cert->extensions = envelope_extensions(tbs, 3, &table, cert, &cert->unknown_critical);
}
