/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan that is written down, to be read by people and carried out later.
 *
 * The file says what it was made from and what it would do; it is never believed. Whoever carries
 * it out makes the plan anew from the present facts, and the two documents must be the same, each
 * member but for the time they were made: else the plan is stale. So nothing can be put into it.
 * What would decide which plan is made, the targets and the known-good material, is taken from the
 * file only where the ledger knows that very file.
 */
#pragma once

#include "cli/cli.h"

enum { PLAN_FILE_MAX = 16 << 20 };

/* Whether this run writes a plan, as against carrying one out. */
bool plan_file_is_written(const struct session *);
/* Paths of the options as the same plan needs them from everywhere. */
void plan_file_settle_options(struct session *);
/* Reads the plan; sets options from it where none are given. ERR_DATA, ERR_BUSY. */
[[nodiscard]] int plan_file_read(struct session *, struct span *ret);
/* The document of these plans, one for each service of the diagnosis. */
void plan_file_render(
	struct session *, struct diagnosis *, struct plan *const *plans, struct buffer *ret);
/* ERR_BUSY where the document is not the one that the file holds. */
[[nodiscard]] int plan_file_compare(struct session *, struct span file, struct span document);
/* What is there and no plan is not written over: ERR_CREATE. */
[[nodiscard]] int plan_file_check_place(struct session *);
/* Writes it, for this user alone, and tells the ledger. */
[[nodiscard]] int plan_file_write(struct session *, struct span document);
