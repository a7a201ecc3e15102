/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store format: one file in formats/, one row in formats.def. Formats are asked in the order of
 * the table; the first that recognises the bytes reads them.
 */
#pragma once

#include "stores/store.h"

/* What a reader fills; all of it is from the arena. */
struct store_builder {
	struct arena *arena;
	const char *path;
	struct span bytes;
	struct entry *entries;
	size_t entry_count, entry_capacity;
	struct defect *defects;
	size_t defect_count, defect_capacity;
};

struct store_format {
	const char *name, *title;
	bool (*sniff)(struct span bytes);
	void (*read)(struct store_builder *); /* never fails: what cannot be read is a defect */
};

/* Zeroed additions; NULL past STORE_MAX_ENTRIES or STORE_MAX_DEFECTS. */
struct entry *builder_entry(struct store_builder *);
struct defect *builder_defect(struct store_builder *, enum cause_code, size_t offset, size_t length,
	const char *format, ...) PRINTF(5, 6);
/* Line of a byte offset, from 1. */
unsigned builder_line(const struct store_builder *, size_t offset);
