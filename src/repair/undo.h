/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing a transaction, whole or half done, by this process or by one that is long dead. */
#pragma once

#include "repair/repair.h"

/*
 * Undoes each step that was begun, in reverse, and reloads the service where it had been reloaded.
 * Ends in ROLLED_BACK, or in STUCK with err. ret_note: what is not as before although every file
 * is, as a sentence, or NULL.
 */
[[nodiscard]] int undo_transaction(struct arena *, struct ledger *, struct service *,
	struct transaction *, const char **ret_note, struct err *err);
