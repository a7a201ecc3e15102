/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving a repair: every client at every verifier that it concerns, fresh and resumed, by real
 * handshakes with the running server; where it is down, with a stand-in that verifies by the same
 * rules with the same library.
 */
#pragma once

#include "repair/held.h"
#include "repair/repair.h"

struct proving;

/* Before the change: takes sessions of clients that get in and should not any more. */
struct proving *proving_begin(struct diagnosis *, struct plan *);
/* After it: 0 where every verdict is as the plan says. Fills proof and verdicts of ret. Stops where
 * a signal has come. */
[[nodiscard]] int proving_end(
	struct proving *, const struct held *, struct repair *ret, struct err *err);
/* Cells of one service as the ledger keeps them. */
struct recorded_verdict *proving_record(struct diagnosis *, const struct cell *, size_t count,
	const struct service *, bool before, size_t *ret_count);
