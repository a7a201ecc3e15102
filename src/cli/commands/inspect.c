/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"
#include "cli/finding_stores.h"
#include "stores/token.h"

static void
add_view(struct session *session, struct stores *stores, const char *path, enum store_loader loader,
	struct inspected *inspected)
{
	inspected->views[inspected->view_count++] =
		stores_open(stores, session->world, path, loader);
}

/* Other engines read files of certificates too. With many certificates that takes them longer than
 * it takes us, and is done only where more detail is asked for. */
static void
add_readers_of_text(struct session *session, struct stores *stores, const char *path,
	struct inspected *inspected)
{
	static const enum store_loader readers[] = { LOADER_GNUTLS_FILE, LOADER_GO_FILE,
		LOADER_NODE_FILE, LOADER_MBEDTLS_FILE };
	enum { MANY = 2'000 };

	if (inspected->store->entry_count > MANY && !session->options.verbose &&
		!session->options.json)
		return;
	for (size_t i = 0; i < COUNT_OF(readers); i++)
		add_view(session, stores, path, readers[i], inspected);
}

/* A directory by its hash links, or the database in it; a file as OpenSSL's servers would read it,
 * and beside that as whoever has this form for its own. */
static void
open_store(struct session *session, struct stores *stores, const char *path,
	struct inspected *inspected)
{
	struct file_identity identity;
	struct err ignored = { 0 };
	bool directory = world_stat(session->world, path, &identity, &ignored) == 0 &&
			 identity.type == FILE_DIRECTORY;
	enum store_loader native;

	if (token_is_name(path)) {
		add_view(session, stores, path, LOADER_P11KIT, inspected);
		inspected->store = inspected->views[0];
		return;
	}
	add_view(session, stores, path,
		directory ? store_directory_loader(session->world, session->arena, path)
			  : LOADER_OPENSSL_FILE,
		inspected);
	inspected->store = inspected->views[0];
	if (!directory && inspected->store->state == STORE_PRESENT &&
		!store_is_container(inspected->store))
		add_readers_of_text(session, stores, path, inspected);
	native = store_native_loader(inspected->store);
	if (directory || native == LOADER_OPENSSL_FILE)
		return;
	if (strcmp(inspected->store->format, "pkcs12") == 0)
		add_view(session, stores, path, LOADER_OPENSSL_PKCS12, inspected);
	if (native != LOADER_ANY)
		add_view(session, stores, path, native, inspected);
	inspected->store = stores_open(stores, session->world, path, native);
}

static void
ask_generator(struct session *session, struct stores *stores, struct inspected *inspected)
{
	(void)store_is_generated(
		stores, session->world, inspected->store, session->arena, &inspected->generated);
}

static bool
is_damaged(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return false;
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return true;
	return store->loader != LOADER_ANY && !store->loading.loads;
}

static int
inspect_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct values *paths = &session->options.arguments;
	struct inspected *list = arena_alloc(session->arena, (paths->count + 1) * sizeof(*list));
	int status = 0;

	stores_use_passwords(stores, session->passwords);
	session_recall_lists(session, stores, paths);

	if (paths->count == 0)
		return err_set(
			&session->err, ERR_USAGE, "inspect takes at least one file or directory");
	if (session->options.scan)
		return finding_stores(session);
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = store_name_path(paths->list[i]);
		const struct store *store;

		if (path[0] != '/' && !token_is_name(path))
			path = path_join(session->arena, session_directory(session), path);
		open_store(session, stores, path, &list[i]);
		ask_generator(session, stores, &list[i]);
		store = list[i].store;
		if (store->state == STORE_MISSING || store->state == STORE_UNREADABLE)
			return err_set(&session->err,
				store->state == STORE_MISSING ? ERR_NO_INPUT : ERR_PERMISSION,
				"%s: %s", token_is_name(path) ? store->path : paths->list[i],
				store->problem);
		if (session->options.verbose || session->options.json)
			list[i].relations =
				relations_of(session->arena, store, stores_signatures(stores));
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
	.groups = OPTIONS_SCAN,
	.examples = "  trustmend inspect /etc/nginx/clients.pem\n  trustmend inspect -v "
		    "/etc/ssl/clients.d\n",
	.run = inspect_run,
};
