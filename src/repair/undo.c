/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/undo.h"

#include <string.h>

#include "repair/held.h"
#include "repair/step.h"
#include "services/product.h"

/* The service's process may be another one by now, or none. */
static struct service *
find_service(struct arena *arena, struct world *world, const char *target)
{
	struct services services = { 0 };
	struct err ignored = { 0 };

	if (services_find(arena, world, target, &services, &ignored) < 0 || services.count == 0)
		return NULL;
	return services.list[0];
}

/* Whether a server would come up from what is on disk now: Apache dies of a graceful reload
 * otherwise. */
static bool
would_start(struct arena *arena, const struct service *service)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *world = NULL;
	const struct service *now;
	struct err ignored = { 0 };

	world = world_below(world_root(service->world), &ignored);
	if (world == NULL)
		return false;
	now = service_reread(arena, service, world);
	for (size_t i = 0; i < now->verifier_count; i++)
		if (!trust_load(arena, stores, world, &now->verifiers[i], &now->readers)->loads)
			return false;
	return now->problem_count == 0;
}

/* The former files are what the server would not start from, often enough: that is why they were
 * mended. A running one is then worth more than one that has gone back with them. */
static const char *
unloaded(struct arena *arena, const struct service *service, const char *why)
{
	return arena_printf(arena,
		"%s %s, so process %d serves on with what it had loaded: it will not come back "
		"from a restart until these files are mended",
		service->name, why, (int)service->main.pid);
}

/* It must run on what is on disk again; a server that died on the way is started as it had been. */
static int
bring_back(struct arena *arena, struct service *service, const char **ret_note, struct err *err)
{
	struct err reload = { 0 };

	if (!would_start(arena, service)) {
		if (!process_is_alive(&service->main))
			return err_set(err, ERR_UNDONE_NOT,
				"%s is down, and does not start from its former files: mend them "
				"while it is (trustmend repair %s), and start it",
				service->name, service->target);
		*ret_note = unloaded(arena, service,
			"was not reloaded, for it does not start from its former files");
		return 0;
	}
	if (process_is_alive(&service->main)) {
		if (service->product->reload(arena, service, &reload) == 0)
			return 0;
		if (process_is_alive(&service->main)) {
			*ret_note = unloaded(arena, service, "refused to reload its former files");
			return 0;
		}
	}
	return service->product->start(arena, service, err);
}

/* Who was reloaded with the new files reads the former ones. */
static int
bring_service_back(struct arena *arena, struct service *service,
	const struct transaction *transaction, const char **ret_note, struct err *err)
{
	if (service == NULL) {
		*ret_note = arena_printf(arena, "%s is not found any more: nothing was reloaded",
			transaction->service);
		return 0;
	}
	/* Whoever stopped it since the repair will start it when they want it. */
	if (transaction->state == TRANSACTION_CLOSED && !service->running)
		return 0;
	return bring_back(arena, service, ret_note, err);
}

static bool
was_reloaded(const struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->step_count; i++)
		if (transaction->steps[i].kind == STEP_RELOAD &&
			transaction->steps[i].state != STEP_PLANNED &&
			transaction->steps[i].state != STEP_UNDONE)
			return true;
	return false;
}

/* A journal that cannot be written is no reason to leave files as they are: what is undone is
 * undone once more at the next start. */
static int
undo_steps(struct arena *arena, struct ledger *ledger, struct transaction *transaction,
	struct err *err)
{
	int result = 0;

	for (size_t i = transaction->step_count; i-- > 0;) {
		struct step *step = &transaction->steps[i];
		struct err failed = { 0 };

		step_unstage(step);
		/* Making and removing staged files moved the times of the directory, whatever came
		 * of it. */
		if (step->kind != STEP_DIRECTORY &&
			(step->state == STEP_PLANNED || step->state == STEP_UNDONE))
			continue;
		if (step_undo(arena, ledger, step, &failed) < 0) {
			/* The others still go back; the first failure is told. */
			if (result == 0)
				*err = failed;
			result = -1;
			continue;
		}
		(void)ledger_step_state(
			ledger, transaction->id, step->number, STEP_UNDONE, &failed);
	}
	return result;
}

int
undo_transaction(struct arena *arena, struct ledger *ledger, struct service *service,
	struct transaction *transaction, const char **ret_note, struct err *err)
{
	bool reloaded = was_reloaded(transaction);
	struct err unrecorded = { 0 };

