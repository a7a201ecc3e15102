/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction: OPEN, PREPARED, APPLYING, APPLIED, and then CLOSED or ROLLED_BACK. The ledger
 * hears of each step before it happens; whatever fails undoes all of it.
 */
#include <string.h>
#include <sys/random.h>

#include "repair/proving.h"
#include "repair/step.h"
#include "repair/undo.h"
#include "services/product.h"

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

static int
open_transaction(struct diagnosis *diagnosis, const struct plan *plan, struct ledger *ledger,
	struct transaction *transaction, struct err *err)
{
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
	TRY(keep_contents(diagnosis, plan, ledger, err));
	TRY(ledger_transaction_begin(ledger, transaction, err));
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

static int
stage_all(struct diagnosis *diagnosis, struct transaction *transaction, struct ledger *ledger,
	struct err *err)
{
	for (size_t i = 0; i < transaction->step_count; i++) {
		struct step *step = &transaction->steps[i];

		if (step->kind != STEP_WRITE && step->kind != STEP_SPLICE)
			continue;
		step->staged = staged_name(diagnosis->arena, transaction, step);
		TRY(ledger_step_staged(ledger, transaction->id, step->number, step->staged, err));
		TRY(step_stage(diagnosis->arena, step, step->content, err));
	}
	return set_state(ledger, transaction->id, TRANSACTION_PREPARED, err);
}

/* The server's own test, on what is now in place; it is asked, and never believed alone. */
static int
test_config(struct diagnosis *diagnosis, const struct service *service, struct err *err)
{
	const char *output = NULL;
	int result = service->product->test(diagnosis->arena, service, &output, err);

	if (result <= 0)
		return result;
	return err_set(err, ERR_UNKNOWN, "%s's own test of its configuration fails: %.600s",
		service->product->title,
		output != NULL ? text_sanitize(diagnosis->arena, output, strlen(output))
			       : "no output");
}

static int
reload_service(struct diagnosis *diagnosis, struct service *service, struct err *err)
{
	int result = service->product->reload(diagnosis->arena, service, err);

	if (result > 0)
		return err_set(err, ERR_UNKNOWN,
			"%s refused to reload and runs on as before: %.600s", service->name,
			err->message[0] != '\0' ? err->message : "its log says why");
	return result;
}

static int
apply_steps(struct diagnosis *diagnosis, struct plan *plan, struct transaction *transaction,
	struct ledger *ledger, struct err *err)
{
	TRY(set_state(ledger, transaction->id, TRANSACTION_APPLYING, err));
	for (size_t i = 0; i < transaction->step_count; i++) {
		struct step *step = &transaction->steps[i];

		if (step->kind == STEP_RELOAD)
			TRY(test_config(diagnosis, plan->service, err));
		TRY(set_step(ledger, transaction->id, step, STEP_BEGUN, err));
		if (step->kind == STEP_RELOAD)
			TRY(reload_service(diagnosis, plan->service, err));
		else
			TRY(step_do(step, err));
		TRY(set_step(ledger, transaction->id, step, STEP_DONE, err));
	}
	if (!plan->service->running)
		TRY(test_config(diagnosis, plan->service, err));
	return set_state(ledger, transaction->id, TRANSACTION_APPLIED, err);
}

static int
run_transaction(struct diagnosis *diagnosis, struct plan *plan, const struct request *request,
	struct transaction *transaction, struct repair *ret, struct err *err)
{
	struct proving *proving = proving_begin(diagnosis, plan);

	TRY(apply_steps(diagnosis, plan, transaction, request->ledger, err));
	TRY(proving_end(proving, ret, err));
	TRY(ledger_transaction_proof(request->ledger, transaction->id,
		ret->proof == PROOF_HANDSHAKE ? "handshake" : "stand-in", ret->after,
		ret->after_count, err));
	return set_state(request->ledger, transaction->id, TRANSACTION_CLOSED, err);
}

/* Something failed: all of it goes back, and the reason is kept. */
static int
take_back(struct diagnosis *diagnosis, struct plan *plan, const struct request *request,
	struct transaction *transaction, struct repair *ret, struct err *err)
{
	struct err undo = { 0 };

	ret->text = arena_strdup(diagnosis->arena, err->message);
	if (undo_transaction(diagnosis->arena, request->ledger, plan->service, transaction, &undo) <
		0) {
		ret->result = RESULT_STUCK;
		return err_set(err, ERR_UNDONE_NOT, "%s; and it could not be undone: %s", ret->text,
			undo.message);
	}
	ret->result = RESULT_ROLLED_BACK;
	return 0;
}

static int
finish_dry_run(struct diagnosis *diagnosis, struct plan *plan, const struct request *request,
	struct transaction *transaction, struct repair *ret, struct err *err)
{
	TRY(undo_transaction(diagnosis->arena, request->ledger, plan->service, transaction, err));
	ret->result = RESULT_PREPARED;
	ret->text = "prepared and taken back: nothing was changed";
	return 0;
}

int
plan_apply(struct diagnosis *diagnosis, struct plan *plan, const struct request *request,
	bool dry_run, struct repair *ret, struct err *err)
{
	struct transaction transaction;

	*ret = (struct repair){ .result = RESULT_NOTHING, .text = "nothing to do" };
	if (plan->refused != NULL) {
		ret->result = RESULT_REFUSED;
		ret->text = plan->refused;
		return 0;
	}
	if (plan->step_count == 0)
		return 0;
	TRY(open_transaction(diagnosis, plan, request->ledger, &transaction, err));
	ret->transaction = transaction.id;
	if (stage_all(diagnosis, &transaction, request->ledger, err) < 0)
		return take_back(diagnosis, plan, request, &transaction, ret, err);
	if (dry_run)
		return finish_dry_run(diagnosis, plan, request, &transaction, ret, err);
	if (run_transaction(diagnosis, plan, request, &transaction, ret, err) < 0)
		return take_back(diagnosis, plan, request, &transaction, ret, err);
	ret->result = RESULT_APPLIED;
	ret->text = transaction.summary;
	return 0;
}
