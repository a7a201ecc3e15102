/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/loose.h"

#include "stores/token.h"

#include <string.h>

static const char *
absolute(struct loose *loose, const char *name)
{
	const char *path = store_name_path(name);

	return path[0] == '/' || token_is_name(path)
		       ? path
		       : path_join(loose->session->arena, session_directory(loose->session), path);
}

static int
open_store(struct loose *loose, const char *path, const struct store **ret)
{
	*ret = stores_open(loose->stores, loose->session->world, absolute(loose, path), LOADER_ANY);
	if ((*ret)->state == STORE_PRESENT)
		return 0;
	return err_set(&loose->session->err,
		(*ret)->state == STORE_UNREADABLE ? ERR_PERMISSION : ERR_NO_INPUT, "%s: %s", path,
		(*ret)->problem != NULL ? (*ret)->problem : "not readable");
}

/* A rejected one stays among the anchors, and is rejected there; one that the store leaves without
 * a mark is none. */
static bool
is_unmarked(const struct store *store, const struct entry *entry)
{
	return !entry->trust.rejects_client && store_leaves_untrusted(store, entry);
}

static void
trust_add(struct loose *loose, struct trust *trust, const struct store *store, size_t *anchors,
	size_t *crls, size_t *crl_entries)
{
	struct arena *arena = loose->session->arena;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind == ENTRY_CERTIFICATE && !is_unmarked(store, entry)) {
			trust->anchors = arena_grow(arena, trust->anchors, trust->anchor_count,
				anchors, sizeof(*trust->anchors));
			trust->anchors[trust->anchor_count++] =
				(struct trusted){ &entry->cert, entry->trust, store, entry };
		}
		if (entry->kind == ENTRY_CRL) {
			trust->crls = arena_grow(
				arena, trust->crls, trust->crl_count, crls, sizeof(*trust->crls));
			trust->crl_entries = arena_grow(arena, trust->crl_entries, trust->crl_count,
				crl_entries, sizeof(*trust->crl_entries));
			trust->crls[trust->crl_count] = &entry->crl;
			trust->crl_entries[trust->crl_count++] = entry;
		}
	}
}

static void
expect_store(struct loose *loose, const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE ||
			loose->serial_count == LOOSE_MAX_SERIALS)
			continue;
		loose->serials = arena_grow(loose->session->arena, loose->serials,
			loose->serial_count, &loose->serial_capacity, sizeof(*loose->serials));
		loose->serials[loose->serial_count++] = store->entries[i].cert.serial;
	}
}

static void
wanted_end(void *wanted)
{
	crl_wanted_free(wanted);
}

/* What the lists will be asked for, so that reading them answers it. */
static void
expect_serials(struct loose *loose)
{
	const struct values *arguments = &loose->session->options.arguments;
	struct crl_wanted *wanted;

	for (size_t i = 0; i < arguments->count; i++) {
		const char *path = absolute(loose, arguments->list[i]);
		struct file_identity identity;
		struct err ignored = { 0 };

		if (world_stat(loose->session->world, path, &identity, &ignored) == 0 &&
			identity.type == FILE_REGULAR)
			expect_store(loose, stores_open_early(loose->stores, loose->session->world,
						    path, LOADER_ANY));
	}
	wanted = crl_wanted_new(loose->serials, loose->serial_count);
	/* The lists ask it as long as they live, and the stores end first. */
	arena_adopt(loose->session->arena, wanted, wanted_end);
	stores_expect_serials(loose->stores, wanted);
}

static int
loose_trust(struct loose *loose, struct trust *ret)
{
	const struct options *options = &loose->session->options;
	size_t anchors = 0, crls = 0, crl_entries = 0;
	const struct store *store;

	*ret = (struct trust){ .loads = true };
	for (size_t i = 0; i < options->trust.count; i++) {
		TRY(open_store(loose, options->trust.list[i], &store));
		expect_store(loose, store);
		trust_add(loose, ret, store, &anchors, &crls, &crl_entries);
	}
	if (options->crl.count > 0)
		expect_serials(loose);
	for (size_t i = 0; i < options->crl.count; i++) {
		TRY(open_store(loose, options->crl.list[i], &store));
		trust_add(loose, ret, store, &anchors, &crls, &crl_entries);
	}
	trust_seal(ret);
	return 0;
}

