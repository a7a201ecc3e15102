/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the certificates of a store hang together: which is issued by which, which are the same,
 * which share a name or a key. Issuers are told by name, key identifier and signature.
 */
#pragma once

#include "stores/store.h"

enum {
	RELATIONS_MAX_SIGNATURES = 100'000, /* checked for one store; without, names must do */
	RELATIONS_MAX_CANDIDATES = 64,      /* issuers of one name that are tried for one entry */
};

#define RELATION_NONE SIZE_MAX

/* Of one entry; indexes of other entries, or RELATION_NONE. */
struct relation {
	size_t issuer;       /* who signed it, in the same store; itself where it is self-signed */
	size_t duplicate_of; /* the first entry with the same bytes */
	size_t same_subject; /* the first entry with that subject, where there are several */
	size_t same_key;     /* the first entry with that key, where there are several */
	bool is_cross;       /* another one has its subject and key, and another issuer */
};

/* One per entry, from the arena. */
const struct relation *relations_of(struct arena *, const struct store *, struct signature_cache *);
