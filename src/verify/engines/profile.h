/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine that is no library here but a set of rules, each with its source: what its reader
 * refuses, which certificates it takes as issuers, and what it asks of a path. A search keeps the
 * fault that was met nearest to an anchor, which is what the engine's refusal comes down to.
 *
 * What the engine's reader refuses is as good as not there: a pool without it, as in all of these
 * libraries; a refused leaf is refused.
 */
#pragma once

#include "verify/engine.h"
#include "verify/rule.h"

/* Where on a path a rule is asked; and for which purposes, 0 for all. Bits. */
enum place {
	AT_LEAF = 1 << 0,
	AT_INTERMEDIATE = 1 << 1,
	AT_ANCHOR = 1 << 2,
	AT_SENT = AT_LEAF | AT_INTERMEDIATE,
	AT_CA = AT_INTERMEDIATE | AT_ANCHOR,
	AT_ALL = AT_SENT | AT_ANCHOR,
};
enum served {
	FOR_CLIENT = 1 << PURPOSE_CLIENT,
	FOR_SERVER = 1 << PURPOSE_SERVER,
	FOR_TLS = FOR_CLIENT | FOR_SERVER,
};

struct profile;

/* A path that is being built, and the fault to be told should none be good. */
struct route {
	const struct question *question;
	const struct profile *profile;
	struct path path; /* leaf first */
	unsigned signatures, steps;
	bool level_ended;
	unsigned rank; /* of the fault that is kept */
	struct answer answer;
};

/* What an engine demands of one certificate of a path. NULL, or one sentence with the source. */
typedef const char *demand_check(const struct route *, unsigned depth);

struct demand {
	const char *rule; /* as rules.def names it */
	unsigned places, purposes;
	int error; /* the number by which OpenSSL would report it */
	demand_check *fault;
};

struct demands {
	const struct demand *list;
	size_t count;
};

#define DEMANDS(table)                 \
	{                              \
		table, COUNT_OF(table) \
	}

struct profile {
	/* Why the engine's reader refuses a certificate that ours reads, or NULL. */
	const char *(*unreadable)(const struct cert *);
	/* Whether the engine takes one name for the other; both are equal by RFC 5280 7.1. */
	bool (*same_name)(struct span, struct span);
	/* Whether a candidate would only repeat the path. */
	bool (*repeats)(const struct route *, const struct cert *, bool is_anchor);
	/* Which candidate is followed first: the higher. Equal ones stay in order, anchors first.
	 */
	unsigned (*merit)(const struct route *, const struct cert *, bool is_anchor);
	/* What is sent and is an anchor too is that anchor. */
	bool one_pool;
	/* Of equal ones the last comes first. */
	bool last_first;
	/* Whether this candidate, which meets the demands, also ends the search for others here. */
	bool (*ends_level)(const struct route *);
	/* Why it takes no signature by this algorithm or key, or NULL. */
	const char *(*weakness)(
		const struct route *, const struct cert *subject, const struct cert *issuer);
	struct demands
		joining;      /* of a candidate that is put on the path, before others are sought */
	struct demands whole; /* of each certificate of a path that has reached an anchor */
	unsigned max_signatures; /* asked for in one search; 0: as we bound it */
	unsigned max_length;     /* certificates on a path; 0: as we bound it */
	/* It goes on at a fault, and all refuse: the first is told. */
	bool collects;
	/* Signatures are asked for where a path is complete, and not step by step. */
	bool signatures_last;
};

/* Begins with the leaf. False: it is refused as it stands, and the answer says why. */
bool route_begin(struct route *, const struct question *, const struct profile *);
const struct cert *route_last(const struct route *);
enum place route_place(const struct route *, unsigned depth);
void route_push(struct route *, const struct cert *, const struct trusted *);
void route_pop(struct route *);
/* Keeps the fault unless one of a higher rank is kept; false. */
bool route_refuse(struct route *, unsigned rank, const char *rule, unsigned depth, int error,
	const char *text);
/* Whether the demands are met by the certificate at this depth, or by all. */
bool route_meets(struct route *, const struct demands *, unsigned depth);
bool route_meets_all(struct route *, const struct demands *);
/* Whether the edge from this depth to the next one up is good: names, algorithm, signature. */
bool route_signed(struct route *, unsigned depth);
/* Whether the engine can read a certificate. */
bool route_reads(const struct route *, const struct cert *);
bool route_same_name(const struct route *, struct span, struct span);

/* Anchors in the trust's order that the engine reads and that bear this name. OpenSSL's trust
 * settings are nothing to these engines. */
struct anchor_walk {
	const struct route *route;
	struct graph_walk walk;
	struct span name;
};
struct anchor_walk anchors_named(const struct route *, struct span name);
const struct trusted *anchors_next(struct anchor_walk *);
/* The anchor that is this certificate, byte for byte, or NULL. */
const struct trusted *anchor_same(const struct route *, const struct cert *);

/* Every candidate, with going back; true where a path is good, which then is the route's. */
bool route_search(struct route *);
/* The leaf is itself an anchor: the whole path. */
bool route_trusted_leaf(struct route *, const struct trusted *);

/* The answer, from whether the search succeeded. */
struct answer route_answer(struct route *, bool accepted);

/* Demands that are rules of RFC 5280 as they are, over the whole path; revocation as the verifier
 * wants it. */
demand_check demand_policies, demand_host_name, demand_revocation;

/* Where weak algorithms pass: security level 0. */
bool route_is_lax(const struct route *);
/* Whether the certificate has no extended key usage, or the one that the verifier's purpose wants,
 * or one of the others. */
bool route_serves(const struct route *, unsigned depth, unsigned others);
/* A profile's repeats: the same name, key and alternative names again. */
bool repeats_name_and_key(const struct route *, const struct cert *, bool is_anchor);
