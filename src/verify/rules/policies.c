/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate policies, RFC 5280 6.1.2 to 6.1.5, as RFC 9618 carries them out: what a certificate
 * adds depends on the one above it alone, and of a level there is one node a policy. So the graph
 * grows with the certificates and not, as RFC 5280's tree does, exponentially. A level finds its
 * nodes by a hash of the policy, and each one that it looks at counts as effort: there may be a
 * thousand paths with a thousand policies on each.
 */
#include <openssl/x509.h>

#include "verify/effort.h"
#include "verify/rule.h"

enum {
	POLICY_MAX_NODES = 1'000,    /* of all levels of one path; OpenSSL has as many */
	POLICY_MAX_EXPECTED = 1'000, /* mapped to, of one level */
	POLICY_MAX_LISTED = 1'000,   /* in one certificate */
	POLICY_BUCKETS = 128,
};

#define OID_ANY "\x55\x1d\x20\x00"

struct expected {
	struct span policy;
	unsigned node; /* of the same level */
	unsigned next; /* of the same bucket, counted from 1 */
};

struct node {
	struct span policy;
	bool is_mapped;
	/* It comes from one of the policies that are wanted, or no policy is wanted. */
	bool is_wanted;
	bool is_deleted;
	unsigned next; /* of the same bucket, counted from 1 */
};

struct level {
	struct node *nodes;
	size_t node_count, node_capacity, deleted_count;
	/* A node that is not here expects itself. */
	struct expected *expected;
	size_t expected_count, expected_capacity;
	/* The newest of each bucket, counted from 1. */
	uint16_t node_heads[POLICY_BUCKETS], expected_heads[POLICY_BUCKETS];
};

struct policies {
	struct examination *examination;
	struct level level; /* empty: valid_policy_graph is NULL */
	size_t made;        /* nodes so far */
	unsigned depth;     /* of the certificate in hand */
	unsigned explicit_policy, inhibit_any, policy_mapping;
	bool is_bounded, is_damaged;
};

static bool
is_any(struct span policy)
{
	return der_oid_is(policy, OID_ANY, sizeof(OID_ANY) - 1);
}

static struct arena *
arena_of(const struct policies *policies)
{
	return policies->examination->question->arena;
}

static bool
is_self_asked(const struct verifier *verifier, struct span policy)
{
	for (size_t i = 0; i < verifier->policy_count; i++)
		if (span_equal(verifier->policies[i], policy) || is_any(verifier->policies[i]))
			return true;
	return verifier->policy_count == 0;
}

static unsigned
bucket_of(struct span policy)
{
	uint32_t hash = UINT32_C(0x811c9dc5); /* FNV-1a */

	for (size_t i = 0; i < policy.length; i++)
		hash = (hash ^ policy.data[i]) * UINT32_C(0x01000193);
	return hash % POLICY_BUCKETS;
}

/* Counts what was looked at; without effort left nothing more is followed. */
static void
spend(struct policies *policies, uint64_t units)
{
	if (!effort_spend(policies->examination->question, units))
		policies->is_bounded = true;
}

static struct node *
find_node(struct policies *policies, const struct level *level, struct span policy)
{
	unsigned looked_at = 1;
	unsigned at = level->node_heads[bucket_of(policy)];

	for (; at != 0; at = level->nodes[at - 1].next, looked_at++) {
		const struct node *node = &level->nodes[at - 1];

		if (!node->is_deleted && span_equal(node->policy, policy))
			break;
	}
	spend(policies, looked_at);
	return at != 0 ? &level->nodes[at - 1] : NULL;
}

static struct node *
find_any(struct policies *policies, const struct level *level)
{
	return find_node(policies, level, span_of(OID_ANY, sizeof(OID_ANY) - 1));
}

static bool
level_is_empty(const struct level *level)
{
	return level->deleted_count == level->node_count;
}

