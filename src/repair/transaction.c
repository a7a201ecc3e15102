/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction: OPEN, PREPARED, APPLYING, APPLIED, and then CLOSED or ROLLED_BACK. The ledger
 * hears of each step before it happens; whatever fails undoes all of it.
 */
#include <string.h>
#include <sys/random.h>

#include "repair/held.h"
#include "repair/proving.h"
#include "repair/rehearse.h"
#include "repair/step.h"
#include "repair/undo.h"
#include "services/control.h"

static int
set_state(struct ledger *ledger, int64_t id, enum transaction_state state, struct err *err)
{
	return ledger_transaction_state(ledger, id, state, moment_now(), err);
}

static int
set_step(struct ledger *ledger, int64_t id, struct step *step, enum step_state state,
	struct err *err)
{
	TRY(ledger_step_state(ledger, id, step->number, state, err));
	step->state = state;
	return 0;
}

static const char *
causes_text(struct diagnosis *diagnosis, const struct plan *plan)
{
	const char *text = "";

	for (size_t i = 0; i < plan->chosen_count; i++)
		text = arena_printf(diagnosis->arena, "%s%s%s", text, i > 0 ? " " : "",
			cause_get(plan->chosen[i]->finding->cause)->code);
	return text;
}

/* The content that was is in the ledger before anything is touched; of a configuration the changed
 * bytes alone. */
static int
keep_contents(struct diagnosis *diagnosis, const struct plan *plan, struct ledger *ledger,
	struct err *err)
{
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];
		struct file_version now;
		struct digest digest;
		struct span bytes;

		TRY(step_check(diagnosis->arena, step, err));
		if (step->kind != STEP_WRITE)
			continue;
		TRY(version_take(diagnosis->arena, step->path, &now, &bytes, err));
		if (now.exists)
			TRY(ledger_put(ledger, bytes, &digest, err));
		TRY(ledger_put(ledger, step->content, &digest, err));
	}
	return 0;
}

/* One repair under way. */
struct act {
	struct diagnosis *diagnosis;
	struct plan *plan;
	struct ledger *ledger;
	struct transaction transaction;
	struct held held;
	struct repair *ret;
};

static int
open_transaction(struct act *act, struct err *err)
{
	struct diagnosis *diagnosis = act->diagnosis;
	const struct plan *plan = act->plan;
	struct transaction *transaction = &act->transaction;

	*transaction = (struct transaction){
		.service = plan->service->target,
		.state = TRANSACTION_OPEN,
		.begun_at = moment_now(),
		.causes = causes_text(diagnosis, plan),
		.steps = plan->steps,
		.step_count = plan->step_count,
		.changes = plan->changes,
		.change_count = plan->change_count,
	};
	transaction->summary =
		arena_printf(diagnosis->arena, "%s: %s", plan->service->name, transaction->causes);
	transaction->verdicts = proving_record(diagnosis, diagnosis->cells, diagnosis->cell_count,
		plan->service, true, &transaction->verdict_count);
	TRY(keep_contents(diagnosis, plan, act->ledger, err));
	TRY(ledger_transaction_begin(act->ledger, transaction, err));
	act->ret->transaction = transaction->id;
	return 0;
}

/* A name that nobody can guess, in the directory of the path. */
static const char *
staged_name(struct arena *arena, const struct transaction *transaction, const struct step *step)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) < (ssize_t)sizeof(random))
		random = (uint64_t)moment_now();
	return arena_printf(arena, "%s/.trustmend-%lld-%d-%016llx", path_parent(arena, step->path),
		(long long)transaction->id, step->number, (unsigned long long)random);
}

/* What is missing is there before anything is staged in it; for the journal it is a step like any
 * other. */
static int
stage_directory(struct act *act, struct step *step, struct err *err)
{
	TRY(set_step(act->ledger, act->transaction.id, step, STEP_BEGUN, err));
	TRY(step_do(step, err));
	return set_step(act->ledger, act->transaction.id, step, STEP_DONE, err);
}

static int
stage_all(struct act *act, struct err *err)
{
	struct transaction *transaction = &act->transaction;

	for (size_t i = 0; i < transaction->step_count; i++) {
		struct step *step = &transaction->steps[i];

		TRY(held_check(&act->held, err));
		if (step->kind == STEP_MAKE_DIRECTORY)
			TRY(stage_directory(act, step, err));
		if (step->kind != STEP_WRITE && step->kind != STEP_SPLICE)
			continue;
		step->staged = staged_name(act->diagnosis->arena, transaction, step);
		TRY(ledger_step_staged(
			act->ledger, transaction->id, step->number, step->staged, err));
		TRY(step_stage(act->diagnosis->arena, step, step->content, err));
	}
	return set_state(act->ledger, transaction->id, TRANSACTION_PREPARED, err);
}

/* The server's own test, on what is now in place; it is asked, and never believed alone. Where no
 * program of it can be run, the stand-in alone proves, and that is said. */
static int
test_config(struct act *act, struct err *err)
{
	const struct service *service = act->plan->service;
	struct arena *arena = act->diagnosis->arena;
	const char *output = NULL;
	int result;

	if (act->ret->tested == TESTED_NEVER)
		return 0;
	result = service->product->test(arena, service, &output, err);
	if (result < 0)
		return -1;
	if (act->ret->tested == TESTED_NOT)
		act->ret->tested = TESTED_AFTER;
	if (result == 0)
		return 0;
	return err_set(err, ERR_UNKNOWN, "%s's own test of its configuration fails: %.600s",
		service->product->title,
		output != NULL ? text_sanitize(arena, output, strlen(output)) : "no output");
}

