/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of a transaction: each is staged, done and undone by itself, and each of these is
 * idempotent. A step finds the file as it was planned for, as it has left it, or changed by
 * somebody else; only in the last case it refuses.
 */
#pragma once

#include "ledger/ledger.h"

/* Reads off a host path what a way back needs; a missing file is a version that does not exist.
 * Content is not put into the ledger. */
[[nodiscard]] int version_take(struct arena *, const char *host_path, struct file_version *ret,
	struct span *ret_bytes, struct err *err);

/* The path is still what the step was planned for. ERR_BUSY where it is not. */
[[nodiscard]] int step_check(struct arena *, const struct step *, struct err *err);
/* Writes the new content beside the path and makes it durable; step->staged must be set (and in the
 * journal) before. */
[[nodiscard]] int step_stage(
	struct arena *, const struct step *, struct span content, struct err *err);
/* Puts it in force: one rename, chmod, chown or symlink, then the directory is synced. */
[[nodiscard]] int step_do(const struct step *, struct err *err);
/* Back to what it was: content (from the ledger), owner, mode, times, links; what was staged goes.
 */
[[nodiscard]] int step_undo(struct arena *, struct ledger *, const struct step *, struct err *err);
/* The path is still as the step left it. ERR_BUSY where somebody changed it since. */
[[nodiscard]] int step_check_after(struct arena *, const struct step *, struct err *err);
/* Removes a staged file, if it is there. */
void step_unstage(const struct step *);
/* The content that a splice step makes of the bytes that are there. ERR_BUSY where they are not
 * what was planned for. */
[[nodiscard]] int step_spliced(const struct step *, struct span present, bool backwards,
	struct buffer *ret, struct err *err);
