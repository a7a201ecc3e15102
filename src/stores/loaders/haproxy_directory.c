/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as HAProxy's ca-file since 2.4 (src/ssl_ckch.c, ssl_store_load_locations_file): each
 * file with one of four suffixes, sorted by name; of each the first certificate alone. What cannot
 * be read costs a warning. No hash links are needed. */
#include "stores/directory.h"
#include "stores/loader.h"

/* Asks for one file; entries are those of the whole directory, since a name may be a link to a file
 * that is listed under another one. */
static void
load_file(const struct loader_task *task, const char *name, struct openssl_match *match,
	struct loading *ret)
{
	const char *path = path_join(task->arena, task->store->path, name);
	struct openssl_answer answer;
	struct span bytes;
	struct err err = {};

	if (world_read(task->world, path, STORE_MAX_SIZE, &bytes, &err) < 0)
		return;
	openssl_ask(task->openssl, task->arena, OPENSSL_READ_ONE, bytes, match, &answer);
	ret->certificates += answer.certificates;
}

static void
haproxy_directory_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	const char *const *names;
	size_t count;
	struct err err = {};

	ret->loads = store->state == STORE_PRESENT;
	ret->error = store->problem;
	if (!ret->loads || world_list(task->world, store->path, &names, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count && i < STORE_MAX_FILES; i++)
		if (directory_haproxy_reads(names[i]))
			load_file(task, names[i], &match, ret);
}

const struct store_loader_driver loader_haproxy_directory = {
	.name = "haproxy_directory",
	.title = "HAProxy, from a directory",
	.engine = "openssl",
	.wants_directory = true,
	.load = haproxy_directory_load,
};
