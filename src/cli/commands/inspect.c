/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"

static void
add_view(struct session *session, struct stores *stores, const char *path, enum store_loader loader,
	struct inspected *inspected)
{
	inspected->views[inspected->view_count++] =
		stores_open(stores, session->world, path, loader);
}

/* As OpenSSL's servers would read it: a directory by its hash links, a file whole. A keystore is
 * shown as Java has it, and what OpenSSL makes of it beside that. */
static void
open_store(struct session *session, struct stores *stores, const char *path,
	struct inspected *inspected)
{
	struct file_identity identity;
	struct err ignored = { 0 };
	bool directory = world_stat(session->world, path, &identity, &ignored) == 0 &&
			 identity.type == FILE_DIRECTORY;
	const struct store *store;

	add_view(session, stores, path, directory ? LOADER_OPENSSL_DIRECTORY : LOADER_OPENSSL_FILE,
		inspected);
	inspected->store = store = inspected->views[0];
	if (store_native_loader(store) != LOADER_JAVA_KEYSTORE)
		return;
	if (strcmp(store->format, "pkcs12") == 0)
		add_view(session, stores, path, LOADER_OPENSSL_PKCS12, inspected);
	add_view(session, stores, path, LOADER_JAVA_KEYSTORE, inspected);
	inspected->store = inspected->views[inspected->view_count - 1];
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
	struct inspected *list = arena_alloc(session->arena, (paths->count + 1) * sizeof(*list));
	int status = 0;

	stores_use_passwords(stores, session->passwords);

	if (paths->count == 0)
		return err_set(
			&session->err, ERR_USAGE, "inspect takes at least one file or directory");
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->list[i];
		const struct store *store;

		if (path[0] != '/')
			path = path_join(session->arena, session_directory(session), path);
		open_store(session, stores, path, &list[i]);
		store = list[i].store;
		if (store->state == STORE_MISSING || store->state == STORE_UNREADABLE)
			return err_set(&session->err,
				store->state == STORE_MISSING ? ERR_NO_INPUT : ERR_PERMISSION,
				"%s: %s", paths->list[i], store->problem);
		if (is_damaged(store))
			status = 2;
		else if (status == 0 && store->defect_count > 0)
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
	.summary = "what a store holds: entries, defects, how each engine reads it",
	.examples = "  trustmend inspect /etc/nginx/clients.pem\n  trustmend inspect -v "
		    "/etc/ssl/clients.d\n",
	.run = inspect_run,
};
