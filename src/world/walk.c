/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to what is there, link by link, as path_resolution(7) says, inside the world's root.
 */
#include "world/node.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* The text of a path while links are put into it; the kernel has PATH_MAX for each link. */
enum { WALK_MAX_TEXT = 16 * PATH_MAX };

void
walk_free(struct walk *walk)
{
	buffer_free(&walk->real);
	buffer_free(&walk->rest);
}

static void
trail_add(struct world *world, struct walk *walk, const struct node *node)
{
	if (!walk->keep_trail)
		return;
	walk->steps = arena_grow(world->arena, walk->steps, walk->step_count, &walk->step_capacity,
		sizeof(*walk->steps));
	walk->steps[walk->step_count++] = (struct step){
		.path = arena_strdup(world->arena, (const char *)walk->real.data),
		.node = *node,
	};
}

static void
buffer_set(struct buffer *buffer, const char *text)
{
	buffer_clear(buffer);
	buffer_add_text(buffer, text);
}

static void
buffer_cut(struct buffer *buffer, size_t length)
{
	buffer->length = length;
	buffer->data[length] = '\0';
}

/* Takes the next component off the rest. Returns its length, 0 at the end. */
static size_t
component_take(struct walk *walk, char name[static NAME_MAX + 1], bool *ret_slash)
{
	const char *rest = (const char *)walk->rest.data;
	size_t start = strspn(rest, "/");
	size_t length = strcspn(rest + start, "/");

	if (length > 0 && length <= NAME_MAX) {
		memcpy(name, rest + start, length);
		name[length] = '\0';
	}
	*ret_slash = rest[start + length] == '/';
	memmove(walk->rest.data, rest + start + length, strlen(rest + start + length) + 1);
	walk->rest.length -= start + length;
	return length;
}

/* ".." of the root is the root: so no link leads out of it. */
static int
walk_up(struct world *world, struct walk *walk)
{
	buffer_cut(&walk->real, real_parent_length((const char *)walk->real.data));
	return world->layer->look(world, (const char *)walk->real.data, &walk->node);
}

static int
walk_link(struct world *world, struct walk *walk, const struct node *node, size_t parent)
{
	const char *target = node->target;
	struct buffer rest = { 0 };

	if (++walk->links > WORLD_MAX_LINKS)
		return ELOOP;
	if (target[0] == '\0')
		return ENOENT;
	if (walk->rest.length + strlen(target) > WALK_MAX_TEXT)
		return ENAMETOOLONG;
	trail_add(world, walk, node);
	if (walk->link == NULL || walk->rest.length <= walk->behind_link) {
		walk->link = arena_strdup(world->arena, (const char *)walk->real.data);
		walk->behind_link = walk->rest.length;
	}
	buffer_set(&rest, target);
	buffer_add(&rest, walk->rest.data, walk->rest.length);
	buffer_free(&walk->rest);
	walk->rest = rest;
	buffer_cut(&walk->real, target[0] == '/' ? 1 : parent);
	return world->layer->look(world, (const char *)walk->real.data, &walk->node);
}

static int
walk_missing(struct walk *walk, size_t before)
{
	const char *rest = (const char *)walk->rest.data;

	walk->last_missing = rest[strspn(rest, "/")] == '\0';
	/* A name that the path itself has is missing; no link is to blame. */
	if (walk->link != NULL && before <= walk->behind_link)
		walk->link = NULL;
	return ENOENT;
}

static int
walk_step(struct world *world, struct walk *walk, const char *name, bool slash)
{
	size_t parent = walk->real.length;
	size_t before = walk->rest.length + strlen(name);
	struct node node;
	int sys;

	if (walk->node.identity.type != FILE_DIRECTORY)
		return ENOTDIR;
	trail_add(world, walk, &walk->node);
	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return walk_up(world, walk);
	if (walk->real.length > 1)
		buffer_add(&walk->real, "/", 1);
	buffer_add(&walk->real, name, strlen(name));
	if (walk->real.length > WALK_MAX_TEXT)
		return ENAMETOOLONG;
	sys = world->layer->look(world, (const char *)walk->real.data, &node);
	if (sys == ENOENT)
		return walk_missing(walk, before);
	if (sys != 0)
		return sys;
	if (node.identity.type == FILE_LINK &&
		(walk->follow_last || slash || walk->rest.length > 0))
		return walk_link(world, walk, &node, parent);
	if (slash && node.identity.type != FILE_DIRECTORY)
		return ENOTDIR;
	walk->node = node;
	return 0;
}

int
walk_to(struct world *world, const char *path, unsigned flags, struct walk *ret)
{
	char name[NAME_MAX + 1];
	size_t length;
	bool slash;
	int sys;

	*ret = (struct walk){ .keep_trail = (flags & WALK_TRAIL) != 0,
		.follow_last = (flags & WALK_FOLLOW) != 0 };
	buffer_set(&ret->real, "/");
	buffer_set(&ret->rest, "");
	if (path[0] == '\0')
		return ENOENT;
	if (strlen(path) >= PATH_MAX)
		return ENAMETOOLONG;
	buffer_set(&ret->rest, path);
	sys = world->layer->look(world, "/", &ret->node);
	while (sys == 0 && (length = component_take(ret, name, &slash)) > 0)
		sys = length > NAME_MAX ? ENAMETOOLONG : walk_step(world, ret, name, slash);
	return sys;
}
