/* SPDX-License-Identifier: Apache-2.0 */
/* A directory to build worlds in. What cannot be made ends the test. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "world/world.h"

struct place {
	char root[64];
	char path[4096]; /* of the last place_path */
};

static inline void
place_must(bool held, const char *what)
{
	if (held)
		return;
	perror(what);
	abort();
}

static inline const char *
place_path(struct place *place, const char *name)
{
	(void)snprintf(place->path, sizeof(place->path), "%s/%s", place->root, name);
	return place->path;
}

static inline void
place_open(struct place *place)
{
	(void)umask(022);
	(void)snprintf(place->root, sizeof(place->root), "/tmp/world-test-XXXXXX");
	place_must(mkdtemp(place->root) != NULL, "mkdtemp");
	place_must(chmod(place->root, 0755) == 0, "chmod");
}

static inline void
place_close(struct place *place)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", place->root);
	place_must(system(command) == 0, command);
}

static inline void
place_file(struct place *place, const char *name, const char *content)
{
	CLEANUP(fd_close)
	int fd = open(place_path(place, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	place_must(
		fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content), name);
}

static inline void
place_directory(struct place *place, const char *name)
{
	place_must(mkdir(place_path(place, name), 0755) == 0, name);
}

static inline void
place_link(struct place *place, const char *name, const char *target)
{
	place_must(symlink(target, place_path(place, name)) == 0, name);
}

static inline void
place_access(struct place *place, const char *name, mode_t mode, uid_t owner, gid_t group)
{
	place_must(chown(place_path(place, name), owner, group) == 0, name);
	place_must(chmod(place_path(place, name), mode) == 0, name);
}

struct place_acl {
	unsigned tag, permissions, id;
};

static inline bool
place_set_acl(struct place *place, const char *name, const struct place_acl *entries, size_t count)
{
	unsigned char bytes[256] = { 2 };
	size_t length = 4;

	for (size_t i = 0; i < count; i++) {
		bytes[length++] = (unsigned char)entries[i].tag;
		bytes[length++] = 0;
		bytes[length++] = (unsigned char)entries[i].permissions;
		bytes[length++] = 0;
		for (unsigned j = 0; j < 4; j++)
			bytes[length++] = (unsigned char)(entries[i].id >> 8 * j);
	}
	return setxattr(place_path(place, name), "system.posix_acl_access", bytes, length, 0) == 0;
}

static inline struct world *
place_world(struct place *place)
{
	struct world *world = world_below(place->root, NULL);

	place_must(world != NULL, "world_below");
	return world;
}

static inline bool
reads_as(struct world *world, const char *path, const char *content)
{
	struct span bytes;
	struct err err;

	return world_read(world, path, WORLD_MAX_FILE, &bytes, &err) == 0 &&
	       span_equal(bytes, span_of(content, strlen(content)));
}

/* The errno of a reading, 0 where it goes well. */
static inline int
read_errno(struct world *world, const char *path, size_t limit)
{
	struct span bytes;
	struct err err = { 0 };

	return world_read(world, path, limit, &bytes, &err) == 0 ? 0 : err.sys;
}
