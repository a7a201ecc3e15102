/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "world/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "world/internal.h"

enum { READ_TRIES = 3, CONTENT_FIRST_SLOTS = 64, ATTRIBUTES_MAX = 64 << 10 };

/* What was read from one path, once. */
struct content {
	const char *path;
	struct span bytes;
	struct content *next;
};

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	fd_close(&world->root_fd);
	mem_free(world->contents);
	mem_free(world->staged);
	arena_free(world->arena);
	mem_free(world);
}

static struct world *
world_new(void)
{
	struct world *world = mem_zalloc(sizeof(*world));

	world->arena = arena_new();
	world->root_fd = -1;
	world->content_slots = CONTENT_FIRST_SLOTS;
	world->contents = mem_zalloc(world->content_slots * sizeof(*world->contents));
	return world;
}

struct world *
world_below(const char *directory, struct err *err)
{
	CLEANUP(world_freep) struct world *world = world_new();

	world->root = arena_strdup(world->arena, directory);
	world->root_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (world->root_fd < 0) {
		(void)err_sys(err, ERR_NO_INPUT, "root %s", directory);
		return NULL;
	}
	return TAKE(world);
}

struct world *
world_host(void)
{
	struct err err = { 0 };
	struct world *world = world_below("/", &err);

	if (world == NULL) {
		(void)fprintf(stderr, "trustmend: %s\n", err.message);
		abort();
	}
	return world;
}

struct world *
world_of_process(pid_t pid, struct err *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	return world_below(path, err);
}

struct world *
world_overlay(struct world *base)
{
	struct world *world = world_new();

	world->base = base;
	world->root = base->root;
	return world;
}

const char *
world_root(const struct world *world)
{
	return world->root;
}

const char *
world_resolve(struct world *world, const char *path)
{
	return world_walk(world, path, WALK_LAST_MAY_MISS, NULL, NULL);
}

const char *
world_host_path(struct world *world, const char *path)
{
	const char *resolved = world_walk(world, path, 0, NULL, NULL);

	if (resolved == NULL || strcmp(world->root, "/") == 0)
		return resolved;
	return arena_printf(world->arena, "%s%s", world->root, resolved);
}

static size_t
slot_of(const struct world *world, const char *path)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *path != '\0'; path++)
		hash = (hash ^ (uint8_t)*path) * UINT64_C(1099511628211);
	return (size_t)(hash & (world->content_slots - 1));
}

static const struct content *
content_find(const struct world *world, const char *path)
{
	const struct content *content = world->contents[slot_of(world, path)];

	while (content != NULL && strcmp(content->path, path) != 0)
		content = content->next;
	return content;
}

static void
contents_grow(struct world *world)
{
	struct content **old = world->contents;
	size_t slots = world->content_slots;

	world->content_slots = slots * 2;
	world->contents = mem_zalloc(world->content_slots * sizeof(*world->contents));
	for (size_t i = 0; i < slots; i++)
		for (struct content *content = old[i], *next; content != NULL; content = next) {
			size_t slot = slot_of(world, content->path);

			next = content->next;
			content->next = world->contents[slot];
			world->contents[slot] = content;
		}
	mem_free(old);
}

static void
content_keep(struct world *world, const char *path, struct span bytes)
{
	struct content *content = arena_alloc(world->arena, sizeof(*content));
	size_t slot;

	if (world->content_count++ >= world->content_slots)
		contents_grow(world);
	slot = slot_of(world, path);
	*content = (struct content){ .path = path, .bytes = bytes, .next = world->contents[slot] };
	world->contents[slot] = content;
}

