/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/gather.h"

#include <string.h>

#include "diagnosis/check.h"
#include "diagnosis/concerns.h"

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

static void
wanted_end(void *wanted)
{
	crl_wanted_free(wanted);
}

/* Long lists are asked for these, and answer while they are read. */
static void
expect_serials(struct diagnosis *diagnosis)
{
	const struct clients *clients = &diagnosis->clients;
	struct crl_wanted *wanted;
	struct span *serials;
	size_t count = 0;

	for (size_t i = 0; i < clients->count; i++)
		count += clients->list[i].chain_length;
	serials = arena_alloc(diagnosis->arena, (count + 1) * sizeof(*serials));
	count = 0;
	for (size_t i = 0; i < clients->count; i++)
		for (size_t j = 0; j < clients->list[i].chain_length; j++)
			serials[count++] = clients->list[i].chain[j].serial;
	wanted = crl_wanted_new(serials, count);
	arena_adopt(diagnosis->arena, wanted, wanted_end);
	stores_expect_serials(diagnosis->stores, wanted);
}

static int
read_clients(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	if (request->clients_directory != NULL)
		TRY(clients_read(
			diagnosis->arena, request->clients_directory, &diagnosis->clients, err));
	for (size_t i = 0; i < request->client_file_count; i++)
		TRY(clients_read_one(diagnosis->arena, request->client_files[i], true,
			request->client_files[i], &diagnosis->clients, err));
	judge_expect(diagnosis->judge, &diagnosis->clients);
	expect_serials(diagnosis);
	return 0;
}

int
gather_facts(struct diagnosis *diagnosis, const struct request *request, struct err *err)
{
	TRY(read_clients(diagnosis, request, err));
	TRY(gather_services(diagnosis, request, err));
	/* Known-good material is read first: by a process that nothing else has passed through. */
	TRY(gather_material(diagnosis, request, err));
	if (diagnosis->clients.count == 0)
		gather_supposed(diagnosis);
	concerns_settle(diagnosis, request);
	return 0;
}