static struct node *
add_node(struct policies *policies, struct level *level, struct span policy, bool is_wanted)
{
	struct node *node = find_node(policies, level, policy);
	uint16_t *head = &level->node_heads[bucket_of(policy)];

	if (node != NULL) {
		node->is_wanted |= is_wanted;
		return node;
	}
	if (policies->made >= POLICY_MAX_NODES) {
		policies->is_bounded = true;
		return NULL;
	}
	policies->made++;
	level->nodes = arena_grow(arena_of(policies), level->nodes, level->node_count,
		&level->node_capacity, sizeof(level->nodes[0]));
	node = &level->nodes[level->node_count++];
	*node = (struct node){ .policy = policy, .is_wanted = is_wanted, .next = *head };
	*head = (uint16_t)level->node_count;
	return node;
}

/* Below an anyPolicy node a policy comes from itself: it is wanted where it was asked for. */
static void
add_below_any(struct policies *policies, struct level *level, struct span policy)
{
	spend(policies, policies->examination->question->verifier->policy_count);
	(void)add_node(policies, level, policy,
		is_any(policy) || is_self_asked(policies->examination->question->verifier, policy));
}

/* Adds the policy below each node above that expects it; false where none does. */
static bool
add_expected(struct policies *policies, struct level *level, struct span policy)
{
	const struct level *above = &policies->level;
	const struct node *self = find_node(policies, above, policy);
	bool found = self != NULL && !self->is_mapped;
	unsigned looked_at = 0, at = above->expected_heads[bucket_of(policy)];

	if (found)
		(void)add_node(policies, level, policy, self->is_wanted);
	for (; at != 0; at = above->expected[at - 1].next, looked_at++) {
		const struct node *node = &above->nodes[above->expected[at - 1].node];

		if (node->is_deleted || !span_equal(above->expected[at - 1].policy, policy))
			continue;
		(void)add_node(policies, level, policy, node->is_wanted);
		found = true;
	}
	spend(policies, looked_at);
	return found;
}

/* RFC 5280 6.1.3 (d) (2): anyPolicy lets whatever the level above expects go on. */
static void
add_all_expected(struct policies *policies, struct level *level)
{
	const struct level *above = &policies->level;

	for (size_t i = 0; i < above->node_count; i++) {
		const struct node *node = &above->nodes[i];

		if (!node->is_deleted && !node->is_mapped)
			(void)add_node(policies, level, node->policy, node->is_wanted);
	}
	for (size_t i = 0; i < above->expected_count; i++) {
		const struct node *node = &above->nodes[above->expected[i].node];

		if (!node->is_deleted)
			(void)add_node(policies, level, above->expected[i].policy, node->is_wanted);
	}
}

/* A walk over PolicyInformation or the pairs of a mapping: the list in the extension's value. */
static struct der
list_of(struct span value)
{
	struct der outer = der_of(value);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);

	return der_enter(&sequence);
}

static bool
next_policy(struct policies *policies, struct der *list, struct span *ret)
{
	struct der_element information;
	struct der inside;

	if (der_at_end(list))
		return false;
	information = der_expect(list, DER_SEQUENCE);
	inside = der_enter(&information);
	*ret = der_oid(&inside);
	if (inside.fault != NULL)
		policies->is_damaged = true;
	return inside.fault == NULL;
}

/* RFC 5280 6.1.3 (d) */
static void
add_level(struct policies *policies, const struct cert *cert, bool is_any_allowed)
{
	struct der list = list_of(cert->policies);
	struct level level = {};
	bool has_any = false;
	struct span policy;
	unsigned listed = 0;

	while (!policies->is_bounded && next_policy(policies, &list, &policy)) {
		policies->is_bounded |= ++listed > POLICY_MAX_LISTED;
		has_any |= is_any(policy);
		if (!is_any(policy) && !add_expected(policies, &level, policy) &&
			find_any(policies, &policies->level) != NULL)
			add_below_any(policies, &level, policy);
	}
	policies->is_damaged |= list.fault != NULL;
	if (has_any && is_any_allowed)
		add_all_expected(policies, &level);
	policies->level = level;
}

