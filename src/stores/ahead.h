/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates read ahead: what a box decodes of a file of PEM comes out before anything is said of
 * it, and is read by our own reader meanwhile, so that parent and child work at the same time. Most
 * such files are certificates alone, one behind the other, and then these are the entries.
 */
#pragma once

#include "stores/store.h"

struct ahead {
	struct entry *entries; /* of each nothing is filled but the certificate */
	size_t count, capacity;
	const uint8_t *base; /* of the bytes, which must not move */
	size_t at;
	bool is_over;
};

/* For a file of so many bytes. */
void ahead_begin(struct ahead *, struct arena *, size_t bytes);
/* Everything that was decoded by now; of none the reading begins anew. */
void ahead_read(struct ahead *, struct span decoded);
/* Whether the entry's bytes are those that its certificate was read from. */
bool ahead_has(const struct entry *);
