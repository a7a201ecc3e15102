/* SPDX-License-Identifier: Apache-2.0 */
/* Making edits in an overlay, and telling them. */
#include "world/overlay.h"

#include <errno.h>
#include <string.h>

enum { OVERLAY_MAX_NEW_DIRECTORIES = 256 }; /* for one path */
enum { PERMISSION_BITS = 07777 };

static void
note_order(struct overlay *overlay, struct change *change, enum aspect aspect)
{
	overlay->is_stale = true;
	if (change->is_in_order[aspect])
		return;
	change->is_in_order[aspect] = true;
	overlay->order = mem_grow(overlay->order, overlay->order_count, &overlay->order_capacity,
		sizeof(*overlay->order));
	overlay->order[overlay->order_count++] = (struct turn){ change, aspect };
}

/* Adding or removing a name changes the directory's times. */
static void
touch_parent(struct world *world, const char *real)
{
	CLEANUP(mem_freep) char *parent = mem_strdup(real);
	struct change *change;

	parent[real_parent_length(parent)] = '\0';
	change = change_at(world, parent);
	change->is_touched = true;
	change->modified = change->changed = timestamp_now();
}

static void
content_put(struct world *world, struct change *change, enum content content)
{
	struct node before;
	bool was_there = overlay_look(world, change->path, &before) == 0;

	change->content = content;
	change->is_touched = content != CONTENT_KEPT;
	change->modified = change->changed = timestamp_now();
	note_order(world->overlay, change, ASPECT_CONTENT);
	if (!was_there || content == CONTENT_REMOVED)
		touch_parent(world, change->path);
}

static void
make_directory(struct world *world, const char *real)
{
	struct change *change = change_at(world, real);
	struct node node;

	content_put(world, change, CONTENT_DIRECTORY);
	if (!change->hides_base &&
		world->overlay->base->layer->look(world->overlay->base, real, &node) == 0) {
		change->hides_base = true;
		world->overlay->hiding++;
	}
}

/* The real path to edit, from the world, with the directories that it still lacks made; NULL where
 * nothing can be at such a path. */
static const char *
place_of(struct world *world, const char *path, unsigned flags, struct node *ret, bool *ret_exists)
{
	for (unsigned i = 0; i < OVERLAY_MAX_NEW_DIRECTORIES; i++) {
		CLEANUP(walk_free) struct walk walk;
		int sys = walk_to(world, path, flags, &walk);

		if (sys != 0 && sys != ENOENT)
			return NULL;
		*ret = walk.node;
		*ret_exists = sys == 0;
		if (sys == 0 || walk.last_missing)
			return arena_strdup(world->arena, (const char *)walk.real.data);
		if (walk.real.length <= 1)
			return NULL;
		make_directory(world, (const char *)walk.real.data);
	}
	return NULL;
}

static bool
holds(struct world *world, const char *real, const struct node *node, struct span bytes)
{
	struct span there;

	return node->identity.type == FILE_REGULAR && node->identity.size == bytes.length &&
	       world->layer->read(world, real, WORLD_MAX_FILE, &there) == 0 &&
	       span_equal(there, bytes);
}

void
overlay_write(struct world *world, const char *path, struct span bytes)
{
	struct overlay *overlay = world->overlay;
	struct change *change;
	struct node node;
	bool exists;
	const char *real = place_of(world, path, WALK_FOLLOW, &node, &exists);

	if (real == NULL || (exists && node.identity.type != FILE_REGULAR) ||
		(exists && holds(world, real, &node, bytes)))
		return;
	change = change_at(world, real);
	if (base_look(overlay, real, &node) == 0 && holds(overlay->base, real, &node, bytes)) {
		content_put(world, change, CONTENT_KEPT);
		return;
	}
	change->bytes = span_of(arena_dup(world->arena, bytes.data, bytes.length), bytes.length);
	content_put(world, change, CONTENT_WRITTEN);
}

void
overlay_link(struct world *world, const char *path, const char *target)
{
	struct change *change;
	struct node node;
	bool exists;
	const char *real = place_of(world, path, 0, &node, &exists);

	if (real == NULL || (exists && node.identity.type == FILE_DIRECTORY) ||
		(exists && node.target != NULL && strcmp(node.target, target) == 0))
		return;
	change = change_at(world, real);
	change->has_mode = change->has_owner = false;
	if (base_look(world->overlay, real, &node) == 0 && node.target != NULL &&
		strcmp(node.target, target) == 0) {
		content_put(world, change, CONTENT_KEPT);
		return;
	}
	change->target = arena_strdup(world->arena, target);
	content_put(world, change, CONTENT_LINKED);
}

