/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

/* As OpenSSL's servers would read it: a directory by its hash links, a file whole. */
static const struct store *
open_store(struct session *session, struct stores *stores, const char *path)
{
	struct file_identity identity;
	struct err ignored = { 0 };
	bool directory = world_stat(session->world, path, &identity, &ignored) == 0 &&
			 identity.type == FILE_DIRECTORY;

	return stores_open(stores, session->world, path,
		directory ? LOADER_OPENSSL_DIRECTORY : LOADER_OPENSSL_FILE);
}

static bool
is_damaged(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return false;
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return true;
	return !store->loading.loads;
}

static int
inspect_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct values *paths = &session->options.arguments;
	const struct store **list = arena_alloc(session->arena, (paths->count + 1) * sizeof(*list));
	int status = 0;

	if (paths->count == 0)
		return err_set(
			&session->err, ERR_USAGE, "inspect takes at least one file or directory");
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->list[i];

		if (path[0] != '/')
			path = path_join(session->arena, session_directory(session), path);
		list[i] = open_store(session, stores, path);
		if (list[i]->state == STORE_MISSING || list[i]->state == STORE_UNREADABLE)
			return err_set(&session->err,
				list[i]->state == STORE_MISSING ? ERR_NO_INPUT : ERR_PERMISSION,
				"%s: %s", paths->list[i], list[i]->problem);
		if (is_damaged(list[i]))
			status = 2;
		else if (status == 0 && list[i]->defect_count > 0)
			status = 1;
	}
	if (session->options.json)
		report_stores_json(session->arena, list, paths->count, &session->json);
	else
		report_stores_text(
			session->arena, list, paths->count, &session->style, &session->out);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.arguments = "PATH…",
	.summary = "what a store holds: entries, defects, how OpenSSL reads it",
	.examples = "  trustmend inspect /etc/nginx/clients.pem\n  trustmend inspect -v "
		    "/etc/ssl/clients.d\n",
	.run = inspect_run,
};
