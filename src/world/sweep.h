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
	SWEEP_LEFT_OPEN = 64,          /* files that are closed together */
	SWEEP_MAX_FILES = 20'000'000,  /* names looked at */
	SWEEP_MAX_WAITING = 1'000'000, /* directories known and not yet entered */
	SWEEP_MAX_WORKERS = 64,
};

struct swept {
	const char *path; /* in the world; valid during the call */
	int fd;           /* open for reading, at any position; the sweep closes it */
	size_t size;
	struct span head; /* the first bytes, SWEEP_HEAD at most */
	unsigned looks;   /* what look said */
};

/* Most files are none that anybody wants, and are told by their first bytes: these cost no more
 * than to be opened and read. Each thread has a table of descriptors of its own, for to share one
 * costs a sixth of all; so what a worker opens it closes in its thread, from begin to end. */
struct sweep {
	/* What a file looks like that begins so, and is_whole where that is all of it; 0: it is not
	 * visited. Of hard links each is looked at. Opens nothing. */
	unsigned (*look)(void *worker, struct span head, bool is_whole);
	/* Takes of it what it needs, and opens nothing; whether there is enough for work. */
	bool (*visit)(void *worker, const struct swept *);
	/* In the worker's thread: first of all; after such a visit and after each directory; and
	 * last. May be NULL. */
	void (*begin)(void *worker);
	void (*work)(void *worker);
	void (*end)(void *worker);
	void *const *workers; /* one for each thread, which alone calls all that with it */
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
