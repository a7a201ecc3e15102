/* SPDX-License-Identifier: Apache-2.0 */
/* From an endpoint to a connected, non-blocking socket. */
#pragma once

#include "probe/transcript.h"
#include "verify/verifier.h"

/* A descriptor, or -1 with ret_problem from the arena. host overrides the endpoint's address unless
 * it is NULL. A wildcard address is reached by the loopback. */
[[nodiscard]] int dial(struct arena *, const struct endpoint *, const char *host, int64_t deadline,
	struct transcript *, const char **ret_problem);
/* Waits until the descriptor can be read or written; false where the deadline comes first. */
bool dial_wait(int descriptor, bool for_writing, int64_t deadline);
