/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/concerns.h"

#include <string.h>

#include "diagnosis/check.h"

/* Names of the CAs above a client, as far as anything at hand tells: hashes of canonical names. */
struct name_set {
	uint64_t hashes[PATH_MAX_DEPTH * 4];
	size_t count;
};

/* The verifiers of one service, and the clients at home at each. */
struct homes {
	struct diagnosis *diagnosis;
	const struct service *service;
	bool *by_store,
		*by_hint; /* what it trusts, what else it reads: [verifier * clients + client] */
};

static bool
name_set_has(const struct name_set *set, uint64_t hash)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->hashes[i] == hash)
			return true;
	return false;
}

static bool
name_set_add(struct name_set *set, struct span name)
{
	uint64_t hash = name_hash(name);

	if (set->count >= COUNT_OF(set->hashes) || name_set_has(set, hash))
		return false;
	set->hashes[set->count++] = hash;
	return true;
}

static void
client_names(const struct diagnosis *diagnosis, const struct client *client, struct name_set *set)
{
	bool grew = true;

	if (client->supposed_issuer != NULL)
		(void)name_set_add(set, client->supposed_issuer->subject);
	for (size_t i = 0; i < client->chain_length; i++)
		(void)name_set_add(set, client->chain[i].issuer);
	while (grew) {
		grew = false;
		for (size_t i = 0; i < diagnosis->material.cert_count; i++) {
			const struct cert *cert = diagnosis->material.certs[i].cert;

			if (name_set_has(set, name_hash(cert->subject)))
				grew = name_set_add(set, cert->issuer) || grew;
		}
	}
}

static bool
store_names_client(const struct store *store, const struct name_set *set)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind == ENTRY_CRL && name_set_has(set, name_hash(entry->crl.issuer)))
			return true;
		if (entry->kind == ENTRY_CERTIFICATE &&
			(name_set_has(set, name_hash(entry->cert.subject)) ||
				name_set_has(set, name_hash(entry->cert.issuer))))
			return true;
	}
	return false;
}

/* Another store of the services examined, elsewhere, has the same last component. */
static bool
base_is_shared(const struct diagnosis *diagnosis, const char *path)
{
	const char *base = path_base(path);

	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];

		for (size_t j = 0; j < service->verifier_count; j++)
			for (size_t k = 0; k < service->verifiers[j].source_count; k++) {
				const char *other = service->verifiers[j].sources[k].path;

				if (strcmp(path_base(other), base) == 0 && strcmp(other, path) != 0)
					return true;
			}
	}
	return false;
}

bool
concerns_file(const struct diagnosis *diagnosis, const struct material_file *file, const char *path)
{
	struct arena *arena = diagnosis->arena;

	if (file->source != MATERIAL_KNOWN_GOOD)
		return strcmp(file->path, path) == 0;
	if (strcmp(path_base(file->path), path_base(path)) != 0)
		return false;
	return !base_is_shared(diagnosis, path) ||
	       strcmp(path_base(path_parent(arena, file->path)),
		       path_base(path_parent(arena, path))) == 0;
}

static bool
is_trusted_from(const struct trust_source *source)
{
	return source->role == ROLE_ANCHORS || source->role == ROLE_ANCHORS_UNSENT;
}

/* What the verifier trusts, or the rest that it reads, belongs to these CAs; or what stood at the
 * same paths when all was well. */
static bool
verifier_is_home(struct homes *homes, const struct verifier *verifier, const struct name_set *set,
	bool trusted)
{
	struct diagnosis *diagnosis = homes->diagnosis;

	for (size_t i = 0; i < verifier->source_count; i++) {
		const char *path = verifier->sources[i].path;

		if (is_trusted_from(&verifier->sources[i]) != trusted)
			continue;
		if (store_names_client(
			    stores_open(diagnosis->stores, homes->service->world, path, LOADER_ANY),
			    set))
			return true;
		for (size_t j = 0; j < diagnosis->material.file_count; j++) {
			const struct material_file *file = &diagnosis->material.files[j];

			if (concerns_file(diagnosis, file, path) &&
				store_names_client(file->store, set))
				return true;
		}
	}
	return false;
}

static void
find_homes(struct homes *homes, bool everywhere)
{
	struct diagnosis *diagnosis = homes->diagnosis;
	const struct service *service = homes->service;
	size_t clients = diagnosis->clients.count;

	homes->by_store = arena_alloc(diagnosis->arena, service->verifier_count * clients + 1);
	homes->by_hint = arena_alloc(diagnosis->arena, service->verifier_count * clients + 1);
	for (size_t j = 0; j < clients; j++) {
		struct name_set set = { 0 };

		if (!diagnosis->clients.list[j].must_be_accepted)
			continue;
		client_names(diagnosis, &diagnosis->clients.list[j], &set);
		for (size_t i = 0; i < service->verifier_count; i++) {
			const struct verifier *verifier = &service->verifiers[i];
			size_t cell = i * clients + j;

			if (verifier->mode == MODE_NONE)
				continue;
			homes->by_store[cell] =
				everywhere || verifier_is_home(homes, verifier, &set, true);
			homes->by_hint[cell] = !homes->by_store[cell] &&
					       verifier_is_home(homes, verifier, &set, false);
		}
	}
}

