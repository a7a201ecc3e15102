/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roster: which services there are, by process and by configuration path, before any
 * configuration is read. Names and targets are given here, over all of them, so that a service has
 * the same name whether it is asked for alone or with all others.
 */
#pragma once

#include "services/product.h"

struct roster {
	struct arena *arena;
	struct world *world;
	bool is_host;
	const struct process *processes; /* none unless is_host; in full those of products */
	size_t process_count;
	struct service **list;
	size_t count, capacity;
	struct listener *listeners; /* of this machine; read when first asked for */
	size_t listener_count;
	bool has_listeners, has_holders;
};

/* What runs, and what stands at a usual path. */
[[nodiscard]] int roster_make(struct arena *, struct world *, struct roster *ret, struct err *err);
/* Adds the service of a configuration that is at no usual path, where there is such a file. */
void roster_want(struct roster *, const struct product *, const char *config);
/* The service of this product and configuration; a running one first. NULL where there is none. */
struct service *roster_find(struct roster *, const struct product *, const char *config);
/* The same file, seen through two worlds. A file that is missing in both, at one path, is too. */
bool roster_is_same_file(struct world *a, const char *path_a, struct world *b, const char *path_b);
/* Adds process.other-path findings to a service whose endpoints another process holds. */
void roster_check_endpoints(struct roster *, struct service *, enum severity);
