/* SPDX-License-Identifier: Apache-2.0 */
/* From objects that the library read back to our entries: the same DER, in the same order. */
#include "stores/openssl_match.h"

#include <string.h>

enum { LOOK_AHEAD = 64 };

static bool
is_entry(const struct openssl_match *match, size_t index, enum entry_kind kind, struct span der)
{
	const struct entry *entry = &match->entries[index];

	return !match->loaded[index] && entry->kind == kind && span_equal(entry->der, der);
}

static size_t
slot_of(const struct openssl_match *match, const struct digest *digest)
{
	size_t slot;

	memcpy(&slot, digest->bytes, sizeof(slot));
	return slot & match->mask;
}

static void
index_make(struct arena *arena, struct openssl_match *match)
{
	size_t size = 16;

	while (size < match->count * 2)
		size *= 2;
	match->mask = size - 1;
	match->slots = arena_alloc(arena, size * sizeof(*match->slots));
	for (size_t i = 0; i < match->count; i++) {
		const struct digest digest = digest_of(match->entries[i].der);
		size_t slot = slot_of(match, &digest);

		while (match->slots[slot] != 0)
			slot = (slot + 1) & match->mask;
		match->slots[slot] = i + 1;
	}
}

void
openssl_match_take(
	struct arena *arena, struct openssl_match *match, enum entry_kind kind, struct span der)
{
	struct digest digest;

	for (size_t i = match->next; i < match->count && i < match->next + LOOK_AHEAD; i++)
		if (is_entry(match, i, kind, der)) {
			match->loaded[i] = true;
			match->next = i + 1;
			return;
		}
	if (match->slots == NULL)
		index_make(arena, match);
	digest = digest_of(der);
	for (size_t slot = slot_of(match, &digest); match->slots[slot] != 0;
		slot = (slot + 1) & match->mask)
		if (is_entry(match, match->slots[slot] - 1, kind, der)) {
			match->loaded[match->slots[slot] - 1] = true;
			match->next = match->slots[slot];
			return;
		}
}