/* Where nothing is trusted of a client's CA, its CRLs and the names that are sent tell more than
 * nothing. */
static bool
settle_home(const struct homes *homes, size_t count, size_t client)
{
	size_t clients = homes->diagnosis->clients.count;
	bool by_store = false, by_hint = false;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < homes[i].service->verifier_count; j++) {
			by_store = by_store || homes[i].by_store[j * clients + client];
			by_hint = by_hint || homes[i].by_hint[j * clients + client];
		}
	for (size_t i = 0; !by_store && by_hint && i < count; i++)
		for (size_t j = 0; j < homes[i].service->verifier_count; j++)
			homes[i].by_store[j * clients + client] =
				homes[i].by_hint[j * clients + client];
	return by_store || by_hint;
}

static bool
any_at_home(const struct homes *homes, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (homes->by_store[i])
			return true;
	return false;
}

static bool
trusts_anything(const struct homes *homes, const struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->source_count; i++) {
		const struct store *store;

		if (!is_trusted_from(&verifier->sources[i]))
			continue;
		store = stores_open(homes->diagnosis->stores, homes->service->world,
			verifier->sources[i].path, LOADER_ANY);
		for (size_t j = 0; j < store->entry_count; j++)
			if (store->entries[j].kind == ENTRY_CERTIFICATE)
				return true;
	}
	return false;
}

/*
 * A verifier where nobody is at home: all of its store is lost, and nothing says whose it was; or
 * its service was named, and nobody is at home in all of it: its store is the wrong one. A service
 * that was merely found, with CAs in its stores, may serve other people.
 */
static bool
awaits_strangers(const struct homes *homes, size_t verifier, bool was_named)
{
	size_t clients = homes->diagnosis->clients.count;
	size_t verifiers = homes->service->verifier_count;

	if (any_at_home(homes, verifier * clients, (verifier + 1) * clients))
		return false;
	if (was_named && !any_at_home(homes, 0, verifiers * clients))
		return true;
	return !trusts_anything(homes, &homes->service->verifiers[verifier]);
}

static void
settle_client(
	const struct homes *homes, size_t client, bool has_home, bool was_named, bool *concerns)
{
	const struct diagnosis *diagnosis = homes->diagnosis;
	const struct client *self = &diagnosis->clients.list[client];
	size_t clients = diagnosis->clients.count;

	for (size_t i = 0; i < homes->service->verifier_count; i++) {
		bool *cell = &concerns[i * clients + client];

		if (homes->service->verifiers[i].mode == MODE_NONE)
			continue;
		if (!self->must_be_accepted)
			*cell = true;
		else if (homes->by_store[i * clients + client])
			*cell = true;
		else if (!has_home && self->supposed_issuer == NULL)
			*cell = true;
		else
			*cell = awaits_strangers(homes, i, was_named);
	}
}

static bool
were_named(const struct request *request)
{
	for (size_t i = 0; i < request->target_count; i++)
		if (strcmp(request->targets[i], "all") == 0)
			return false;
	return request->target_count > 0;
}

/* With one verifier there is no choice to make, and a large store is not searched for it. */
static bool
is_plain(const struct diagnosis *diagnosis)
{
	size_t judging = 0;

	for (size_t i = 0; i < diagnosis->services.count; i++)
		for (size_t j = 0; j < diagnosis->services.list[i]->verifier_count; j++)
			judging += diagnosis->services.list[i]->verifiers[j].mode != MODE_NONE;
	return judging <= 1 && !diagnosis->supposed_clients;
}

void
concerns_settle(struct diagnosis *diagnosis, const struct request *request)
{
	size_t clients = diagnosis->clients.count, count = diagnosis->services.count;
	struct homes *homes = arena_alloc(diagnosis->arena, (count + 1) * sizeof(*homes));

	diagnosis->concerns = arena_alloc(diagnosis->arena, (count + 1) * sizeof(bool *));
	for (size_t i = 0; i < count; i++) {
		const struct service *service = diagnosis->services.list[i];

		homes[i] = (struct homes){ .diagnosis = diagnosis, .service = service };
		find_homes(&homes[i], is_plain(diagnosis));
		diagnosis->concerns[i] =
			arena_alloc(diagnosis->arena, service->verifier_count * clients + 1);
	}
	for (size_t j = 0; j < clients; j++) {
		bool has_home = settle_home(homes, count, j);

		for (size_t i = 0; i < count; i++)
			settle_client(&homes[i], j, has_home, were_named(request),
				diagnosis->concerns[i]);
	}
}

bool
diagnosis_concerns(const struct diagnosis *diagnosis, const struct service *service,
	size_t verifier, size_t client)
{
	for (size_t i = 0; i < diagnosis->services.count; i++)
		if (diagnosis->services.list[i] == service)
			return verifier < service->verifier_count &&
			       diagnosis->concerns[i][verifier * diagnosis->clients.count + client];
	return false;
}
