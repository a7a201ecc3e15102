/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restoring: which known-good file, certificate or CRL stands for what a damaged store has lost.
 */
#pragma once

#include "diagnosis/check.h"

/*
 * The known-good version of a whole store: of the same path in a baseline or the ledger, or of the
 * same name among known-good files. It must be sound and hold every whole entry that the store
 * still has. NULL where there is none.
 */
const struct material_file *restore_whole(struct scene *, const struct store *);

/* The known-good certificate or CRL that a damaged block was: its first bytes agree. NULL where
 * none or more than one does. */
const struct entry *restore_block(struct scene *, const struct defect *);

/*
 * What a store that has lost entries should hold, where no whole version of it is known: its own
 * whole entries, the blocks that can be told, and what the clients expected at its verifiers need
 * of known-good material. Empty where nothing can be added.
 */
struct span restore_composed(struct scene *, const struct store *, const char *path);

/* The first source that reads this path, and its verifier; NULL where none does. */
const struct trust_source *scene_source(
	const struct scene *, const char *path, size_t *ret_verifier);

/*
 * Known-good: the same CA, the same key, another certificate, valid now, in the place of this one,
 * or beside it where no file of the server holds it. NULL where there is none. The proof tells
 * whether it mends the path.
 */
const struct remedy *remedy_better_ca(
	struct scene *, size_t verifier, enum cause_code, const struct cert *bad);

/* It holds a certificate for a server: the server's own chain, and no store of client CAs. */
bool store_is_servers(const struct store *);

/* Same subject and key under two issuers: a cross-certificate is what leads from one to the other.
 */
bool is_cross_certificate(const struct scene *, const struct cert *);

/* The entry's bytes are damaged although they still parse. */
bool entry_is_corrupt(const struct store *, const struct entry *);
