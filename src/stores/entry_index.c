/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/entry_index.h"

#include <string.h>

enum { FEWEST_SLOTS = 16 };

struct entry_index
entry_index_new(struct arena *arena, size_t count)
{
	size_t size = FEWEST_SLOTS;

	while (size < count * 2)
		size *= 2;
	return (struct entry_index){ arena_alloc(arena, size * sizeof(const struct entry *)),
		size - 1 };
}

/* Where it is or belongs: digests are evenly spread by themselves. */
static const struct entry **
slot_of(const struct entry_index *index, const struct entry *entry)
{
	const struct digest *digest = entry_digest(entry);
	size_t slot;

	(void)memcpy(&slot, digest->bytes, sizeof(slot));
	for (slot &= index->mask; index->slots[slot] != NULL; slot = (slot + 1) & index->mask)
		if (digest_equal(entry_digest(index->slots[slot]), digest))
			break;
	return &index->slots[slot];
}

const struct entry *
entry_index_find(const struct entry_index *index, const struct entry *entry)
{
	return *slot_of(index, entry);
}

const struct entry *
entry_index_add(struct entry_index *index, const struct entry *entry)
{
	const struct entry **slot = slot_of(index, entry), *earlier = *slot;

	if (earlier == NULL)
		*slot = entry;
	return earlier;
}
