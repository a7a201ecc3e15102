/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/go_reader.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/profile.h"
#include "x509/attribute.h"

#define ID_CE "\x55\x1d"

enum {
	ED25519_KEY_SIZE = 32,
	UNCOMPRESSED_POINT = 4,
	IPV4_SIZE = 4,
	IPV6_SIZE = 16,
};

static struct span
span_rest(struct span span, size_t from)
{
	return span_of(span.data + from, span.length - from);
}

static bool
is_ascii(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] >= 0x80)
			return false;
	return true;
}

/* isPrintable: PrintableString, and '*' and '&' besides. */
static bool
is_printable(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!isalnum(text.data[i]) &&
			(text.data[i] == '\0' || strchr(" '()+,-./:=?*&", text.data[i]) == NULL))
			return false;
	return true;
}

static bool
is_numeric(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!isdigit(text.data[i]) && text.data[i] != ' ')
			return false;
	return true;
}

/* parseASN1String; other types are kept as they are (readASN1Any, since Go 1.24). */
static bool
attribute_is_readable(const struct der_element *value)
{
	switch (value->tag) {
	case DER_PRINTABLE_STRING:
		return is_printable(value->content);
	case DER_IA5_STRING:
		return is_ascii(value->content);
	case DER_NUMERIC_STRING:
		return is_numeric(value->content);
	case DER_BMP_STRING:
		return value->content.length % 2 == 0;
	case DER_UTF8_STRING:
		return attribute_fault(value) == NULL;
	default:
		return true;
	}
}

static const char *
name_fault(const struct cert *cert)
{
	struct span names[] = { cert->issuer, cert->subject };
	struct attribute attribute;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct attribute_walk walk = attribute_walk_of(names[i]);

		while (attribute_next(&walk, &attribute))
			if (!attribute_is_readable(&attribute.value))
				return "Go refuses a name with characters that its string type has "
				       "not (parser.go, parseASN1String)";
	}
	return NULL;
}

static bool
curve_is_known(const char *curve)
{
	static const char *const known[] = { "P-224", "P-256", "P-384", "P-521" };

	for (size_t i = 0; curve != NULL && i < COUNT_OF(known); i++)
		if (strcmp(curve, known[i]) == 0)
			return true;
	return false;
}

/* The parameters and the bits of a SubjectPublicKeyInfo. */
static struct span
read_key(const struct cert *cert, struct span *ret_parameters)
{
	struct der outer = der_of(cert->spki);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct der_element algorithm = der_expect(&inside, DER_SEQUENCE);
	struct der content = der_enter(&algorithm);

	(void)der_oid(&content);
	*ret_parameters = span_rest(content.bytes, content.offset);
	return der_bits(&inside, NULL);
}

/* parsePublicKey. A key of an unknown algorithm is kept, and verifies nothing. */
static const char *
key_fault(const struct cert *cert)
{
	static const uint8_t null[] = { DER_NULL, 0 };
	struct span parameters, bits = read_key(cert, &parameters);

	switch (cert->key.kind) {
	case KEY_RSA:
		if (!span_equal(parameters, span_of(null, sizeof(null))))
			return "Go refuses an RSA key whose parameters are not NULL (parser.go, "
			       "parsePublicKey)";
		return cert->key.bits == 0 ? "Go cannot read its RSA key" : NULL;
	case KEY_EC:
		if (!curve_is_known(cert->key.curve))
			return "Go knows the named curves P-224 to P-521 only (parser.go, "
			       "parsePublicKey)";
		if (bits.length == 0 || bits.data[0] != UNCOMPRESSED_POINT)
			return "Go reads uncompressed points only (parser.go, parsePublicKey)";
		return NULL;
	case KEY_ED25519:
		return parameters.length > 0 || bits.length != ED25519_KEY_SIZE
			       ? "Go cannot read its Ed25519 key"
			       : NULL;
	default:
		return NULL;
	}
}