static bool
same_moment(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Opens for reading without waiting, without touching the access time where we may. */
static int
open_quietly(struct world *world, const char *resolved)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = openat(world->root_fd, resolved + 1, flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(world->root_fd, resolved + 1, flags);
	return fd;
}

/* One reading; 1 where the file changed meanwhile. */
static int
read_once(int fd, const char *path, size_t limit, struct buffer *buffer, struct err *err)
{
	struct stat before, after;

	buffer_clear(buffer);
	if (lseek(fd, 0, SEEK_SET) < 0 || fstat(fd, &before) < 0)
		return err_sys(err, ERR_IO, "read %s", path);
	if (before.st_size > 0 && (uint64_t)before.st_size > limit) {
		errno = EFBIG;
		return err_sys(err, ERR_LIMIT, "read %s", path);
	}
	if (file_read_fd(fd, path, limit, buffer, err) < 0) {
		if (err->code == ERR_LIMIT)
			err->sys = EFBIG;
		return -1;
	}
	if (fstat(fd, &after) < 0)
		return err_sys(err, ERR_IO, "read %s", path);
	return before.st_size != after.st_size || !same_moment(&before.st_mtim, &after.st_mtim) ||
	       !same_moment(&before.st_ctim, &after.st_ctim);
}

static int
read_real(
	struct world *world, const char *resolved, size_t limit, struct span *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = open_quietly(world, resolved);
	CLEANUP(buffer_free) struct buffer buffer = { 0 };
	int changed = 1;

	if (fd < 0)
		return err_sys(err, ERR_IO, "read %s", resolved);
	for (int i = 0; i < READ_TRIES && changed > 0; i++)
		changed = read_once(fd, resolved, limit, &buffer, err);
	if (changed < 0)
		return -1;
	*ret = span_of(
		arena_dup(world->arena, buffer.length > 0 ? buffer.data : (const uint8_t *)"",
			buffer.length),
		buffer.length);
	content_keep(world, resolved, *ret);
	return 0;
}

/* The path is resolved in the uppermost world: below it, nothing is followed any more. */
static int
read_resolved(
	struct world *world, const char *resolved, size_t limit, struct span *ret, struct err *err)
{
	const struct staged *staged = world->base != NULL ? overlay_find(world, resolved) : NULL;
	const struct content *content;

	if (staged != NULL && staged->writes) {
		*ret = staged->bytes;
		return 0;
	}
	if (world->base != NULL)
		return read_resolved(world->base, resolved, limit, ret, err);
	content = content_find(world, resolved);
	if (content == NULL)
		return read_real(world, arena_strdup(world->arena, resolved), limit, ret, err);
	*ret = content->bytes;
	return 0;
}

int
world_read(struct world *world, const char *path, size_t limit, struct span *ret, struct err *err)
{
	const char *resolved = world_walk(world, path, 0, NULL, NULL);
	struct node node;

	if (resolved == NULL || world_node(world, resolved, &node) < 0)
		return err_sys(err, ERR_IO, "read %s", path);
	if (node.identity.type == FILE_DIRECTORY) {
		errno = EISDIR;
		return err_sys(err, ERR_IO, "read %s", path);
	}
	/* A FIFO would block, a device could do anything. */
	if (node.identity.type != FILE_REGULAR) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, "read %s: no regular file", path);
	}
	TRY(read_resolved(world, resolved, limit, ret, err));
	if (ret->length <= limit)
		return 0;
	errno = EFBIG;
	return err_sys(err, ERR_LIMIT, "read %s", path);
}

int
world_stat(struct world *world, const char *path, struct file_identity *ret, struct err *err)
{
	const char *resolved = world_walk(world, path, 0, NULL, NULL);
	struct node node;

	if (resolved == NULL || world_node(world, resolved, &node) < 0)
		return err_sys(err, ERR_IO, "stat %s", path);
	*ret = node.identity;
	return 0;
}

int
world_lstat(struct world *world, const char *path, struct file_identity *ret, struct err *err)
{
	const char *resolved = world_walk(world, path, WALK_NO_FOLLOW_LAST, NULL, NULL);
	struct node node;

	if (resolved == NULL || world_node(world, resolved, &node) < 0)
		return err_sys(err, ERR_IO, "stat %s", path);
	*ret = node.identity;
	return 0;
}

int
world_readlink(struct world *world, const char *path, const char **ret, struct err *err)
{
	const char *resolved = world_walk(world, path, WALK_NO_FOLLOW_LAST, NULL, NULL);
	struct node node;

	if (resolved == NULL || world_node(world, resolved, &node) < 0)
		return err_sys(err, ERR_IO, "read link %s", path);
	if (node.identity.type != FILE_LINK) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, "read link %s", path);
	}
	*ret = arena_strdup(world->arena, node.target);
	return 0;
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	const char **list;
	size_t count, capacity;
};

static void
name_add(struct world *world, struct names *names, const char *name)
{
	names->list = arena_grow(
		world->arena, names->list, names->count, &names->capacity, sizeof(*names->list));
	names->list[names->count++] = arena_strdup(world->arena, name);
}

