/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as HAProxy's ca-file since 2.4 (src/ssl_ckch.c, ssl_store_load_locations_file): each
 * file with one of four suffixes, sorted by name; of each the first certificate alone. What cannot
 * be read costs a warning. No hash links are needed. */
#include "stores/directory.h"
#include "stores/loader.h"

/* Asks for one file; entries are those of the whole directory, since a name may be a link to a file
 * that is listed under another one. */
static void
load_file(const struct loader_task *task, const struct directory_file *file,
	struct openssl_match *match, struct loading *ret)
{
	struct openssl_answer answer;

	openssl_ask(task->openssl, task->arena, OPENSSL_READ_ONE, file->bytes, match, &answer);
	ret->certificates += answer.certificates;
}

static void
haproxy_directory_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };

	ret->loads = store->state == STORE_PRESENT;
	ret->error = store->problem;
	if (!ret->loads || task->directory == NULL)
		return;
	for (size_t i = 0; i < task->directory->count; i++) {
		const struct directory_file *file = &task->directory->files[i];

		if (directory_haproxy_reads(file->name) && file->is_regular && !file->is_skipped)
			load_file(task, file, &match, ret);
	}
}

const struct store_loader_driver loader_haproxy_directory = {
	.name = "haproxy_directory",
	.title = "HAProxy, from a directory",
	.engine = "openssl",
	.wants_directory = true,
	.load = haproxy_directory_load,
};
