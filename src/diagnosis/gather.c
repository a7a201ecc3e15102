/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/gather.h"

#include <string.h>

#include "diagnosis/check.h"

static int
gather_services(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	if (request->target_count == 0)
		return services_discover(
			diagnosis->arena, request->world, &diagnosis->services, err);
	for (size_t i = 0; i < request->target_count; i++) {
		if (strcmp(request->targets[i], "all") == 0)
			return services_discover(
				diagnosis->arena, request->world, &diagnosis->services, err);
		TRY(services_find(diagnosis->arena, request->world, request->targets[i],
			&diagnosis->services, err));
	}
	return 0;
}

/* The distinct paths of all sources of a service. */
static size_t
service_paths(struct diagnosis *diagnosis, const struct service *service, const char *const **ret)
{
	const char **paths = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < service->verifiers[i].source_count; j++) {
			const char *path = service->verifiers[i].sources[j].path;
			bool known = false;

			for (size_t k = 0; k < count && !known; k++)
				known = strcmp(paths[k], path) == 0;
			if (known)
				continue;
			paths = arena_grow(
				diagnosis->arena, paths, count, &capacity, sizeof(*paths));
			paths[count++] = path;
		}
	*ret = paths;
	return count;
}

static int
gather_material(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	struct world *host = request->is_host ? request->world : diagnosis->host;

	for (size_t i = 0; i < request->known_good_count; i++)
		TRY(material_add_path(&diagnosis->material, host, request->known_good[i], err));
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];
		const char *const *paths;
		size_t count = service_paths(diagnosis, service, &paths);

		TRY(material_add_ledger(
			&diagnosis->material, request->ledger, service->target, paths, count, err));
	}
	return 0;
}

/* A CA that no other known-good CA stands below: it issues to clients. */
static bool
is_issuing_ca(const struct material *material, const struct cert *ca)
{
	if (!ca->is_ca && ca->version == 3)
		return false;
	for (size_t i = 0; i < material->cert_count; i++) {
		const struct cert *other = material->certs[i].cert;

		if (other->is_ca && !cert_is_self_issued(other) &&
			name_equal(other->issuer, ca->subject))
			return false;
	}
	return true;
}

/* The intermediates from this CA up to below a root, as far as known-good material has them: what
 * its clients would send. */
static size_t
supposed_chain(struct diagnosis *diagnosis, const struct cert *ca,
	struct cert chain[static CLIENT_MAX_CHAIN])
{
	size_t count = 0;

	while (count < CLIENT_MAX_CHAIN && !cert_is_self_issued(ca)) {
		const struct material_cert *issuer;

		chain[count++] = *ca;
		issuer = material_issuer(&diagnosis->material, diagnosis->judge, ca, 0);
		if (issuer == NULL)
			break;
		ca = issuer->cert;
	}
	return count;
}

/* Where nothing is known to be good, the CAs that the stores themselves name are all there is to go
 * by. */
static void
suppose_from_stores(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];
		const char *const *paths;
		size_t count = service_paths(diagnosis, service, &paths);

		for (size_t j = 0; j < count; j++) {
			const struct store *store = stores_open(
				diagnosis->stores, service->world, paths[j], LOADER_ANY);

			for (size_t k = 0; k < store->entry_count && k < GATHER_MAX_SUPPOSED; k++)
				if (store->entries[k].kind == ENTRY_CERTIFICATE &&
					store->entries[k].cert.is_ca &&
					diagnosis->clients.count < GATHER_MAX_SUPPOSED)
					clients_suppose(diagnosis->arena, &store->entries[k].cert,
						NULL, 0, &diagnosis->clients);
		}
	}
}

static void
gather_supposed(struct diagnosis *diagnosis)
{
	diagnosis->supposed_clients = true;
	for (size_t i = 0; i < diagnosis->material.cert_count &&
			   diagnosis->clients.count < GATHER_MAX_SUPPOSED;
		i++) {
		const struct cert *ca = diagnosis->material.certs[i].cert;
		struct cert *chain =
			arena_alloc(diagnosis->arena, CLIENT_MAX_CHAIN * sizeof(*chain));

		if (is_issuing_ca(&diagnosis->material, ca))
			clients_suppose(diagnosis->arena, ca, chain,
				supposed_chain(diagnosis, ca, chain), &diagnosis->clients);
	}
	if (diagnosis->clients.count == 0)
		suppose_from_stores(diagnosis);
}

