/* SPDX-License-Identifier: Apache-2.0 */
/* Creates the hash links that are missing; good ones stay, and so does every file. A link that
 * leads nowhere and stands in the way goes. */
#include "remedies/remedy.h"

#include "stores/hashdir.h"

static int
hash_links_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	const struct hash_link *links;
	size_t count;

	TRY(hashdir_missing_links(remedy->stores, overlay, remedy->path, &links, &count, err));
	for (size_t i = 0; i < count; i++)
		overlay_link(overlay, arena_printf(arena, "%s/%s", remedy->path, links[i].name),
			links[i].target);
	return 0;
}

const struct remedy_kind remedy_hash_links = {
	.name = "hash-links",
	.title = "create the missing hash links",
	.apply = hash_links_apply,
};
