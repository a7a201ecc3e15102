/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/proof.h"

#include <string.h>

static struct world *
world_keep(struct diagnosis *diagnosis, struct world *overlay)
{
	diagnosis->overlays = mem_grow(diagnosis->overlays, diagnosis->overlay_count,
		&diagnosis->overlay_capacity, sizeof(*diagnosis->overlays));
	diagnosis->overlays[diagnosis->overlay_count++] = overlay;
	return overlay;
}

struct world *
overlay_keep(struct diagnosis *diagnosis, struct world *base)
{
	return world_keep(diagnosis, world_overlay(base));
}

struct world *
fresh_world(struct diagnosis *diagnosis, const struct world *world)
{
	struct err err = { 0 };
	struct world *fresh = world_below(world_root(world), &err);

	return world_keep(diagnosis, fresh != NULL ? fresh : world_host());
}

static bool
is_tried(const struct suspect *suspect)
{
	return suspect->remedy != NULL && !suspect->dropped;
}

/* The world with all suspects' remedies applied but one (or all: NULL). Those that share a remedy
 * are left out together; one that cannot be applied is dropped. */
static struct world *
world_without(struct diagnosis *diagnosis, const struct service *service, struct proof *proof,
	const struct suspect *left_out)
{
	struct world *overlay = overlay_keep(diagnosis, service->world);

	for (size_t i = 0; i < proof->suspects.count; i++) {
		struct suspect *suspect = proof->suspects.list[i];
		struct err err = { 0 };

		if (!is_tried(suspect) ||
			(left_out != NULL && remedy_is_same(suspect->remedy, left_out->remedy)))
			continue;
		if (remedy_apply(suspect->remedy, overlay, diagnosis->arena, &err) < 0) {
			/* What cannot be carried out is no remedy, now or later. */
			suspect->dropped = true;
			suspect->unfit = suspect->remedy;
			suspect->remedy = NULL;
			suspect->why = arena_strdup(diagnosis->arena, err.message);
		}
	}
	return overlay;
}

static struct scene *
scene_without(struct diagnosis *diagnosis, const struct request *request,
	const struct service *service, struct proof *proof, const struct suspect *left_out)
{
	return scene_make(
		diagnosis, request, service, world_without(diagnosis, service, proof, left_out));
}

static void
lose_clients(struct proof *proof, const struct diagnosis *diagnosis, const struct suspect *suspect)
{
	for (size_t i = 0; i < diagnosis->clients.count; i++)
		proof->lost[i] = proof->lost[i] || suspect->blames[i];
}

/* What the suspect does to a client: refuses one that must be accepted, admits one that must not.
 */
static void
mark_client(const struct diagnosis *diagnosis, struct suspect *suspect, size_t client)
{
	if (diagnosis->clients.list[client].must_be_accepted)
		suspect->refuses[client] = true;
	else
		suspect->admits[client] = true;
}

/* Runs the checks in their order until one suspects something new that has a remedy. */
static bool
round_suspects(struct scene *scene, struct proof *proof, size_t round)
{
	stores_settle(scene->diagnosis->stores);
	for (size_t i = 0; check_get(i) != NULL; i++) {
		size_t before = proof->suspects.count;
		bool mendable = false;

		check_get(i)->run(scene, &proof->suspects);
		for (size_t j = before; j < proof->suspects.count; j++) {
			struct suspect *suspect = proof->suspects.list[j];

			suspect->layer = round * 100 + i;
			mendable = mendable || suspect->remedy != NULL;
		}
		if (mendable)
			return true;
	}
	return false;
}

/* Whether a cell counts for the proof, and is as it must not be. */
static bool
is_wrong(const struct proof *proof, const struct scene *scene, const struct cell *cell)
{
	size_t client = (size_t)(cell->client - scene->diagnosis->clients.list);

	return cell->concerns && !proof->lost[client] &&
	       cell->accepted != cell->client->must_be_accepted;
}

/* Whom it hurts to leave this suspect unmended, everything else being mended; those that nothing
 * mends do not count. */
static bool
mark_hurt(const struct proof *proof, const struct scene *all, const struct scene *without,
	struct suspect *suspect)
{
	bool hurts = without->down != NULL && all->down == NULL;

	for (size_t i = 0; i < without->cell_count; i++) {
		const struct cell *cell = &without->cells[i];
		size_t client = (size_t)(cell->client - without->diagnosis->clients.list);

		if (!is_wrong(proof, without, cell) || is_wrong(proof, all, &all->cells[i]))
			continue;
		hurts = true;
		if (cell->client->must_be_accepted)
			suspect->refuses[client] = true;
		else
			suspect->admits[client] = true;
	}
	return hurts;
}

/* From the last found to the first: where two remedies would each do, the one nearer to the bytes
 * stays. */
static void
eliminate(struct diagnosis *diagnosis, const struct request *request, const struct service *service,
	struct proof *proof, const struct scene *all)
{
	for (size_t i = proof->suspects.count; i-- > 0;) {
		struct suspect *suspect = proof->suspects.list[i];
		struct scene *without;

		if (!is_tried(suspect))
			continue;
		without = scene_without(diagnosis, request, service, proof, suspect);
		suspect->necessary = mark_hurt(proof, all, without, suspect);
		if (!suspect->necessary)
			suspect->dropped = true;
	}
}

