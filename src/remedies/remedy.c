/* SPDX-License-Identifier: Apache-2.0 */
#include "remedies/remedy.h"

#include <errno.h>
#include <string.h>

#define REMEDY(enumerator) extern const struct remedy_kind remedy_##enumerator;
#include "remedies/remedies.def"
#undef REMEDY

static const struct remedy_kind *const remedy_kinds[] = {
#define REMEDY(enumerator) &remedy_##enumerator,
#include "remedies/remedies.def"
#undef REMEDY
};

const struct remedy_kind *
remedy_kind_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(remedy_kinds); i++)
		if (strcmp(remedy_kinds[i]->name, name) == 0)
			return remedy_kinds[i];
	return NULL;
}

int
remedy_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	if (remedy->kind->apply(remedy, overlay, arena, err) < 0)
		return err_prefix(err, "%s %s", remedy->kind->name, remedy->path);
	return 0;
}

int
remedy_read(const struct remedy *remedy, struct world *overlay, struct span *ret, struct err *err)
{
	struct err read = { 0 };

	if (world_read(overlay, remedy->path, WORLD_MAX_FILE, ret, &read) == 0)
		return 0;
	*ret = span_of("", 0);
	if (read.sys == ENOENT)
		return 0;
	*err = read;
	return -1;
}

void
remedy_write(const struct remedy *remedy, struct world *overlay, struct arena *arena,
	const struct buffer *content)
{
	struct file_identity identity;
	struct err ignored;
	bool creates = world_stat(overlay, remedy->path, &identity, &ignored) < 0;

	overlay_write(overlay, remedy->path,
		span_of(arena_dup(arena, content->data, content->length), content->length));
	if (!creates)
		return;
	overlay_set_owner(overlay, remedy->path, remedy->owner, remedy->group);
	overlay_set_mode(
		overlay, remedy->path, remedy->mode != 0 ? remedy->mode : REMEDY_NEW_FILE_MODE);
}

const struct entry *
remedy_find_entry(const struct store *store, struct span der)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if ((store->entries[i].kind == ENTRY_CERTIFICATE ||
			    store->entries[i].kind == ENTRY_CRL) &&
			!store->entries[i].is_enclosed && span_equal(store->entries[i].der, der))
			return &store->entries[i];
	return NULL;
}
