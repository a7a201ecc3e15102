/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repair: from findings to a plan, and the plan as a transaction.
 *
 *	plan	judged on the overlay; refused where a guard or an obstacle stands in its way
 *	prepare	lock, preconditions by digest, staged files, the server's own test on them
 *	apply	atomic swap, reload in the product's own way, wait for the new generation
 *	prove	fresh and resumed handshakes of all clients
 *	close	or undo all of it
 *
 * The journal is the ledger: it hears of each step before it happens, so that a crash at any
 * instant ends, at the next start, in "applied" or "as it was". Signals that would end the program
 * are held back meanwhile and undo what has been done.
 */
#pragma once

#include "diagnosis/diagnosis.h"
#include "probe/probe.h"

enum repair_result {
	RESULT_NOTHING,
	RESULT_APPLIED,
	RESULT_REFUSED,
	RESULT_ROLLED_BACK,
	RESULT_PREPARED,
	RESULT_STUCK
};
/* When the server's own config test was run; never where no program of it can be run from here. */
enum repair_tested { TESTED_NOT, TESTED_BEFORE, TESTED_AFTER, TESTED_NEVER };
enum repair_proof { PROOF_NONE, PROOF_HANDSHAKE, PROOF_STAND_IN };

/* One service's part of the mending: what will be edited, and what that changes in trust. */
struct plan {
	struct service *service;
	struct world *overlay;           /* holds the proposed bytes; its edits are the steps */
	const struct diagnosed **chosen; /* the findings it mends */
	size_t chosen_count;
	struct step *steps;
	size_t step_count, step_capacity;
	struct trust_change *changes;
	size_t change_count, change_capacity;
	const char **let_in, **shut_out; /* clients by name */
	size_t let_in_count, shut_out_count;
	const struct cell *cells; /* verdicts on the overlay */
	size_t cell_count;
	struct world *fresh; /* the service's world read anew, once the change is in place */
	bool needs_reload;
	bool is_stale;       /* refused, for something changed since the facts were gathered */
	const char *refused; /* why nothing may be done, or NULL */
};

/* Plans the mending of one service from its findings. Never fails: a plan that may not be carried
 * out says why. */
struct plan *plan_make(struct diagnosis *, struct service *, const struct request *);

struct repair {
	enum repair_result result;
	enum repair_proof proof;
	int64_t transaction; /* 0: none */
	const char *text;    /* one sentence */
	enum repair_tested tested;
	const char *untested; /* why it could not be run before anything was in place, or NULL */
	const char *note;     /* what is not as before although all was undone, or NULL */
	int signal;           /* that came meanwhile: no other service is begun; or 0 */
	struct recorded_verdict *after;
	size_t after_count;
};

/* Carries the plan out. dry_run stops when prepared and undoes the preparation. -1 without
 * RESULT_STUCK: it could not even begin, and nothing was changed. */
[[nodiscard]] int plan_apply(struct diagnosis *, struct plan *, const struct request *,
	bool dry_run, struct repair *ret, struct err *err);

/*
 * What the repairs of several services come to, as if it were one: all steps, changes and verdicts,
 * the worst result with what is said of it, the newest transaction. The plan has no service.
 * repairs may be NULL, where nothing was carried out. From the arena.
 */
void repair_sum(struct arena *, struct plan *const *plans, const struct repair *repairs,
	size_t count, struct plan *ret_plan, struct repair *ret);

/* Undoes a transaction; id 0: the newest that is closed. */
[[nodiscard]] int transaction_rollback(struct arena *, struct ledger *, struct world *, int64_t id,
	struct repair *ret, struct err *err);

/* At every start that may write: ends what a crash left unfinished. ret_count: transactions that
 * were undone; ret_note: what is not as before although every file is, or NULL. */
[[nodiscard]] int transaction_recover(struct arena *, struct ledger *, struct world *,
	size_t *ret_count, const char **ret_note, struct err *err);
