/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/undo.h"

#include <string.h>

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

/* It must run on what is on disk again; a server that died on the way is started as it had been. */
static int
bring_back(struct arena *arena, struct service *service, struct err *err)
{
	struct err reload = { 0 };

	if (!would_start(arena, service))
		return process_is_alive(&service->main)
			       ? 0
			       : err_set(err, ERR_UNDONE_NOT,
					 "%s is down, and does not start from its former files",
					 service->name);
	if (process_is_alive(&service->main)) {
		if (service->product->reload(arena, service, &reload) == 0)
			return 0;
		if (process_is_alive(&service->main))
			/* It refuses what it refused before: it still runs on what it had. */
			return 0;
	}
	return service->product->start(arena, service, err);
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
		if (step_undo(arena, ledger, step, &failed) < 0 ||
			ledger_step_state(
				ledger, transaction->id, step->number, STEP_UNDONE, &failed) < 0) {
			/* The others still go back; the first failure is told. */
			if (result == 0)
				*err = failed;
			result = -1;
		}
	}
	return result;
}

int
undo_transaction(struct arena *arena, struct ledger *ledger, struct service *service,
	struct transaction *transaction, struct err *err)
{
	bool reloaded = was_reloaded(transaction);
	struct err ignored = { 0 };

	if (undo_steps(arena, ledger, transaction, err) < 0 ||
		(reloaded && service != NULL && bring_back(arena, service, err) < 0)) {
		(void)ledger_transaction_state(
			ledger, transaction->id, TRANSACTION_STUCK, moment_now(), &ignored);
		return -1;
	}
	return ledger_transaction_state(
		ledger, transaction->id, TRANSACTION_ROLLED_BACK, moment_now(), err);
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

int
transaction_rollback(struct arena *arena, struct ledger *ledger, struct world *world, int64_t id,
	struct repair *ret, struct err *err)
{
	struct transaction transaction;

	*ret = (struct repair){ .result = RESULT_NOTHING };
	TRY(pick_transaction(arena, ledger, id, &transaction, err));
	ret->transaction = transaction.id;
	if (transaction.state == TRANSACTION_ROLLED_BACK) {
		ret->text = "it is rolled back already";
		return 0;
	}
	if (transaction.state == TRANSACTION_CLOSED)
		TRY(check_unchanged(arena, &transaction, err));
	if (undo_transaction(arena, ledger, find_service(arena, world, transaction.service),
		    &transaction, err) < 0) {
		ret->result = RESULT_STUCK;
		return err_prefix(err, "transaction %lld", (long long)transaction.id);
	}
	ret->result = RESULT_ROLLED_BACK;
	ret->text = "everything is as it was before";
	return 0;
}

int
transaction_recover(struct arena *arena, struct ledger *ledger, struct world *world,
	size_t *ret_count, struct err *err)
{
	struct transaction *all;
	size_t count;

	*ret_count = 0;
	TRY(ledger_transactions(ledger, arena, 0, &all, &count, err));
	for (size_t i = 0; i < count; i++) {
		if (all[i].state == TRANSACTION_CLOSED || all[i].state == TRANSACTION_ROLLED_BACK ||
			all[i].state == TRANSACTION_STUCK)
			continue;
		++*ret_count;
		if (undo_transaction(arena, ledger,
			    was_reloaded(&all[i]) ? find_service(arena, world, all[i].service)
						  : NULL,
			    &all[i], err) < 0)
			return err_prefix(
				err, "transaction %lld was interrupted", (long long)all[i].id);
	}
	return 0;
}
