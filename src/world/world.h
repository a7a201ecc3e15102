/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world is a file system as one process sees it. No code opens a path of the examined target by
 * itself: it asks a world, so that the same readers serve the host, a directory taken as root, the
 * root of a process, and a repair that is only proposed.
 *
 * An overlay is a world above another one, holding edits that were made to it and nowhere else.
 * Diagnosis tries repairs there; repair stages the very same edits on disk.
 *
 * What was read stays: bytes belong to the world and live as long as it. A path read twice gives
 * the same bytes, whatever happened on disk in between (the preconditions of a transaction see to
 * the difference).
 *
 * Paths are absolute in the world. Symbolic links are followed inside the world's root and never
 * lead out of it.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

enum {
	WORLD_MAX_LINKS = 40,          /* symbolic links followed for one path, as in the kernel */
	WORLD_MAX_FILE = 64 << 20,     /* bytes of any file */
	WORLD_MAX_DIRECTORY = 100'000, /* names in one directory */
	WORLD_MAX_GLOB = 10'000,       /* matches of one pattern */
};

struct world; /* opaque */

void world_free(struct world *);
ALLOCATES(world_free) struct world *world_host(void);
/* The file system below directory. NULL where that is no directory. */
ALLOCATES(world_free) struct world *world_below(const char *directory, struct err *err);
/* Root and mount namespace of a process, through /proc/PID/root. */
ALLOCATES(world_free) struct world *world_of_process(pid_t pid, struct err *err);
/* Edits above base, which must outlive it. base may be an overlay too. */
ALLOCATES(world_free) struct world *world_overlay(struct world *base);
DEFINE_CLEANUP(struct world, world_free)

/* "/", "/srv/image" or "/proc/12/root": where this world's root is on the host. */
const char *world_root(const struct world *);
/* The host path of a path of this world, symbolic links resolved inside the world. NULL if it does
 * not exist. From the world. */
const char *world_host_path(struct world *, const char *path);

struct timestamp {
	int64_t seconds;
	uint32_t nanoseconds;
};

bool timestamp_is_before(struct timestamp, struct timestamp later);

enum file_type { FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_SPECIAL };

struct extended_attribute {
	const char *name;
	struct span value;
};

/* Identity of a file: what must still hold for a plan that was made from it. */
struct file_identity {
	enum file_type type;
	uint64_t device, inode, size, links;
	uid_t owner;
	gid_t group;
	mode_t mode; /* permission bits, 07777 */
	struct timestamp modified, changed;
};

/* All of these: 0, or -1 with err; err->sys tells ENOENT, EACCES, ELOOP, ENOTDIR, EISDIR, EFBIG
 * (over limit) apart. EINVAL is a device, fifo or socket, which is never opened, or what is no
 * link; EAGAIN a file that changed during each of several readings. */
[[nodiscard]] int world_read(
	struct world *, const char *path, size_t limit, struct span *ret, struct err *err);
/* The content of a regular file for whoever reads it in parts: a descriptor, which the caller
 * closes, and the identity of what it leads to. err->sys is ENOTSUP where the content is an edit of
 * an overlay: that is in memory, and world_read has it. */
[[nodiscard]] int world_open(
	struct world *, const char *path, int *ret_fd, struct file_identity *ret, struct err *err);
[[nodiscard]] int world_stat(struct world *, const char *path, struct file_identity *ret,
	struct err *err); /* follows links */
[[nodiscard]] int world_lstat(
	struct world *, const char *path, struct file_identity *ret, struct err *err);
[[nodiscard]] int world_readlink(
	struct world *, const char *path, const char **ret, struct err *err);
/* Names in a directory, sorted by bytes, without "." and "..". */
[[nodiscard]] int world_list(struct world *, const char *path, const char *const **ret_names,
	size_t *ret_count, struct err *err);
/* Paths that match the pattern (glob(3): * ? [ ]), sorted. No match is no error. */
[[nodiscard]] int world_glob(struct world *, const char *pattern, const char *const **ret_paths,
	size_t *ret_count, struct err *err);
/* The path without symbolic links, as this world sees it; a last component that does not exist yet
 * is kept. NULL where a parent is missing. */
const char *world_resolve(struct world *, const char *path);
/* Extended attributes of the file (links followed), sorted by name; the ACLs are among them. */
[[nodiscard]] int world_attributes(struct world *, const char *path,
	const struct extended_attribute **ret, size_t *ret_count, struct err *err);

/*
 * Edits; only for an overlay. Links are followed, so that what a link points to is edited and the
 * link stays. What is already so is no edit. Directories that are missing on the way to a new name
 * are there from then on (0755, ours), without an edit of their own: who carries the edits out
 * makes them. An edit of what cannot be (below a file, of a loop of links, a new content for a
 * directory or a device) is none. A write keeps mode, owner and attributes of a file that is there;
 * a new one is 0644 and ours.
 */
void overlay_write(struct world *, const char *path, struct span bytes);
void overlay_set_mode(struct world *, const char *path, mode_t mode);
void overlay_set_owner(struct world *, const char *path, uid_t owner, gid_t group);
/* Creates or replaces a symbolic link; not followed. */
void overlay_link(struct world *, const char *path, const char *target);
/* Removes the name itself, be it a link; not followed. */
void overlay_remove(struct world *, const char *path);

enum edit_kind { EDIT_WRITE, EDIT_MODE, EDIT_OWNER, EDIT_LINK, EDIT_REMOVE };

/* One edit; several of one path are merged as far as they can be (the last write, the last mode …),
 * in order of first appearance. */
struct edit {
	enum edit_kind kind;
	const char *path; /* resolved, as the world sees it */
	struct span bytes;
	mode_t mode; /* these three of any edit of a file: as they are after all edits */
	uid_t owner;
	gid_t group;
	const char *target;
	bool creates; /* nothing was there in the base */
};
size_t overlay_edits(const struct world *, const struct edit **ret);
