/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof: a cause is proved by mending it.
 *
 * Checks run in rounds, each on an overlay that holds the remedies chosen so far, so that faults
 * hidden behind faults come out and mere consequences do not. When all is well, each remedy in turn
 * is left out: where somebody is refused (or admitted) without it, its cause is necessary; else it
 * goes. What stays is necessary each and sufficient together.
 */
#pragma once

#include "diagnosis/check.h"

struct proof {
	struct scene *before;     /* on disk, as it is */
	struct suspects suspects; /* all that were found, necessary or not */
	bool *lost;      /* by client: stays refused, for a cause that nothing safe mends */
	bool sufficient; /* with all remedies, all is good for all clients that are not lost */
};

/* Never NULL; from the diagnosis's arena. */
struct proof *proof_make(struct diagnosis *, const struct request *, const struct service *);
