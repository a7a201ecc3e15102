/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of BouncyCastle's keystores BKS and UBER (org.bouncycastle.jcajce.provider.keystore.bc,
 * BcKeyStoreSpi): a header, and records that end with one of type 0. */
#pragma once

#include "stores/java_entries.h"
#include "stores/keystore_crypt.h"

struct bouncycastle {
	uint64_t version;
	struct derivation derivation;
	size_t body; /* offset of what follows the header */
};

/* False where the bytes do not begin like either of the two. */
bool bouncycastle_header(struct span bytes, struct bouncycastle *ret);
/* Whether records may begin here, and not an encrypted stream. */
bool bouncycastle_is_plain(struct span body);
/* Adds the entries; false where they do not end whole. The cursor is left behind the last type. */
bool bouncycastle_read(struct store_builder *, struct java_cursor *, const struct place *enclosing);
