/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sides.h"

#include <assert.h>
#include <string.h>

#include "stores/token.h"

enum what { WHAT_STORES, WHAT_CLIENTS, WHAT_SERVICES, WHAT__COUNT };

static const char *const what_names[] = { "stores", "clients", "services" };

/* What is compared, and what it is made of. */
struct sides {
	struct session *session;
	struct stores *stores;
	const char *names[2];
	const struct store *opened[2];
	struct diffed *result;
	size_t capacity;
};

static struct diff_section *
section_add(struct sides *sides, const char *title_a, const char *title_b)
{
	struct diffed *result = sides->result;

	result->sections = arena_grow(sides->session->arena, result->sections,
		result->section_count, &sides->capacity, sizeof(*result->sections));
	result->sections[result->section_count] =
		(struct diff_section){ .title_a = title_a, .title_b = title_b };
	return &result->sections[result->section_count++];
}

static int
open_both(struct sides *sides)
{
	struct session *session = sides->session;

	for (size_t i = 0; i < 2; i++) {
		const struct store *store =
			session_open_store(session, sides->stores, sides->names[i], LOADER_ANY);

		sides->opened[i] = store;
		TRY(session_need_store(session, store, sides->names[i]));
	}
	return 0;
}

static int
compare_stores(struct sides *sides)
{
	struct arena *arena = sides->session->arena;
	struct entry_set a = {}, b = {};
	struct diff_section *section;

	TRY(open_both(sides));
	entry_set_add(arena, &a, sides->opened[0]);
	entry_set_add(arena, &b, sides->opened[1]);
	section = section_add(sides, sides->names[0], sides->names[1]);
	section->damage_a = store_damage(sides->opened[0]);
	section->damage_b = store_damage(sides->opened[1]);
	entry_sets_compare(arena, &a, &b, &section->differences);
	return 0;
}

/* The leaf, and what follows it in its file: that it sends. */
static int
client_of(struct sides *sides, size_t side, struct client *ret)
{
	const struct store *store = sides->opened[side];
	struct cert *chain =
		arena_alloc(sides->session->arena, (store->entry_count + 1) * sizeof(*chain));

	*ret = (struct client){ .name = sides->names[side], .chain = chain };
	for (size_t i = 0; i < store->entry_count && ret->chain_length < CLIENT_MAX_CHAIN; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE)
			chain[ret->chain_length++] = store->entries[i].cert;
	if (ret->chain_length == 0)
		return err_set(&sides->session->err, ERR_DATA,
			"%s: there is no certificate in it that can be read", sides->names[side]);
	return 0;
}

static int
compare_clients(struct sides *sides)
{
	struct session *session = sides->session;
	struct client a, b;

	TRY(open_both(sides));
	TRY(client_of(sides, 0, &a));
	TRY(client_of(sides, 1, &b));
	contrast_clients(session->arena, &a, &b, session->at,
		&section_add(sides, a.name, b.name)->contrasts);
	return 0;
}

static int
service_of(struct sides *sides, size_t side, struct service **ret)
{
	struct session *session = sides->session;
	struct services services = {};

	TRY(services_find(
		session->arena, session->world, sides->names[side], &services, &session->err));
	if (services.count != 1)
		return err_set(&session->err, ERR_USAGE, "%s is not one service but %zu",
			sides->names[side], services.count);
	*ret = services.list[0];
	return 0;
}

static void
trust_entries(struct arena *arena, const struct trust *trust, struct entry_set *ret)
{
	size_t count = trust->anchor_count + trust->crl_count;

	ret->list = arena_alloc(arena, (count + 1) * sizeof(*ret->list));
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (trust->anchors[i].entry != NULL)
			ret->list[ret->count++] = trust->anchors[i].entry;
	for (size_t i = 0; i < trust->crl_count; i++)
		if (trust->crl_entries[i] != NULL)
			ret->list[ret->count++] = trust->crl_entries[i];
}

/* One end of a comparison: a verifier of a service. */
struct end {
	const struct service *service;
	const struct verifier *verifier;
};

static int
compare_verifiers(struct sides *sides, const struct end *a, const struct end *b)
{
	struct arena *arena = sides->session->arena;
	const struct end *const ends[] = { a, b };
	struct entry_set sets[2] = {};
	const char *loads[2];
	struct diff_section *section = section_add(sides, a->verifier->name, b->verifier->name);

	for (size_t i = 0; i < 2; i++) {
		const struct trust *trust = trust_load(arena, sides->stores,
			ends[i]->service->world, ends[i]->verifier, &ends[i]->service->readers);

		if (trust_is_unknown(trust))
			return store_need(trust->failed_store, trust->failed_store->path,
				&sides->session->err);
		trust_entries(arena, trust, &sets[i]);
		loads[i] = trust->loads           ? "they load"
			   : trust->error != NULL ? trust->error
						  : "they do not load";
	}
	contrast_verifiers(arena, a->verifier, b->verifier, &section->contrasts);
	contrast_add(arena, &section->contrasts,
		&(struct contrast){ "stores", loads[0], loads[1],
			"a server does not start with a store that does not load" });
	entry_sets_compare(arena, &sets[0], &sets[1], &section->differences);
	return 0;
}

