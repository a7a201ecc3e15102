/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of our own: the state directory, plans, journals, what the caller named on the command
 * line. Files of the examined target are read through a world, never here.
 */
#pragma once

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

/* Reads at most limit bytes; a longer file is ERR_LIMIT, a directory ERR_IO. */
[[nodiscard]] int file_read(const char *path, size_t limit, struct buffer *ret, struct err *err);
/* The same from an open descriptor; path is for messages alone. */
[[nodiscard]] int file_read_fd(
	int fd, const char *path, size_t limit, struct buffer *ret, struct err *err);
/* Writes all of it; continues after EINTR and short writes. */
[[nodiscard]] int file_write_fd(int fd, const char *path, struct span, struct err *err);
/* New content by temporary file in the same directory, fsync of file and directory, rename. */
[[nodiscard]] int file_replace(const char *path, struct span, mode_t mode, struct err *err);
/* The same for a file that is not there yet, but without the fsync of the directory: after a crash
 * it is there whole or not at all. What is there already stays, and that is no error. */
[[nodiscard]] int file_create(const char *path, struct span, mode_t mode, struct err *err);
/* A new directory of this mode, open; -1 with err, also where one is there. */
[[nodiscard]] int directory_begin(const char *path, mode_t mode, struct err *err);
/* A new file of this mode in an open directory, with its fsync. */
[[nodiscard]] int file_create_at(
	int directory, const char *name, struct span, mode_t mode, struct err *err);
/* fsync of the directory that holds path. */
[[nodiscard]] int file_sync_parent(const char *path, struct err *err);
/* A directory that was staged beside path comes to stand there by one rename. Where replace is set,
 * and a directory is there, the two change places, and staged is the old one afterwards. */
[[nodiscard]] int directory_put(
	const char *staged, const char *path, bool replace, struct err *err);
/* Removes a directory of files and links; one that holds directories stays, with these. */
void directory_remove(const char *path);
/* A name beside path that nobody has: for what is staged there. From the arena. */
[[nodiscard]] int file_staging_name(
	struct arena *, const char *path, const char **ret, struct err *err);
/* mkdir -p with mode for what is new. */
[[nodiscard]] int directory_make(const char *path, mode_t mode, struct err *err);
/* Closes all descriptors from first on. Async-signal-safe. */
void file_close_from(int first);