static int
read_untrusted(struct loose *loose)
{
	const struct values *paths = &loose->session->options.untrusted;
	const struct store *store;

	for (size_t i = 0; i < paths->count; i++) {
		TRY(open_store(loose, paths->list[i], &store));
		expect_store(loose, store);
		for (size_t j = 0; j < store->entry_count; j++) {
			if (store->entries[j].kind != ENTRY_CERTIFICATE)
				continue;
			loose->untrusted = arena_grow(loose->session->arena, loose->untrusted,
				loose->untrusted_count, &loose->untrusted_capacity,
				sizeof(*loose->untrusted));
			loose->untrusted[loose->untrusted_count++] = store->entries[j].cert;
		}
	}
	return 0;
}

/* A client: the leaf, what follows it in its file where that belongs to it, and the loose
 * intermediates. */
static struct client *
client_of(struct loose *loose, const struct store *store, size_t first, bool whole)
{
	struct client *client = arena_alloc(loose->session->arena, sizeof(*client));
	size_t rest = whole ? store->entry_count - first : 1;
	struct cert *chain = arena_alloc(
		loose->session->arena, (rest + loose->untrusted_count) * sizeof(*chain));

	client->name = store->path;
	client->must_be_accepted = true;
	for (size_t i = 0; i < rest; i++)
		if (store->entries[first + i].kind == ENTRY_CERTIFICATE)
			chain[client->chain_length++] = store->entries[first + i].cert;
	for (size_t i = 0; i < loose->untrusted_count; i++)
		chain[client->chain_length++] = loose->untrusted[i];
	client->chain = chain;
	return client;
}

/* Who judges, each by the same trust. */
struct court {
	const struct verifier *verifiers;
	size_t count;
	const struct trust *trust;
	bool is_named; /* verifiers of a target, which are told apart by their names */
};

static struct judged *
add_judged(struct loose *loose, const struct client *client, const char *source)
{
	struct judged *judged;

	loose->list = arena_grow(loose->session->arena, loose->list, loose->count, &loose->capacity,
		sizeof(*loose->list));
	judged = &loose->list[loose->count++];
	*judged = (struct judged){ .client = client, .source = source };
	return judged;
}

static void
judge_one(struct loose *loose, const struct court *court, const struct client *client,
	const char *source)
{
	struct session *session = loose->session;

	for (size_t i = 0; i < court->count; i++) {
		const struct verifier *verifier = &court->verifiers[i];
		struct judged *judged = add_judged(loose, client, source);

		judged->verifier = court->is_named ? verifier->name : NULL;
		judged->verdict = judge_client(
			loose->judge, session->arena, verifier, court->trust, client, session->at);
	}
}

/* What cannot be read is no certificate to anybody (RFC 5280 4.1), and so not one that is accepted.
 */
static const struct verdict *
refuse_damage(struct arena *arena, const struct verifier *verifier, const char *text)
{
	static const char rule[] = "encoding";
	struct verdict *verdict = arena_alloc(arena, sizeof(*verdict));
	struct path *path = arena_alloc(arena, sizeof(*path));

	path->failures[path->failure_count++] =
		(struct failure){ .rule = rule, .error = LOOSE_UNREADABLE, .text = text };
	verdict->engine = verifier->by_standard ? JUDGE_STANDARD : verifier->engine;
	verdict->rule = rule;
	verdict->error = LOOSE_UNREADABLE;
	verdict->text = text;
	verdict->paths = path;
	verdict->path_count = 1;
	return verdict;
}