/* What was edited below a directory goes with it. */
static void
forget_below(struct overlay *overlay, const char *real)
{
	size_t length = strlen(real);

	for (size_t i = 0; i < overlay->change_count; i++) {
		struct change *change = overlay->changes[i];

		if (strncmp(change->path, real, length) != 0 || change->path[length] != '/')
			continue;
		change->content = CONTENT_KEPT;
		change->has_mode = change->has_owner = change->is_touched = false;
		overlay->hiding -= change->hides_base;
		change->hides_base = false;
	}
}

void
overlay_remove(struct world *world, const char *path)
{
	CLEANUP(walk_free) struct walk walk;
	struct change *change;
	struct node node;
	const char *real;

	if (walk_to(world, path, 0, &walk) != 0 || walk.real.length <= 1)
		return;
	real = (const char *)walk.real.data;
	if (walk.node.identity.type == FILE_DIRECTORY)
		forget_below(world->overlay, real);
	change = change_at(world, real);
	change->has_mode = change->has_owner = false;
	content_put(world, change,
		base_look(world->overlay, real, &node) == 0 ? CONTENT_REMOVED : CONTENT_KEPT);
	if (change->content == CONTENT_KEPT)
		touch_parent(world, real);
}

static struct change *
existing_change(struct world *world, const char *path, struct node *ret_origin)
{
	CLEANUP(walk_free) struct walk walk;
	struct change *change;

	if (walk_to(world, path, WALK_FOLLOW, &walk) != 0)
		return NULL;
	change = change_at(world, (const char *)walk.real.data);
	return change_origin(world->overlay, change, ret_origin) == 0 ? change : NULL;
}

void
overlay_set_mode(struct world *world, const char *path, mode_t mode)
{
	struct node origin;
	struct change *change = existing_change(world, path, &origin);

	if (change == NULL)
		return;
	change->mode = mode & PERMISSION_BITS;
	change->has_mode = change->mode != origin.identity.mode;
	change->changed = timestamp_now();
	note_order(world->overlay, change, ASPECT_MODE);
}

void
overlay_set_owner(struct world *world, const char *path, uid_t owner, gid_t group)
{
	struct node origin;
	struct change *change = existing_change(world, path, &origin);

	if (change == NULL)
		return;
	change->owner = owner;
	change->group = group;
	change->has_owner = owner != origin.identity.owner || group != origin.identity.group;
	change->changed = timestamp_now();
	note_order(world->overlay, change, ASPECT_OWNER);
}

static bool
is_edit(const struct turn *turn)
{
	const struct change *change = turn->change;
	bool lasts = change->content != CONTENT_REMOVED && change->content != CONTENT_LINKED;

	switch (turn->aspect) {
	case ASPECT_MODE:
		return lasts && change->has_mode;
	case ASPECT_OWNER:
		return lasts && change->has_owner;
	default:
		return change->content != CONTENT_KEPT && change->content != CONTENT_DIRECTORY;
	}
}

static enum edit_kind
edit_kind_of(const struct turn *turn)
{
	if (turn->aspect != ASPECT_CONTENT)
		return turn->aspect == ASPECT_MODE ? EDIT_MODE : EDIT_OWNER;
	if (turn->change->content == CONTENT_REMOVED)
		return EDIT_REMOVE;
	return turn->change->content == CONTENT_LINKED ? EDIT_LINK : EDIT_WRITE;
}

static struct edit
edit_of(const struct overlay *overlay, const struct turn *turn)
{
	const struct change *change = turn->change;
	struct node node = { 0 }, there;
	struct edit edit = { .kind = edit_kind_of(turn), .path = change->path };

	if (change_origin(overlay, change, &node) == 0)
		change_put_access(change, &node.identity);
	edit.mode = node.identity.mode;
	edit.owner = node.identity.owner;
	edit.group = node.identity.group;
	edit.creates = edit.kind != EDIT_REMOVE && base_look(overlay, change->path, &there) != 0;
	if (edit.kind == EDIT_WRITE)
		edit.bytes = change->bytes;
	if (edit.kind == EDIT_LINK)
		edit.target = change->target;
	return edit;
}

size_t
overlay_edits(const struct world *world, const struct edit **ret)
{
	struct overlay *overlay = world->overlay;

	if (overlay->is_stale) {
		overlay->edits = arena_alloc(
			world->arena, (overlay->order_count + 1) * sizeof(*overlay->edits));
		overlay->edit_count = 0;
		for (size_t i = 0; i < overlay->order_count; i++)
			if (is_edit(&overlay->order[i]))
				overlay->edits[overlay->edit_count++] =
					edit_of(overlay, &overlay->order[i]);
		overlay->is_stale = false;
	}
	*ret = overlay->edits;
	return overlay->edit_count;
}
