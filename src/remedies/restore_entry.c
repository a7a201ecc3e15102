/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the whole certificate or CRL back where only a damaged block of it stands. */
#include "remedies/remedy.h"

#include <string.h>

#include "stores/pem.h"

/* Where the damaged block stands now, as the store is read from the overlay; SIZE_MAX where it does
 * not any more. */
static size_t
damaged_offset(const struct remedy *remedy, struct span text)
{
	if (remedy->damaged.length == 0 || remedy->damaged.length > text.length)
		return SIZE_MAX;
	for (size_t i = 0; i + remedy->damaged.length <= text.length; i++) {
		const uint8_t *found = memchr(text.data + i, remedy->damaged.data[0],
			text.length - remedy->damaged.length - i + 1);

		if (found == NULL)
			return SIZE_MAX;
		i = (size_t)(found - text.data);
		if (memcmp(found, remedy->damaged.data, remedy->damaged.length) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Whether the store holds the object elsewhere already: then the damaged block only goes. */
static bool
is_elsewhere(const struct store *store, struct span der, size_t offset)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].offset != offset && store->entries[i].der.length > 0 &&
			span_equal(store->entries[i].der, der))
			return true;
	return false;
}

static int
restore_entry_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer block = { 0 };
	CLEANUP(buffer_free) struct buffer content = { 0 };
	struct span text;
	size_t offset;

	TRY(remedy_read(remedy, overlay, &text, err));
	offset = damaged_offset(remedy, text);
	if (offset == SIZE_MAX)
		return 0;
	if (!is_elsewhere(stores_open(remedy->stores, overlay, remedy->path, LOADER_ANY),
		    remedy->bytes, offset))
		pem_write(&block, remedy->label, remedy->bytes);
	pem_splice(text, offset, remedy->damaged.length, buffer_span(&block), &content);
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_restore_entry = {
	.name = "restore-entry",
	.title = "restore a damaged certificate or CRL",
	.apply = restore_entry_apply,
};