/* A client that stays refused for another cause cannot prove this one; it was found on its path all
 * the same. */
static void
mark_hidden(const struct diagnosis *diagnosis, struct proof *proof)
{
	for (size_t i = 0; i < proof->suspects.count; i++) {
		struct suspect *suspect = proof->suspects.list[i];

		for (size_t j = 0; !suspect->necessary && suspect->remedy != NULL &&
				   j < diagnosis->clients.count;
			j++) {
			if (!suspect->blames[j] || !proof->lost[j])
				continue;
			suspect->necessary = suspect->hidden = true;
			suspect->dropped = false;
			mark_client(diagnosis, suspect, j);
		}
	}
}

/*
 * A whole store put back mends every damage of its file at once; each that by itself keeps the
 * engine from an entry is a cause like the one that was tried.
 */
static void
join_fellows(struct diagnosis *diagnosis, struct proof *proof)
{
	for (size_t i = 0; i < proof->suspects.count; i++) {
		struct suspect *suspect = proof->suspects.list[i];

		for (size_t j = 0;
			!suspect->necessary && suspect->harmful && j < proof->suspects.count; j++) {
			const struct suspect *other = proof->suspects.list[j];

			if (!other->necessary || other->remedy == NULL ||
				strcmp(other->remedy->kind->name, "restore-store") != 0 ||
				suspect->subject.where.path == NULL ||
				strcmp(other->remedy->path, suspect->subject.where.path) != 0 ||
				!text_starts(cause_get(suspect->cause)->code, "store."))
				continue;
			suspect->necessary = true;
			suspect->remedy = other->remedy;
			memcpy(suspect->refuses, other->refuses, diagnosis->clients.count);
		}
	}
}

/* Without a remedy a cause cannot be tried: it is told from the judgement that its rule alone is
 * left. */
static void
mark_unmendable(struct diagnosis *diagnosis, struct proof *proof)
{
	for (size_t i = 0; i < proof->suspects.count; i++) {
		struct suspect *suspect = proof->suspects.list[i];

		if (suspect->remedy != NULL || !suspect->loses_client)
			continue;
		for (size_t j = 0; j < diagnosis->clients.count; j++) {
			if (!suspect->blames[j])
				continue;
			suspect->necessary = true;
			mark_client(diagnosis, suspect, j);
		}
	}
}

/* The server does not start for what stands at this path. */
static bool
stops_start(const struct scene *scene, const char *path)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		if (!scene->trusts[i]->loads && path != NULL &&
			strcmp(scene->trusts[i]->failed->path, path) == 0)
			return true;
	return false;
}

/* What keeps the server from starting although all is done that can be: everybody is refused, now
 * or at the next start. What would have mended it does not. */
static void
mark_down(const struct diagnosis *diagnosis, const struct scene *scene, struct proof *proof)
{
	for (size_t i = 0; scene->down != NULL && i < proof->suspects.count; i++) {
		struct suspect *suspect = proof->suspects.list[i];

		if (!suspect->certain || !stops_start(scene, suspect->subject.where.path))
			continue;
		if (suspect->remedy != NULL)
			suspect->why = "what is known to mend it does not help: mend it by hand";
		suspect->unfit = suspect->remedy != NULL ? suspect->remedy : suspect->unfit;
		suspect->remedy = NULL;
		suspect->necessary = true;
		for (size_t j = 0; j < diagnosis->clients.count; j++)
			suspect->refuses[j] = diagnosis->clients.list[j].must_be_accepted;
	}
}

struct proof *
proof_make(
	struct diagnosis *diagnosis, const struct request *request, const struct service *service)
{
	struct proof *proof = arena_alloc(diagnosis->arena, sizeof(*proof));
	struct scene *scene;

	proof->lost = arena_alloc(diagnosis->arena, diagnosis->clients.count + 1);
	proof->before = scene = scene_make(diagnosis, request, service, service->world);
	for (size_t round = 0; round < DIAGNOSIS_MAX_ROUNDS; round++) {
		if (!round_suspects(scene, proof, round))
			break;
		scene = scene_without(diagnosis, request, service, proof, NULL);
	}
	for (size_t i = 0; i < proof->suspects.count; i++)
		if (proof->suspects.list[i]->loses_client &&
			proof->suspects.list[i]->remedy == NULL)
			lose_clients(proof, diagnosis, proof->suspects.list[i]);
	proof->sufficient = scene_is_good(scene, proof->lost);
	eliminate(diagnosis, request, service, proof, scene);
	mark_hidden(diagnosis, proof);
	join_fellows(diagnosis, proof);
	mark_unmendable(diagnosis, proof);
	mark_down(diagnosis, scene, proof);
	(void)world_without(diagnosis, service, proof, NULL);
	stores_settle(diagnosis->stores);
	return proof;
}
