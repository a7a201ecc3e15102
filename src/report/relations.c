/* SPDX-License-Identifier: Apache-2.0 */
/* How the certificates of a store hang together: as a tree, and as groups. */
#include <stdlib.h>

#include "report/pieces.h"

enum { TREE_MAX_DEPTH = 32, INDENT = 2 };

/* Entries in the order of their issuers, so that the children of each stand together. */
struct tree {
	struct arena *arena;
	const struct store *store;
	const struct relation *relations;
	const struct style *style;
	struct buffer *out;
	size_t count; /* of children */
};

struct child {
	size_t issuer, index;
};

static int
compare_children(const void *a, const void *b)
{
	const struct child *left = a, *right = b;

	if (left->issuer != right->issuer)
		return left->issuer < right->issuer ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static bool
is_top(const struct tree *tree, size_t index)
{
	size_t issuer = tree->relations[index].issuer;

	return issuer == RELATION_NONE || issuer == index;
}

static void
text_node(const struct tree *tree, size_t index, unsigned depth)
{
	const struct entry *entry = &tree->store->entries[index];
	const struct relation *relation = &tree->relations[index];
	bool orphan = relation->issuer == RELATION_NONE;

	buffer_addf(tree->out, "    %*s%s (line %u)%s%s%s\n", (int)depth * INDENT, "",
		name_text(tree->arena, entry->cert.subject), entry->line,
		relation->is_cross ? ", cross-certified" : "",
		orphan ? ", its issuer is not here: " : "",
		orphan ? name_text(tree->arena, entry->cert.issuer) : "");
}

/* Certificates may issue each other in a ring: then nobody is at the top, and nobody is shown. */
static void
text_children(const struct tree *tree, const struct child *children, size_t issuer, unsigned depth)
{
	size_t low = 0, high = tree->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (children[middle].issuer < issuer)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < tree->count && children[low].issuer == issuer; low++) {
		text_node(tree, children[low].index, depth);
		if (depth < TREE_MAX_DEPTH)
			text_children(tree, children, children[low].index, depth + 1);
	}
}

static void
text_tree(struct tree *tree)
{
	const struct store *store = tree->store;
	struct child *children =
		arena_alloc(tree->arena, (store->entry_count + 1) * sizeof(*children));

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE && !is_top(tree, i) &&
			tree->relations[i].duplicate_of == RELATION_NONE)
			children[tree->count++] = (struct child){ tree->relations[i].issuer, i };
	qsort(children, tree->count, sizeof(*children), compare_children);
	buffer_add_text(tree->out, "  Who issued whom:\n");
	for (size_t i = 0; i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE || !is_top(tree, i) ||
			tree->relations[i].duplicate_of != RELATION_NONE)
			continue;
		text_node(tree, i, 0);
		text_children(tree, children, i, 1);
	}
}

/* A line for each entry that is like an earlier one; in one walk, so that many cost no more. */
static void
text_groups(const struct tree *tree)
{
	const struct entry *entries = tree->store->entries;

	for (size_t i = 0; i < tree->store->entry_count; i++) {
		const struct relation *relation = &tree->relations[i];
		const size_t subject = relation->same_subject, key = relation->same_key;

		if (relation->duplicate_of != RELATION_NONE)
			buffer_addf(tree->out, "  line %u is the same certificate as line %u\n",
				entries[i].line, entries[relation->duplicate_of].line);
		else if (subject != RELATION_NONE && subject != i && subject == key)
			buffer_addf(tree->out,
				"  line %u has the subject and the key of line %u%s\n",
				entries[i].line, entries[subject].line,
				relation->is_cross ? ", and another issuer: a cross-certificate"
						   : "");
		else if (subject != RELATION_NONE && subject != i)
			buffer_addf(tree->out, "  line %u has the subject of line %u%s\n",
				entries[i].line, entries[subject].line,
				key == RELATION_NONE ? ", with another key" : "");
		else if (key != RELATION_NONE && key != i)
			buffer_addf(tree->out,
				"  line %u has the key of line %u, with another subject\n",
				entries[i].line, entries[key].line);
	}
}

void
text_relations(struct arena *arena, const struct inspected *inspected, const struct style *style,
	struct buffer *out)
{
	struct tree tree = { .arena = arena,
		.store = inspected->store,
		.relations = inspected->relations,
		.style = style,
		.out = out };

	if (inspected->relations == NULL || store_count(inspected->store, ENTRY_CERTIFICATE) == 0)
		return;
	text_tree(&tree);
	text_groups(&tree);
}

static void
add_other(struct json *json, const char *key, size_t index)
{
	if (index == RELATION_NONE)
		json_member_text(json, key, NULL);
	else
		json_member_number(json, key, (int64_t)index);
}

void
add_relation_json(const struct inspected *inspected, size_t index, struct json *json)
{
	const struct relation *relation;

	if (inspected->relations == NULL)
		return;
	relation = &inspected->relations[index];
	add_other(json, "issued_by", relation->issuer);
	add_other(json, "duplicate_of", relation->duplicate_of);
	add_other(json, "same_subject", relation->same_subject);
	add_other(json, "same_key", relation->same_key);
	json_member_bool(json, "cross", relation->is_cross);
}
