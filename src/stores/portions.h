/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates without number, portion by portion: files, bundles that are cut between their
 * blocks, and directories, of which every file counts. A portion is some files that whoever works
 * on it reads, or a piece of one that is read already; portions come in the order of the paths, of
 * a directory in that of the names' bytes, and can be worked on at once.
 */
#pragma once

#include "stores/cutter.h"

enum {
	PORTION_MAX_FILES = 64,
	PORTIONS_MAX_DEPTH = 16,         /* directories within each other */
	PORTIONS_MAX_NAMES = 10'000'000, /* in one directory */
};

struct portion_file {
	const char *path;    /* in the world */
	const char *problem; /* why it cannot be had, or NULL */
	bool is_file;        /* a regular one, when its directory was read */
};

struct portion {
	struct arena *arena; /* of all that the portion holds */
	size_t argument;     /* number of the path that it comes from */
	bool ends_argument;  /* it is the last one of it */
	bool is_named;       /* that path is of a file, not of a directory */
	const char *path;    /* of a piece */
	struct piece piece;  /* a piece that is read; no bytes: there is none */
	const struct portion_file *files;
	size_t file_count;
};

struct portions; /* opaque */

void portions_free(struct portions *);
/* Paths are of the world, and borrowed; NULL with err where the world has no files of its own. */
ALLOCATES(portions_free)
struct portions *portions_new(struct world *, const char *const *paths, size_t count,
	bool files_are_whole, struct err *err);
DEFINE_CLEANUP(struct portions, portions_free)
/* The next one, or NULL after the last. */
struct portion *portions_next(struct portions *);
void portion_free(struct portion *);
/* How many certificates it has not brought yet, by what the names and sizes of files say. */
size_t portions_left(const struct portions *);

/* A file of a portion, to be cut; NULL, or why it cannot be had. Safe in several threads. */
[[nodiscard]] int portions_open(
	const struct portions *, const struct portion_file *, struct cutter *ret, struct err *err);
