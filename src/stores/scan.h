/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding stores below a directory: each file is told by its content, not by its name, and what is
 * a store is read once. On all processors; what is found is said at once.
 */
#pragma once

#include "stores/store.h"
#include "world/sweep.h"

/* A store that was found; everything is valid during the call alone. */
struct found_store {
	const char *path, *format;
	size_t certificates, crls, defects;
	bool is_damaged;
	bool is_unread;      /* the problem says why nobody can tell what it holds */
	int64_t next_end;    /* of the certificates and CRLs; MOMENT_NEVER where there are none */
	const char *problem; /* why it could not be opened, or NULL */
};

struct scan {
	/* Called by one thread at a time. */
	void (*found)(void *context, const struct found_store *);
	void *context;
	const struct passwords *passwords; /* or NULL */
};

[[nodiscard]] int stores_scan(struct world *, const char *directory, const struct scan *,
	struct sweep_result *ret, struct err *err);
