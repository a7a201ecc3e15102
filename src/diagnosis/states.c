/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/states.h"

#include <string.h>

#include "probe/probe.h"

/* The version of a file that was in place at a moment, as far as the ledger saw it. */
static const struct file_version *
version_at(struct diagnosis *diagnosis, const struct request *request, const char *path,
	const struct timestamp *moment)
{
	struct file_version *versions;
	const struct file_version *best = NULL;
	struct err err = { 0 };
	size_t count;

	if (request->ledger == NULL || ledger_versions(request->ledger, diagnosis->arena, path,
					       &versions, &count, &err) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		/* It must have been seen again after that moment: what lay there between two looks
		 * is not known. */
		if (!timestamp_is_before(*moment, versions[i].identity.changed) &&
			versions[i].last_seen >= moment->seconds &&
			(best == NULL || timestamp_is_before(best->identity.changed,
						 versions[i].identity.changed)))
			best = &versions[i];
	return best;
}

static bool
is_same_content(const struct service *service, const struct file_version *version)
{
	struct digest digest;
	struct span bytes;
	struct err err = { 0 };

	if (version == NULL ||
		world_read(service->world, version->path, WORLD_MAX_FILE, &bytes, &err) < 0)
		return false;
	digest = digest_of(bytes);
	return digest_equal(&digest, &version->digest);
}

static void
note_file(struct diagnosis *diagnosis, const struct request *request, const struct service *service,
	struct running *running, const struct stale_file *file)
{
	struct file_identity identity;
	struct err err = { 0 };

	for (size_t i = 0; i < running->stale_count; i++)
		if (strcmp(running->stale[i].path, file->path) == 0)
			return;
	if (world_stat(service->world, file->path, &identity, &err) < 0 ||
		identity.type != FILE_REGULAR)
		return;
	if (!timestamp_is_before(service->loaded, identity.changed) &&
		!timestamp_is_before(service->loaded, identity.modified))
		return;
	if (is_same_content(service, version_at(diagnosis, request, file->path, &service->loaded)))
		return;
	running->stale[running->stale_count] = *file;
	running->stale[running->stale_count++].changed = identity.changed;
}

static void
find_stale(struct diagnosis *diagnosis, const struct request *request,
	const struct service *service, struct running *running)
{
	size_t most = service->config_file_count + 1;

	for (size_t i = 0; i < service->verifier_count; i++)
		most += service->verifiers[i].source_count;
	running->stale = arena_alloc(diagnosis->arena, most * sizeof(*running->stale));
	for (size_t i = 0; i < service->config_file_count; i++)
		note_file(diagnosis, request, service, running,
			&(struct stale_file){
				.path = service->config_files[i], .is_config = true });
	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < service->verifiers[i].source_count; j++) {
			const struct trust_source *source = &service->verifiers[i].sources[j];

			if ((source->read_times & READ_AT_LOAD) != 0)
				note_file(diagnosis, request, service, running,
					&(struct stale_file){ .path = source->path,
						.is_crl = source->role == ROLE_CRLS });
		}
}

/* The world as it was when the process loaded; NULL where the ledger does not know each file that
 * changed since. */
static struct world *
world_when_loaded(struct diagnosis *diagnosis, const struct request *request,
	const struct service *service, const struct running *running)
{
	struct world *overlay = overlay_keep(diagnosis, service->world);

	for (size_t i = 0; i < running->stale_count; i++) {
		const struct file_version *version =
			version_at(diagnosis, request, running->stale[i].path, &service->loaded);
		struct span bytes;
		struct err err = { 0 };

		if (running->stale[i].is_config || version == NULL ||
			ledger_get(request->ledger, diagnosis->arena, &version->digest, &bytes,
				&err) <= 0)
			return NULL;
		overlay_write(overlay, running->stale[i].path, bytes);
	}
	return overlay;
}

static void
probe_cell(struct diagnosis *diagnosis, struct cell *cell)
{
	struct probe_options options = { 0 };

	cell->probe = probe_endpoint(
		diagnosis->arena, &cell->verifier->endpoints[0], cell->client, &options);
	if (cell->probe->layer == LAYER_CONNECT || cell->probe->layer == LAYER_LOCAL) {
		cell->probe = NULL;
		return;
	}
	cell->known = true;
	cell->verdict = NULL;
	cell->accepted = cell->probe->accepted;
	cell->text = cell->probe->text;
	cell->error = 0;
	cell->depth = 0;
}

static bool
may_probe(const struct request *request, const struct cell *cell)
{
	return request->may_probe && request->at == request->now &&
	       cell->client->key_path != NULL && !cell->client->key_mismatch &&
	       cell->verifier->endpoint_count > 0 && cell->verifier->mode != MODE_NONE;
}

struct running
states_judge(struct diagnosis *diagnosis, const struct request *request,
	const struct service *service, const struct scene *disk)
{
	struct running running = { 0 };
	struct world *loaded = NULL;
	const struct scene *then = NULL;

	if (!service->running)
		return running;
	find_stale(diagnosis, request, service, &running);
	if (running.stale_count == 0 && disk->down == NULL)
		then = disk;
	else if (running.stale_count > 0 &&
		 (loaded = world_when_loaded(diagnosis, request, service, &running)) != NULL)
		then = scene_make(diagnosis, request, service, loaded);
	running.cell_count = disk->cell_count;
	running.cells = arena_dup(diagnosis->arena, (then != NULL ? then : disk)->cells,
		disk->cell_count * sizeof(struct cell));
	for (size_t i = 0; i < running.cell_count; i++) {
		struct cell *cell = &running.cells[i];

		cell->state = STATE_RUNNING;
		cell->known = then != NULL && cell->known;
		if (may_probe(request, cell))
			probe_cell(diagnosis, cell);
		running.by_handshake = running.by_handshake || cell->probe != NULL;
	}
	return running;
}
