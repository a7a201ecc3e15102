/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trust holds, by name: anchors by subject and by key identifier, CRLs by issuer. Built once
 * for each content, so that a client costs the same among ten anchors and among 20,000.
 */
#pragma once

#include "verify/verify.h"

struct graph_table {
	uint32_t *heads, *next; /* next is parallel to the objects */
	uint64_t *hashes;
	size_t mask;
};

struct graph {
	struct digest content;
	struct graph_table subjects, key_ids, crl_issuers;
	bool has_settings; /* some certificate comes with trust settings */
	struct graph *older;
};

/* The graph of this trust's content, from the list or new at its front. */
const struct graph *graph_of(struct graph **list, const struct trust *);
void graph_free_all(struct graph *list);

/* Candidates in the order in which the trust holds them; they are compared in full. */
struct graph_walk {
	const struct graph_table *table;
	uint64_t hash;
	uint32_t at;
};

struct graph_walk graph_by_subject(const struct graph *, struct span name);
struct graph_walk graph_by_key_id(const struct graph *, struct span key_id);
struct graph_walk graph_crls(const struct graph *, struct span issuer);
/* NULL at the end. */
const struct trusted *graph_next_subject(
	struct graph_walk *, const struct trust *, struct span name);
const struct trusted *graph_next_key_id(
	struct graph_walk *, const struct trust *, struct span key_id);
const struct crl *graph_next_crl(struct graph_walk *, const struct trust *, struct span issuer);
/* The first one that is byte for byte this certificate, or NULL. */
const struct trusted *graph_find(const struct graph *, const struct trust *, const struct cert *);
