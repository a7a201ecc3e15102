/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer of edits. A change is all that was edited at one path; what is seen there is the base's
 * with the change put over it. An edit that leaves what the base has is none.
 */
#define CONSTRUCTS
#include "world/overlay.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "world/acl.h"

enum {
	NEW_FILE_MODE = 0644, /* as umask 022 leaves them */
	NEW_DIRECTORY_MODE = 0755,
	LINK_MODE = 0777,
};

static int
path_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct change *
change_find(const struct overlay *overlay, const char *real)
{
	void *found = tfind(&real, &overlay->tree, path_compare);

	return found != NULL ? *(struct change **)found : NULL;
}

struct change *
change_at(struct world *world, const char *real)
{
	struct overlay *overlay = world->overlay;
	struct change *change = change_find(overlay, real);

	if (change != NULL)
		return change;
	change = arena_alloc(world->arena, sizeof(*change));
	change->path = arena_strdup(world->arena, real);
	change->inode = UINT64_MAX - overlay->change_count;
	if (tsearch(change, &overlay->tree, path_compare) == NULL)
		abort(); /* no memory: as mem_alloc */
	overlay->changes = mem_grow(overlay->changes, overlay->change_count,
		&overlay->change_capacity, sizeof(struct change *));
	overlay->changes[overlay->change_count++] = change;
	return change;
}

static bool
is_base_hidden(const struct overlay *overlay, const char *real)
{
	CLEANUP(mem_freep) char *above = NULL;
	const struct change *change;

	if (overlay->hiding == 0)
		return false;
	above = mem_strdup(real);
	for (size_t length = strlen(above); length > 1;) {
		length = real_parent_length(above);
		above[length] = '\0';
		change = change_find(overlay, above);
		if (change != NULL && change->hides_base)
			return true;
	}
	return false;
}

int
base_look(const struct overlay *overlay, const char *real, struct node *ret)
{
	if (is_base_hidden(overlay, real))
		return ENOENT;
	return overlay->base->layer->look(overlay->base, real, ret);
}

/* What is there but for staged mode and owner: of the base where its content or its place is kept.
 */
int
change_origin(const struct overlay *overlay, const struct change *change, struct node *ret)
{
	int sys = base_look(overlay, change->path, ret);

	if (change->content == CONTENT_KEPT || (change->content == CONTENT_WRITTEN && sys == 0 &&
						       ret->identity.type == FILE_REGULAR))
		return sys;
	*ret = (struct node){ .identity = {
				      .type = FILE_REGULAR,
				      .mode = NEW_FILE_MODE,
				      .owner = geteuid(),
				      .group = getegid(),
				      .changed = change->changed,
			      } };
	if (change->content == CONTENT_DIRECTORY) {
		ret->identity.type = FILE_DIRECTORY;
		ret->identity.mode = NEW_DIRECTORY_MODE;
	}
	return 0;
}

void
change_put_access(const struct change *change, struct file_identity *identity)
{
	if (change->has_mode)
		identity->mode = change->mode;
	if (change->has_owner) {
		identity->owner = change->owner;
		identity->group = change->group;
	}
	if (change->has_mode || change->has_owner)
		identity->changed = change->changed;
	if (change->is_touched)
		identity->modified = identity->changed = change->modified;
}

int
overlay_look(struct world *world, const char *real, struct node *ret)
{
	const struct change *change = change_find(world->overlay, real);
	int sys;

	if (change == NULL)
		return base_look(world->overlay, real, ret);
	if (change->content == CONTENT_REMOVED)
		return ENOENT;
	sys = change_origin(world->overlay, change, ret);
	if (sys != 0)
		return sys;
	change_put_access(change, &ret->identity);
	if (change->content == CONTENT_KEPT)
		return 0;
	ret->identity.inode = change->inode;
	ret->identity.links = 1;
	ret->identity.size = change->bytes.length;
	if (change->content == CONTENT_LINKED) {
		ret->identity.type = FILE_LINK;
		ret->identity.mode = LINK_MODE;
		ret->identity.size = strlen(change->target);
		ret->target = change->target;
	}
	return 0;
}

static int
overlay_read(struct world *world, const char *real, size_t limit, struct span *ret)
{
	struct world *base = world->overlay->base;
	const struct change *change = change_find(world->overlay, real);

	if (change == NULL || change->content == CONTENT_KEPT)
		return base->layer->read(base, real, limit, ret);
	if (change->content != CONTENT_WRITTEN)
		return EINVAL;
	if (change->bytes.length > limit)
		return EFBIG;
	*ret = change->bytes;
	return 0;
}

