/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf of a supposed client: as good as any that its CA could issue, and signed by nobody. */
#pragma once

#include "verify/judge.h"

/* The leaf that a client of this CA would show at the question's moment; from the question's arena.
 * -1 where none can be made (a CA whose key is of an unknown kind). */
[[nodiscard]] int suppose_leaf(
	const struct question *, const struct cert *issuer, struct cert *ret);