/* RFC 5280 6.1.3 (d) to (f) */
static void
process(struct policies *policies, const struct cert *cert)
{
	bool is_leaf = policies->depth == 0;
	bool is_any_allowed = policies->inhibit_any > 0 || (!is_leaf && cert_is_self_issued(cert));

	if (cert->policies.length == 0)
		policies->level = (struct level){};
	else if (!level_is_empty(&policies->level))
		add_level(policies, cert, is_any_allowed);
}

/* The node of an issuer domain's policy at this level, made below anyPolicy where there is none. */
static struct node *
mapped_node(struct policies *policies, struct span from)
{
	struct level *level = &policies->level;
	struct node *node = find_node(policies, level, from);

	if (node == NULL && find_any(policies, level) != NULL) {
		add_below_any(policies, level, from);
		node = find_node(policies, level, from);
	}
	return node;
}

static void
map_policy(struct policies *policies, struct span from, struct span to)
{
	struct level *level = &policies->level;
	uint16_t *head = &level->expected_heads[bucket_of(to)];
	struct node *node;

	if (policies->policy_mapping == 0) {
		node = find_node(policies, level, from);
		if (node != NULL) {
			node->is_deleted = true;
			level->deleted_count++;
		}
		return;
	}
	node = mapped_node(policies, from);
	if (node == NULL)
		return;
	if (level->expected_count >= POLICY_MAX_EXPECTED) {
		policies->is_bounded = true;
		return;
	}
	node->is_mapped = true;
	level->expected = arena_grow(arena_of(policies), level->expected, level->expected_count,
		&level->expected_capacity, sizeof(level->expected[0]));
	level->expected[level->expected_count++] =
		(struct expected){ to, (unsigned)(node - level->nodes), *head };
	*head = (uint16_t)level->expected_count;
}

/* RFC 5280 6.1.4 (b). Mappings to and from anyPolicy are the encoding rule's. */
static void
map_policies(struct policies *policies, const struct cert *cert)
{
	struct der list = list_of(cert->policy_mappings);
	unsigned listed = 0;

	while (!policies->is_bounded && !der_at_end(&list)) {
		struct der_element pair = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&pair);
		struct span from = der_oid(&inside), to = der_oid(&inside);

		policies->is_bounded |= ++listed > POLICY_MAX_LISTED;
		policies->is_damaged |= inside.fault != NULL;
		if (inside.fault == NULL)
			map_policy(policies, from, to);
	}
}

static void
lower(unsigned *number, uint64_t limit)
{
	if (limit < *number)
		*number = (unsigned)limit;
}

/* [number] IMPLICIT INTEGER of PolicyConstraints; false where it is absent. */
static bool
constraint_of(struct policies *policies, const struct cert *cert, unsigned number, uint64_t *ret)
{
	struct der inside = list_of(cert->policy_constraints);
	struct der_element element = { .tag = 0 };

	*ret = 0;
	for (unsigned i = 0; i <= number; i++)
		element = der_optional(&inside, DER_CONTEXT(i));
	if (element.tag == 0)
		return false;
	policies->is_damaged |= element.content.length == 0 || element.content.data[0] >= 0x80;
	for (size_t i = 0; i < element.content.length && *ret < UINT32_MAX; i++)
		*ret = *ret << 8 | element.content.data[i];
	return true;
}

static void
decrement(unsigned *number)
{
	if (*number > 0)
		(*number)--;
}

