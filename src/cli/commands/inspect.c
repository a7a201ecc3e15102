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

/* Whether nobody can tell what it holds, or what one of the engines makes of it. */
static bool
is_unknown(const struct inspected *inspected)
{
	for (size_t i = 0; i < inspected->view_count; i++)
		if (store_is_unknown(inspected->views[i]))
			return true;
	return store_is_unknown(inspected->store);
}

/* Of the exit statuses of two stores the one that both have: damage, what is not known, warnings.
 */
static int
worse(int a, int b)
{
	if (a == 2 || b == 2)
		return 2;
	return a > b ? a : b;
}

/* Opens what an argument names; 0 to 3 as the exit status has it, or -1. */
static int
inspect_one(struct session *session, struct stores *stores, const char *argument,
	struct inspected *inspected)
{
	const struct store *store;

	open_store(session, stores, session_store_path(session, argument), inspected);
	ask_generator(session, stores, inspected);
	store = inspected->store;
	if (store->state != STORE_PRESENT && !store_is_unknown(store))
		return session_need_store(session, store, argument);
	if (session->options.verbose || session->options.json)
		inspected->relations =
			relations_of(session->arena, store, stores_signatures(stores));
	return is_damaged(store) ? 2 : is_unknown(inspected) ? 3 : store->defect_count > 0;
}

static void
report(struct session *session, const struct inspected *list, size_t count)
{
	if (session->options.json)
		report_stores_json(session->arena, list, count, &session->json);
	else
		report_stores_text(session->arena, list, count, &session->style, &session->out);
}

static int
inspect_run(struct session *session)
{
	CLEANUP(signature_memory_freep)
	struct signature_memory *memory = signature_memory_new(
		path_join(session->arena, session_state(session), "self-signatures"));
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct values *paths = &session->options.arguments;
	struct inspected *list = arena_alloc(session->arena, (paths->count + 1) * sizeof(*list));
	struct err ignored = {};
	int status = 0;

	stores_use_passwords(stores, session->passwords);
	signature_cache_use_memory(stores_signatures(stores), memory);
	session_recall_lists(session, stores, paths);
	/* Text shows no fingerprint. */
	stores_digest_lists(
		stores, session->options.json ? CRL_DIGEST_FINGERPRINT : CRL_DIGEST_SIGNED);

	if (paths->count == 0)
		return err_set(
			&session->err, ERR_USAGE, "inspect takes at least one file or directory");
	if (session->options.scan)
		return finding_stores(session);
	for (size_t i = 0; i < paths->count; i++) {
		int result = inspect_one(session, stores, paths->list[i], &list[i]);

		TRY(result);
		status = worse(result, status);
	}
	stores_rest(stores);
	report(session, list, paths->count);
	/* Where nothing can be kept, the next time takes as long as this one. */
	(void)signature_memory_save(memory, &ignored);
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
