/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/compare.h"

#include <string.h>

#include "stores/entry_index.h"

const struct digest *
entry_digest(const struct entry *entry)
{
	return entry->kind == ENTRY_CRL ? &entry->crl.identity : &entry->cert.fingerprint;
}

void
entry_set_add(struct arena *arena, struct entry_set *set, const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL)
			continue;
		set->list = arena_grow(
			arena, set->list, set->count, &set->capacity, sizeof(*set->list));
		set->list[set->count++] = entry;
	}
}

/* Each entry of a set once: the first of its copies. */
static struct entry_index
index_of(struct arena *arena, const struct entry_set *set)
{
	struct entry_index index = entry_index_new(arena, set->count);

	for (size_t i = 0; i < set->count; i++)
		(void)entry_index_add(&index, set->list[i]);
	return index;
}

const char *
entry_trust_text(const struct entry *entry)
{
	if (entry->role == ENTRY_IS_CHAIN)
		return "part of a key's chain";
	if (entry->trust.rejects_client)
		return "rejected for clients by its trust settings";
	if (entry->trust.has_trust && !entry->trust.trusts_client)
		return "not trusted for clients by its trust settings";
	if (entry->role == ENTRY_IS_UNASSIGNED)
		return "not marked as trusted";
	if (!entry->trust.present)
		return "trusted";
	if (entry->trust.has_trust)
		return "trusted for clients by its trust settings";
	return "trusted, with settings";
}

static bool
list_names(const struct der_element *list, struct span usage)
{
	struct der cursor = der_enter(list);

	while (!der_at_end(&cursor))
		if (span_equal(der_next(&cursor).whole, usage))
			return true;
	return false;
}

static bool
names_all(const struct der_element *list, const struct der_element *of)
{
	struct der cursor = der_enter(of);

	while (!der_at_end(&cursor))
		if (!list_names(list, der_next(&cursor).whole))
			return false;
	return cursor.fault == NULL;
}

/* The same usages in any order; the same bytes where they are too many to be looked for. */
static bool
same_usages(const struct der_element *a, const struct der_element *b)
{
	enum { SHORT = 256 }; /* bytes */

	if (a->tag != b->tag || a->content.length != b->content.length)
		return false;
	return span_equal(a->content, b->content) ||
	       (a->content.length <= SHORT && names_all(a, b) && names_all(b, a));
}

/* X509_CERT_AUX: what is trusted, and [0] what is rejected. The names that follow say nothing of
 * trust. */
static bool
same_settings(struct span a, struct span b)
{
	static const unsigned lists[] = { DER_SEQUENCE, DER_CONTEXT_CONSTRUCTED(0) };
	struct der outer_a = der_of(a), outer_b = der_of(b);
	struct der_element in_a = der_expect(&outer_a, DER_SEQUENCE),
			   in_b = der_expect(&outer_b, DER_SEQUENCE);
	struct der cursor_a = der_enter(&in_a), cursor_b = der_enter(&in_b);

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		struct der_element of_a = der_optional(&cursor_a, lists[i]),
				   of_b = der_optional(&cursor_b, lists[i]);

		if (!same_usages(&of_a, &of_b))
			return false;
	}
	return outer_a.fault == NULL && outer_b.fault == NULL && cursor_a.fault == NULL &&
	       cursor_b.fault == NULL;
}

/* An entry without a word about trust is trusted by standing there, as one that is marked. */
static bool
same_trust(const struct entry *a, const struct entry *b)
{
	if (a->kind == ENTRY_CRL)
		return true;
	return strcmp(entry_trust_text(a), entry_trust_text(b)) == 0 &&
	       (span_equal(a->trust.bytes, b->trust.bytes) ||
		       same_settings(a->trust.bytes, b->trust.bytes));
}

static void
add(struct arena *arena, struct differences *differences, const struct difference *difference)
{
	differences->list = arena_grow(arena, differences->list, differences->count,
		&differences->capacity, sizeof(*differences->list));
	differences->list[differences->count++] = *difference;
}

static void
compare_one(
	struct arena *arena, const struct entry *a, const struct entry *b, struct differences *ret)
{
	const char *one, *other;

	if (b == NULL) {
		add(arena, ret, &(struct difference){ DIFFERENCE_ONLY_A, a, NULL, NULL });
		return;
	}
	ret->common++;
	if (same_trust(a, b))
		return;
	one = entry_trust_text(a);
	other = entry_trust_text(b);
	add(arena, ret,
		&(struct difference){ DIFFERENCE_TRUST, a, b,
			strcmp(one, other) == 0
				? arena_printf(arena, "both %s, which differ otherwise", one)
				: arena_printf(arena, "A: %s; B: %s", one, other) });
}

void
entry_sets_compare(struct arena *arena, const struct entry_set *a, const struct entry_set *b,
	struct differences *ret)
{
	struct entry_index in_a = index_of(arena, a), in_b = index_of(arena, b);

	*ret = (struct differences){};
	for (size_t i = 0; i < a->count; i++)
		if (entry_index_find(&in_a, a->list[i]) == a->list[i])
			compare_one(arena, a->list[i], entry_index_find(&in_b, a->list[i]), ret);
	for (size_t i = 0; i < b->count; i++)
		if (entry_index_find(&in_b, b->list[i]) == b->list[i] &&
			entry_index_find(&in_a, b->list[i]) == NULL)
			add(arena, ret,
				&(struct difference){ DIFFERENCE_ONLY_B, NULL, b->list[i], NULL });
}
