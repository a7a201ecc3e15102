/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash directory is written whole and anew: a file for each entry, named by its digest, and a
 * hash link to it. Links of one name are numbered in the order of the digests, however many there
 * are: equal sets make equal directories.
 */
#pragma once

#include "stores/write.h"

extern const struct directory_writer hashdir_directory;

/* A file and a link each: as many as are read of a directory. */
enum { HASHDIR_MAX_WRITTEN = STORE_MAX_FILES / 2 };

/* Creates the directory, which must not be there yet; after an error it is there in part. */
[[nodiscard]] int hashdir_write(const struct store_content *, const char *path, struct err *err);
/* Whether a file of this name belongs to a directory of certificates: one that holds others too is
 * not replaced as a whole. */
bool hashdir_is_ours_to_replace(const char *name);