static int
list_real(struct world *world, struct world *keeper, const char *resolved, struct names *names,
	struct err *err)
{
	int fd = openat(world->root_fd, resolved[1] == '\0' ? "." : resolved + 1,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (directory == NULL) {
		int result = err_sys(err, ERR_IO, "list %s", resolved);

		fd_close(&fd);
		return result;
	}
	while ((entry = readdir(directory)) != NULL && names->count < WORLD_MAX_DIRECTORY)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			name_add(keeper, names, entry->d_name);
	(void)closedir(directory);
	if (entry == NULL)
		return 0;
	errno = EFBIG;
	return err_sys(err, ERR_LIMIT, "list %s", resolved);
}

/* The names below, with those that overlays added and without those they removed. */
static int
list_resolved(struct world *world, struct world *keeper, const char *resolved, struct names *names,
	struct err *err)
{
	struct names all = { 0 };
	size_t length = strlen(resolved);

	if (world->base == NULL)
		return list_real(world, keeper, resolved, names, err);
	TRY(list_resolved(world->base, keeper, resolved, &all, err));
	for (size_t i = 0; i < all.count; i++) {
		const struct staged *staged =
			overlay_find(world, path_join(keeper->arena, resolved, all.list[i]));

		if (staged == NULL || !staged->removes)
			name_add(keeper, names, all.list[i]);
	}
	for (size_t i = 0; i < world->staged_count; i++) {
		const struct staged *staged = &world->staged[i];
		const char *slash = strrchr(staged->path, '/');
		bool here = slash != NULL &&
			    (size_t)(slash - staged->path) == (length == 1 ? 0 : length) &&
			    strncmp(staged->path, resolved, length) == 0;

		if (here && staged->creates && !staged->removes &&
			(staged->writes || staged->links))
			name_add(keeper, names, slash + 1);
	}
	return 0;
}

int
world_list(struct world *world, const char *path, const char *const **ret_names, size_t *ret_count,
	struct err *err)
{
	const char *resolved = world_walk(world, path, 0, NULL, NULL);
	struct names names = { 0 };

	if (resolved == NULL)
		return err_sys(err, ERR_IO, "list %s", path);
	TRY(list_resolved(world, world, resolved, &names, err));
	if (names.count > 0)
		qsort(names.list, names.count, sizeof(*names.list), names_compare);
	*ret_names = names.list;
	*ret_count = names.count;
	return 0;
}

int
world_attributes(struct world *world, const char *path, const struct extended_attribute **ret,
	size_t *ret_count, struct err *err)
{
	const char *resolved = world_walk(world, path, 0, NULL, NULL);
	struct world *real = world_real(world);
	CLEANUP(mem_freep) char *names = mem_alloc(ATTRIBUTES_MAX);
	struct extended_attribute *attributes = NULL;
	size_t count = 0, capacity = 0;
	char link[64];
	CLEANUP(fd_close) int fd = -1;
	ssize_t length;

	*ret = NULL;
	*ret_count = 0;
	if (resolved == NULL)
		return err_sys(err, ERR_IO, "attributes of %s", path);
	fd = openat(real->root_fd, resolved[1] == '\0' ? "." : resolved + 1,
		O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return world->base != NULL && errno == ENOENT
			       ? 0
			       : err_sys(err, ERR_IO, "attributes of %s", path);
	/* O_PATH descriptors take no f*xattr; their name in /proc does. */
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = listxattr(link, names, ATTRIBUTES_MAX);
	if (length < 0)
		return errno == ENOTSUP ? 0 : err_sys(err, ERR_IO, "attributes of %s", path);
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		CLEANUP(mem_freep) char *value = mem_alloc(ATTRIBUTES_MAX);
		ssize_t size = getxattr(link, name, value, ATTRIBUTES_MAX);

		if (size < 0)
			continue;
		attributes =
			arena_grow(world->arena, attributes, count, &capacity, sizeof(*attributes));
		attributes[count].name = arena_strdup(world->arena, name);
		attributes[count++].value =
			span_of(arena_dup(world->arena, value, (size_t)size), (size_t)size);
	}
	if (count > 0)
		qsort(attributes, count, sizeof(*attributes), names_compare);
	*ret = attributes;
	*ret_count = count;
	return 0;
}
