/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores that another tool makes: told by where they stand, or by what they say of themselves. What
 * is changed in one by hand is gone when the tool runs next, so that a change belongs in what it is
 * made from; where that can be read, both are compared.
 */
#pragma once

#include "stores/store.h"

struct generated {
	const char *tool;    /* "update-ca-certificates" */
	const char *sources; /* where to change it: "/usr/local/share/ca-certificates" */
	const char *run;     /* what makes it anew, or NULL where that happens by itself */
	const char *mark;    /* the line that says so, where that is all that is known */
	/* Certificates of the store that are in none of its sources. */
	size_t stray_count;
	const struct entry *stray; /* the first of them, or NULL */
};

/* False where nothing says that it is generated. Texts are from the arena. */
bool store_is_generated(struct stores *, struct world *, const struct store *, struct arena *,
	struct generated *ret);
