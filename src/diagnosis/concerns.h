/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which client is expected at which verifier. One that must be refused is to be refused everywhere.
 * One that must be accepted is expected where its CA is at home: at the verifiers whose stores hold
 * certificates of its CAs, or held them when all was well. A CRL makes no home, nor a list of names
 * to send: they are inherited and shared where nobody trusts their CAs. So no repair carries the CA
 * of one verifier's clients into the store of another.
 */
#pragma once

#include "diagnosis/diagnosis.h"

void concerns_settle(struct diagnosis *, const struct request *);

/*
 * Whether a known-good file stands for the store at this path: it has its name; and where several
 * stores of the services examined have that name, that of the directory above as well. What a
 * baseline or the ledger holds stands for its own path.
 */
bool concerns_file(const struct diagnosis *, const struct material_file *, const char *path);
