/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf of a supposed client: as good as any that its CA could issue, and signed by nobody. */
#pragma once

#include "verify/judge.h"

/* From the arena; -1 where none can be made (a CA whose key is of an unknown kind). */
[[nodiscard]] int suppose_leaf(struct judge *, struct arena *, const struct verifier *,
	const struct trust *, const struct cert *issuer, int64_t at, struct cert *ret);
