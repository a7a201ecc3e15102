/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/summaries.h"

#include <string.h>

#include "base/mem.h"

enum { SLOTS = 2 * SUMMARIES_MAX };

struct slot {
	struct digest digest;
	struct found_store found;
	bool is_used;
};

struct summaries {
	struct arena *arena; /* of their texts */
	size_t count;
	struct slot slots[SLOTS];
};

struct summaries *
summaries_new(void)
{
	struct summaries *summaries = mem_zalloc(sizeof(*summaries));

	summaries->arena = arena_new();
	return summaries;
}

void
summaries_free(struct summaries *summaries)
{
	if (summaries == NULL)
		return;
	arena_free(summaries->arena);
	mem_free(summaries);
}

/* Where it is or belongs: digests are evenly spread by themselves. */
static size_t
slot_of(const struct summaries *summaries, const struct digest *digest)
{
	size_t slot;

	(void)memcpy(&slot, digest->bytes, sizeof(slot));
	for (slot %= SLOTS; summaries->slots[slot].is_used; slot = (slot + 1) % SLOTS)
		if (digest_equal(&summaries->slots[slot].digest, digest))
			break;
	return slot;
}

const struct found_store *
summaries_find(const struct summaries *summaries, const struct digest *digest)
{
	const struct slot *slot = &summaries->slots[slot_of(summaries, digest)];

	return slot->is_used ? &slot->found : NULL;
}

static void
forget_all(struct summaries *summaries)
{
	arena_free(summaries->arena);
	memset(summaries, 0, sizeof(*summaries));
	summaries->arena = arena_new();
}

void
summaries_add(
	struct summaries *summaries, const struct digest *digest, const struct found_store *found)
{
	struct slot *slot;

	if (summaries->count == SUMMARIES_MAX)
		forget_all(summaries);
	slot = &summaries->slots[slot_of(summaries, digest)];
	summaries->count += !slot->is_used;
	*slot = (struct slot){ *digest, *found, true };
	slot->found.path = NULL;
	if (found->problem != NULL)
		slot->found.problem = arena_strdup(summaries->arena, found->problem);
}
