/* SPDX-License-Identifier: Apache-2.0 */
/* Path resolution as in path_resolution(7), inside the world's root: component by component, links
 * by our own hand, ".." never above. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "world/internal.h"

struct world *
world_real(struct world *world)
{
	while (world->base != NULL)
		world = world->base;
	return world;
}

static void
identity_fill(const struct stat *status, struct file_identity *ret)
{
	ret->type = S_ISREG(status->st_mode)   ? FILE_REGULAR
		    : S_ISDIR(status->st_mode) ? FILE_DIRECTORY
		    : S_ISLNK(status->st_mode) ? FILE_LINK
					       : FILE_SPECIAL;
	ret->device = status->st_dev;
	ret->inode = status->st_ino;
	ret->size = (uint64_t)status->st_size;
	ret->links = status->st_nlink;
	ret->owner = status->st_uid;
	ret->group = status->st_gid;
	ret->mode = status->st_mode & 07777;
	ret->modified =
		(struct timestamp){ status->st_mtim.tv_sec, (uint32_t)status->st_mtim.tv_nsec };
	ret->changed =
		(struct timestamp){ status->st_ctim.tv_sec, (uint32_t)status->st_ctim.tv_nsec };
}

/* Of a real world: the parent is resolved, so no component of path but the last can be a link. */
static int
node_real(struct world *world, const char *path, struct node *ret)
{
	const char *relative = path[1] == '\0' ? "." : path + 1;
	char target[PATH_MAX + 1];
	struct stat status;
	ssize_t length;

	if (fstatat(world->root_fd, relative, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	identity_fill(&status, &ret->identity);
	ret->world = world;
	if (ret->identity.type != FILE_LINK)
		return 0;
	length = readlinkat(world->root_fd, relative, target, PATH_MAX);
	if (length < 0)
		return -1;
	target[length] = '\0';
	ret->target = arena_strdup(world->arena, target);
	return 0;
}

static void
node_apply(const struct staged *staged, struct node *node)
{
	struct timespec now;

	node->staged = staged;
	if (staged->writes)
		node->identity.size = staged->bytes.length;
	if (staged->sets_mode)
		node->identity.mode = staged->mode;
	if (staged->sets_owner) {
		node->identity.owner = staged->owner;
		node->identity.group = staged->group;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	node->identity.changed = (struct timestamp){ now.tv_sec, (uint32_t)now.tv_nsec };
	if (staged->writes)
		node->identity.modified = node->identity.changed;
}

int
world_node(struct world *world, const char *path, struct node *ret)
{
	const struct staged *staged;

	*ret = (struct node){ 0 };
	if (world->base == NULL)
		return node_real(world, path, ret);
	staged = overlay_find(world, path);
	if (staged != NULL && staged->removes) {
		errno = ENOENT;
		return -1;
	}
	if (staged != NULL && staged->links) {
		ret->identity = (struct file_identity){
			.type = FILE_LINK, .mode = 0777, .links = 1, .size = strlen(staged->target)
		};
		ret->target = staged->target;
		ret->staged = staged;
		ret->world = world_real(world);
		return 0;
	}
	if (world_node(world->base, path, ret) < 0) {
		if (staged == NULL || !staged->writes)
			return -1;
		ret->identity =
			(struct file_identity){ .type = FILE_REGULAR, .mode = 0644, .links = 1 };
		ret->world = world_real(world);
	}
	if (staged != NULL)
		node_apply(staged, ret);
	return 0;
}

/* The components still to be walked, the next one first. */
struct walk {
	char todo[PATH_MAX * 2];
	char done[PATH_MAX];
	unsigned links;
};

/* Puts text before what is still to do. -1 with ENAMETOOLONG. */
static int
walk_prepend(struct walk *walk, const char *text)
{
	size_t length = strlen(text), rest = strlen(walk->todo);

	if (length + rest + 2 > sizeof(walk->todo)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(walk->todo + length + 1, walk->todo, rest + 1);
	memcpy(walk->todo, text, length);
	walk->todo[length] = '/';
	return 0;
}

/* Takes the next component off; false where none is left. */
static bool
walk_next(struct walk *walk, char component[static NAME_MAX + 1])
{
	size_t skip = strspn(walk->todo, "/"), length = strcspn(walk->todo + skip, "/");

	if (length == 0)
		return false;
	if (length > NAME_MAX)
		length = NAME_MAX;
	memcpy(component, walk->todo + skip, length);
	component[length] = '\0';
	memmove(walk->todo, walk->todo + skip + length, strlen(walk->todo + skip + length) + 1);
	return true;
}

static bool
walk_is_last(const struct walk *walk)
{
	return walk->todo[strspn(walk->todo, "/")] == '\0';
}

static void
walk_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

static int
walk_into(struct walk *walk, const char *component)
{
	size_t length = strlen(walk->done);

	if (length + strlen(component) + 2 > sizeof(walk->done)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	walk->done[length] = '/';
	(void)strcpy(walk->done + length + 1, component);
	return 0;
}

static int
walk_link(struct walk *walk, const struct node *node)
{
	if (++walk->links > WORLD_MAX_LINKS) {
		errno = ELOOP;
		return -1;
	}
	if (walk_prepend(walk, node->target) < 0)
		return -1;
	walk_up(walk);
	if (node->target[0] == '/')
		walk->done[0] = '\0';
	return 0;
}

/* One component: 1 where the walk ends here, 0 to go on, -1 with errno. */
static int
walk_step(struct world *world, struct walk *walk, unsigned flags, walk_visit visit, void *context)
{
	char component[NAME_MAX + 1];
	struct node node;
	bool last;

	if (!walk_next(walk, component))
		return 1;
	if (strcmp(component, ".") == 0)
		return 0;
	if (strcmp(component, "..") == 0) {
		walk_up(walk);
		return 0;
	}
	if (walk_into(walk, component) < 0)
		return -1;
	last = walk_is_last(walk);
	if (world_node(world, walk->done, &node) < 0)
		return last && errno == ENOENT && (flags & WALK_LAST_MAY_MISS) != 0 ? 1 : -1;
	if (visit != NULL && visit(world, walk->done, &node,
				     last && node.identity.type != FILE_LINK, context) != 0) {
		errno = EACCES;
		return -1;
	}
	if (node.identity.type == FILE_LINK)
		return last && (flags & WALK_NO_FOLLOW_LAST) != 0 ? 1 : walk_link(walk, &node);
	if (!last && node.identity.type != FILE_DIRECTORY) {
		errno = ENOTDIR;
		return -1;
	}
	return 0;
}

const char *
world_walk(struct world *world, const char *path, unsigned flags, walk_visit visit, void *context)
{
	struct walk *walk = mem_zalloc(sizeof(*walk));
	const char *result = NULL;
	struct node root;
	int step = 0, saved;

	if (strlen(path) >= PATH_MAX) {
		mem_free(walk);
		errno = ENAMETOOLONG;
		return NULL;
	}
	(void)strcpy(walk->todo, path);
	if (visit != NULL && world_node(world, "/", &root) == 0 &&
		visit(world, "/", &root, walk_is_last(walk), context) != 0) {
		errno = EACCES;
		step = -1;
	}
	while (step == 0)
		step = walk_step(world, walk, flags, visit, context);
	saved = errno;
	if (step > 0)
		result = arena_strdup(world->arena, walk->done[0] == '\0' ? "/" : walk->done);
	mem_free(walk);
	errno = saved;
	return result;
}
