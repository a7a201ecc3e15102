/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/rules/name_match.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#include "x509/attribute.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

#define OID_COMMON_NAME "\x55\x04\x03"
/* Microsoft's user principal name: a text of the form of a mail address. */
#define OID_UPN         "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03"

static int
inside_if(bool inside)
{
	return inside ? X509_V_OK : X509_V_ERR_PERMITTED_VIOLATION;
}

static struct span
span_from(struct span span, size_t offset)
{
	return span_of(span.data + offset, span.length - offset);
}

bool
name_same_without_case(struct span a, struct span b)
{
	return a.length == b.length &&
	       (a.length == 0 ||
		       strncasecmp((const char *)a.data, (const char *)b.data, a.length) == 0);
}

static bool
ends_without_case(struct span name, struct span ending)
{
	return name.length >= ending.length &&
	       name_same_without_case(span_from(name, name.length - ending.length), ending);
}

/* OpenSSL's nc_dn: the base's relative names are the first ones of the name. */
static int
match_directory(struct arena *arena, struct span name, struct span base)
{
	struct span whole = name_canonical(arena, name), part = name_canonical(arena, base);

	return inside_if(part.length <= whole.length &&
			 (part.length == 0 || memcmp(whole.data, part.data, part.length) == 0));
}

bool
host_is_in_domain(struct span host, struct span base)
{
	if (base.length == 0)
		return true;
	return ends_without_case(host, base) &&
	       (host.length == base.length || base.data[0] == '.' ||
		       host.data[host.length - base.length - 1] == '.');
}

bool
host_matches_wildcard(struct span pattern, struct span host)
{
	const uint8_t *dot = host.length > 0 ? memchr(host.data, '.', host.length) : NULL;

	if (pattern.length < 3 || pattern.data[0] != '*' || pattern.data[1] != '.' || dot == NULL ||
		dot == host.data)
		return false;
	return name_same_without_case(span_of(pattern.data + 1, pattern.length - 1),
		span_of(dot, host.length - (size_t)(dot - host.data)));
}

/* ".base" where the name is longer, else the base itself. */
static int
match_host(struct span host, struct span base)
{
	if (base.length > 0 && base.data[0] == '.')
		return inside_if(host.length > base.length && ends_without_case(host, base));
	return inside_if(name_same_without_case(host, base));
}

static const uint8_t *
last_at_sign(struct span text)
{
	return text.length > 0 ? memrchr(text.data, '@', text.length) : NULL;
}

/* The base is a mailbox, a host, or ".domain". The local part knows upper and lower case. */
static int
match_mail(struct span mail, struct span base)
{
	const uint8_t *mail_at = last_at_sign(mail), *base_at = last_at_sign(base);
	size_t local = mail_at != NULL ? (size_t)(mail_at - mail.data) : 0;

	if (mail_at == NULL)
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	if (base_at == NULL && base.length > 0 && base.data[0] == '.')
		return inside_if(mail.length > base.length && ends_without_case(mail, base));
	if (base_at != NULL && base_at != base.data) {
		if ((size_t)(base_at - base.data) != local ||
			memcmp(base.data, mail.data, local) != 0)
			return X509_V_ERR_PERMITTED_VIOLATION;
	}
	if (base_at != NULL)
		base = span_from(base, (size_t)(base_at - base.data) + 1);
	return inside_if(name_same_without_case(span_from(mail, local + 1), base));
}

static int
match_uri(struct span uri, struct span base)
{
	const uint8_t *colon = uri.length > 0 ? memchr(uri.data, ':', uri.length) : NULL;
	const uint8_t *end;
	struct span host;

	if (colon == NULL || uri.data + uri.length - colon < 3 || colon[1] != '/' ||
		colon[2] != '/')
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	host = span_from(uri, (size_t)(colon - uri.data) + 3);
	end = host.length > 0 ? memchr(host.data, ':', host.length) : NULL;
	if (end == NULL && host.length > 0)
		end = memchr(host.data, '/', host.length);
	if (end != NULL)
		host.length = (size_t)(end - host.data);
	if (host.length == 0)
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	return match_host(host, base);
}

struct span
uri_host(struct span uri)
{
	size_t at = span_find(uri, "://", 0), from, end;

	if (at == SIZE_MAX)
		return (struct span){};
	from = at + strlen("://");
	for (end = from; end < uri.length && strchr("/?#", uri.data[end]) == NULL; end++)
		if (uri.data[end] == '@')
			from = end + 1;
	if (from < end && uri.data[from] == '[')
		return span_of(uri.data + from, end - from);
	uri = span_of(uri.data + from, end - from);
	for (end = 0; end < uri.length && uri.data[end] != ':'; end++)
		;
	return span_of(uri.data, end);
}

/* RFC 5280 4.2.1.10: the host of the authority, without user and port; what has none, or an
 * address in its place, is in no subtree. */
static int
match_uri_host(struct span uri, struct span base)
{
	struct span host = uri_host(uri);

	if (host.length == 0 || memchr(uri.data, '\0', uri.length) != NULL || host.data[0] == '[' ||
		isdigit(host.data[host.length - 1]))
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	return match_host(host, base);
}

bool
mask_is_sound(struct span mask)
{
	bool ended = false;

	for (size_t i = 0; i < 8 * mask.length; i++) {
		bool is_one = (mask.data[i / 8] & 0x80 >> i % 8) != 0;

		if (is_one && ended)
			return false;
		ended |= !is_one;
	}
	return true;
}

