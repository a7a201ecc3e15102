/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name constraints as NSS compares them (lib/certdb/genname.c, CERT_CheckNameSpace): each list of
 * each CA above, by the form of the name. It takes what it cannot compare for permitted and for not
 * excluded, and a directory name that is shorter than the subtree's for one that lies in it.
 */
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#include "verify/effort.h"
#include "verify/engines/nss_rules.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

#define OID_EMAIL_ADDRESS "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
#define OID_MAIL          "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x03"
#define OID_COMMON_NAME   "\x55\x04\x03"

struct check {
	struct examination *examination;
	struct span permitted, excluded;
	unsigned depth;
	const struct cert *ca;
};

static bool
ends_with(struct span name, struct span end)
{
	return name.length >= end.length &&
	       strncasecmp((const char *)name.data + (name.length - end.length),
		       (const char *)end.data, end.length) == 0;
}

/* compareDNSN2C */
static bool
host_is_below(struct span name, struct span base)
{
	size_t offset = name.length - base.length;

	if (base.length == 0)
		return true;
	if (!ends_with(name, base))
		return false;
	return offset == 0 || (name.data[offset - 1] == '.') != (base.data[0] == '.');
}

/* compareRFC822N2C */
static bool
mail_is_below(struct span name, struct span base)
{
	size_t offset = name.length - base.length;

	if (base.length == 0 || (base.length == 1 && base.data[0] == '.' && name.length > 0))
		return true;
	if (!ends_with(name, base))
		return false;
	if (memchr(base.data, '@', base.length) != NULL)
		return offset == 0;
	return base.data[0] == '.' || (offset > 0 && name.data[offset - 1] == '@');
}

/* parseUriHostname; empty where there is none. */
static struct span
host_of_uri(struct span uri)
{
	const uint8_t *found = memmem(uri.data, uri.length, "://", 3);
	struct span host;

	if (found == NULL)
		return (struct span){};
	host = span_of(found + 3, uri.length - (size_t)(found + 3 - uri.data));
	if ((found = memchr(host.data, '/', host.length)) != NULL)
		host.length = (size_t)(found - host.data);
	if ((found = memrchr(host.data, ':', host.length)) != NULL)
		host.length = (size_t)(found - host.data);
	if ((found = memchr(host.data, '@', host.length)) != NULL)
		host = span_of(found + 1, host.length - (size_t)(found + 1 - host.data));
	return host;
}

/* compareURIN2C */
static bool
uri_is_below(struct span uri, struct span base)
{
	struct span host = host_of_uri(uri);

	if (base.length == 0)
		return false;
	if (base.data[0] != '.')
		return host.length == base.length && ends_with(host, base);
	return host_is_below(host, base);
}

/* compareIPaddrN2C */
static bool
address_is_below(struct span name, struct span base)
{
	return (name.length == 4 || name.length == 16) && address_is_in_subnet(name, base);
}

/* The attributes of one RDN; the walk stands before its first, and then before the next RDN's. */
struct rdn {
	struct attribute_walk begin;
	size_t count;
};

static bool
rdn_next(struct attribute_walk *walk, struct rdn *ret)
{
	struct attribute_walk ahead = *walk;
	struct attribute attribute;

	*ret = (struct rdn){ .begin = *walk };
	while (attribute_next(&ahead, &attribute) && (ret->count == 0 || !attribute.begins_set)) {
		ret->count++;
		*walk = ahead;
	}
	return ret->count > 0;
}

/* Each attribute of the subtree's has its equal among those of the name's. */
static bool
rdn_has(struct check *check, struct rdn name, struct rdn base)
{
	const struct question *question = check->examination->question;
	struct attribute wanted, found;

	for (size_t i = 0; i < base.count && attribute_next(&base.begin, &wanted); i++) {
		struct attribute_walk walk = name.begin;
		bool is_there = false;

		for (size_t j = 0; !is_there && j < name.count && attribute_next(&walk, &found);
			j++) {
			if (!effort_spend_names(question, wanted.value.whole, found.value.whole))
				return false;
			is_there = span_equal(wanted.oid, found.oid) &&
				   nss_values_match(question->arena, &wanted.value, &found.value);
		}
		if (!is_there)
			return false;
	}
	return true;
}

/* In lock step, for as long as both have an RDN. */
static bool
directory_is_below(struct check *check, struct span name, struct span base)
{
	struct attribute_walk names = attribute_walk_of(name), bases = attribute_walk_of(base);
	struct rdn one, other;

	while (rdn_next(&names, &one) && rdn_next(&bases, &other))
		if (!rdn_has(check, one, other))
			return false;
	return true;
}

static bool
is_below(struct check *check, unsigned kind, struct span name, struct span base, bool excluded)
{
	switch (kind) {
	case GENERAL_NAME_MAIL:
		return mail_is_below(name, base);
	case GENERAL_NAME_DNS:
		return host_is_below(name, base);
	case GENERAL_NAME_DIRECTORY:
		return directory_is_below(check, name, base);
	case GENERAL_NAME_URI:
		/* One without a host is in no name space that says anything of URIs. */
		return host_of_uri(name).length == 0 ? excluded : uri_is_below(name, base);
	case GENERAL_NAME_IP:
		return address_is_below(name, base);
	case GENERAL_NAME_OTHER:
		return !excluded && span_equal(other_name_of(name).type, other_name_of(base).type);
	default:
		return !excluded;
	}
}