static int
overlay_open(struct world *world, const char *real, int *ret_fd, struct file_identity *ret)
{
	struct world *base = world->overlay->base;
	const struct change *change = change_find(world->overlay, real);
	int sys;

	if (change != NULL && change->content != CONTENT_KEPT)
		return change->content == CONTENT_WRITTEN ? ENOTSUP : EINVAL;
	sys = base->layer->open(base, real, ret_fd, ret);
	if (sys == 0 && change != NULL)
		change_put_access(change, ret);
	return sys;
}

static bool
is_child(const char *real, const char *directory)
{
	size_t length = real_parent_length(real);

	return strlen(real) > length && strlen(directory) == length &&
	       memcmp(real, directory, length) == 0;
}

static bool
has_changed_children(const struct overlay *overlay, const char *directory)
{
	for (size_t i = 0; i < overlay->change_count; i++)
		if (overlay->changes[i]->content != CONTENT_KEPT &&
			is_child(overlay->changes[i]->path, directory))
			return true;
	return false;
}

static int
base_list(const struct overlay *overlay, const char *real, struct names *ret)
{
	const struct change *change = change_find(overlay, real);

	*ret = (struct names){ 0 };
	if (is_base_hidden(overlay, real) ||
		(change != NULL && change->content == CONTENT_DIRECTORY))
		return 0;
	return overlay->base->layer->list(overlay->base, real, ret);
}

static int
overlay_list(struct world *world, const char *real, struct names *ret)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	const struct overlay *overlay = world->overlay;
	const struct change *change;
	const char **names;
	struct names base;
	size_t count = 0;
	int sys = base_list(overlay, real, &base);

	*ret = base;
	if (sys != 0 || !has_changed_children(overlay, real))
		return sys;
	names = arena_alloc(world->arena, (base.count + overlay->change_count) * sizeof(*names));
	/* Names that changed are told by their changes, the others by the base. */
	for (size_t i = 0; i < base.count; i++) {
		change = change_find(overlay, real_join(scratch, real, base.names[i]));
		if (change == NULL || change->content == CONTENT_KEPT)
			names[count++] = base.names[i];
	}
	for (size_t i = 0; i < overlay->change_count; i++) {
		change = overlay->changes[i];
		if (change->content != CONTENT_KEPT && change->content != CONTENT_REMOVED &&
			is_child(change->path, real))
			names[count++] = strrchr(change->path, '/') + 1;
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), names_compare);
	if (count > WORLD_MAX_DIRECTORY)
		return EFBIG;
	*ret = (struct names){ names, count };
	return 0;
}

/* The attributes go with the file, also where its content is replaced; chmod changes the ACL. */
static int
overlay_attributes(struct world *world, const char *real, struct attributes *ret)
{
	const struct overlay *overlay = world->overlay;
	const struct change *change = change_find(overlay, real);
	struct extended_attribute *list;
	struct node node;
	int sys;

	if (change != NULL && change->content != CONTENT_KEPT &&
		(change->content != CONTENT_WRITTEN || base_look(overlay, real, &node) != 0 ||
			node.identity.type != FILE_REGULAR))
		return 0;
	sys = overlay->base->layer->attributes(overlay->base, real, ret);
	if (sys != 0 || change == NULL || !change->has_mode || ret->count == 0)
		return sys;
	list = arena_dup(world->arena, ret->list, ret->count * sizeof(*list));
	for (size_t i = 0; i < ret->count; i++)
		if (strcmp(list[i].name, ACL_ATTRIBUTE) == 0 && acl_count(list[i].value) > 0)
			list[i].value = acl_with_mode(world->arena, list[i].value, change->mode);
	ret->list = list;
	return 0;
}

static void
keep_change(void *)
{
}

static void
overlay_close(struct world *world)
{
	struct overlay *overlay = world->overlay;

	tdestroy(overlay->tree, keep_change);
	mem_free(overlay->changes);
	mem_free(overlay->order);
	mem_free(overlay);
}

static const struct layer layer_overlay = {
	.look = overlay_look,
	.read = overlay_read,
	.open = overlay_open,
	.list = overlay_list,
	.attributes = overlay_attributes,
	.close = overlay_close,
};

struct world *
world_overlay(struct world *base)
{
	struct world *world = world_new(&layer_overlay, base->root);

	world->is_ours = base->is_ours;
	world->overlay = mem_zalloc(sizeof(*world->overlay));
	world->overlay->base = base;
	return world;
}
