/* SPDX-License-Identifier: Apache-2.0 */
/* Edits above a world: kept by resolved path, merged as they come; what would change nothing is no
 * edit. */
#include <assert.h>
#include <string.h>

#include "world/internal.h"

const struct staged *
overlay_find(const struct world *world, const char *resolved)
{
	for (size_t i = 0; i < world->staged_count; i++)
		if (strcmp(world->staged[i].path, resolved) == 0)
			return &world->staged[i];
	return NULL;
}

/* The entry of a path, new where there is none. NULL where its parent does not exist. */
static struct staged *
stage(struct world *world, const char *path, unsigned flags)
{
	const char *resolved = world_walk(world, path, flags | WALK_LAST_MAY_MISS, NULL, NULL);
	struct staged *staged;
	struct node node;

	assert(world->base != NULL);
	if (resolved == NULL)
		return NULL;
	staged = (struct staged *)(uintptr_t)overlay_find(world, resolved);
	if (staged != NULL)
		return staged;
	world->staged = mem_grow(world->staged, world->staged_count, &world->staged_capacity,
		sizeof(*world->staged));
	staged = &world->staged[world->staged_count];
	*staged = (struct staged){ .path = resolved, .order = world->staged_count };
	staged->creates = world_node(world->base, resolved, &node) < 0;
	world->staged_count++;
	return staged;
}

void
overlay_write(struct world *world, const char *path, struct span bytes)
{
	struct staged *staged = stage(world, path, 0);
	struct span below;
	struct err ignored = { 0 };

	if (staged == NULL)
		return;
	staged->removes = staged->links = false;
	staged->writes =
		staged->creates ||
		world_read(world->base, staged->path, WORLD_MAX_FILE, &below, &ignored) < 0 ||
		!span_equal(below, bytes);
	staged->bytes =
		span_of(arena_dup(world->arena, bytes.length > 0 ? bytes.data : (const uint8_t *)"",
				bytes.length),
			bytes.length);
}

void
overlay_set_mode(struct world *world, const char *path, mode_t mode)
{
	struct staged *staged = stage(world, path, 0);
	struct node node;

	if (staged == NULL)
		return;
	staged->mode = mode;
	staged->sets_mode =
		world_node(world->base, staged->path, &node) < 0 || node.identity.mode != mode;
}

void
overlay_set_owner(struct world *world, const char *path, uid_t owner, gid_t group)
{
	struct staged *staged = stage(world, path, 0);
	struct node node;

	if (staged == NULL)
		return;
	staged->owner = owner;
	staged->group = group;
	staged->sets_owner = world_node(world->base, staged->path, &node) < 0 ||
			     node.identity.owner != owner || node.identity.group != group;
}

void
overlay_link(struct world *world, const char *path, const char *target)
{
	struct staged *staged = stage(world, path, WALK_NO_FOLLOW_LAST);
	struct node node;

	if (staged == NULL)
		return;
	staged->target = arena_strdup(world->arena, target);
	staged->writes = staged->removes = false;
	staged->links = world_node(world->base, staged->path, &node) < 0 ||
			node.identity.type != FILE_LINK || strcmp(node.target, target) != 0;
}

void
overlay_remove(struct world *world, const char *path)
{
	struct staged *staged = stage(world, path, WALK_NO_FOLLOW_LAST);

	if (staged == NULL)
		return;
	staged->writes = staged->links = staged->sets_mode = staged->sets_owner = false;
	staged->removes = !staged->creates;
}

static struct edit *
edit_add(struct world *world, struct edit **edits, size_t *count, size_t *capacity,
	const struct staged *staged, enum edit_kind kind)
{
	struct edit *edit;

	*edits = arena_grow(world->arena, *edits, *count, capacity, sizeof(**edits));
	edit = &(*edits)[(*count)++];
	*edit = (struct edit){
		.kind = kind,
		.path = staged->path,
		.bytes = staged->bytes,
		.mode = staged->mode,
		.owner = staged->owner,
		.group = staged->group,
		.target = staged->target,
		.creates = staged->creates,
	};
	return edit;
}

size_t
overlay_edits(const struct world *world, const struct edit **ret)
{
	struct world *keeper = (struct world *)(uintptr_t)world;
	struct edit *edits = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < world->staged_count; i++) {
		const struct staged *staged = &world->staged[i];

		if (staged->removes)
			(void)edit_add(keeper, &edits, &count, &capacity, staged, EDIT_REMOVE);
		if (staged->links)
			(void)edit_add(keeper, &edits, &count, &capacity, staged, EDIT_LINK);
		if (staged->writes)
			(void)edit_add(keeper, &edits, &count, &capacity, staged, EDIT_WRITE);
		if (staged->sets_owner && !staged->removes)
			(void)edit_add(keeper, &edits, &count, &capacity, staged, EDIT_OWNER);
		if (staged->sets_mode && !staged->removes)
			(void)edit_add(keeper, &edits, &count, &capacity, staged, EDIT_MODE);
	}
	*ret = edits;
	return count;
}