/* Whether the list has subtrees of this form, and the name lies in one. */
static bool
lies_in(struct check *check, struct span list, unsigned kind, struct span name, bool *ret_any)
{
	struct der subtrees = der_of(list);
	bool excluded = list.data == check->excluded.data;

	*ret_any = false;
	while (!der_at_end(&subtrees) && effort_spend(check->examination->question, 1)) {
		struct der_element subtree = der_expect(&subtrees, DER_SEQUENCE);
		struct der inside = der_enter(&subtree);
		struct der_element base = der_next(&inside);

		if (inside.fault != NULL || (base.tag & 0x1f) != kind)
			continue;
		*ret_any = true;
		if (is_below(check, kind, name, base.content, excluded))
			return true;
	}
	return false;
}

/* False where the name is not in the CA's name space; the failure is added. */
static bool
check_name(struct check *check, unsigned kind, struct span name)
{
	struct arena *arena = check->examination->question->arena;
	bool is_limited, is_excluded, is_permitted;

	is_excluded = check->excluded.length > 0 &&
		      lies_in(check, check->excluded, kind, name, &is_limited);
	is_permitted = check->permitted.length == 0 ||
		       lies_in(check, check->permitted, kind, name, &is_limited) || !is_limited;
	if (effort_is_spent(check->examination->question)) {
		check->examination->path->bounded = true;
		(void)path_fail(check->examination, &nss_name_constraints, check->depth,
			X509_V_ERR_UNSPECIFIED,
			"it has more names than are compared with the name constraints of %s",
			name_text(arena, check->ca->subject));
		return false;
	}
	if (is_excluded) {
		(void)path_fail(check->examination, &nss_name_constraints, check->depth,
			X509_V_ERR_EXCLUDED_VIOLATION,
			"a name of it is in a subtree excluded by %s",
			name_text(arena, check->ca->subject));
		return false;
	}
	if (is_permitted)
		return true;
	(void)path_fail(check->examination, &nss_name_constraints, check->depth,
		X509_V_ERR_PERMITTED_VIOLATION,
		"a name of it is outside the subtrees permitted by %s",
		name_text(arena, check->ca->subject));
	return false;
}

/* The subject, the mail addresses in it, and its last common name where that counts as a host. */
static bool
check_subject(struct check *check, const struct cert *cert, bool common_name_counts)
{
	struct arena *arena = check->examination->question->arena;
	struct attribute_walk walk = attribute_walk_of(cert->subject);
	struct attribute attribute;
	const char *text, *common_name = NULL;

	if (!check_name(check, GENERAL_NAME_DIRECTORY, cert->subject))
		return false;
	while (attribute_next(&walk, &attribute)) {
		bool is_mail = der_oid_is(attribute.oid, OID_EMAIL_ADDRESS,
				       sizeof(OID_EMAIL_ADDRESS) - 1) ||
			       der_oid_is(attribute.oid, OID_MAIL, sizeof(OID_MAIL) - 1);
		bool is_common =
			der_oid_is(attribute.oid, OID_COMMON_NAME, sizeof(OID_COMMON_NAME) - 1);

		if (!is_mail && !is_common)
			continue;
		text = nss_text_of(arena, &attribute.value);
		if (is_common)
			common_name = text;
		else if (text != NULL &&
			 !check_name(check, GENERAL_NAME_MAIL, span_of(text, strlen(text))))
			return false;
	}
	return common_name == NULL || !common_name_counts ||
	       check_name(check, GENERAL_NAME_DNS, span_of(common_name, strlen(common_name)));
}

/* Where a server is asked for, the leaf may be one, and it has no DNS name and no address
 * (pkix_NameConstraintsChecker_Check, cert_CountDNSPatterns). */
static bool
common_name_counts(const struct check *check, const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	if (check->depth > 0 || check->examination->question->verifier->purpose != PURPOSE_SERVER ||
		(cert->has_extended_key_usage && (cert->extended_key_usage & EKU_SERVER_AUTH) == 0))
		return false;
	while (subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_DNS || name.kind == GENERAL_NAME_IP)
			return false;
	return true;
}

static void
check_cert(struct check *check)
{
	const struct cert *cert = check->examination->path->certs[check->depth];
	struct der constraints = der_of(check->ca->name_constraints);
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	check->permitted = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(0)).content;
	check->excluded = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(1)).content;
	if (!check_subject(check, cert, common_name_counts(check, cert)))
		return;
	while (subject_alt_name_next(&names, &name))
		if (!check_name(check, name.kind, name.value))
			return;
}

/* pkix_NameConstraintsChecker_Check: self-issued certificates are exempt, save the leaf. */
static void
name_constraints_check(struct examination *examination)
{
	const struct path *path = examination->path;
	struct check check = { .examination = examination };

	for (unsigned i = 0; i + 1 < path->length; i++) {
		if (i > 0 && cert_is_self_issued(path->certs[i]))
			continue;
		for (unsigned above = i + 1; above < path->length; above++) {
			check.depth = i;
			check.ca = path->certs[above];
			if (check.ca->name_constraints.length > 0)
				check_cert(&check);
		}
	}
}

const struct rule nss_name_constraints = {
	.name = "name-constraints",
	.change = "issue it again with names that the CA may give",
	.cost = CHANGE_CERTIFICATE,
	.check = name_constraints_check,
};
