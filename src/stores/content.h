/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at a path, or under a token's name, at one moment: before anybody reads it. */
#pragma once

#include "stores/listed.h"

struct listing; /* opaque: what a token was found to hold */

/* What is found once and kept for all who ask. */
struct contents {
	struct arena *arena;
	struct listing *listings;
	uint64_t list_size; /* bytes from which on CRLs are read in parts */
	struct lists lists;
};

struct content {
	const char *path;
	enum store_state state;
	const char *problem;
	struct file_identity identity;
	bool comes_once; /* nobody asks for it again: no digest was made */
	struct digest digest;
	bool is_undigested; /* the digest of its bytes is still to be computed: they are many */
	struct span bytes;
	struct directory *directory;
	const struct listed *listed; /* one CRL, read in parts */
};

/* The path is set. Fills in the rest: where nothing can be read, state and problem say that. */
void content_read(struct contents *, struct world *, enum store_loader, struct content *);
/* Whether the store was read from the same. */
bool content_is_same(const struct content *, const struct store *);
