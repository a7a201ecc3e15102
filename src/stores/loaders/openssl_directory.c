/* SPDX-License-Identifier: Apache-2.0 */
/* A hash directory, as X509_LOOKUP_hash_dir(3) searches it during a handshake. To name it never
 * fails, whatever it holds; the directory's reader has already followed each link and asked OpenSSL
 * what it finds there. */
#include "stores/loader.h"

static void
openssl_directory_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;

	ret->loads = true;
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->link == NULL)
			continue;
		task->loaded[i] = true;
		ret->certificates += entry->kind == ENTRY_CERTIFICATE;
		ret->crls += entry->kind == ENTRY_CRL;
	}
}

const struct store_loader_driver loader_openssl_directory = {
	.name = "openssl_directory",
	.title = "OpenSSL, from a hash directory",
	.engine = "openssl",
	.wants_directory = true,
	.load = openssl_directory_load,
};
