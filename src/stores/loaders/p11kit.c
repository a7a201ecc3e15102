/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What p11-kit's trust module gives to those that ask it for anchors, GnuTLS and NSS above all:
 * certificates that are marked as trusted, and not distrusted as well. A file that it cannot parse
 * to its end it passes over as a whole, with a line in its log (trust/parser.c).
 */
#include <string.h>

#include "stores/loader.h"

static const char *
why_not(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return store->problem;
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].is_block && !store->defects[i].harmless)
			return "p11-kit: couldn't parse file";
	return NULL;
}

static void
p11kit_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;

	ret->error = why_not(store);
	ret->loads = ret->error == NULL;
	for (size_t i = 0; ret->loads && i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		task->loaded[i] = entry->kind == ENTRY_CERTIFICATE &&
				  entry->role == ENTRY_IS_TRUSTED && !entry->trust.has_reject;
		ret->certificates += task->loaded[i];
	}
}

const struct store_loader_driver loader_p11kit = {
	.name = "p11kit",
	.title = "p11-kit's trust module",
	.engine = "p11-kit",
	.wants_file = true,
	.load = p11kit_load,
};