static void
note_damage(struct loose *loose, const struct court *court, const struct store *store)
{
	struct arena *arena = loose->session->arena;

	for (size_t i = 0; i < store->defect_count; i++) {
		const struct defect *defect = &store->defects[i];
		const char *source = arena_printf(arena, "%s:%u", defect->path, defect->line);
		struct client *client;

		if (!defect->is_block)
			continue;
		client = arena_alloc(arena, sizeof(*client));
		client->name = store->path;
		client->problem = defect->text;
		for (size_t j = 0; j < court->count; j++)
			add_judged(loose, client, source)->verdict =
				refuse_damage(arena, &court->verifiers[j], defect->text);
	}
}

static void
judge_store(struct loose *loose, const struct court *court, const struct store *store)
{
	bool whole = loose->session->options.chain;

	note_damage(loose, court, store);
	for (size_t i = 0; i < store->entry_count; i++) {
		const char *source =
			store->entry_count == 1
				? store->path
				: arena_printf(loose->session->arena, "%s:%u",
					  store->entries[i].path, store->entries[i].line);

		if (store->entries[i].kind != ENTRY_CERTIFICATE)
			continue;
		judge_one(loose, court, client_of(loose, store, i, whole), source);
		if (whole)
			return;
	}
}

static bool
has_damaged_block(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].is_block)
			return true;
	return false;
}

/* Every file below a directory, each by itself. */
static int
judge_path(struct loose *loose, const struct court *court, const char *path)
{
	struct session *session = loose->session;
	const struct store *store;
	struct file_identity identity;
	const char *const *names;
	struct err ignored = { 0 };
	size_t count;

	if (world_stat(session->world, absolute(loose, path), &identity, &ignored) == 0 &&
		identity.type == FILE_DIRECTORY) {
		TRY(world_list(
			session->world, absolute(loose, path), &names, &count, &session->err));
		for (size_t i = 0; i < count; i++) {
			store = stores_open(loose->stores, session->world,
				path_join(session->arena, absolute(loose, path), names[i]),
				LOADER_ANY);
			judge_store(loose, court, store);
		}
		return 0;
	}
	TRY(open_store(loose, path, &store));
	if (store_count(store, ENTRY_CERTIFICATE) == 0 && !has_damaged_block(store))
		return err_set(&session->err, ERR_DATA,
			"%s: there is no certificate in it that can be read", path);
	judge_store(loose, court, store);
	return 0;
}

static int
verify_target(struct loose *loose, const char *target, const struct values *paths)
{
	struct session *session = loose->session;
	struct services services = { 0 };

	TRY(services_find(session->arena, session->world, target, &services, &session->err));
	for (size_t i = 0; i < services.count; i++) {
		struct service *service = services.list[i];

		for (size_t j = 0; j < service->verifier_count; j++) {
			struct court court = { &service->verifiers[j], 1,
				trust_load(session->arena, loose->stores, service->world,
					&service->verifiers[j], &service->readers),
				true };

			for (size_t k = 1; k < paths->count; k++)
				TRY(judge_path(loose, &court, paths->list[k]));
		}
	}
	return 0;
}

int
loose_verify(struct loose *loose)
{
	struct session *session = loose->session;
	const struct values *arguments = &session->options.arguments;
	struct verifier verifiers[LOOSE_MAX_ENGINES];
	struct trust *trust = arena_alloc(session->arena, sizeof(*trust));
	struct court court = { .verifiers = verifiers, .trust = trust };

	TRY(read_untrusted(loose));
	TRY(loose_ocsp(loose));
	if (arguments->count > 1 && session->options.trust.count == 0)
		return verify_target(loose, arguments->list[0], arguments);
	if (arguments->count == 0 || session->options.trust.count == 0)
		return err_set(&session->err, ERR_USAGE,
			"verify takes a target or --trust PATH, and certificates");
	TRY(loose_verifiers(session, verifiers, &court.count));
	TRY(loose_trust(loose, trust));
	for (size_t i = 0; i < arguments->count; i++)
		TRY(judge_path(loose, &court, arguments->list[i]));
	return 0;
}
