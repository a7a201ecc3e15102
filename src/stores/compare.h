/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores side by side: which certificates and CRLs the one has and the other has not, and which
 * they trust differently. Order, comments, encoding and copies of one entry say nothing here.
 */
#pragma once

#include "stores/store.h"

/* Entries of one side: of a store, or of several together. */
struct entry_set {
	const struct entry **list;
	size_t count, capacity;
};

enum difference_kind {
	DIFFERENCE_ONLY_A,
	DIFFERENCE_ONLY_B,
	DIFFERENCE_TRUST, /* both have it, and trust it differently */
};

struct difference {
	enum difference_kind kind;
	const struct entry *a, *b; /* NULL where that side has none */
	const char *text;          /* of DIFFERENCE_TRUST: "trusted; not marked as trusted" */
};

struct differences {
	struct difference *list;
	size_t count, capacity;
	size_t common; /* entries that both have */
};

/* Adds the certificates and CRLs of a store. */
void entry_set_add(struct arena *, struct entry_set *, const struct store *);
/* In the order of A, then what B alone has in its order; from the arena. */
void entry_sets_compare(struct arena *, const struct entry_set *a, const struct entry_set *b,
	struct differences *ret);
const struct digest *entry_digest(const struct entry *);
/* What its store says of a certificate's trust: "trusted" where nothing else is said. */
const char *entry_trust_text(const struct entry *);
