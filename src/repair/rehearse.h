/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own config test on the staged files, before anything is in place. */
#pragma once

#include "repair/repair.h"

/*
 * 1: it passes; 0: it cannot be run so, and text says why; -1 with err: it fails. scratch is a
 * directory of our own.
 */
[[nodiscard]] int rehearse(struct diagnosis *, const struct plan *, const struct transaction *,
	const char *scratch, const char **ret_text, struct err *err);
