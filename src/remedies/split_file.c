/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each certificate of a file in a directory a file of its own, and where the directory is
 * searched by hash a link; the file itself stays. */
#include "remedies/remedy.h"

#include "stores/hashdir.h"
#include "stores/pem.h"

static void
split_write(const struct remedy *remedy, struct world *overlay, struct arena *arena,
	const struct entry *entry)
{
	CLEANUP(buffer_free) struct buffer block = { 0 };
	struct remedy file = *remedy;
	char text[DIGEST_TEXT_SIZE];

	digest_text(&entry->cert.fingerprint, text);
	file.path = arena_printf(arena, "%s/%.16s.pem", remedy->path, text);
	pem_write(&block, "CERTIFICATE", entry->der);
	remedy_write(&file, overlay, arena, &block);
}

static int
split_file_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	const char *source = arena_printf(arena, "%s/%s", remedy->path, remedy->target);
	const struct store *store = stores_open(remedy->stores, overlay, source, LOADER_ANY);
	const struct hash_link *links;
	size_t count;

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE)
			split_write(remedy, overlay, arena, &store->entries[i]);
	if (!remedy->makes_links)
		return 0;
	TRY(hashdir_missing_links(remedy->stores, overlay, remedy->path, &links, &count, err));
	for (size_t i = 0; i < count; i++)
		overlay_link(overlay, arena_printf(arena, "%s/%s", remedy->path, links[i].name),
			links[i].target);
	return 0;
}

const struct remedy_kind remedy_split_file = {
	.name = "split-file",
	.title = "give each certificate a file of its own",
	.apply = split_file_apply,
};
