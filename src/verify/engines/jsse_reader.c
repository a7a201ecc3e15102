/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/jsse_reader.h"

#include <ctype.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/profile.h"
#include "x509/attribute.h"

#define ID_CE "\x55\x1d"
#define ID_AT "\x55\x04"

enum { LABEL_MAX = 63, HOST_MAX = 253, IPV4_SIZE = 4, IPV6_SIZE = 16 };

bool
jsse_is_host(struct span host)
{
	size_t label = 0;

	if (host.length == 0 || host.length > HOST_MAX || host.data[0] == '.' ||
		host.data[host.length - 1] == '.')
		return false;
	for (size_t i = 0; i <= host.length; i++) {
		bool ends = i == host.length || host.data[i] == '.';

		if (ends && (label == 0 || label > LABEL_MAX || host.data[i - 1] == '-'))
			return false;
		if (!ends && !isalnum(host.data[i]) && host.data[i] != '-')
			return false;
		if (!ends && label == 0 && host.data[i] == '-')
			return false;
		label = ends ? 0 : label + 1;
	}
	return true;
}

/* RFC822Name.parseName */
static bool
mail_is_readable(struct span mail)
{
	const uint8_t *at = mail.length > 0 ? memchr(mail.data, '@', mail.length) : NULL;
	size_t from = at != NULL ? (size_t)(at - mail.data) + 1 : 0;

	return mail.length > from && !(mail.length == from + 1 && mail.data[from] == '.');
}

/* URIName: java.net.URI takes it, it has a scheme, and its host, if any, is a host. */
static bool
uri_is_readable(struct span uri)
{
	struct span host = uri_host(uri);
	size_t scheme = 0;

	while (scheme < uri.length &&
		(isalnum(uri.data[scheme]) ||
			(uri.data[scheme] != '\0' && strchr("+-.", uri.data[scheme]) != NULL)))
		scheme++;
	if (scheme == 0 || scheme + 1 >= uri.length || uri.data[scheme] != ':' ||
		!isalpha(uri.data[0]))
		return false;
	for (size_t i = 0; i < uri.length; i++)
		if (uri.data[i] <= ' ' || uri.data[i] >= 0x7f ||
			strchr("\"<>\\^`{|}", uri.data[i]) != NULL)
			return false;
	return host.length == 0 || host.data[0] == '[' || text_is_ipv4(host) || jsse_is_host(host);
}

static bool
alt_name_is_readable(const struct subject_alt_name *name)
{
	switch (name->kind) {
	case GENERAL_NAME_MAIL:
		return mail_is_readable(name->value);
	case GENERAL_NAME_URI:
		return uri_is_readable(name->value);
	case GENERAL_NAME_IP:
		return name->value.length == IPV4_SIZE || name->value.length == 2 * IPV4_SIZE ||
		       name->value.length == IPV6_SIZE || name->value.length == 2 * IPV6_SIZE;
	default:
		return true;
	}
}

static bool
alt_names_are_readable(const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (!alt_name_is_readable(&name))
			return false;
	return true;
}

struct span
jsse_alt_names(const struct cert *cert)
{
	return alt_names_are_readable(cert) ? cert->subject_alt_names : (struct span){};
}

/* GeneralName with nameConstraint: a URI's host alone. */
static bool
subtree_is_readable(unsigned tag, struct span base)
{
	switch (tag & 0x1f) {
	case GENERAL_NAME_MAIL:
		return mail_is_readable(base);
	case GENERAL_NAME_URI:
		if (base.length > 0 && base.data[0] == '.')
			return jsse_is_host(span_of(base.data + 1, base.length - 1));
		return jsse_is_host(base);
	case GENERAL_NAME_IP:
		return base.length == 2 * IPV4_SIZE || base.length == 2 * IPV6_SIZE ||
		       base.length == IPV4_SIZE || base.length == IPV6_SIZE;
	default:
		return true;
	}
}

static bool
subtrees_are_readable(struct span list)
{
	struct der subtrees = der_of(list);

	while (!der_at_end(&subtrees)) {
		struct der_element subtree = der_expect(&subtrees, DER_SEQUENCE);
		struct der inside = der_enter(&subtree);
		struct der_element base = der_next(&inside);

		if (subtrees.fault != NULL || inside.fault != NULL ||
			!subtree_is_readable(base.tag, base.content))
			return false;
	}
	return true;
}

static bool
constraints_are_readable(const struct cert *cert)
{
	struct der der = der_of(cert->name_constraints);
	struct span permitted = der_optional(&der, DER_CONTEXT_CONSTRUCTED(0)).content;
	struct span excluded = der_optional(&der, DER_CONTEXT_CONSTRUCTED(1)).content;

	return der_at_end(&der) && der.fault == NULL && subtrees_are_readable(permitted) &&
	       subtrees_are_readable(excluded);
}

