/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembering: what was seen goes into the ledger, as versions of stores and as baselines. A
 * version counts as sound only where it was seen while all given clients were treated rightly: what
 * merely parses vouches for nothing.
 */
#pragma once

#include "diagnosis/diagnosis.h"

/* Notes the present version of every store file that the services read. Files that hold a private
 * key are left out. */
[[nodiscard]] int diagnosis_remember(
	const struct diagnosis *, struct ledger *, int64_t now, struct err *err);

/* Saves one baseline per service: its stores with their content, its configuration by digest. */
[[nodiscard]] int diagnosis_save_baselines(const struct diagnosis *, struct ledger *,
	const char *name, struct baseline **ret, size_t *ret_count, struct err *err);

/* One way in which a file differs from the newest baseline. */
struct drift {
	const char *service, *path, *text;
};
[[nodiscard]] int diagnosis_check_baselines(const struct diagnosis *, struct ledger *,
	struct drift **ret, size_t *ret_count, struct err *err);
