/* SPDX-License-Identifier: Apache-2.0 */
/* Puts one certificate or CRL in the place of another: the renewed one of an expired one, the right
 * one of an impostor. */
#include "remedies/remedy.h"

#include "stores/pem.h"

static int
replace_entry_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer block = { 0 };
	CLEANUP(buffer_free) struct buffer content = { 0 };
	const struct store *store = stores_open(remedy->stores, overlay, remedy->path, LOADER_ANY);
	const struct entry *old = remedy_find_entry(store, remedy->damaged);
	struct remedy file = *remedy;
	struct span text;

	if (old == NULL)
		return 0;
	file.path = old->path;
	TRY(remedy_read(&file, overlay, &text, err));
	if (remedy_find_entry(store, remedy->bytes) == NULL)
		pem_write(&block, remedy->label, remedy->bytes);
	pem_splice(text, old->offset, old->length, buffer_span(&block), &content);
	remedy_write(&file, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_replace_entry = {
	.name = "replace-entry",
	.title = "replace a certificate or CRL by the right one",
	.apply = replace_entry_apply,
};
