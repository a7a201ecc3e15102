/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a store: what is read lies where it says, and mending changes no object. */
#include "fuzz.h"
#include "stores/stores.h"

static void
use(struct span bytes)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
	const struct store *store = stores_open_bytes(stores, "f", bytes, LOADER_OPENSSL_FILE);

	(void)stores_open_bytes(stores, "f", bytes, LOADER_OPENSSL_NAMES);
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		fuzz_require(entry->offset + entry->length <= bytes.length);
		fuzz_require(entry->text_offset <= entry->offset && entry->line > 0);
	}
	for (size_t i = 0; i < store->defect_count; i++) {
		const struct defect *defect = &store->defects[i];
		CLEANUP(buffer_free) struct buffer mended = {};

		fuzz_require(defect->offset + defect->length <= bytes.length);
		if (i < 8)
			(void)pem_mend_text(bytes, defect->cause, &mended);
	}
}

FUZZ(use(bytes))
