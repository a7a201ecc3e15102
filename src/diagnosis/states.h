/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three states: what the process read when it last loaded, what is on disk, and what was last
 * known good. A running server is asked by real handshakes where clients have their keys; else it
 * is judged by what its stores held when it loaded, as far as the ledger knows.
 */
#pragma once

#include "diagnosis/proof.h"

/* A file that is newer than what the process loaded. */
struct stale_file {
	const char *path;
	bool is_crl, is_config;
	struct timestamp changed;
};

struct running {
	struct cell *cells; /* STATE_RUNNING, parallel to the disk's */
	size_t cell_count;
	struct stale_file *stale;
	size_t stale_count;
	bool by_handshake; /* at least one cell was asked for real */
};

/* Empty where the service does not run. */
struct running states_judge(struct diagnosis *, const struct request *, const struct service *,
	const struct scene *disk);
