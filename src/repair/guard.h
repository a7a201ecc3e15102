/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a repair may never do, as a list with one line a rule. A plan that would do one of these is
 * refused, whatever proposed it.
 */
#pragma once

#include "repair/repair.h"

/* The service as it is and as the plan would leave it. */
struct change {
	struct diagnosis *diagnosis;
	const struct plan *plan;
	const struct service *before, *after;
	const struct cell *cells_before, *cells_after; /* parallel */
	size_t cell_count;
	const struct trust **trusts_before, **trusts_after; /* by verifier */
};

/* NULL, or the sentence that says which rule the change breaks and where. From the diagnosis's
 * arena. */
const char *guard_check(const struct change *);
