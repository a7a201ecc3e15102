/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a world: what is at a path that holds no symbolic links, and the walk that gets there.
 *
 * A world is a layer: the disk, or the edits above another world. A layer answers for link-free
 * ("real") paths alone, which begin with "/" and have no "//", "." or ".."; the walk follows links,
 * the same way for every layer. All calls here return 0 or an errno.
 */
#pragma once

#include "world/world.h"

struct node {
	struct file_identity identity;
	const char *target; /* of a symbolic link, else NULL */
};

struct names {
	const char *const *names; /* sorted by bytes */
	size_t count;
};

struct attributes {
	const struct extended_attribute *list; /* sorted by name */
	size_t count;
};

struct layer {
	int (*look)(struct world *, const char *real, struct node *ret);
	int (*read)(struct world *, const char *real, size_t limit, struct span *ret);
	int (*open)(struct world *, const char *real, int *ret_fd, struct file_identity *ret);
	int (*list)(struct world *, const char *real, struct names *ret);
	int (*attributes)(struct world *, const char *real, struct attributes *ret);
	void (*close)(struct world *);
};

struct disk;
struct overlay;

struct world {
	const struct layer *layer;
	struct arena *arena;
	const char *root;
	bool is_ours;            /* users and groups have the names that this machine gives them */
	struct disk *disk;       /* of the layer of files */
	struct overlay *overlay; /* of a layer of edits */
};

/* One thing that the kernel would look at on the way. */
struct step {
	const char *path; /* real */
	struct node node; /* a directory that is searched, or a link that is followed */
};

struct walk {
	struct buffer real; /* where it ended, or the component that is missing */
	struct buffer rest; /* what was still to walk; for a missing one, what is behind it */
	struct node node;   /* what is there, where the walk went well */
	bool last_missing;  /* ENOENT, and nothing but this name is missing */
	unsigned links;
	const char *link;   /* ENOENT: the link of the path asked for that leads nowhere */
	size_t behind_link; /* bytes of rest that are behind this link */
	struct step *steps; /* in the order of passing, where a trail is kept */
	size_t step_count, step_capacity;
	bool keep_trail, follow_last;
};

enum { WALK_FOLLOW = 1, WALK_TRAIL = 2 };

int walk_to(struct world *, const char *path, unsigned flags, struct walk *ret);
void walk_free(struct walk *); /* for CLEANUP as well */

struct world *world_new(const struct layer *, const char *root);
int world_errno(struct world *, int sys, const char *verb, const char *path, struct err *err);
int world_attributes_of(struct world *, const char *real, struct attributes *ret);
/* For people: without control characters. From the world. */
const char *world_printable(struct world *, const char *path);

/* "/a/b" and "c"; "/" and "c". */
char *real_join(struct arena *, const char *directory, const char *name);
/* Bytes of the parent's path: "/" for "/a". */
size_t real_parent_length(const char *real);
int names_compare(const void *, const void *);
struct timestamp timestamp_now(void);
