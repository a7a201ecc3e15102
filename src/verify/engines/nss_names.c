/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#include "verify/engines/nss_rules.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

/* The value as text; NULL where it has none. */
static const char *
text_of(struct arena *arena, const struct der_element *value)
{
	uint8_t *text = arena_alloc(arena, attribute_utf8_bound(value) + 1);
	ssize_t length = attribute_utf8(value, text);

	if (length < 0)
		return NULL;
	text[length] = '\0';
	return (const char *)text;
}

/* CERT_CompareAVA: to the letter, in whatever encodings; white space and case count for nothing
 * between two PrintableStrings. The names are known to be equal by RFC 5280. */
static bool
values_match(struct arena *arena, const struct der_element *a, const struct der_element *b)
{
	const char *left, *right;

	if (span_equal(a->whole, b->whole))
		return true;
	if (a->tag == b->tag)
		return a->tag == DER_PRINTABLE_STRING;
	left = text_of(arena, a);
	right = text_of(arena, b);
	return left != NULL && right != NULL && strcmp(left, right) == 0;
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
	while (attribute_next(&left, &one) && attribute_next(&right, &other))
		if (!span_equal(one.oid, other.oid) ||
			!values_match(arena, &one.value, &other.value))
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

/* cert_CountDNSPatterns counts addresses too. */
static bool
has_address(const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_IP)
			return true;
	return false;
}

/* A common name counts as a host where a server is asked for, the leaf may be one, and it has no
 * DNS name and no address. */
static bool
common_name_counts(const struct verifier *verifier, const struct cert *leaf)
{
	return verifier->purpose == PURPOSE_SERVER && !has_address(leaf) &&
	       (!leaf->has_extended_key_usage || (leaf->extended_key_usage & EKU_SERVER_AUTH) != 0);
}

/* cert_CompareNameWithConstraints is lenient to the forms of names that it cannot compare. */
static void
drop_unknown_forms(struct path *path, unsigned first)
{
	unsigned kept = first;

	for (unsigned i = first; i < path->failure_count; i++)
		if (path->failures[i].error != X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE)
			path->failures[kept++] = path->failures[i];
	path->failure_count = kept;
}

/* pkix_NameConstraintsChecker_Check and PKIX_PL_Cert_CheckNameConstraints. */
static void
name_constraints_check(struct examination *examination)
{
	const struct question *question = examination->question;
	unsigned first = examination->path->failure_count;
	struct verifier verifier = *question->verifier;
	struct question asked = *question;
	struct examination again = { &asked, examination->path };

	verifier.security_level = 1; /* at 0 RFC 5280's own rule takes common names */
	verifier.common_name_is_host = common_name_counts(&verifier, examination->path->certs[0]);
	asked.verifier = &verifier;
	rule_name_constraints.check(&again);
	drop_unknown_forms(examination->path, first);
}

const struct rule nss_name_constraints = {
	.name = "name-constraints",
	.change = "issue it again with names that the CA may give",
	.cost = CHANGE_CERTIFICATE,
	.check = name_constraints_check,
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
			last = text_of(wanted->arena, &attribute.value);
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
