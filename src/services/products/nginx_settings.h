/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS directives of one server block, each inherited by itself from the block around it
 * (ngx_conf_merge_value): a server that sets its own client CAs still has the CRLs of the level
 * above.
 */
#pragma once

#include "services/grammars/nginx.h"

/* What the configuration shows by itself, gathered over all servers. */
struct nginx_notes {
	struct arena *arena;
	struct config_problem *problems;
	struct config_finding *findings;
	size_t problem_count, problem_capacity, finding_count, finding_capacity;
};

struct nginx_level {
	struct arena *arena;
	struct world *world;
	const char *conf_prefix;
	const struct nginx_directive *own, *outer; /* the server block, and what it stands in */
	struct nginx_notes *notes;
};

/* Fills everything but name and endpoints; false where it has nothing to do with client
 * certificates. */
bool nginx_verifier_read(const struct nginx_level *, struct verifier *);
/* "ssl on" (gone in 1.25). */
bool nginx_ssl_switch(const struct nginx_directive *own, const struct nginx_directive *outer);