static int
reload_service(struct act *act, struct err *err)
{
	struct service *service = act->plan->service;
	int result = service->product->reload(act->diagnosis->arena, service, err);

	if (result > 0)
		return err_set(err, ERR_UNKNOWN,
			"%s refused to reload and runs on as before: %.600s", service->name,
			err->message[0] != '\0' ? err->message : "its log says why");
	return result;
}

static int
apply_step(struct act *act, struct step *step, struct err *err)
{
	TRY(held_check(&act->held, err));
	if (step->state == STEP_DONE)
		return 0;
	if (step->kind == STEP_RELOAD)
		TRY(test_config(act, err));
	TRY(set_step(act->ledger, act->transaction.id, step, STEP_BEGUN, err));
	if (step->kind == STEP_RELOAD)
		TRY(reload_service(act, err));
	else
		TRY(step_do(step, err));
	return set_step(act->ledger, act->transaction.id, step, STEP_DONE, err);
}

static int
apply_steps(struct act *act, struct err *err)
{
	TRY(set_state(act->ledger, act->transaction.id, TRANSACTION_APPLYING, err));
	for (size_t i = 0; i < act->transaction.step_count; i++)
		TRY(apply_step(act, &act->transaction.steps[i], err));
	if (!act->plan->service->running)
		TRY(test_config(act, err));
	return set_state(act->ledger, act->transaction.id, TRANSACTION_APPLIED, err);
}

static int
carry_out(struct act *act, struct err *err)
{
	struct proving *proving = proving_begin(act->diagnosis, act->plan);
	struct repair *ret = act->ret;
	int64_t id = act->transaction.id;

	TRY(apply_steps(act, err));
	TRY(proving_end(proving, &act->held, ret, err));
	TRY(ledger_transaction_proof(act->ledger, id,
		ret->proof == PROOF_HANDSHAKE ? "handshake" : "stand-in", ret->after,
		ret->after_count, err));
	TRY(set_state(act->ledger, id, TRANSACTION_CLOSED, err));
	ret->result = RESULT_APPLIED;
	ret->text = act->transaction.summary;
	return 0;
}

/* All of it goes back, and the reason is kept. */
static int
take_back(struct act *act, enum repair_result result, const char *text, struct err *err)
{
	struct repair *ret = act->ret;
	struct err undo = { 0 };

	ret->text = text;
	if (undo_transaction(act->diagnosis->arena, act->ledger, act->plan->service,
		    &act->transaction, &ret->note, &undo) < 0) {
		ret->result = RESULT_STUCK;
		return err_set(err, ERR_UNDONE_NOT, "%s; and it could not be undone: %s", text,
			undo.message);
	}
	ret->result = result;
	return 0;
}

static int
fail(struct act *act, enum repair_result result, struct err *err)
{
	return take_back(act, result, arena_strdup(act->diagnosis->arena, err->message), err);
}

/* The server's own test on the staged files, where that can be had. */
static int
test_beforehand(struct act *act, struct err *err)
{
	struct repair *ret = act->ret;
	int passed;

	ret->untested = control_unavailable(act->diagnosis->arena, act->plan->service);
	if (ret->untested != NULL) {
		ret->tested = TESTED_NEVER;
		return 0;
	}
	passed = rehearse(act->diagnosis, act->plan, &act->transaction,
		ledger_directory(act->ledger), &ret->untested, err);
	ret->tested = passed > 0 ? TESTED_BEFORE : TESTED_NOT;
	return passed < 0 ? -1 : 0;
}

/* Staged, and tried where that can be done without putting anything in place. */
static int
run_transaction(struct act *act, bool dry_run, struct err *err)
{
	if (stage_all(act, err) < 0) {
		struct err why = *err;

		TRY(fail(act, RESULT_ROLLED_BACK, err));
		/* Who may not write there is told so by the status as well. */
		if (why.code != ERR_PERMISSION)
			return 0;
		*err = why;
		return -1;
	}
	if (test_beforehand(act, err) < 0) {
		act->plan->refused = arena_strdup(act->diagnosis->arena, err->message);
		return fail(act, RESULT_REFUSED, err);
	}
	if (held_check(&act->held, err) < 0)
		return fail(act, RESULT_ROLLED_BACK, err);
	if (dry_run)
		return take_back(
			act, RESULT_PREPARED, "prepared and taken back: nothing was changed", err);
	if (carry_out(act, err) < 0)
		return fail(act, RESULT_ROLLED_BACK, err);
	return 0;
}

static int
begin_transaction(struct act *act, bool dry_run, struct err *err)
{
	if (open_transaction(act, err) == 0)
		return run_transaction(act, dry_run, err);
	if (err->code != ERR_DATA)
		return -1;
	/* The ledger keeps no private keys, and what it does not keep could not be had back. */
	act->ret->result = RESULT_REFUSED;
	act->ret->text = arena_strdup(act->diagnosis->arena, err->message);
	return 0;
}

int
plan_apply(struct diagnosis *diagnosis, struct plan *plan, const struct request *request,
	bool dry_run, struct repair *ret, struct err *err)
{
	struct act act = {
		.diagnosis = diagnosis, .plan = plan, .ledger = request->ledger, .ret = ret
	};
	int result;

	*ret = (struct repair){ .result = RESULT_NOTHING, .text = "nothing to do" };
	if (plan->refused != NULL) {
		ret->result = RESULT_REFUSED;
		ret->text = plan->refused;
		return plan->is_stale ? err_set(err, ERR_BUSY, "%s", plan->refused) : 0;
	}
	if (plan->step_count == 0)
		return 0;
	held_begin(&act.held);
	result = begin_transaction(&act, dry_run, err);
	ret->signal = held_end(&act.held);
	return result;
}
