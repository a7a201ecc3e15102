/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as it stands at one moment: its names, where they lead and what is there. */
#pragma once

#include "stores/store.h"

struct directory_file {
	const char *name, *path;
	const char *real;   /* the path without symbolic links, or NULL where it leads nowhere */
	const char *target; /* of a symbolic link, else NULL */
	bool is_regular;    /* in the end, links followed */
	bool is_skipped;    /* it cannot be read, or is too large */
	struct span bytes;
};

struct directory {
	const char *path;
	struct directory_file *files; /* in the order of their names */
	size_t count;
	bool more; /* there are more names than are read */
};

[[nodiscard]] int directory_read(
	struct arena *, struct world *, const char *path, struct directory *ret, struct err *err);
/* Of the sorted names with their targets and contents. */
struct digest directory_digest(const struct directory *);

/* Whether HAProxy reads a file of this name in a directory: by its suffix. */
bool directory_haproxy_reads(const char *name);