bool
go_domain_is_valid(struct span name, bool is_constraint)
{
	size_t label = 0;

	if (name.length == 0)
		return true;
	if (name.data[name.length - 1] == '.')
		return false;
	if (is_constraint && name.data[0] == '.')
		name = span_rest(name, 1);
	for (size_t i = 0; i <= name.length; i++) {
		if (i < name.length && (name.data[i] < 33 || name.data[i] > 126))
			return false;
		if (i < name.length && name.data[i] != '.') {
			label++;
			continue;
		}
		if (label == 0)
			return false;
		label = 0;
	}
	return true;
}

static bool
is_quoted_text(uint8_t c)
{
	return c == 11 || c == 12 || c == 32 || c == 33 || c == 127 || (c >= 1 && c <= 8) ||
	       (c >= 14 && c <= 31) || (c >= 35 && c <= 91) || (c >= 93 && c <= 126);
}

/* Behind the closing quote, or 0. */
static size_t
quoted_part(struct span text)
{
	for (size_t i = 1; i < text.length; i++) {
		if (text.data[i] == '"')
			return i + 1;
		if (text.data[i] == '\\') {
			if (++i >= text.length || text.data[i] == 0 || text.data[i] == 10 ||
				text.data[i] == 13 || text.data[i] > 127)
				return 0;
			continue;
		}
		if (!is_quoted_text(text.data[i]))
			return 0;
	}
	return 0;
}

