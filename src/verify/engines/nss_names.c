/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#include "verify/engines/nss_rules.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

const char *
nss_text_of(struct arena *arena, const struct der_element *value)
{
	uint8_t *text = arena_alloc(arena, attribute_utf8_bound(value) + 1);
	ssize_t length = attribute_utf8(value, text);

	if (length < 0)
		return NULL;
	text[length] = '\0';
	return (const char *)text;
}

/* canonicalize: lower case, no blanks around, one between words. In place. */
static void
fold(uint8_t *text)
{
	uint8_t *to = text;

	for (const uint8_t *at = text; *at != '\0'; at++) {
		if (!isspace(*at))
			*to++ = (uint8_t)tolower(*at);
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

bool
nss_values_match(struct arena *arena, const struct der_element *a, const struct der_element *b)
{
	char *left, *right;

	if (span_equal(a->whole, b->whole))
		return true;
	if (a->tag == b->tag && a->tag != DER_PRINTABLE_STRING)
		return false;
	left = (char *)(uintptr_t)nss_text_of(arena, a);
	right = (char *)(uintptr_t)nss_text_of(arena, b);
	if (left == NULL || right == NULL)
		return false;
	if (a->tag == b->tag) {
		fold((uint8_t *)left);
		fold((uint8_t *)right);
	}
	return strcmp(left, right) == 0;
}

static bool
names_match(struct arena *arena, struct span a, struct span b)
{
	struct attribute_walk left = attribute_walk_of(a), right = attribute_walk_of(b);
	struct attribute one, other;

	if (span_equal(a, b))
		return true;
	if (!name_equal(a, b))
		return false;
	/* Of equal names the attributes are as many. */
	while (attribute_next(&left, &one) && attribute_next(&right, &other))
		if (!span_equal(one.oid, other.oid) ||
			!nss_values_match(arena, &one.value, &other.value))
			return false;
	return true;
}

/*
 * Certificates that are no anchors are looked up by the bytes of their subject
 * (pkix_pl_Pk11CertStore_CertQuery, CERT_CreateSubjectCertList); anchors are compared.
 */
static void
name_chaining_check(struct examination *examination)
{
	const struct path *path = examination->path;
	struct arena *arena = examination->question->arena;

	for (unsigned i = 0; i + 1 < path->length; i++) {
		struct span wanted = path->certs[i]->issuer, found = path->certs[i + 1]->subject;

		if (is_anchor(path, i + 1) ? names_match(arena, wanted, found)
					   : span_equal(wanted, found))
			continue;
		(void)path_fail(examination, &nss_name_chaining, i,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			"its issuer %s is spelled otherwise than the subject %s of who signed it, "
			"and NSS takes them for two names",
			name_text(arena, wanted), name_text(arena, found));
	}
}

const struct rule nss_name_chaining = {
	.name = "name-chaining",
	.change = "issue it again with its issuer's name as that one spells it",
	.cost = CHANGE_CERTIFICATE,
	.of_edge = true,
	.check = name_chaining_check,
};

/* cert_TestHostName: a wildcard may end the first of three labels or more, with letters before it.
 */
static bool
host_matches(const char *pattern, const char *host)
{
	const char *star = strchr(pattern, '*');
	const char *dot = strchr(pattern, '.');
	const char *second = dot != NULL ? strchr(dot + 1, '.') : NULL;
	const char *host_dot = strchr(host, '.');

	if (star != NULL && second != NULL && second[1] != '\0' && host_dot != NULL &&
		dot - star == 1 && second - dot > 1 && strrchr(pattern, '*') == star &&
		strncasecmp(pattern, host, (size_t)(star - pattern)) == 0 &&
		strcasecmp(dot, host_dot) == 0 &&
		(strncasecmp(host, "xn--", 4) != 0 || star == pattern))
		return true;
	return strcasecmp(pattern, host) == 0;
}

/* What a peer is asked by. */
struct wanted {
	struct arena *arena;
	const char *host;
	uint8_t octets[sizeof(struct in6_addr)];
	size_t address_length; /* 0: a name */
	bool has_kind;         /* the alternative names have one of this kind */
};

static void
wanted_read(struct wanted *ret, struct arena *arena, const char *host)
{
	*ret = (struct wanted){ .arena = arena, .host = host };
	if (inet_pton(AF_INET, host, ret->octets) == 1)
		ret->address_length = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, host, ret->octets) == 1)
		ret->address_length = sizeof(struct in6_addr);
}

static bool
is_among_names(struct wanted *wanted, const struct cert *leaf)
{
	struct der names = der_of(leaf->subject_alt_names);
	unsigned kind = wanted->address_length > 0 ? GENERAL_NAME_IP : GENERAL_NAME_DNS;
	struct span address = span_of(wanted->octets, wanted->address_length);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name)) {
		if (name.kind != kind)
			continue;
		wanted->has_kind = true;
		if (kind == GENERAL_NAME_IP ? span_equal(name.value, address)
					    : host_matches(arena_strndup(wanted->arena,
								   (const char *)name.value.data,
								   name.value.length),
						      wanted->host))
			return true;
	}
	return false;
}

/* CERT_GetCommonName: the last one. An address is compared with it as text. */
static bool
is_common_name(const struct wanted *wanted, const struct cert *leaf)
{
	struct attribute_walk walk = attribute_walk_of(leaf->subject);
	const char *last = NULL;
	struct attribute attribute;

	while (attribute_next(&walk, &attribute))
		if (der_oid_is(attribute.oid, "\x55\x04\x03", 3))
			last = nss_text_of(wanted->arena, &attribute.value);
	if (last == NULL)
		return false;
	return wanted->address_length > 0 ? strcasecmp(last, wanted->host) == 0
					  : host_matches(last, wanted->host);
}

/* CERT_VerifyCertName: the common name counts where no alternative name is of the kind that is
 * wanted, DNS name or address. */
static void
host_name_check(struct examination *examination)
{
	const struct question *question = examination->question;
	const struct cert *leaf = examination->path->certs[0];
	struct wanted wanted;

	if (question->verifier->host == NULL)
		return;
	wanted_read(&wanted, question->arena, question->verifier->host);
	if (is_among_names(&wanted, leaf) || (!wanted.has_kind && is_common_name(&wanted, leaf)))
		return;
	(void)path_fail(examination, &nss_host_name, 0, X509_V_ERR_HOSTNAME_MISMATCH,
		"none of its names is %s",
		text_sanitize(question->arena, wanted.host, strlen(wanted.host)));
}

const struct rule nss_host_name = {
	.name = "host-name",
	.change = "issue it again with that host among its alternative names",
	.cost = CHANGE_CERTIFICATE,
	.check = host_name_check,
};
