/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/constraints.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "verify/effort.h"
#include "x509/attribute.h"

#define OID_EMAIL_ADDRESS "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"

enum { ADDRESS_TEXT_MAX = 64 };

struct check {
	const struct question *question;
	struct arena *arena;
	const struct constraint_manner *manner;
	struct span permitted, excluded; /* GeneralSubtrees content */
	unsigned comparisons, limit;
};

/* False where the engine's own bound is met, or no effort is left. */
static bool
spend(struct check *check, unsigned kind, struct span name, const struct subtree *subtree)
{
	if (subtree->kind != kind)
		return effort_spend(check->question, 1);
	return check->comparisons++ < check->limit &&
	       effort_spend_subtree(
		       check->question, name, subtree->base, kind == GENERAL_NAME_DIRECTORY);
}

static const char *
check_list(struct check *check, unsigned kind, struct span name, bool is_excluded)
{
	struct der subtrees = der_of(is_excluded ? check->excluded : check->permitted);
	constraint_fits *fits = check->manner->fits[kind];
	bool is_constrained = false;
	struct subtree subtree;

	while (subtree_next(&subtrees, &subtree)) {
		enum subtree_fit fit;

		if (!spend(check, kind, name, &subtree))
			return "it has more names than are compared with the name constraints";
		if (subtree.kind != kind)
			continue;
		fit = fits(check->arena, name, subtree.base, is_excluded);
		if (fit == FIT_IMPOSSIBLE)
			return "a name of it cannot be compared with the name constraints of a CA";
		if (fit == FIT_INSIDE)
			return is_excluded ? "a name of it is in a subtree that a CA excludes"
					   : NULL;
		is_constrained = true;
	}
	return is_constrained && !is_excluded
		       ? "a name of it is outside the subtrees that a CA permits"
		       : NULL;
}

static const char *
check_name(struct check *check, unsigned kind, struct span name)
{
	const char *fault;

	if (kind >= GENERAL_NAME_KINDS || check->manner->fits[kind] == NULL)
		return NULL;
	fault = check_list(check, kind, name, true);
	return fault != NULL ? fault : check_list(check, kind, name, false);
}

/* Each attribute of this type, until one is at fault. */
static const char *
check_attributes(struct check *check, const struct cert *cert, const char *oid, unsigned kind)
{
	struct attribute_walk walk = attribute_walk_of(cert->subject);
	struct attribute attribute;
	const char *fault = NULL;

	while (fault == NULL && attribute_next(&walk, &attribute))
		if (der_oid_is(attribute.oid, oid, strlen(oid)))
			fault = check_name(check, kind, attribute.value.content);
	return fault;
}

static struct span
span_address(struct span text, uint8_t octets[static sizeof(struct in6_addr)])
{
	char copy[ADDRESS_TEXT_MAX];

	if (text.length == 0 || text.length >= sizeof(copy) ||
		memchr(text.data, '\0', text.length) != NULL)
		return (struct span){};
	(void)memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	return text_address(copy, octets);
}

bool
text_is_ipv4(struct span text)
{
	uint8_t octets[sizeof(struct in6_addr)];

	return span_address(text, octets).length == sizeof(struct in_addr);
}

bool
text_is_address(struct span text)
{
	uint8_t octets[sizeof(struct in6_addr)];

	return span_address(text, octets).length > 0;
}

static const char *
check_common_name(struct check *check, const struct cert *cert)
{
	struct span name = cert_common_name(check->arena, cert);
	uint8_t octets[sizeof(struct in6_addr)];
	struct span address = span_address(name, octets);

	if (name.length == 0)
		return NULL;
	if (address.length > 0)
		return cert_has_alt_name(cert, GENERAL_NAME_IP)
			       ? NULL
			       : check_name(check, GENERAL_NAME_IP, address);
	if (cert_has_alt_name(cert, GENERAL_NAME_DNS) || !check->manner->is_host(name))
		return NULL;
	return check_name(check, GENERAL_NAME_DNS, name);
}

static const char *
check_alt_names(struct check *check, const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;
	const char *fault = NULL;

	while (fault == NULL && subject_alt_name_next(&names, &name))
		fault = check_name(check, name.kind, name.value);
	return fault;
}

static bool
has_distance(struct span list)
{
	struct der subtrees = der_of(list);
	struct subtree subtree;

	while (subtree_next(&subtrees, &subtree))
		if (subtree.has_bounds || subtree.has_rest)
			return true;
	return false;
}

enum subtree_fit
fits_impossible(struct arena *, struct span, struct span, bool)
{
	return FIT_IMPOSSIBLE;
}

const char *
constraints_fault(const struct question *question, const struct constraint_manner *manner,
	const struct cert *ca, const struct cert *cert)
{
	struct check check = { .question = question,
		.arena = question->arena,
		.manner = manner,
		.limit = manner->max_comparisons };
	struct der constraints = der_of(ca->name_constraints);
	const char *fault = NULL;

	if (check.limit == 0)
		check.limit = UINT_MAX;
	check.permitted = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(0)).content;
	check.excluded = der_optional(&constraints, DER_CONTEXT_CONSTRUCTED(1)).content;
	if (manner->refuses_distances &&
		(has_distance(check.permitted) || has_distance(check.excluded)))
		return "a subtree of a CA's name constraints has a minimum or maximum";
	if (manner->subject && !name_is_empty(cert->subject))
		fault = check_name(&check, GENERAL_NAME_DIRECTORY, cert->subject);
	if (fault == NULL)
		fault = check_alt_names(&check, cert);
	if (fault == NULL && manner->subject_mail &&
		(manner->subject_mail_always || cert->subject_alt_names.length == 0))
		fault = check_attributes(&check, cert, OID_EMAIL_ADDRESS, GENERAL_NAME_MAIL);
	if (fault == NULL && manner->common_name)
		fault = check_common_name(&check, cert);
	return fault;
}

const uint8_t *
span_last(struct span text, uint8_t octet)
{
	for (size_t i = text.length; i-- > 0;)
		if (text.data[i] == octet)
			return &text.data[i];
	return NULL;
}
