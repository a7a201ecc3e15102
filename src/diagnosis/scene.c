/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/check.h"

#include <string.h>

#define CHECK(name) extern const struct check check_##name;
#include "diagnosis/checks.def"
#undef CHECK

static const struct check *const checks[] = {
#define CHECK(name) &check_##name,
#include "diagnosis/checks.def"
#undef CHECK
};

const struct check *
check_get(size_t index)
{
	return index < COUNT_OF(checks) ? checks[index] : NULL;
}

/* Why the service would not start from this world: its own configuration, or a source that its
 * library refuses. */
static const char *
scene_down(struct scene *scene)
{
	struct service *service = scene->service;

	if (service->problem_count > 0 && service->problems[0].where.path != NULL)
		return arena_printf(scene->diagnosis->arena, "the server does not start: %s:%u: %s",
			service->problems[0].where.path, service->problems[0].where.line,
			service->problems[0].text);
	if (service->problem_count > 0)
		return arena_printf(scene->diagnosis->arena, "the server does not start: %s",
			service->problems[0].text);
	for (size_t i = 0; i < service->verifier_count; i++) {
		const struct trust *trust = scene->trusts[i];

		if (!trust->loads)
			return arena_printf(scene->diagnosis->arena, "%s: %s %s: %s",
				trust_is_unknown(trust) ? "what the server trusts cannot be told"
							: "the server does not start",
				trust->failed->directive, trust->failed->path, trust->error);
	}
	return NULL;
}

static void
cell_judge(struct scene *scene, struct cell *cell, const struct trust *trust, int64_t at)
{
	struct diagnosis *diagnosis = scene->diagnosis;

	cell->known = !trust_is_unknown(trust);
	cell->engine = cell->verifier->engine;
	if (scene->down != NULL) {
		cell->text = scene->down;
		return;
	}
	cell->verdict = judge_client(
		diagnosis->judge, diagnosis->arena, cell->verifier, trust, cell->client, at);
	cell->accepted = cell->verdict->accepted;
	cell->error = cell->verdict->error;
	cell->depth = cell->verdict->depth;
	cell->text = cell->verdict->text;
}

static void
scene_judge(struct scene *scene, int64_t at)
{
	struct diagnosis *diagnosis = scene->diagnosis;
	struct service *service = scene->service;
	size_t clients = diagnosis->clients.count;

	scene->cells = arena_alloc(
		diagnosis->arena, (service->verifier_count * clients + 1) * sizeof(*scene->cells));
	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < clients; j++) {
			struct cell *cell = &scene->cells[scene->cell_count++];

			cell->service = scene->original;
			cell->verifier = &service->verifiers[i];
			cell->client = &diagnosis->clients.list[j];
			cell->state = STATE_DISK;
			cell->concerns = diagnosis_concerns(diagnosis, scene->original, i, j);
			cell_judge(scene, cell, scene->trusts[i], at);
		}
}

struct scene *
scene_make(struct diagnosis *diagnosis, const struct request *request,
	const struct service *original, struct world *world)
{
	struct scene *scene = arena_alloc(diagnosis->arena, sizeof(*scene));

	scene->diagnosis = diagnosis;
	scene->request = request;
	scene->original = original;
	scene->world = world;
	scene->service = service_reread(diagnosis->arena, original, world);
	scene->trusts = arena_alloc(
		diagnosis->arena, (scene->service->verifier_count + 1) * sizeof(struct trust *));
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		scene->trusts[i] = trust_load(diagnosis->arena, diagnosis->stores, world,
			&scene->service->verifiers[i], &scene->service->readers);
	scene->down = scene_down(scene);
	scene_judge(scene, request->at);
	return scene;
}

bool
scene_is_good(const struct scene *scene, const bool *lost_clients)
{
	if (scene->down != NULL)
		return false;
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		size_t client = (size_t)(cell->client - scene->diagnosis->clients.list);

		if (cell->concerns && !lost_clients[client] &&
			cell->accepted != cell->client->must_be_accepted)
			return false;
	}
	return true;
}

static size_t
count_future_lists(const struct scene *scene)
{
	size_t count = 0;

	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->trusts[i]->crl_count; j++)
			count += scene->trusts[i]->crls[j]->this_update > scene->request->at;
	return count;
}

bool
scene_clock_is_behind(const struct scene *scene)
{
	const struct clients *clients = &scene->diagnosis->clients;
	size_t certificates = 0;

	for (size_t i = 0; i < clients->count; i++)
		certificates += clients->list[i].must_be_accepted &&
				clients->list[i].chain_length > 0 &&
				clients->list[i].chain[0].not_before > scene->request->at;
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->trusts[i]->anchor_count; j++)
			certificates +=
				scene->trusts[i]->anchors[j].cert->not_before > scene->request->at;
	return certificates > 0 && certificates + count_future_lists(scene) > 1;
}

void
diagnosis_judge(struct diagnosis *diagnosis, const struct service *service, struct world *world,
	int64_t at, struct cell **ret, size_t *ret_count)
{
	struct request request = { .at = at };
	struct scene *scene = scene_make(diagnosis, &request, service, world);

	*ret = scene->cells;
	*ret_count = scene->cell_count;
}