static int
gather_clients(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	if (request->clients_directory != NULL)
		TRY(clients_read(
			diagnosis->arena, request->clients_directory, &diagnosis->clients, err));
	for (size_t i = 0; i < request->client_file_count; i++)
		TRY(clients_read_one(diagnosis->arena, request->client_files[i], true,
			request->client_files[i], &diagnosis->clients, err));
	if (diagnosis->clients.count == 0)
		gather_supposed(diagnosis);
	return 0;
}

/* Names of the CAs above a client, as far as anything at hand tells: hashes of canonical names. */
struct name_set {
	uint64_t hashes[PATH_MAX_DEPTH * 4];
	size_t count;
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

		if (entry->kind == ENTRY_CERTIFICATE &&
			(name_set_has(set, name_hash(entry->cert.subject)) ||
				name_set_has(set, name_hash(entry->cert.issuer))))
			return true;
		if (entry->kind == ENTRY_CRL && name_set_has(set, name_hash(entry->crl.issuer)))
			return true;
	}
	return false;
}

/* Whether anything that the verifier reads, or that stood at its paths when all was well, belongs
 * to the client's CAs. */
static bool
verifier_names_client(struct diagnosis *diagnosis, const struct service *service,
	const struct verifier *verifier, const struct name_set *set)
{
	for (size_t i = 0; i < verifier->source_count; i++) {
		const char *path = verifier->sources[i].path;

		if (store_names_client(
			    stores_open(diagnosis->stores, service->world, path, LOADER_ANY), set))
			return true;
		for (size_t j = 0; j < diagnosis->material.file_count; j++) {
			const struct material_file *file = &diagnosis->material.files[j];

			if (strcmp(path_base(file->path), path_base(path)) == 0 &&
				store_names_client(file->store, set))
				return true;
		}
	}
	return false;
}

/*
 * A client that must be refused is to be refused everywhere. One that must be accepted is expected
 * at the verifiers that have to do with its CA; and where none has, at all of them.
 */
static void
gather_concerns_of(struct diagnosis *diagnosis, const struct service *service, size_t client_index,
	bool *concerns)
{
	const struct client *client = &diagnosis->clients.list[client_index];
	size_t clients = diagnosis->clients.count, judging = 0;
	struct name_set set = { 0 };
	bool any = false;

	for (size_t i = 0; i < service->verifier_count; i++)
		judging += service->verifiers[i].mode != MODE_NONE;
	if (client->must_be_accepted && judging > 1) {
		client_names(diagnosis, client, &set);
		for (size_t i = 0; i < service->verifier_count; i++) {
			bool *cell = &concerns[i * clients + client_index];

			*cell = service->verifiers[i].mode != MODE_NONE &&
				verifier_names_client(
					diagnosis, service, &service->verifiers[i], &set);
			any = any || *cell;
		}
	}
	for (size_t i = 0; !any && i < service->verifier_count; i++)
		concerns[i * clients + client_index] = service->verifiers[i].mode != MODE_NONE;
}

static void
gather_concerns(struct diagnosis *diagnosis)
{
	size_t clients = diagnosis->clients.count;

	diagnosis->concerns =
		arena_alloc(diagnosis->arena, (diagnosis->services.count + 1) * sizeof(bool *));
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];

		diagnosis->concerns[i] =
			arena_alloc(diagnosis->arena, service->verifier_count * clients + 1);
		for (size_t j = 0; j < clients; j++)
			gather_concerns_of(diagnosis, service, j, diagnosis->concerns[i]);
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

int
gather_facts(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	TRY(gather_services(diagnosis, request, err));
	TRY(gather_material(diagnosis, request, err));
	TRY(gather_clients(diagnosis, request, err));
	gather_concerns(diagnosis);
	return 0;
}
