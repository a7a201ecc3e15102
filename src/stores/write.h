/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing stores: certificates and CRLs in the form of a format, whole and by itself. What a format
 * has no place for is left out; what that is can be asked for beforehand. Keys are never written.
 */
#pragma once

#include "stores/store.h"

struct store_content {
	const struct entry *const *entries;
	size_t count;
	/* Of a keystore; NULL: none, where the format can do without. */
	const struct password *password;
	int64_t now; /* the date of entries that have none */
};

/* Whether the format is written at all, and whether it has a place for this entry. */
bool store_format_is_writable(const char *format);
bool store_format_carries(const char *format, const struct entry *);
/* Whether it keeps the trust settings of certificates, and the names of entries. */
bool store_format_carries_settings(const char *format);
bool store_format_carries_names(const char *format);
/* Whether it can say of a certificate that it is not trusted. */
bool store_format_carries_unmarked(const char *format);
/* Appends the bytes of a store of this format. ERR_USAGE where the format cannot be written or
 * needs a password, ERR_DATA where it cannot hold what is to be written. */
[[nodiscard]] int store_write(
	const char *format, const struct store_content *, struct buffer *ret, struct err *err);

/* Of a form that is a directory: how it comes to stand in its place. */
struct directory_writer {
	enum store_loader loader; /* by which it is read again */
	/* Creates the directory, which must not be there yet; after an error it is there in part.
	 */
	int (*write)(const struct store_content *, const char *path, struct err *err);
	/* Whether what stands there may be replaced; else err says why not. */
	int (*may_replace)(struct stores *, struct world *, const char *path, struct err *err);
	/* Puts what was written beside a directory into the place of that. */
	int (*replace)(const char *written, const char *path, struct err *err);
};
/* NULL where the form is a file. */
const struct directory_writer *store_format_directory(const char *format);
/* The names of the forms that are written; from the arena. */
size_t store_formats_written(struct arena *, const char *const **ret);

/* Names of entries, their own or those of their subjects, no two the same; each is first brought
 * into its form. From the arena. */
const char *const *store_names(struct arena *, const struct store_content *,
	char *(*form)(struct arena *, void *context, const char *name), void *context);
/* The names under which a keystore has the entries: their own, or those of their subjects; in lower
 * case, as Java compares them, and no two the same. From the arena. */
const char *const *store_aliases(struct arena *, const struct store_content *);
