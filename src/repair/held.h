/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that would end the program are held back while a transaction is under way: it looks for
 * them between its steps and undoes what it has done. Nothing runs in a handler.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/base.h"

struct held {
	sigset_t before, held;
};

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT, but for those that are ignored. */
void held_begin(struct held *);
/* ERR_UNKNOWN where one has come. */
[[nodiscard]] int held_check(const struct held *, struct err *err);
/* Takes those that have come, so that the program lives to say what became of the transaction, and
 * lets new ones through. Returns one of them, or 0. */
int held_end(struct held *);
