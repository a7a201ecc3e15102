/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnosis: joins the facts into findings, and proves them.
 *
 * Facts are gathered once: services, stores, clients, known-good material, what the ledger
 * remembers. Every client is judged at every verifier it concerns, on disk and as the process runs.
 * Checks turn refusals and defects into suspects, each with the remedy that would mend it. The
 * remedies are tried on an overlay: suspects are proved when with all of them every client that
 * must be accepted is, none that must be refused is, and leaving any one out refuses (or admits)
 * somebody.
 */
#pragma once

#include "causes/causes.h"
#include "remedies/remedy.h"

enum {
	DIAGNOSIS_MAX_ROUNDS = 8, /* faults hidden behind faults */
	DIAGNOSIS_MAX_SUSPECTS = 256,
	DIAGNOSIS_SOON_CERTIFICATE = 28 * 86400, /* seconds: an expiry that will bite later */
	DIAGNOSIS_SOON_CRL = 7 * 86400,
};

struct request {
	struct world *world; /* the host or --root */
	bool is_host;
	const char *const *targets; /* empty: every service found */
	size_t target_count;
	const char *clients_directory; /* or NULL */
	const char *const *client_files;
	size_t client_file_count;
	const char *const *known_good;
	size_t known_good_count;
	struct ledger *ledger;             /* or NULL */
	const struct passwords *passwords; /* of keystores, or NULL; outlive the diagnosis */
	int64_t now, at;                   /* at: the moment to judge by */
	bool may_ask;   /* OCSP responders, about the clients and the CAs above them */
	bool may_probe; /* real handshakes with running servers, where clients have their keys */
};

/* One cell: a client at a verifier in a state. */
struct cell {
	const struct service *service;
	const struct verifier *verifier;
	const struct client *client;
	enum state state;              /* STATE_RUNNING or STATE_DISK */
	bool accepted, known;          /* known: false where the state cannot be told */
	bool concerns;                 /* the client is expected at this verifier */
	const struct verdict *verdict; /* NULL where the server does not start, or where probed */
	const char *engine, *text;     /* reason */
	int error;
	unsigned depth;
	const enum cause_code *causes;
	size_t cause_count;
	const struct probe *probe; /* of STATE_RUNNING, if one was made */
};

/* A finding and what would mend it; remedy NULL where there is none. */
struct diagnosed {
	struct finding *finding;
	const struct remedy *remedy;
	const struct service *service;
};

struct diagnosis {
	struct arena *arena;
	struct world *host;      /* where known-good material is read: never below --root */
	struct world **overlays; /* worlds that were tried; cells point into them */
	size_t overlay_count, overlay_capacity;
	struct stores *stores;
	struct judge *judge;
	struct services services;
	struct clients clients;
	struct material material;
	struct ocsp_desk desk;
	const struct twins *twins; /* of the material, once it was asked for damaged objects */
	struct findings *findings;
	struct diagnosed *items; /* one per finding */
	size_t item_count, item_capacity;
	struct cell *cells;
	size_t cell_count, cell_capacity;
	bool **concerns; /* by service: [verifier * clients + client] */
	bool complete;   /* something could not be determined where false */
	const char *incomplete_why;
	const struct service **unread; /* with stores of which nobody can tell what they hold */
	size_t unread_count, unread_capacity;
	bool supposed_clients; /* none were given */
};

void diagnosis_free(struct diagnosis *);
/* NULL and err only where the facts cannot be had at all: no such target, no such clients. Findings
 * are in the order for people. */
ALLOCATES(diagnosis_free) struct diagnosis *diagnosis_make(const struct request *, struct err *err);
DEFINE_CLEANUP(struct diagnosis, diagnosis_free)

/* The facts alone: services and their stores, nothing judged. */
ALLOCATES(diagnosis_free)
struct diagnosis *diagnosis_facts(const struct request *, struct err *err);

/* Whether a store of the service could not be read, so that nothing is known of whom it lets in. */
bool diagnosis_is_unread(const struct diagnosis *, const struct service *);
/* 0 healthy, 1 warnings only, 2 critical, 3 undetermined. */
int diagnosis_exit_status(const struct diagnosis *);
/*
 * Judges all clients of a service again, with its configuration and stores read through another
 * world (an overlay); fills cells, from the diagnosis's arena.
 */
void diagnosis_judge(struct diagnosis *, const struct service *, struct world *, int64_t at,
	struct cell **ret, size_t *ret_count);
