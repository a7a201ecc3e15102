/* SPDX-License-Identifier: Apache-2.0 */
/* What was read, and who took from it: private to this folder. Each version of a path is read once,
 * whatever asks for it; each loader has a store of its own of it. */
#pragma once

#include "stores/boxed.h"
#include "stores/content.h"
#include "stores/format.h"
#include "stores/loader.h"
#include "stores/store.h"

enum { BUCKETS = 1024 };

/* One version of one path, read once for all loaders. */
struct reading {
	struct content content;
	enum store_loader loader; /* of a directory; a file reads the same for all */
	const char *format;
	struct store_builder builder;     /* what was read, and what is added to it later */
	const char *unread;               /* why nothing could be read; or NULL */
	struct signature_batch *checking; /* of roots; NULL where that is done */
	struct opened *opened;            /* all that took from it */
	struct reading *next, *next_checking;
};

struct opened {
	struct store store;
	const struct defect *blamed; /* defects for its loader alone */
	size_t blamed_count;
	struct opened *next, *next_of_reading;
};

struct stores {
	struct arena *arena;
	struct signature_cache *signatures;
	struct boxed *boxed;
	bool borrows_box;
	bool skips_signatures, losses_only;
	struct reading *checking; /* those whose signatures are being checked */
	struct contents contents;
	struct reading *readings[BUCKETS];
	struct opened *opened[BUCKETS];
};

/* Where readings and stores of that version stand. */
size_t stores_bucket_of(const struct content *);
/* The reading of this version, or NULL. */
struct reading *reading_find(const struct stores *, const struct content *, enum store_loader);
struct parse_task reading_task(const struct content *, enum store_loader);
/* Of a version that was not read before: its reader and its loader are asked in one go. */
struct reading *reading_new(struct stores *, const struct content *, struct opened *);
/* The same of what was read already. */
struct reading *reading_of(
	struct stores *, const struct content *, struct opened *, struct parsed *);
/* Of a list that was read in parts. */
struct reading *reading_of_listed(struct stores *, const struct content *);
/* What a loader makes of a list that was read in parts: it is shown the outline. */
void reading_load_listed(struct stores *, const struct content *, struct opened *);
/* What was read of the bytes is the reading's; what its loader has to say of them comes behind it,
 * and is a defect for that loader alone. */
void opened_take_loading(struct opened *, const struct parsed *);
/* What was read, and behind its defects those that are one for this loader alone. */
void opened_take(struct opened *, const struct reading *);
