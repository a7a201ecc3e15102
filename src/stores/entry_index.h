/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and CRLs by their bytes, of which each is kept once. */
#pragma once

#include "stores/compare.h"

struct entry_index {
	const struct entry **slots;
	size_t mask;
};

/* Room for so many; from the arena. */
struct entry_index entry_index_new(struct arena *, size_t count);
/* The entry of the same bytes that was added before, or NULL, and then this one is added. It stays
 * where it is as long as the index is used. */
const struct entry *entry_index_add(struct entry_index *, const struct entry *);
/* The entry of the same bytes that is there, or NULL. */
const struct entry *entry_index_find(const struct entry_index *, const struct entry *);
