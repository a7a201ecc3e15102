/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a container, whatever its bytes. */
#pragma once

#include "fuzz.h"
#include "stores/stores.h"

static inline void
fuzz_keystore_view(const struct store *store)
{
	size_t loaded = 0;

	for (size_t i = 0; i < store->entry_count && store->loading.loads; i++)
		loaded += store->loading.loaded[i];
	fuzz_require(!store->loading.loads || loaded <= store->entry_count);
	/* Java may take what is too damaged to be an entry. */
	fuzz_require(store->loader != LOADER_JAVA_KEYSTORE || !store->loading.loads ||
		     (loaded <= store->loading.certificates &&
			     store->loading.certificates - loaded <= store->defect_count));
}

static inline void
fuzz_keystore(struct span bytes)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
	const struct store *store = stores_open_bytes(stores, "f", bytes, LOADER_ANY);

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		bool is_key = entry->kind == ENTRY_PRIVATE_KEY || entry->kind == ENTRY_SECRET_KEY;

		fuzz_require(entry->offset <= bytes.length &&
			     entry->length <= bytes.length - entry->offset && entry->line > 0);
		fuzz_require(!is_key || entry->der.length == 0);
	}
	for (size_t i = 0; i < store->defect_count; i++)
		fuzz_require(store->defects[i].offset <= bytes.length &&
			     store->defects[i].length <= bytes.length - store->defects[i].offset);
	fuzz_keystore_view(stores_open_bytes(stores, "f", bytes, LOADER_JAVA_KEYSTORE));
	fuzz_keystore_view(stores_open_bytes(stores, "f", bytes, LOADER_OPENSSL_PKCS12));
}
