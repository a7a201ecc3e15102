/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files without number, and files without end: a world keeps what is read of it, and of these
 * nothing is kept. Safe in several threads at once.
 */
#pragma once

#include "world/world.h"

/* The directory that is the world's root; -1 with err. Not for overlays, whose edits it lacks. */
[[nodiscard]] int world_open_root(const struct world *, int *ret_fd, struct err *err);
/*
 * A regular file or a directory, to be read. Links are followed within the root and never lead out
 * of it; what is neither is not opened, with EINVAL in err->sys.
 */
[[nodiscard]] int stream_open(
	int root, const char *path, int *ret_fd, struct file_identity *ret, struct err *err);
/* The same of what is known to have been a regular file a moment ago: in one step. */
[[nodiscard]] int stream_open_file(
	int root, const char *path, int *ret_fd, struct file_identity *ret, struct err *err);
