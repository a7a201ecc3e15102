/* SPDX-License-Identifier: Apache-2.0 */
/* What callers ask of a world: walk to the path, then ask the layer. */
#define CONSTRUCTS
#include "world/node.h"

#include <errno.h>
#include <string.h>
#include <time.h>

struct world *
world_new(const struct layer *layer, const char *root)
{
	struct world *world = mem_zalloc(sizeof(*world));

	world->layer = layer;
	world->arena = arena_new();
	world->root = arena_strdup(world->arena, root);
	return world;
}

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	world->layer->close(world);
	arena_free(world->arena);
	mem_free(world);
}

bool
timestamp_is_before(struct timestamp a, struct timestamp later)
{
	return a.seconds != later.seconds ? a.seconds < later.seconds
					  : a.nanoseconds < later.nanoseconds;
}

const char *
world_root(const struct world *world)
{
	return world->root;
}

const char *
world_printable(struct world *world, const char *path)
{
	return text_sanitize(world->arena, path, strlen(path));
}

int
world_errno(struct world *world, int sys, const char *verb, const char *path, struct err *err)
{
	const char *text = world_printable(world, path);

	errno = sys;
	if (sys == EFBIG) {
		err_set(err, ERR_LIMIT, "%s %s: it is larger than is read of such a file", verb,
			text);
		if (err != NULL)
			err->sys = EFBIG;
		return -1;
	}
	if (sys == EAGAIN) {
		err_set(err, ERR_BUSY, "%s %s: it keeps changing", verb, text);
		if (err != NULL)
			err->sys = EAGAIN;
		return -1;
	}
	return err_sys(err, ERR_IO, "%s %s", verb, text);
}

char *
real_join(struct arena *arena, const char *directory, const char *name)
{
	return arena_printf(
		arena, "%s%s%s", directory, strcmp(directory, "/") == 0 ? "" : "/", name);
}

size_t
real_parent_length(const char *real)
{
	size_t length = (size_t)(strrchr(real, '/') - real);

	return length > 0 ? length : 1;
}

int
names_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct timestamp
timestamp_now(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (struct timestamp){ now.tv_sec, (uint32_t)now.tv_nsec };
}

const char *
world_resolve(struct world *world, const char *path)
{
	CLEANUP(walk_free) struct walk walk;
	int sys = walk_to(world, path, WALK_FOLLOW, &walk);

	if (sys != 0 && !walk.last_missing)
		return NULL;
	return arena_strdup(world->arena, (const char *)walk.real.data);
}

const char *
world_host_path(struct world *world, const char *path)
{
	CLEANUP(walk_free) struct walk walk;
	const char *real;

	if (walk_to(world, path, WALK_FOLLOW, &walk) != 0)
		return NULL;
	real = (const char *)walk.real.data;
	if (strcmp(world->root, "/") == 0)
		return arena_strdup(world->arena, real);
	if (strcmp(real, "/") == 0)
		return world->root;
	return arena_printf(world->arena, "%s%s", world->root, real);
}

int
world_read(struct world *world, const char *path, size_t limit, struct span *ret, struct err *err)
{
	CLEANUP(walk_free) struct walk walk;
	int sys = walk_to(world, path, WALK_FOLLOW, &walk);

	*ret = (struct span){ 0 };
	if (limit > WORLD_MAX_FILE)
		limit = WORLD_MAX_FILE;
	if (sys == 0 && walk.node.identity.type == FILE_DIRECTORY)
		sys = EISDIR;
	/* To open a device can act on it, to open a fifo can wait for ever. */
	if (sys == 0 && walk.node.identity.type != FILE_REGULAR)
		return world_errno(world, EINVAL, "read, as a regular file,", path, err);
	if (sys == 0)
		sys = world->layer->read(world, (const char *)walk.real.data, limit, ret);
	return sys == 0 ? 0 : world_errno(world, sys, "read", path, err);
}

int
world_open(struct world *world, const char *path, int *ret_fd, struct file_identity *ret,
	struct err *err)
{
	CLEANUP(walk_free) struct walk walk;
	int sys = walk_to(world, path, WALK_FOLLOW, &walk);

	*ret_fd = -1;
	if (sys == 0 && walk.node.identity.type != FILE_REGULAR)
		sys = walk.node.identity.type == FILE_DIRECTORY ? EISDIR : EINVAL;
	if (sys == 0)
		sys = world->layer->open(world, (const char *)walk.real.data, ret_fd, ret);
	return sys == 0 ? 0 : world_errno(world, sys, "open", path, err);
}

static int
stat_by(struct world *world, const char *path, unsigned flags, struct node *ret, struct err *err)
{
	CLEANUP(walk_free) struct walk walk;
	int sys = walk_to(world, path, flags, &walk);

	*ret = (struct node){ 0 };
	if (sys != 0)
		return world_errno(world, sys, "find", path, err);
	*ret = walk.node;
	return 0;
}

int
world_stat(struct world *world, const char *path, struct file_identity *ret, struct err *err)
{
	struct node node;
	int status = stat_by(world, path, WALK_FOLLOW, &node, err);

	*ret = node.identity;
	return status;
}

int
world_lstat(struct world *world, const char *path, struct file_identity *ret, struct err *err)
{
	struct node node;
	int status = stat_by(world, path, 0, &node, err);

	*ret = node.identity;
	return status;
}

int
world_readlink(struct world *world, const char *path, const char **ret, struct err *err)
{
	struct node node;

	*ret = NULL;
	TRY(stat_by(world, path, 0, &node, err));
	if (node.identity.type != FILE_LINK)
		return world_errno(world, EINVAL, "read the link", path, err);
	*ret = node.target;
	return 0;
}

int
world_list(struct world *world, const char *path, const char *const **ret_names, size_t *ret_count,
	struct err *err)
{
	CLEANUP(walk_free) struct walk walk;
	int sys = walk_to(world, path, WALK_FOLLOW, &walk);
	struct names names = { 0 };

	if (sys == 0 && walk.node.identity.type != FILE_DIRECTORY)
		sys = ENOTDIR;
	if (sys == 0)
		sys = world->layer->list(world, (const char *)walk.real.data, &names);
	*ret_names = names.names;
	*ret_count = names.count;
	return sys == 0 ? 0 : world_errno(world, sys, "list", path, err);
}

int
world_attributes_of(struct world *world, const char *real, struct attributes *ret)
{
	*ret = (struct attributes){ 0 };
	return world->layer->attributes(world, real, ret);
}

int
world_attributes(struct world *world, const char *path, const struct extended_attribute **ret,
	size_t *ret_count, struct err *err)
{
	CLEANUP(walk_free) struct walk walk;
	struct attributes attributes = { 0 };
	int sys = walk_to(world, path, WALK_FOLLOW, &walk);

	if (sys == 0)
		sys = world_attributes_of(world, (const char *)walk.real.data, &attributes);
	*ret = attributes.list;
	*ret_count = attributes.count;
	return sys == 0 ? 0 : world_errno(world, sys, "read the attributes of", path, err);
}
