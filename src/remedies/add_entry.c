/* SPDX-License-Identifier: Apache-2.0 */
/* Adds a certificate or CRL beside what is there: appended to a file, or as a file of its own in a
 * hash directory. */
#include "remedies/remedy.h"

#include <string.h>

#include "stores/hashdir.h"
#include "stores/pem.h"

static int
add_to_directory(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer block = { 0 };
	struct remedy file = *remedy;
	const struct hash_link *links;
	size_t count;

	file.path = arena_printf(arena, "%s/%s", remedy->path, remedy->target);
	pem_write(&block, remedy->label, remedy->bytes);
	remedy_write(&file, overlay, arena, &block);
	TRY(hashdir_missing_links(remedy->stores, overlay, remedy->path, &links, &count, err));
	for (size_t i = 0; i < count; i++)
		if (strcmp(links[i].target, remedy->target) == 0)
			overlay_link(overlay,
				arena_printf(arena, "%s/%s", remedy->path, links[i].name),
				links[i].target);
	return 0;
}

static int
add_entry_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer block = { 0 };
	CLEANUP(buffer_free) struct buffer content = { 0 };
	const struct store *store = stores_open(remedy->stores, overlay, remedy->path, LOADER_ANY);
	struct span text;

	if (remedy_find_entry(store, remedy->bytes) != NULL)
		return 0;
	if (remedy->target != NULL)
		return add_to_directory(remedy, overlay, arena, err);
	TRY(remedy_read(remedy, overlay, &text, err));
	pem_write(&block, remedy->label, remedy->bytes);
	pem_append(text, buffer_span(&block), &content);
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_add_entry = {
	.name = "add-entry",
	.title = "add a certificate or CRL beside what is there",
	.apply = add_entry_apply,
};
