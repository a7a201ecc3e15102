/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks join facts into suspects: one file a family in checks/, one row in checks.def. A check
 * looks at a scene, one service judged in one world, and never edits anything. Rows are in the
 * order in which causes hide each other: what keeps a server from reading a store stands before
 * what is wrong in its bytes, and that before what is wrong with the chain.
 */
#pragma once

#include "diagnosis/diagnosis.h"

/* One service judged in one world: on disk as it is, or with remedies applied. */
struct scene {
	struct diagnosis *diagnosis;
	const struct request *request;
	const struct service *original; /* as it was found */
	struct service *service;        /* read again through the world */
	struct world *world;
	const struct trust **trusts; /* one per verifier */
	struct cell *cells;
	size_t cell_count;
	const char *down; /* why the server does not start, or NULL */
};

/*
 * Of one certificate from the future its CA may be to blame. A second thing of the future beside it
 * says that this machine's clock is behind.
 */
bool scene_clock_is_behind(const struct scene *);
#define WHY_CLOCK "set this machine's clock: several certificates and lists are of its future"

/* An overlay that lives as long as the diagnosis: cells and trusts point into it. */
struct world *overlay_keep(struct diagnosis *, struct world *base);
/* The same file system read anew: a world keeps what it has read. Lives as long as the diagnosis.
 */
struct world *fresh_world(struct diagnosis *, const struct world *);
/* Judges the service in a world. Everything is from the diagnosis's arena. */
struct scene *scene_make(
	struct diagnosis *, const struct request *, const struct service *, struct world *);
/* Somebody who must be accepted is refused, or the reverse; cells of clients that are marked as
 * lost do not count. */
bool scene_is_good(const struct scene *, const bool *lost_clients);

enum { SUSPECT_MAX_EVIDENCE = 8 };

struct suspect {
	enum cause_code cause;
	const struct service *service;   /* the original */
	const struct verifier *verifier; /* or NULL: several, or all of the service */
	bool is_placed;                  /* it was met at a verifier */
	struct subject subject;
	const char *evidence[SUSPECT_MAX_EVIDENCE];
	size_t evidence_count;
	const struct remedy *remedy; /* NULL: nothing safe would mend it */
	const struct remedy *unfit;  /* one that could not be carried out, or NULL */
	const char *why;             /* why there is none, or why it is not automatic */
	bool *blames;                /* by client: it was suspected for these */
	enum severity idle;          /* its severity where it turns out to hurt nobody known */
	bool harmful;                /* it keeps the engine from something, by itself */
	bool certain;                /* it is a fact in the files, whoever suffers from it */
	bool loses_client; /* no remedy: the client stays refused, and the proof of others goes on
			      without it */
	/* Filled by the proof. */
	bool necessary;
	bool hidden;   /* necessary, and not proved: its client stays refused for another cause */
	bool dropped;  /* its remedy is not needed, or cannot be applied */
	bool *refuses; /* by client */
	bool *admits;
	size_t layer;
};

struct suspects {
	struct suspect **list;
	size_t count, capacity;
};

/* Whether a client is expected at a verifier, by their indices in the service and in the diagnosis.
 */
bool diagnosis_concerns(
	const struct diagnosis *, const struct service *, size_t verifier, size_t client);

struct check {
	const char *name;
	void (*run)(struct scene *, struct suspects *);
};

/* In the order of checks.def; NULL past the last. */
const struct check *check_get(size_t index);

/* A new suspect; the same cause with the same place and remedy is suspected once: the earlier one
 * is returned then. */
struct suspect *suspect_add(struct scene *, struct suspects *, enum cause_code,
	const struct locus *, const struct remedy *);
/* Suspected because this client is refused, or gets in. */
/* It was met at this verifier; one that is met at several is the service's. */
void suspect_place(struct suspect *, const struct verifier *);
void suspect_blame(struct scene *, struct suspect *, const struct client *);
void suspect_evidence(struct scene *, struct suspect *, const char *format, ...) PRINTF(3, 4);
void suspect_subject(struct scene *, struct suspect *, const struct cert *);

/* A remedy of a kind, for the caller to fill; automatic unless it says otherwise. */
struct remedy *remedy_new(struct scene *, const char *kind, enum cause_code, const char *path);
PRINTF(3, 4)
void remedy_says(struct scene *, struct remedy *, const char *format, ...);

/* Two remedies would do the same. */
bool remedy_is_same(const struct remedy *, const struct remedy *);

/* For people: sanitised common name of a certificate. */
const char *scene_name(struct scene *, const struct cert *);
