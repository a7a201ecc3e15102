/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rehearsal: a program sees files as they would be, and what it writes beside them goes nowhere.
 *
 * The child gets a mount namespace of its own. Over each directory that is named it lays an overlay
 * whose upper layer is memory, and makes the changes there. All of it lives in that namespace, and
 * ends with the last process in it, however that ends. Needs CAP_SYS_ADMIN and overlayfs.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { REHEARSAL_MAX_DIRECTORIES = 64 };

enum rehearsal_act {
	REHEARSAL_RENAME, /* source over path */
	REHEARSAL_MODE,
	REHEARSAL_OWNER,
	REHEARSAL_LINK, /* path becomes a symbolic link to source */
	REHEARSAL_REMOVE,
};

struct rehearsal_change {
	enum rehearsal_act act;
	const char *path, *source;
	mode_t mode;
	uid_t owner;
	gid_t group;
};

/* Absolute host paths without symbolic links. */
struct rehearsal {
	const char *scratch; /* a directory that the program has no business in: memory lies over
				it */
	const char *const *directories; /* none below another, and no mount points below them */
	size_t directory_count;
	const struct rehearsal_change *changes;
	size_t change_count;
};

/* In the child, between fork and execve: async-signal-safe; no descriptor above the status pipe is
 * open. -1 with errno. */
[[nodiscard]] int rehearsal_enter(const struct rehearsal *);