static const struct verifier *
verifier_named(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->verifier_count; i++)
		if (strcmp(service->verifiers[i].name, name) == 0)
			return &service->verifiers[i];
	return NULL;
}

/* The verifier of the other service that stands for this one: of the same name; or, where none of
 * the names of the two services agree, the one at the same place. */
static const struct verifier *
counterpart(const struct service *of, size_t index, const struct service *among)
{
	for (size_t i = 0; i < of->verifier_count; i++)
		if (verifier_named(among, of->verifiers[i].name) != NULL)
			return verifier_named(among, of->verifiers[index].name);
	return index < among->verifier_count ? &among->verifiers[index] : NULL;
}

static void
compare_lone(struct sides *sides, const struct service *a, const struct service *b)
{
	static const char why[] = "there is nothing on the other side that judges";

	for (size_t i = 0; i < a->verifier_count; i++)
		if (counterpart(a, i, b) == NULL)
			contrast_add(sides->session->arena,
				&section_add(sides, a->verifiers[i].name, "nothing")->contrasts,
				&(struct contrast){ "verifier", "there", "missing", why });
	for (size_t i = 0; i < b->verifier_count; i++)
		if (counterpart(b, i, a) == NULL)
			contrast_add(sides->session->arena,
				&section_add(sides, "nothing", b->verifiers[i].name)->contrasts,
				&(struct contrast){ "verifier", "missing", "there", why });
}

static int
compare_services(struct sides *sides)
{
	struct service *a = NULL, *b = NULL;

	TRY(service_of(sides, 0, &a));
	TRY(service_of(sides, 1, &b));
	assert(a != NULL && b != NULL);
	for (size_t i = 0; i < a->verifier_count; i++) {
		const struct verifier *other = counterpart(a, i, b);

		if (other != NULL)
			TRY(compare_verifiers(sides, &(struct end){ a, &a->verifiers[i] },
				&(struct end){ b, other }));
	}
	compare_lone(sides, a, b);
	return 0;
}

/* A file of a client begins with its own certificate, which is no CA's. */
static bool
is_client(const struct store *store)
{
	for (size_t i = 0; store->state == STORE_PRESENT && i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE)
			return !store->entries[i].cert.is_ca &&
			       store->entries[i].role == ENTRY_IS_PLAIN &&
			       store->identity.type == FILE_REGULAR;
	return false;
}

/* A path that is there is a file, and a token is nothing else; all that is left can only be a
 * service. */
static enum what
tell(struct sides *sides)
{
	struct session *session = sides->session;
	struct file_identity identity;
	struct err ignored = {};
	size_t there = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *path = session_store_path(session, sides->names[i]);

		there += token_is_name(path) ||
			 store_name_path(sides->names[i]) != sides->names[i] ||
			 world_stat(session->world, path, &identity, &ignored) == 0;
	}
	if (there == 0 && strchr(sides->names[0], '/') != sides->names[0])
		return WHAT_SERVICES;
	if (there < 2 || open_both(sides) < 0)
		return WHAT_STORES;
	return is_client(sides->opened[0]) && is_client(sides->opened[1]) ? WHAT_CLIENTS
									  : WHAT_STORES;
}

static int
choose(struct sides *sides, enum what *ret)
{
	const char *as = sides->session->options.as;

	if (as == NULL) {
		*ret = tell(sides);
		return 0;
	}
	for (size_t i = 0; i < WHAT__COUNT; i++)
		if (strcmp(as, what_names[i]) == 0) {
			*ret = (enum what)i;
			return 0;
		}
	return err_set(
		&sides->session->err, ERR_USAGE, "--as is stores, clients or services, not %s", as);
}

int
sides_compare(struct session *session, struct stores *stores, struct diffed *ret)
{
	static int (*const compare[])(
		struct sides *) = { compare_stores, compare_clients, compare_services };
	const struct values *arguments = &session->options.arguments;
	struct sides sides = { .session = session, .stores = stores, .result = ret };
	enum what what = WHAT_STORES;

	*ret = (struct diffed){};
	if (arguments->count != 2)
		return err_set(&session->err, ERR_USAGE,
			"diff takes two stores, two clients or two services");
	ret->a = sides.names[0] = arguments->list[0];
	ret->b = sides.names[1] = arguments->list[1];
	TRY(choose(&sides, &what));
	ret->what = what_names[what];
	return compare[what](&sides);
}
