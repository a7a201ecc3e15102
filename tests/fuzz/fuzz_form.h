/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of any form of a store, whatever its bytes. */
#pragma once

#include "fuzz.h"
#include "stores/stores.h"

static inline bool
fuzz_holds(const struct store *store, struct span der)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (span_equal(store->entries[i].der, der))
			return true;
	return false;
}

/* What was read and is written in that form again is all there when that is read. */
static inline void
fuzz_rewrite(struct stores *stores, const struct store *store, const char *format)
{
	enum { MANY = 100 }; /* each is looked for among all */
	const struct entry *entries[MANY];
	struct store_content content = { .entries = entries, .now = 1700000000 };
	struct buffer *out = mem_zalloc(sizeof(*out)); /* as long as the stores */
	const struct store *again;

	for (size_t i = 0; i < store->entry_count && content.count < MANY; i++)
		if (store_format_carries(format, &store->entries[i]))
			entries[content.count++] = &store->entries[i];
	if (content.count > 0 && store_write(format, &content, out, NULL) == 0) {
		again = stores_open_bytes(stores, "again", buffer_span(out), LOADER_ANY);
		for (size_t i = 0; i < content.count; i++)
			fuzz_require(fuzz_holds(again, entries[i]->der));
	}
	buffer_free(out);
	mem_free(out);
}

/* In no box, whose child would be hidden from the fuzzer. written: the form in which it is written
 * again, or NULL. */
static inline void
fuzz_form(struct span bytes, enum store_loader native, const char *written)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
	const struct store *store = stores_open_bytes(stores, "f", bytes, native);
	size_t loaded = 0, counted = store->loading.certificates + store->loading.crls;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		fuzz_require(entry->offset <= bytes.length &&
			     entry->length <= bytes.length - entry->offset && entry->line > 0);
		fuzz_require(entry->kind != ENTRY_PRIVATE_KEY || entry->der.length == 0);
		loaded += native != LOADER_ANY && store->loading.loaded[i];
	}
	for (size_t i = 0; i < store->defect_count; i++)
		fuzz_require(store->defects[i].offset <= bytes.length &&
			     store->defects[i].length <= bytes.length - store->defects[i].offset);
	/* An engine may take what is too damaged to be an entry. */
	fuzz_require(loaded <= counted && counted - loaded <= store->defect_count);
	if (written != NULL)
		fuzz_rewrite(stores, store, written);
}
