/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep looks at every regular file below a directory once, on all processors. It keeps nothing
 * of what it reads, unlike the rest of a world. Symbolic links are not followed, so that it cannot
 * be led out of the tree nor round in it; of several hard links the one that comes first counts;
 * devices are never opened, and the kernel's own file systems are passed over.
 */
#pragma once

#include "world/world.h"

enum {
	SWEEP_HEAD = 8 << 10,          /* bytes of each file that are read at once */
	SWEEP_MAX_FILES = 20'000'000,  /* names looked at */
	SWEEP_MAX_WAITING = 1'000'000, /* directories known and not yet entered */
	SWEEP_MAX_WORKERS = 64,
};

struct swept {
	const char *path; /* in the world; valid during the call */
	int fd;           /* open for reading, at any position; the sweep closes it */
	size_t size;
	struct span head; /* the first bytes, SWEEP_HEAD at most */
};

struct sweep {
	void (*visit)(void *worker, const struct swept *);
	void *const *workers; /* one for each thread, which alone calls visit with it */
	size_t worker_count;
};

struct sweep_result {
	size_t files, directories;
	size_t unreadable; /* files and directories that could not be opened or read */
	bool is_cut;       /* there is more than a bound permits */
};

/* -1 only where the directory itself cannot be read. */
[[nodiscard]] int world_sweep(struct world *, const char *directory, const struct sweep *,
	struct sweep_result *ret, struct err *err);
