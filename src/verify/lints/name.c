/* SPDX-License-Identifier: Apache-2.0 */
/* Names: who the client is, and who else some reader may take it for. */
#include <ctype.h>

#include "verify/lint.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

#define OID_COMMON_NAME   "\x55\x04\x03"
#define OID_EMAIL_ADDRESS "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
#define OID_ALT_NAME      "\x55\x1d\x11"

enum {
	COMMON_NAME_LONGEST = 64,
	ADDRESS_OCTETS = 4,
	ADDRESS_6_OCTETS = 16,
	FIRST_PRINTED = 0x20,
	DELETE = 0x7f,
};

static bool
has_alternative_names(const struct cert *cert)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension))
		if (der_oid_is(extension.oid, OID_ALT_NAME, 3))
			return true;
	return false;
}

bool
lint_name_alternative_empty(const struct lint_subject *subject)
{
	return subject->cert->subject_alt_names.length == 0 && has_alternative_names(subject->cert);
}

/* Whether an alternative name of this form is not as that form wants it. */
static bool
has_bad(const struct cert *cert, unsigned kind, bool (*is_bad)(struct span))
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (name.kind == kind && is_bad(name.value))
			return true;
	return false;
}

static bool
is_bad_address(struct span value)
{
	return value.length != ADDRESS_OCTETS && value.length != ADDRESS_6_OCTETS;
}

bool
lint_name_bad_address(const struct lint_subject *subject)
{
	return has_bad(subject->cert, GENERAL_NAME_IP, is_bad_address);
}

/* A wildcard may be its first label. */
static bool
is_bad_dns(struct span value)
{
	for (size_t i = 0; i < value.length; i++)
		if (!isalnum(value.data[i]) && value.data[i] != '-' && value.data[i] != '.' &&
			!(i == 0 && value.data[i] == '*'))
			return true;
	return value.length == 0 || value.data[0] == '.';
}

bool
lint_name_bad_dns(const struct lint_subject *subject)
{
	return has_bad(subject->cert, GENERAL_NAME_DNS, is_bad_dns);
}

/* Whether some attribute of the subject is like that. */
static bool
has_attribute(const struct lint_subject *subject, bool (*is_so)(const struct attribute *))
{
	struct attribute_walk walk = attribute_walk_of(subject->cert->subject);
	struct attribute attribute;

	while (attribute_next(&walk, &attribute))
		if (is_so(&attribute))
			return true;
	return false;
}

static bool
is_common_name(const struct attribute *attribute)
{
	return der_oid_is(attribute->oid, OID_COMMON_NAME, 3);
}

bool
lint_name_common_alone(const struct lint_subject *subject)
{
	return !subject->is_authority && !has_alternative_names(subject->cert) &&
	       has_attribute(subject, is_common_name);
}

/* Types of two and four octets a character are looked at octet for octet as UTF-8. */
static bool
has_control(const struct attribute *attribute)
{
	CLEANUP(mem_freep)
	uint8_t *text = mem_alloc(attribute_utf8_bound(&attribute->value) + 1);
	ssize_t length =
		attribute_is_text(&attribute->value) ? attribute_utf8(&attribute->value, text) : 0;

	for (ssize_t i = 0; i < length; i++)
		if (text[i] < FIRST_PRINTED || text[i] == DELETE)
			return true;
	return false;
}

bool
lint_name_control(const struct lint_subject *subject)
{
	return has_attribute(subject, has_control);
}

bool
lint_name_empty(const struct lint_subject *subject)
{
	return !subject->is_authority && name_is_empty(subject->cert->subject);
}

bool
lint_name_empty_uncritical(const struct lint_subject *subject)
{
	return lint_name_empty(subject) && has_alternative_names(subject->cert) &&
	       !cert_extension_is_critical(subject->cert, OID_ALT_NAME, 3);
}

bool
lint_name_issuer_empty(const struct lint_subject *subject)
{
	return name_is_empty(subject->cert->issuer);
}

static bool
is_long(const struct attribute *attribute)
{
	CLEANUP(mem_freep)
	uint8_t *text = mem_alloc(attribute_utf8_bound(&attribute->value) + 1);
	ssize_t length = is_common_name(attribute) ? attribute_utf8(&attribute->value, text) : 0;
	size_t characters = 0;

	/* Octets that go on with a character are 10xxxxxx (RFC 3629 3). */
	for (ssize_t i = 0; i < length; i++)
		characters += (text[i] & 0xc0) != 0x80;
	return characters > COMMON_NAME_LONGEST;
}

bool
lint_name_long(const struct lint_subject *subject)
{
	return has_attribute(subject, is_long);
}

static bool
is_mail(const struct attribute *attribute)
{
	return der_oid_is(attribute->oid, OID_EMAIL_ADDRESS, sizeof(OID_EMAIL_ADDRESS) - 1);
}

bool
lint_name_mail(const struct lint_subject *subject)
{
	return has_attribute(subject, is_mail);
}

static bool
continues_set(const struct attribute *attribute)
{
	return !attribute->begins_set;
}

bool
lint_name_multi_valued(const struct lint_subject *subject)
{
	return has_attribute(subject, continues_set);
}

static bool
is_of_old_type(const struct attribute *attribute)
{
	return attribute->value.tag == DER_T61_STRING || attribute->value.tag == DER_BMP_STRING ||
	       attribute->value.tag == DER_UNIVERSAL_STRING;
}

bool
lint_name_old_string(const struct lint_subject *subject)
{
	return has_attribute(subject, is_of_old_type);
}