struct span
jsse_constraints(const struct cert *cert)
{
	return constraints_are_readable(cert) ? cert->name_constraints : (struct span){};
}

/* CertificateExtensions.parseExtension: a critical one that cannot be read refuses. */
static const char *
critical_fault(const struct cert *cert)
{
	if ((cert_extension_is_critical(cert, ID_CE "\x11", 3) && !alt_names_are_readable(cert)) ||
		(cert_extension_is_critical(cert, ID_CE "\x1e", 3) &&
			!constraints_are_readable(cert)))
		return "Java refuses a critical extension that it cannot read "
		       "(CertificateExtensions.parseExtension)";
	return NULL;
}

/* X509CertInfo.verifyCert */
static const char *
subject_fault(const struct cert *cert)
{
	if (!name_is_empty(cert->subject))
		return NULL;
	if (cert->version < 3 || cert->subject_alt_names.length == 0 ||
		!cert_extension_is_critical(cert, ID_CE "\x11", 3))
		return "Java refuses an empty subject that critical alternative names do not "
		       "replace (X509CertInfo.verifyCert)";
	return NULL;
}

const char *
jsse_unreadable(const struct cert *cert)
{
	const char *fault;

	if (!span_equal(cert->inner_algorithm, cert->signature_algorithm))
		return "Java refuses another signature algorithm inside than outside "
		       "(X509CertImpl.parse)";
	if (cert->version < 3 && cert->extensions.length > 0)
		return "Java refuses extensions where the version has none (X509CertInfo.parse)";
	if (cert->version < 2 && cert->has_unique_ids)
		return "Java refuses unique identifiers in version 1 (X509CertInfo.parse)";
	if (name_is_empty(cert->issuer))
		return "Java refuses an empty issuer (X509CertInfo.parse)";
	if (cert->key.explicit_parameters)
		return "Java reads named curves only (ECParameters.engineInit)";
	fault = subject_fault(cert);
	return fault != NULL ? fault : critical_fault(cert);
}

/* Whether RFC 2253 has a keyword for it; the values of others are compared by their octets
 * (AVA.toRFC2253CanonicalString). */
static bool
has_keyword(struct span oid)
{
	static const char *const known[] = { ID_AT "\x03", ID_AT "\x06", ID_AT "\x07", ID_AT "\x08",
		ID_AT "\x0a", ID_AT "\x0b", ID_AT "\x09",
		"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19",
		"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01" };

	return der_oid_is_among(oid, known, COUNT_OF(known));
}

static bool
is_text(const struct attribute *attribute)
{
	return has_keyword(attribute->oid) && (attribute->value.tag == DER_UTF8_STRING ||
						      attribute->value.tag == DER_PRINTABLE_STRING);
}

/* The next character, folded: runs of spaces are one, none at either end. -1 at the end. */
static int
next_folded(struct span text, size_t *at, bool *begun)
{
	size_t from = *at;

	while (*at < text.length && text.data[*at] == ' ')
		(*at)++;
	if (*at >= text.length)
		return -1;
	if (*begun && *at > from)
		return ' ';
	*begun = true;
	return tolower(text.data[(*at)++]);
}

static bool
same_text(struct span a, struct span b)
{
	size_t at_a = 0, at_b = 0;
	bool begun_a = false, begun_b = false;

	for (;;) {
		int left = next_folded(a, &at_a, &begun_a);
		int right = next_folded(b, &at_b, &begun_b);

		if (left != right)
			return false;
		if (left < 0)
			return true;
		if (left == ' ')
			begun_a = begun_b = false;
	}
}

static bool
same_attribute(const struct attribute *a, const struct attribute *b)
{
	if (!span_equal(a->oid, b->oid) || a->begins_set != b->begins_set)
		return false;
	if (is_text(a) && is_text(b))
		return same_text(a->value.content, b->value.content);
	return span_equal(a->value.whole, b->value.whole);
}

static bool
same_names(struct span base, struct span name, bool is_prefix)
{
	struct attribute_walk left = attribute_walk_of(base), right = attribute_walk_of(name);
	struct attribute one, other;
	bool has_one, has_other;

	for (;;) {
		has_one = attribute_next(&left, &one);
		has_other = attribute_next(&right, &other);
		if (!has_one || !has_other)
			break;
		if (!same_attribute(&one, &other))
			return false;
	}
	return !has_one && (!has_other || (is_prefix && other.begins_set));
}

bool
jsse_same_name(struct span a, struct span b)
{
	return same_names(a, b, false);
}

bool
jsse_name_begins(struct span base, struct span name)
{
	return same_names(base, name, true);
}