	*ret_note = NULL;
	if (undo_steps(arena, ledger, transaction, err) < 0 ||
		(reloaded && bring_service_back(arena, service, transaction, ret_note, err) < 0)) {
		(void)ledger_transaction_state(
			ledger, transaction->id, TRANSACTION_STUCK, moment_now(), &unrecorded);
		return -1;
	}
	if (ledger_transaction_state(ledger, transaction->id, TRANSACTION_ROLLED_BACK, moment_now(),
		    &unrecorded) < 0)
		*ret_note = arena_printf(arena,
			"%s%sthe journal could not take it down (%s), so "
			"the next start will see to it once more",
			*ret_note != NULL ? *ret_note : "", *ret_note != NULL ? "; and " : "",
			unrecorded.message);
	return 0;
}

/* Of a rollback, unlike of a crash: whoever changed a file since then meant it. */
static int
check_unchanged(struct arena *arena, const struct transaction *transaction, struct err *err)
{
	for (size_t i = 0; i < transaction->step_count; i++)
		TRY(step_check_after(arena, &transaction->steps[i], err));
	return 0;
}

/* The named one, or the newest that is in force. */
static int
pick_transaction(struct arena *arena, struct ledger *ledger, int64_t id, struct transaction *ret,
	struct err *err)
{
	struct transaction *all;
	size_t count;
	int found;

	if (id != 0) {
		found = ledger_transaction_get(ledger, arena, id, ret, err);
		if (found < 0)
			return -1;
		return found > 0 ? 0
				 : err_set(err, ERR_NO_INPUT, "there is no transaction %lld",
					   (long long)id);
	}
	TRY(ledger_transactions(ledger, arena, 0, &all, &count, err));
	for (size_t i = 0; i < count; i++)
		if (all[i].state == TRANSACTION_CLOSED || all[i].state == TRANSACTION_STUCK) {
			*ret = all[i];
			return 0;
		}
	return err_set(err, ERR_NO_INPUT, "there is no transaction to roll back");
}

/* Whatever went wrong, the status says that something is between old and new. */
static int
stuck(const struct transaction *transaction, const char *what, struct err *err)
{
	struct err why = *err;

	return err_set(err, ERR_UNDONE_NOT,
		"transaction %lld %s: %s. The journal is kept: mend that, then trustmend rollback "
		"%lld",
		(long long)transaction->id, what, why.message, (long long)transaction->id);
}

static int
roll_back(struct arena *arena, struct ledger *ledger, struct world *world,
	struct transaction *transaction, struct repair *ret, struct err *err)
{
	const char *note;

	if (transaction->state == TRANSACTION_CLOSED)
		TRY(check_unchanged(arena, transaction, err));
	if (undo_transaction(arena, ledger, find_service(arena, world, transaction->service),
		    transaction, &note, err) < 0) {
		ret->result = RESULT_STUCK;
		return stuck(transaction, "could not be rolled back", err);
	}
	ret->result = RESULT_ROLLED_BACK;
	ret->text = note == NULL ? "everything is as it was before"
				 : arena_printf(arena, "every file is as it was before; %s", note);
	return 0;
}

int
transaction_rollback(struct arena *arena, struct ledger *ledger, struct world *world, int64_t id,
	struct repair *ret, struct err *err)
{
	struct transaction transaction;
	struct held held;
	int result;

	*ret = (struct repair){ .result = RESULT_NOTHING };
	TRY(pick_transaction(arena, ledger, id, &transaction, err));
	ret->transaction = transaction.id;
	if (transaction.state == TRANSACTION_ROLLED_BACK) {
		ret->text = "it is rolled back already";
		return 0;
	}
	/* Once begun it is carried through. */
	held_begin(&held);
	result = roll_back(arena, ledger, world, &transaction, ret, err);
	(void)held_end(&held);
	return result;
}

static int
recover_one(struct arena *arena, struct ledger *ledger, struct world *world,
	struct transaction *transaction, const char **ret_note, struct err *err)
{
	struct service *service =
		was_reloaded(transaction) ? find_service(arena, world, transaction->service) : NULL;
	struct held held;
	int result;

	held_begin(&held);
	result = undo_transaction(arena, ledger, service, transaction, ret_note, err);
	(void)held_end(&held);
	return result < 0 ? stuck(transaction, "was interrupted and could not be undone", err) : 0;
}

int
transaction_recover(struct arena *arena, struct ledger *ledger, struct world *world,
	size_t *ret_count, const char **ret_note, struct err *err)
{
	struct transaction *all;
	size_t count;

	*ret_count = 0;
	*ret_note = NULL;
	TRY(ledger_transactions(ledger, arena, 0, &all, &count, err));
	for (size_t i = 0; i < count; i++) {
		const char *note;

		if (all[i].state == TRANSACTION_CLOSED || all[i].state == TRANSACTION_ROLLED_BACK ||
			all[i].state == TRANSACTION_STUCK)
			continue;
		++*ret_count;
		TRY(recover_one(arena, ledger, world, &all[i], &note, err));
		*ret_note = note != NULL ? note : *ret_note;
	}
	return 0;
}
