/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/x509.h>
#include <string.h>

#include "verify/rule.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

/* RFC 9525 6.3: a wildcard is the whole left-most label, stands for one label, and what follows it
 * has two labels at least: nobody's certificate is for all of a top-level domain. */
static bool
wildcard_matches(struct span pattern, struct span host)
{
	const uint8_t *dot = memchr(host.data, '.', host.length);
	struct span rest = span_of(pattern.data + 1, pattern.length - 1);

	if (rest.length < 4 || rest.data[0] != '.' ||
		memchr(rest.data + 1, '.', rest.length - 1) == NULL ||
		memchr(rest.data, '*', rest.length) != NULL)
		return false;
	return dot != NULL && dot != host.data &&
	       name_same_without_case(span_of(dot, host.length - (size_t)(dot - host.data)), rest);
}

static bool
dns_matches(struct span pattern, struct span host)
{
	if (pattern.length > 0 && pattern.data[0] == '*')
		return wildcard_matches(pattern, host);
	return name_same_without_case(pattern, host);
}

/* What a peer is asked by: an address, or a name. */
struct reference {
	struct span host, address;
	uint8_t octets[sizeof(struct in6_addr)];
	bool has_dns_name; /* found in the certificate */
};

/* An address in brackets is one of IPv6, as URIs write it; a last dot only ends a name. */
static void
reference_read(struct reference *ret, struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	bool has_brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
	const char *bare = has_brackets ? arena_strndup(arena, text + 1, length - 2) : text;

	*ret = (struct reference){};
	ret->address = text_address(bare, ret->octets);
	if (length > 0 && text[length - 1] == '.')
		length--;
	ret->host = span_of(text, length);
}

static bool
alt_name_matches(struct reference *reference, const struct cert *leaf)
{
	struct der names = der_of(leaf->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name)) {
		if (reference->address.length > 0) {
			if (name.kind == GENERAL_NAME_IP &&
				span_equal(name.value, reference->address))
				return true;
			continue;
		}
		if (name.kind != GENERAL_NAME_DNS)
			continue;
		reference->has_dns_name = true;
		if (dns_matches(name.value, reference->host))
			return true;
	}
	return false;
}

/* RFC 6125 6.4.4, which RFC 9525 did away with: a common name, where there is no dNSName. */
static bool
common_name_matches(struct arena *arena, const struct reference *reference, const struct cert *leaf)
{
	struct span last = cert_common_name(arena, leaf);

	return last.length > 0 && dns_matches(last, reference->host);
}

static void
host_name_check(struct examination *examination)
{
	const struct question *question = examination->question;
	const struct verifier *verifier = question->verifier;
	const struct cert *leaf = examination->path->certs[0];
	bool takes_common_name = !verifier->by_standard || verifier->security_level == 0;
	struct reference reference;

	if (verifier->host == NULL)
		return;
	reference_read(&reference, question->arena, verifier->host);
	if (alt_name_matches(&reference, leaf))
		return;
	if (takes_common_name && reference.address.length == 0 && !reference.has_dns_name &&
		common_name_matches(question->arena, &reference, leaf))
		return;
	(void)path_fail(examination, &rule_host_name, 0,
		reference.address.length > 0 ? X509_V_ERR_IP_ADDRESS_MISMATCH
					     : X509_V_ERR_HOSTNAME_MISMATCH,
		"none of its alternative names is %s (RFC 9525 6)",
		text_sanitize(question->arena, verifier->host, strlen(verifier->host)));
}

const struct rule rule_host_name = {
	.name = "host-name",
	.change = "issue it again with that host among its alternative names",
	.cost = CHANGE_CERTIFICATE,
	.check = host_name_check,
};