/* RFC 5280 6.1.4 (h) to (j) */
static void
prepare(struct policies *policies, const struct cert *cert)
{
	struct der inhibit = der_of(cert->inhibit_any_policy);
	uint64_t number;

	if (!cert_is_self_issued(cert)) {
		decrement(&policies->explicit_policy);
		decrement(&policies->policy_mapping);
		decrement(&policies->inhibit_any);
	}
	if (constraint_of(policies, cert, 0, &number))
		lower(&policies->explicit_policy, number);
	if (constraint_of(policies, cert, 1, &number))
		lower(&policies->policy_mapping, number);
	if (cert->inhibit_any_policy.length == 0)
		return;
	number = der_unsigned(&inhibit);
	policies->is_damaged |= inhibit.fault != NULL;
	lower(&policies->inhibit_any, number);
}

/* RFC 5280 6.1.5 (a), (b) */
static void
wrap_up(struct policies *policies, const struct cert *leaf)
{
	uint64_t number;

	decrement(&policies->explicit_policy);
	if (constraint_of(policies, leaf, 0, &number) && number == 0)
		policies->explicit_policy = 0;
}

static bool
has_wanted(const struct level *level)
{
	for (size_t i = 0; i < level->node_count; i++)
		if (!level->nodes[i].is_deleted && level->nodes[i].is_wanted)
			return true;
	return false;
}

static void
fail(struct policies *policies, int error, const char *text)
{
	(void)path_fail(policies->examination, &rule_policies, policies->depth, error, "%s", text);
}

/* What can be said of one certificate. False ends the walk. */
static bool
step_is_sound(struct policies *policies)
{
	if (policies->is_bounded) {
		policies->examination->path->bounded = true;
		fail(policies, X509_V_ERR_UNSPECIFIED,
			"the policies of the path are more than are followed");
	} else if (policies->is_damaged) {
		fail(policies, X509_V_ERR_INVALID_POLICY_EXTENSION,
			"its policies cannot be read (RFC 5280 4.2.1.4)");
	} else if (policies->explicit_policy == 0 && level_is_empty(&policies->level)) {
		fail(policies, X509_V_ERR_NO_EXPLICIT_POLICY,
			"a policy is required, and none is valid for the path down to here "
			"(RFC 5280 6.1.3 (f))");
	} else {
		return true;
	}
	return false;
}

static struct policies
begin(struct examination *examination)
{
	unsigned count = examination->path->length;
	struct policies policies = {
		.examination = examination,
		.explicit_policy =
			examination->question->verifier->policy_count > 0 ? 0 : count + 1,
		.inhibit_any = count + 1,
		.policy_mapping = count + 1,
	};

	(void)add_node(&policies, &policies.level, span_of(OID_ANY, sizeof(OID_ANY) - 1), true);
	return policies;
}

/* From the certificate that the anchor issued down to the leaf. A leaf that is its own anchor has
 * no path above it, and nothing to check. */
static void
policies_check(struct examination *examination)
{
	const struct path *path = examination->path;
	struct policies policies = begin(examination);

	if (!by_standard(examination) && examination->question->verifier->policy_count == 0)
		return;
	for (unsigned i = path->length; i-- > 0;) {
		policies.depth = i;
		if (is_anchor(path, i) || (i == 0 && path->ends_in_anchor && path->length == 1))
			continue;
		process(&policies, path->certs[i]);
		if (!step_is_sound(&policies))
			return;
		if (i > 0) {
			map_policies(&policies, path->certs[i]);
			prepare(&policies, path->certs[i]);
		} else {
			wrap_up(&policies, path->certs[i]);
		}
	}
	policies.depth = 0;
	if (policies.explicit_policy == 0 && path->length > 1 && !has_wanted(&policies.level))
		fail(&policies, X509_V_ERR_NO_EXPLICIT_POLICY,
			"it is valid for none of the policies that are asked for "
			"(RFC 5280 6.1.5 (g))");
}

const struct rule rule_policies = {
	.name = "policies",
	.change = "issue it again with a policy that is valid along the path",
	.cost = CHANGE_CERTIFICATE,
	.check = policies_check,
};
