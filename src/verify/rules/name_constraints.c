/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/effort.h"
#include "verify/rule.h"
#include "verify/rules/name_match.h"
#include "x509/attribute.h"

/* As NAME_CHECK_MAX of OpenSSL's crypto/x509/v3_ncons.c: names times constraints. */
enum {
	NAME_CHECK_MAX = 1 << 20,
	/* What a comparison of distinguished names, which are folded for it, counts as. */
	NAME_CHECK_DIRECTORY = 1 << 6,
};

#define OID_COMMON_NAME       "\x55\x04\x03"
#define OID_SMTP_UTF8_MAILBOX "\x2b\x06\x01\x05\x05\x07\x08\x09" /* RFC 9598 3 */
#define OID_EMAIL_ADDRESS     "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"

/* The names of one certificate against the constraints of one CA above it. */
struct constraint_check {
	const struct question *question;
	struct name_manner manner;
	struct span permitted, excluded; /* GeneralSubtrees content */
	unsigned budget;
	bool takes_common_names;
	bool has_mail; /* a subtree for mail addresses */
};

/* Whether a subtree is one for names of this form. Each type of otherName is a form of its own. */
static bool
is_of_form(const struct constraint_check *check, const struct subtree *subtree, unsigned kind,
	struct span name)
{
	if (subtree->kind != kind)
		return false;
	return kind != GENERAL_NAME_OTHER || !check->manner.by_standard ||
	       span_equal(other_name_of(subtree->base).type, other_name_of(name).type);
}

/* One comparison; false where there were too many. */
static bool
take_budget(struct constraint_check *check, unsigned kind, struct span name, struct span base)
{
	unsigned cost = check->manner.by_standard && kind == GENERAL_NAME_DIRECTORY
				? NAME_CHECK_DIRECTORY
				: 1;

	if (check->budget < cost)
		return false;
	check->budget -= cost;
	return effort_spend_subtree(check->question, name, base, kind == GENERAL_NAME_DIRECTORY);
}

/* RFC 5280 6.1.3 (b): where a subtree of the name's form is permitted, it must lie in one. */
static int
check_permitted(struct constraint_check *check, unsigned kind, struct span name)
{
	struct der subtrees = der_of(check->permitted);
	bool is_constrained = false, is_inside = false;
	struct subtree subtree;

	check->manner.is_excluded = false;
	while (subtree_next(&subtrees, &subtree)) {
		int result;

		if (!effort_spend(check->question, 1))
			return X509_V_ERR_UNSPECIFIED;
		if (!is_of_form(check, &subtree, kind, name))
			continue;
		if (subtree.has_bounds)
			return X509_V_ERR_SUBTREE_MINMAX;
		if (!take_budget(check, kind, name, subtree.base))
			return X509_V_ERR_UNSPECIFIED;
		is_constrained = true;
		if (is_inside)
			continue;
		result = name_match(&check->manner, kind, name, subtree.base);
		if (result != X509_V_OK && result != X509_V_ERR_PERMITTED_VIOLATION)
			return result;
		is_inside = result == X509_V_OK;
	}
	return is_constrained && !is_inside ? X509_V_ERR_PERMITTED_VIOLATION : X509_V_OK;
}

/* RFC 5280 6.1.3 (c): it must lie in none that is excluded. */
static int
check_excluded(struct constraint_check *check, unsigned kind, struct span name)
{
	struct der subtrees = der_of(check->excluded);
	struct subtree subtree;

	check->manner.is_excluded = true;
	while (subtree_next(&subtrees, &subtree)) {
		int result;

		if (!effort_spend(check->question, 1))
			return X509_V_ERR_UNSPECIFIED;
		if (!is_of_form(check, &subtree, kind, name))
			continue;
		if (subtree.has_bounds)
			return X509_V_ERR_SUBTREE_MINMAX;
		if (!take_budget(check, kind, name, subtree.base))
			return X509_V_ERR_UNSPECIFIED;
		result = name_match(&check->manner, kind, name, subtree.base);
		if (result == X509_V_OK)
			return X509_V_ERR_EXCLUDED_VIOLATION;
		if (result != X509_V_ERR_PERMITTED_VIOLATION)
			return result;
	}
	return X509_V_OK;
}

static int
check_name(struct constraint_check *check, unsigned kind, struct span name)
{
	int result = check_permitted(check, kind, name);

	return result != X509_V_OK ? result : check_excluded(check, kind, name);
}

static bool
is_attribute(const struct attribute *attribute, const char *oid, size_t length)
{
	return der_oid_is(attribute->oid, oid, length);
}

static bool
list_has(struct span list, unsigned kind)
{
	struct der subtrees = der_of(list);
	struct subtree subtree;

	while (subtree_next(&subtrees, &subtree))
		if (subtree.kind == kind)
			return true;
	return false;
}

/* Mail addresses of the subject are names too, RFC 5280 4.2.1.10. */
static int
check_subject(struct constraint_check *check, const struct cert *cert)
{
	struct attribute_walk walk = attribute_walk_of(cert->subject);
	struct attribute attribute;
	int result = name_is_empty(cert->subject)
			     ? X509_V_OK
			     : check_name(check, GENERAL_NAME_DIRECTORY, cert->subject);

	while (result == X509_V_OK && attribute_next(&walk, &attribute)) {
		if (!is_attribute(&attribute, OID_EMAIL_ADDRESS, sizeof(OID_EMAIL_ADDRESS) - 1))
			continue;
		if (check->manner.by_standard && !check->has_mail)
			continue;
		if (attribute.value.tag != DER_IA5_STRING)
			return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
		result = check_name(check, GENERAL_NAME_MAIL, attribute.value.content);
	}
	return result;
}

