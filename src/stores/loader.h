/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loader asks the library what it makes of a store, in the way in which servers call it: one file
 * in loaders/, one row in loaders.def.
 */
#pragma once

#include "stores/format.h"
#include "stores/store.h"

struct loader_task {
	struct arena *arena;
	const struct directory *directory; /* else NULL */
	struct openssl_reader *openssl;
	const struct store *store; /* all but loading is filled */
	bool *loaded;              /* one per entry, all false */
};

struct store_loader_driver {
	const char *name, *title, *engine;
	bool wants_directory, wants_file;
	bool wants_text; /* reads files of certificates, and no container */
	/* Has its library loaded, for who can open no file any more when it asks. NULL: it is
	 * there. */
	void (*prepare)(void);
	void (*load)(const struct loader_task *, struct loading *ret);
	/* Adds what is a defect for this loader alone; the store has its loading by now. NULL:
	 * nothing is. */
	void (*blame)(struct store_builder *, const struct store *);
};

#define LOADER(enumerator, name) extern const struct store_loader_driver loader_##name;
#include "stores/loaders.def"
#undef LOADER

/* NULL for LOADER_ANY. */
const struct store_loader_driver *loader_get(enum store_loader);
/* All of it was read, and it is all plain certificates: the library reads their names from the very
 * same blocks, and need not be asked again. "TRUSTED" ones are passed over there. */
bool store_is_plain(const struct store *);
