/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one judge remembers through an examination, and what one question is made of. For the files
 * of this module only.
 */
#pragma once

#include "verify/graph.h"
#include "verify/verify.h"

struct objects; /* opaque: certificates and CRLs as libcrypto holds them; engines/objects.h */

enum { JUDGE_CLIENT_KEYS = 2 };

struct judge {
	struct signature_cache *signatures;
	struct objects *objects;
	struct kept *kept;            /* a list: what is above clients that were accepted */
	struct graph *graphs;         /* a list: one for each content of a trust */
	struct arena *arena;          /* lives as long as the judge */
	uint32_t effort;              /* that the client in hand may still cost */
	const struct ocsp_desk *desk; /* or NULL */
	struct ocsp_asked *asked;     /* a list: what responders were asked, and said */
	size_t asked_count;
	/* Public keys of supposed clients: P-256, and P-521 for the highest security levels. */
	struct span client_keys[JUDGE_CLIENT_KEYS];
};

/* One client before one verifier. */
struct question {
	struct judge *judge;
	struct arena *arena;
	const struct verifier *verifier;
	const struct trust *trust;
	const struct graph *graph;
	const struct cert *sent; /* leaf first; of a supposed client its leaf was made up */
	size_t sent_count;
	const struct cert *supposed_issuer; /* not NULL: the leaf's signature is taken as good under
					       this one's key, and as bad under any other */
	int64_t at;
	unsigned nesting; /* a question about who signed a CRL, and so on */
};
