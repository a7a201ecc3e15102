/* SPDX-License-Identifier: Apache-2.0 */
/* What an overlay's layer (overlay.c) and its edits (edits.c) share. */
#pragma once

#include "world/node.h"

enum content { CONTENT_KEPT, CONTENT_WRITTEN, CONTENT_LINKED, CONTENT_REMOVED, CONTENT_DIRECTORY };
enum aspect { ASPECT_CONTENT, ASPECT_MODE, ASPECT_OWNER, ASPECT__COUNT };

struct change {
	const char *path; /* real; first, for the search */
	enum content content;
	struct span bytes;
	const char *target;
	bool has_mode, has_owner;
	mode_t mode;
	uid_t owner;
	gid_t group;
	bool is_touched; /* content, or the names in a directory */
	bool hides_base; /* what the base has below this path was removed */
	bool is_in_order[ASPECT__COUNT];
	uint64_t inode; /* of new content: one that no file system gives */
	struct timestamp modified, changed;
};

struct turn {
	struct change *change;
	enum aspect aspect;
};

struct overlay {
	struct world *base;
	void *tree;
	struct change **changes;
	size_t change_count, change_capacity;
	struct turn *order; /* of first appearance */
	size_t order_count, order_capacity;
	size_t hiding; /* changes that hide the base */
	struct edit *edits;
	size_t edit_count;
	bool is_stale; /* the edits are to be told anew */
};

struct change *change_find(const struct overlay *, const char *real);
/* The change at this path, new where there was none. */
struct change *change_at(struct world *, const char *real);
int overlay_look(struct world *, const char *real, struct node *ret);
/* As the base has it, unless what is above was removed. */
int base_look(const struct overlay *, const char *real, struct node *ret);
/* What is there but for staged mode and owner. */
int change_origin(const struct overlay *, const struct change *, struct node *ret);
void change_put_access(const struct change *, struct file_identity *identity);
