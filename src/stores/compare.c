/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/compare.h"

#include <string.h>

/* The first entry of each digest, found by a hash that is the digest's own first bytes. */
struct index {
	const struct entry_set *set;
	size_t *slots, mask;
};

const struct digest *
entry_digest(const struct entry *entry)
{
	return entry->kind == ENTRY_CRL ? &entry->crl.fingerprint : &entry->cert.fingerprint;
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

static size_t
slot_of(const struct index *index, const struct entry *entry)
{
	const struct digest *digest = entry_digest(entry);
	size_t slot;

	memcpy(&slot, digest->bytes, sizeof(slot));
	for (slot &= index->mask; index->slots[slot] != 0; slot = (slot + 1) & index->mask) {
		const struct entry *other = index->set->list[index->slots[slot] - 1];

		if (other->kind == entry->kind && digest_equal(entry_digest(other), digest))
			break;
	}
	return slot;
}

static void
index_make(struct arena *arena, const struct entry_set *set, struct index *ret)
{
	size_t size = 16;

	while (size < set->count * 2)
		size *= 2;
	*ret = (struct index){ set, arena_alloc(arena, size * sizeof(*ret->slots)), size - 1 };
	for (size_t i = 0; i < set->count; i++) {
		size_t slot = slot_of(ret, set->list[i]);

		if (ret->slots[slot] == 0)
			ret->slots[slot] = i + 1;
	}
}

static const struct entry *
index_find(const struct index *index, const struct entry *entry)
{
	size_t slot = index->slots[slot_of(index, entry)];

	return slot == 0 ? NULL : index->set->list[slot - 1];
}

/* A copy of an entry that stands further up in the same set. */
static bool
is_copy(const struct index *own, size_t position)
{
	return index_find(own, own->set->list[position]) != own->set->list[position];
}

const char *
entry_trust_text(const struct entry *entry)
{
	if (entry->role == ENTRY_IS_CHAIN)
		return "part of a key's chain";
	if (entry->trust.rejects_client)
		return "rejected for clients by its trust settings";
	if (entry->role == ENTRY_IS_UNASSIGNED)
		return "not marked as trusted";
	if (!entry->trust.present)
		return "trusted";
	if (entry->trust.has_trust)
		return entry->trust.trusts_client ? "trusted for clients by its trust settings"
						  : "not trusted for clients by its trust settings";
	return "trusted, with settings";
}

/* An entry without a word about trust is trusted by standing there, as one that is marked. */
static bool
same_trust(const struct entry *a, const struct entry *b)
{
	if (a->kind == ENTRY_CRL)
		return true;
	return strcmp(entry_trust_text(a), entry_trust_text(b)) == 0 &&
	       span_equal(a->trust.bytes, b->trust.bytes);
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
	struct index in_a, in_b;

	*ret = (struct differences){};
	index_make(arena, a, &in_a);
	index_make(arena, b, &in_b);
	for (size_t i = 0; i < a->count; i++)
		if (!is_copy(&in_a, i))
			compare_one(arena, a->list[i], index_find(&in_b, a->list[i]), ret);
	for (size_t i = 0; i < b->count; i++)
		if (!is_copy(&in_b, i) && index_find(&in_a, b->list[i]) == NULL)
			add(arena, ret,
				&(struct difference){ DIFFERENCE_ONLY_B, NULL, b->list[i], NULL });
}
