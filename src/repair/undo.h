/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing a transaction, whole or half done, by this process or by one that is long dead. */
#pragma once

#include "repair/repair.h"

/*
 * Undoes each step that was begun, in reverse, and reloads the service where it had been reloaded.
 * service may be NULL: then it is looked for by the transaction's target. Ends in ROLLED_BACK, or
 * in STUCK with err.
 */
[[nodiscard]] int undo_transaction(
	struct arena *, struct ledger *, struct service *, struct transaction *, struct err *err);