bool
address_is_in_subnet(struct span address, struct span subnet)
{
	if (2 * address.length != subnet.length)
		return false;
	for (size_t i = 0; i < address.length; i++)
		if (((address.data[i] ^ subnet.data[i]) & subnet.data[address.length + i]) != 0)
			return false;
	return true;
}

static int
match_ip(struct span address, struct span base)
{
	if ((address.length != IPV4_SIZE && address.length != IPV6_SIZE) ||
		(base.length != 2 * IPV4_SIZE && base.length != 2 * IPV6_SIZE))
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	return inside_if(address_is_in_subnet(address, base));
}

struct other_name
other_name_of(struct span content)
{
	struct der der = der_of(content);
	struct other_name name = { .type = der_oid(&der) };
	struct der_element value = der_optional(&der, DER_CONTEXT_CONSTRUCTED(0));
	struct der inside = der_enter(&value);

	name.text = der_optional(&inside, DER_UTF8_STRING).content;
	return name;
}

/* Names of another type are of another form. */
static int
match_other(struct span name, struct span base)
{
	struct other_name left = other_name_of(name), right = other_name_of(base);

	if (!span_equal(left.type, right.type))
		return X509_V_ERR_PERMITTED_VIOLATION;
	if (!der_oid_is(left.type, OID_UPN, sizeof(OID_UPN) - 1))
		return X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE;
	return match_mail(left.text, right.text);
}

struct span
text_address(const char *text, uint8_t octets[static IPV6_SIZE])
{
	if (inet_pton(AF_INET, text, octets) == 1)
		return span_of(octets, IPV4_SIZE);
	if (inet_pton(AF_INET6, text, octets) == 1)
		return span_of(octets, IPV6_SIZE);
	return (struct span){};
}

bool
subtree_next(struct der *subtrees, struct subtree *ret)
{
	struct der_element sequence, base, minimum, maximum;
	struct der inside;

	if (der_at_end(subtrees))
		return false;
	sequence = der_expect(subtrees, DER_SEQUENCE);
	inside = der_enter(&sequence);
	base = der_next(&inside);
	minimum = der_optional(&inside, DER_CONTEXT(0));
	maximum = der_optional(&inside, DER_CONTEXT(1));
	if (subtrees->fault != NULL || inside.fault != NULL)
		return false;
	ret->kind = base.tag & 0x1f;
	ret->base = base.content;
	ret->has_bounds = maximum.tag != 0 ||
			  (minimum.tag != 0 &&
				  !(minimum.content.length == 1 && minimum.content.data[0] == 0));
	ret->has_rest = !der_at_end(&inside);
	return true;
}

bool
cert_has_alt_name(const struct cert *cert, unsigned kind)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (name.kind == kind)
			return true;
	return false;
}

struct span
cert_common_name(struct arena *arena, const struct cert *cert)
{
	struct attribute_walk walk = attribute_walk_of(cert->subject);
	struct attribute attribute;
	struct span last = {};

	while (attribute_next(&walk, &attribute)) {
		uint8_t *text;
		ssize_t length;

		if (!der_oid_is(attribute.oid, OID_COMMON_NAME, sizeof(OID_COMMON_NAME) - 1))
			continue;
		text = arena_alloc(arena, attribute_utf8_bound(&attribute.value) + 1);
		length = attribute_utf8(&attribute.value, text);
		last = span_of(text, length > 0 ? (size_t)length : 0);
	}
	return last;
}

int
name_match(const struct name_manner *manner, unsigned kind, struct span name, struct span base)
{
	switch (kind) {
	case GENERAL_NAME_DIRECTORY:
		return match_directory(manner->arena, name, base);
	case GENERAL_NAME_DNS:
		/* "*.example.com" stands for all that have one label before its rest, so that it
		 * reaches into an excluded subtree of one of these. */
		if (manner->by_standard && manner->is_excluded && host_matches_wildcard(name, base))
			return X509_V_OK;
		return inside_if(host_is_in_domain(name, base));
	case GENERAL_NAME_MAIL:
		return match_mail(name, base);
	case GENERAL_NAME_URI:
		return manner->by_standard ? match_uri_host(name, base) : match_uri(name, base);
	case GENERAL_NAME_IP:
		if (manner->by_standard && base.length % 2 == 0 &&
			!mask_is_sound(span_from(base, base.length / 2)))
			return X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX;
		return match_ip(name, base);
	case GENERAL_NAME_OTHER:
		return manner->by_standard ? match_other(name, base)
					   : X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE;
	default:
		return X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE;
	}
}

static bool
is_label_octet(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
	       (octet >= '0' && octet <= '9') || octet == '_';
}

bool
name_looks_like_host(struct span text)
{
	bool has_dot = false;

	for (size_t i = 0; i < text.length; i++) {
		uint8_t octet = text.data[i];
		bool is_inside = i > 0 && i + 1 < text.length;

		if (is_label_octet(octet) || (is_inside && octet == '-'))
			continue;
		if (!is_inside || octet != '.' || text.data[i + 1] == '.' ||
			text.data[i - 1] == '-' || text.data[i + 1] == '-')
			return false;
		has_dot = true;
	}
	return has_dot;
}
