/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share: how a world resolves a path, and what it keeps. */
#pragma once

#include "world/world.h"

struct staged; /* of an overlay: what one path was edited to */

struct world {
	struct arena *arena;
	struct world *base; /* of an overlay; NULL of a real one */
	const char *root;   /* host path of the root */
	int root_fd;
	struct content **contents; /* hash table of what was read */
	size_t content_slots, content_count;
	struct staged *staged;
	size_t staged_count, staged_capacity;
};

/* One path of an overlay and what was done to it. */
struct staged {
	const char *path; /* resolved */
	bool writes, removes, links, sets_mode, sets_owner, creates;
	struct span bytes;
	const char *target;
	mode_t mode;
	uid_t owner;
	gid_t group;
	size_t order;
};

/* What stands at one name, without following it. */
struct node {
	struct file_identity identity;
	const char *target;          /* of a link */
	const struct staged *staged; /* the overlay's, or NULL */
	struct world *world;         /* the real world below */
};

/* Looks at one name whose parent is resolved. -1 with errno. */
int world_node(struct world *, const char *path, struct node *ret);

/* Is told of every component that is passed on the way: directories, links, the last one. Not 0
 * ends the walk. */
typedef int (*walk_visit)(
	struct world *, const char *path, const struct node *, bool is_last, void *context);

enum walk_flags { WALK_NO_FOLLOW_LAST = 1, WALK_LAST_MAY_MISS = 2 };

/* Resolves links inside the root. NULL with errno; else the resolved path from the arena. */
const char *world_walk(struct world *, const char *path, unsigned flags, walk_visit, void *context);
const struct staged *overlay_find(const struct world *, const char *resolved);
/* The real world at the bottom. */
struct world *world_real(struct world *);