static size_t
atom_part(struct span text)
{
	size_t i = 0;

	while (i < text.length) {
		uint8_t c = text.data[i];

		if (c == '\\' && i + 1 < text.length) {
			i += 2;
			continue;
		}
		if (!isalnum(c) && (c == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", c) == NULL))
			break;
		i++;
	}
	if (i == 0 || text.data[0] == '.' || text.data[i - 1] == '.')
		return 0;
	for (size_t j = 1; j < i; j++)
		if (text.data[j] == '.' && text.data[j - 1] == '.')
			return 0;
	return i;
}

bool
go_mailbox_is_valid(struct span text, size_t *ret_at)
{
	size_t at;

	if (text.length == 0)
		return false;
	at = text.data[0] == '"' ? quoted_part(text) : atom_part(text);
	if (at == 0 || at >= text.length || text.data[at] != '@')
		return false;
	*ret_at = at;
	return go_domain_is_valid(span_rest(text, at + 1), false);
}

/* Each '%' is followed by two hexadecimal digits. */
static bool
escapes_are_valid(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] != '%')
			continue;
		if (i + 2 >= text.length || !isxdigit(text.data[i + 1]) ||
			!isxdigit(text.data[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

static bool
host_is_valid(struct span host)
{
	const uint8_t *colon = span_last(host, ':');
	const uint8_t *bracket = span_last(host, ']');
	bool has_bracket = host.length > 0 && host.data[0] == '[';

	if (has_bracket && bracket == NULL)
		return false;
	if (has_bracket)
		colon = bracket + 1 < host.data + host.length ? bracket + 1 : NULL;
	if (colon != NULL && *colon != ':')
		return false;
	for (const uint8_t *at = colon; at != NULL && at < host.data + host.length; at++)
		if (at > colon && !isdigit(*at))
			return false;
	for (size_t i = 0; i < host.length; i++) {
		uint8_t c = host.data[i];

		if (c < 0x80 && !isalnum(c) && strchr("-_.~!$&'()*+,;=:[]<>\"%", c) == NULL)
			return false;
	}
	return escapes_are_valid(host);
}

/* getScheme: the length of a scheme with its colon, 0 without one, or -1. */
static ssize_t
scheme_length(struct span uri)
{
	for (size_t i = 0; i < uri.length; i++) {
		uint8_t c = uri.data[i];

		if (isalpha(c))
			continue;
		if (isdigit(c) || c == '+' || c == '-' || c == '.') {
			if (i == 0)
				return 0;
			continue;
		}
		if (c != ':')
			return 0;
		return i == 0 ? -1 : (ssize_t)i + 1;
	}
	return 0;
}

static bool
authority_is_valid(struct span rest, struct span *ret_host)
{
	struct span authority = span_rest(rest, 2);
	const uint8_t *end =
		authority.length > 0 ? memchr(authority.data, '/', authority.length) : NULL;
	const uint8_t *at;

	if (end != NULL)
		authority.length = (size_t)(end - authority.data);
	at = span_last(authority, '@');
	*ret_host =
		at != NULL ? span_rest(authority, (size_t)(at - authority.data) + 1) : authority;
	return host_is_valid(*ret_host) && escapes_are_valid(span_rest(rest, 2 + authority.length));
}

bool
go_uri_is_valid(struct span uri, struct span *ret_host)
{
	const uint8_t *end = uri.length > 0 ? memchr(uri.data, '#', uri.length) : NULL;
	ssize_t scheme;
	struct span rest;

	*ret_host = (struct span){};
	for (size_t i = 0; i < uri.length; i++)
		if (uri.data[i] < 0x20 || uri.data[i] == 0x7f)
			return false;
	if (end != NULL && !escapes_are_valid(span_rest(uri, (size_t)(end - uri.data))))
		return false;
	if (end != NULL)
		uri.length = (size_t)(end - uri.data);
	scheme = scheme_length(uri);
	if (scheme < 0)
		return false;
	rest = span_rest(uri, (size_t)scheme);
	end = rest.length > 0 ? memchr(rest.data, '?', rest.length) : NULL;
	if (end != NULL)
		rest.length = (size_t)(end - rest.data);
	if (rest.length >= 2 && rest.data[0] == '/' && rest.data[1] == '/' &&
		(scheme > 0 || rest.length == 2 || rest.data[2] != '/'))
		return authority_is_valid(rest, ret_host);
	if (scheme > 0 && (rest.length == 0 || rest.data[0] != '/'))
		return true; /* opaque */
	for (size_t i = 0; i < rest.length && rest.data[i] != '/'; i++)
		if (rest.data[i] == ':')
			return false;
	return escapes_are_valid(rest);
}

static bool
is_mapped_ipv4(struct span address)
{
	static const uint8_t prefix[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return address.length >= IPV6_SIZE && memcmp(address.data, prefix, sizeof(prefix)) == 0;
}

/* parseSANExtension */
static const char *
alt_name_fault(const struct subject_alt_name *name)
{
	struct span host;

	switch (name->kind) {
	case GENERAL_NAME_MAIL:
	case GENERAL_NAME_DNS:
		return is_ascii(name->value) ? NULL
					     : "Go refuses an alternative name that is not ASCII";
	case GENERAL_NAME_URI:
		if (!is_ascii(name->value) || !go_uri_is_valid(name->value, &host) ||
			!go_domain_is_valid(host, false))
			return "Go refuses an alternative name that is no URI (parser.go, "
			       "parseSANExtension)";
		return NULL;
	case GENERAL_NAME_IP:
		if ((name->value.length != IPV4_SIZE && name->value.length != IPV6_SIZE) ||
			is_mapped_ipv4(name->value))
			return "Go refuses an address among its alternative names (parser.go, "
			       "parseSANExtension)";
		return NULL;
	default:
		return NULL;
	}
}

static const char *
alt_names_fault(const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;
	const char *fault = NULL;

	while (fault == NULL && subject_alt_name_next(&names, &name))
		fault = alt_name_fault(&name);
	return fault;
}

static bool
subtree_is_valid(unsigned tag, struct span base)
{
	size_t at;

	switch (tag) {
	case DER_CONTEXT(GENERAL_NAME_DNS):
		return is_ascii(base) && go_domain_is_valid(base, true);
	case DER_CONTEXT(GENERAL_NAME_MAIL):
		if (base.length > 0 && memchr(base.data, '@', base.length) != NULL)
			return is_ascii(base) && go_mailbox_is_valid(base, &at);
		return is_ascii(base) && go_domain_is_valid(base, true);
	case DER_CONTEXT(GENERAL_NAME_URI):
		return !text_is_address(base) && is_ascii(base) && go_domain_is_valid(base, true);
	case DER_CONTEXT(GENERAL_NAME_IP):
		return (base.length == 2 * IPV4_SIZE || base.length == 2 * IPV6_SIZE) &&
		       mask_is_sound(span_rest(base, base.length / 2)) &&
		       !(base.length == 2 * IPV6_SIZE && is_mapped_ipv4(base));
	default:
		return true;
	}
}

static bool
subtrees_are_valid(const struct der_element *list)
{
	struct der subtrees = der_enter(list);

	if (list->tag != 0 && list->content.length == 0)
		return false;
	while (!der_at_end(&subtrees)) {
		struct der_element subtree = der_expect(&subtrees, DER_SEQUENCE);
		struct der inside = der_enter(&subtree);
		struct der_element base = der_next(&inside);

		if (subtrees.fault != NULL || inside.fault != NULL ||
			!subtree_is_valid(base.tag, base.content))
			return false;
	}
	return true;
}

/* parseNameConstraintsExtension */
static const char *
constraints_unreadable(const struct cert *cert)
{
	struct der der = der_of(cert->name_constraints);
	struct cert_extension extension;
	struct der_element permitted, excluded;

	if (!cert_extension_find(cert, ID_CE "\x1e", &extension))
		return NULL;
	permitted = der_optional(&der, DER_CONTEXT_CONSTRUCTED(0));
	excluded = der_optional(&der, DER_CONTEXT_CONSTRUCTED(1));
	if (!der_at_end(&der) || der.fault != NULL || (permitted.tag == 0 && excluded.tag == 0) ||
		!subtrees_are_valid(&permitted) || !subtrees_are_valid(&excluded))
		return "Go refuses its name constraints (parser.go, parseNameConstraintsExtension)";
	return NULL;
}

/* parseCertificatePoliciesExtension: none twice. */
static const char *
policies_fault(const struct cert *cert)
{
	return cert->policy_repeats ? "Go refuses a policy that is named twice (parser.go, "
				      "parseCertificatePoliciesExtension)"
				    : NULL;
}

/* ReadASN1BitString of golang.org/x/crypto/cryptobyte: unused bits are zero. */
static const char *
key_usage_fault(const struct cert *cert)
{
	struct cert_extension extension;
	struct der der;
	struct span bits;
	unsigned unused = 0;

	if (!cert_extension_find(cert, ID_CE "\x0f", &extension))
		return NULL;
	der = der_of(extension.value);
	bits = der_bits(&der, &unused);
	if (bits.length > 0 && (bits.data[bits.length - 1] & ((1U << unused) - 1)) != 0)
		return "Go refuses a key usage whose unused bits are set (parser.go, "
		       "parseKeyUsageExtension)";
	return NULL;
}

static const char *
critical_fault(const struct cert *cert)
{
	static const char *const uncritical[] = { ID_CE "\x23", ID_CE "\x0e",
		"\x2b\x06\x01\x05\x05\x07\x01\x01" };

	for (size_t i = 0; i < COUNT_OF(uncritical); i++)
		if (cert_extension_is_critical(cert, uncritical[i], strlen(uncritical[i])))
			return "Go refuses a critical key identifier or authorityInfoAccess "
			       "(parser.go, processExtensions)";
	return NULL;
}

const char *
go_unreadable(const struct cert *cert)
{
	static const char *(*const of_extensions[])(const struct cert *) = { critical_fault,
		key_usage_fault, alt_names_fault, constraints_unreadable, policies_fault };
	const char *fault;

	if (!span_equal(cert->inner_algorithm, cert->signature_algorithm))
		return "Go refuses another signature algorithm inside than outside (parser.go, "
		       "parseCertificate)";
	fault = name_fault(cert);
	if (fault == NULL)
		fault = key_fault(cert);
	/* Extensions of a certificate that is not of version 3 are not looked at. */
	for (size_t i = 0; cert->version == 3 && fault == NULL && i < COUNT_OF(of_extensions); i++)
		fault = of_extensions[i](cert);
	return fault;
}