/* RFC 9598 6: constraints of mail addresses are for these as well. A domain that is not in ASCII
 * cannot be compared. */
static int
check_mailbox(struct constraint_check *check, struct span content)
{
	struct other_name name = other_name_of(content);
	const uint8_t *at;

	if (!der_oid_is(name.type, OID_SMTP_UTF8_MAILBOX, sizeof(OID_SMTP_UTF8_MAILBOX) - 1) ||
		!check->has_mail)
		return X509_V_OK;
	at = name.text.length > 0 ? memrchr(name.text.data, '@', name.text.length) : NULL;
	for (; at != NULL && at < name.text.data + name.text.length; at++)
		if (*at >= 0x80)
			return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	return check_name(check, GENERAL_NAME_MAIL, name.text);
}

static int
check_alt_names(struct constraint_check *check, const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;
	int result = X509_V_OK;

	while (result == X509_V_OK && subject_alt_name_next(&names, &name)) {
		result = check_name(check, name.kind, name.value);
		if (result == X509_V_OK && check->manner.by_standard &&
			name.kind == GENERAL_NAME_OTHER)
			result = check_mailbox(check, name.value);
	}
	return result;
}

static int
check_common_name(struct constraint_check *check, const struct attribute *attribute)
{
	uint8_t *text =
		arena_alloc(check->manner.arena, attribute_utf8_bound(&attribute->value) + 1);
	ssize_t length = attribute_utf8(&attribute->value, text);
	struct span name = span_of(text, length > 0 ? (size_t)length : 0);

	while (name.length > 0 && name.data[name.length - 1] == '\0')
		name.length--;
	for (size_t i = 0; i < name.length; i++)
		if (name.data[i] == '\0')
			return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	return name_looks_like_host(name) ? check_name(check, GENERAL_NAME_DNS, name) : X509_V_OK;
}

/* A leaf without dNSName: OpenSSL takes a common name that looks like a host for one. */
static int
check_common_names(struct constraint_check *check, const struct cert *leaf)
{
	struct attribute_walk walk = attribute_walk_of(leaf->subject);
	struct attribute attribute;
	int result = X509_V_OK;

	while (result == X509_V_OK && attribute_next(&walk, &attribute))
		if (is_attribute(&attribute, OID_COMMON_NAME, sizeof(OID_COMMON_NAME) - 1))
			result = check_common_name(check, &attribute);
	return result;
}

static bool
list_is_whole(struct span list)
{
	struct der subtrees = der_of(list);
	struct subtree subtree;

	while (subtree_next(&subtrees, &subtree))
		;
	return subtrees.fault == NULL && subtrees.offset == list.length;
}

static int
check_cert(struct examination *examination, unsigned depth, const struct cert *ca)
{
	struct constraint_check check = {
		.question = examination->question,
		.manner = { .arena = examination->question->arena,
			.by_standard = by_standard(examination) },
		.budget = NAME_CHECK_MAX,
		.takes_common_names = !by_standard(examination) ||
				      examination->question->verifier->security_level == 0,
	};
	const struct cert *cert = examination->path->certs[depth];
	struct der constraints = der_of(ca->name_constraints);
	int result;

	if (!effort_spend_cert(examination->question, ca))
		return X509_V_ERR_UNSPECIFIED;
	check.permitted = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(0)).content;
	check.excluded = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(1)).content;
	if (by_standard(examination) &&
		(!der_at_end(&constraints) || !list_is_whole(check.permitted) ||
			!list_is_whole(check.excluded)))
		return X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX;
	check.has_mail = list_has(check.permitted, GENERAL_NAME_MAIL) ||
			 list_has(check.excluded, GENERAL_NAME_MAIL);
	result = check_subject(&check, cert);
	if (result == X509_V_OK)
		result = check_alt_names(&check, cert);
	if (result == X509_V_OK && depth == 0 && check.takes_common_names &&
		!cert_has_alt_name(cert, GENERAL_NAME_DNS))
		result = check_common_names(&check, cert);
	return result;
}

static const char *
result_text(int result)
{
	switch (result) {
	case X509_V_ERR_PERMITTED_VIOLATION:
		return "a name of it is outside the subtrees permitted by";
	case X509_V_ERR_EXCLUDED_VIOLATION:
		return "a name of it is in a subtree excluded by";
	case X509_V_ERR_SUBTREE_MINMAX:
		return "a subtree has a minimum or maximum in the name constraints of";
	case X509_V_ERR_UNSPECIFIED:
		return "it has more names than are compared with the name constraints of";
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
		return "a subtree cannot be read in the name constraints of";
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return "a name of it cannot be compared with the name constraints of";
	default:
		return "a name of it is of a form that cannot be compared with the name "
		       "constraints of";
	}
}

/* RFC 5280 6.1.3 (b), (c): self-issued certificates are exempt, save the leaf. */
static void
name_constraints_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i + 1 < path->length; i++) {
		if (i > 0 && cert_is_self_issued(path->certs[i]))
			continue;
		for (unsigned above = i + 1; above < path->length; above++) {
			const struct cert *ca = path->certs[above];
			int result = ca->name_constraints.length > 0
					     ? check_cert(examination, i, ca)
					     : X509_V_OK;

			examination->path->bounded |= effort_is_spent(examination->question);
			if (result != X509_V_OK)
				(void)path_fail(examination, &rule_name_constraints, i, result,
					"%s %s (RFC 5280 4.2.1.10)", result_text(result),
					name_text(examination->question->arena, ca->subject));
		}
	}
}

const struct rule rule_name_constraints = {
	.name = "name-constraints",
	.change = "issue it again with names that the CA may give",
	.cost = CHANGE_CERTIFICATE,
	.check = name_constraints_check,
};
