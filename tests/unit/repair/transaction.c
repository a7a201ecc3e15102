/* SPDX-License-Identifier: Apache-2.0 */
/* A repair as a transaction: all of it, or as it was. */
#include "repair/repair.h"

#include "diagnosis/town.h"
#include "services/product.h"
#include "tap.h"

static int
test_passes(struct arena *, const struct service *, const char **ret_output, struct err *)
{
	*ret_output = "";
	return 0;
}

static int
test_fails(struct arena *, const struct service *, const char **ret_output, struct err *)
{
	*ret_output = "no such directive";
	return 1;
}

/* The town's service with a test of its own: what nginx itself would say needs files of the host.
 */
static struct service *
service_of(struct town *town, typeof(&test_passes) test)
{
	struct service *service = town->diagnosis->services.list[0];
	struct product *product =
		arena_dup(town->arena, service->product, sizeof(*service->product));

	product->test = test;
	service->product = product;
	return service;
}

/* A town whose store lacks the root, with the good one at hand; the clock is the real one, for a
 * repair is made for now. */
static struct plan *
plan_of(struct town *town, typeof(&test_passes) test)
{
	town->request.now = town->request.at = moment_now();
	town_put(town, TOWN_STORE, TOWN_PEM(town, town->inter));
	town_vouch(town, "root.pem", TOWN_PEM(town, town->root));
	(void)town_diagnose(town);
	return plan_make(town->diagnosis, service_of(town, test), &town->request);
}

static int
carry_out(struct town *town, struct plan *plan, struct repair *ret, struct err *err)
{
	return plan_apply(town->diagnosis, plan, &town->request, false, ret, err);
}

static const char *
content_of(struct town *town, const char *path)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	struct err err = { 0 };

	if (file_read(town_path(town, path), 1 << 20, &content, &err) < 0)
		return "(none)";
	return arena_strndup(town->arena, (const char *)content.data, content.length);
}

static size_t
files_in(struct town *town, const char *path)
{
	const char *const *names;
	struct err err = { 0 };
	CLEANUP(world_freep) struct world *world = world_host();
	size_t count;

	return world_list(world, town_path(town, path), &names, &count, &err) == 0 ? count : 0;
}

static struct transaction
newest(struct town *town)
{
	struct transaction *all, none = { .id = -1 };
	struct err err = { 0 };
	size_t count;

	if (ledger_transactions(town->ledger, town->arena, 1, &all, &count, &err) < 0 || count == 0)
		return none;
	return all[0];
}

TEST(plan, "a plan says its steps, what it adds to what is trusted, and whom it lets in; it writes "
	   "nothing")
{
	struct plan *plan;
	TOWN;

	plan = plan_of(&town, test_passes);
	CHECK(plan->refused == NULL && plan->chosen_count == 1 && plan->step_count == 2);
	CHECK(plan->steps[0].kind == STEP_DIRECTORY && plan->steps[1].kind == STEP_WRITE);
	CHECK_TEXT(plan->steps[1].path, town_path(&town, TOWN_STORE));
	CHECK(plan->change_count == 1 && plan->changes[0].added);
	CHECK_TEXT(plan->changes[0].kind, "anchor");
	CHECK_TEXT(plan->changes[0].subject, name_text(town.arena, town.root->cert.subject));
	CHECK(plan->let_in_count == 1 && plan->shut_out_count == 0);
	CHECK_TEXT(plan->let_in[0], "accept/alice.pem");
	CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter));
	CHECK(newest(&town).id == -1);
}

TEST(named_once, "a client that comes to two servers is let in once")
{
	struct plan *plan;
	TOWN;

	town_put(&town, TOWN_CONFIG, TOWN_SERVER TOWN_ANOTHER TOWN_END);
	plan = plan_of(&town, test_passes);
	CHECK(plan->let_in_count == 1 && plan->shut_out_count == 0);
	CHECK_TEXT(plan->let_in[0], "accept/alice.pem");
}

TEST(applied, "a plan is carried out, proved and closed; a second one has nothing to do")
{
	struct transaction transaction;
	struct repair repair;
	struct err err = { 0 };
	TOWN;

	CHECK(carry_out(&town, plan_of(&town, test_passes), &repair, &err) == 0);
	CHECK(repair.result == RESULT_APPLIED && repair.proof == PROOF_STAND_IN);
	CHECK(repair.after_count >= 2);
	for (size_t i = 0; i < repair.after_count; i++)
		CHECK(repair.after[i].accepted == repair.after[i].must_be_accepted);
	CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter, town.root));
	CHECK(files_in(&town, "/etc/pki") == 1);
	transaction = newest(&town);
	CHECK(transaction.id == repair.transaction && transaction.state == TRANSACTION_CLOSED);
	CHECK_TEXT(transaction.causes, "chain.root-missing");
	CHECK_TEXT(transaction.proof, "stand-in");
	CHECK_TEXT(town_findings(&town), "");
	CHECK(plan_make(town.diagnosis, town.diagnosis->services.list[0], &town.request)
			->step_count == 0);
}

TEST(no_baseline,
	"a repair blesses nothing: it saves no baseline, and the broken content is not known-good")
{
	struct file_version *versions;
	struct baseline *baselines;
	struct repair repair;
	struct err err = { 0 };
	size_t count;
	TOWN;

	CHECK(carry_out(&town, plan_of(&town, test_passes), &repair, &err) == 0);
	CHECK(ledger_baselines(town.ledger, town.arena, NULL, &baselines, &count, &err) == 0);
	CHECK(count == 0);
	CHECK(ledger_versions(town.ledger, town.arena, town_path(&town, TOWN_STORE), &versions,
		      &count, &err) == 0);
	for (size_t i = 0; i < count; i++)
		CHECK(!versions[i].is_sound);
}

TEST(dry_run, "a dry run prepares and takes it back: nothing is left but the record")
{
	struct stat before, after;
	struct repair repair;
	struct plan *plan;
	struct err err = { 0 };
	TOWN;

	plan = plan_of(&town, test_fails);
	CHECK(stat(town_path(&town, TOWN_STORE), &before) == 0);
	CHECK(plan_apply(town.diagnosis, plan, &town.request, true, &repair, &err) == 0);
	CHECK(repair.result == RESULT_PREPARED);
	CHECK(stat(town_path(&town, TOWN_STORE), &after) == 0 && before.st_ino == after.st_ino);
	CHECK(files_in(&town, "/etc/pki") == 1);
	CHECK(newest(&town).state == TRANSACTION_ROLLED_BACK);
}

TEST(stale, "a file that changed after the plan stops it before anything is touched: status 75")
{
	struct repair repair;
	struct plan *plan;
	struct err err = { 0 };
	TOWN;

	plan = plan_of(&town, test_passes);
	town_put(&town, TOWN_STORE, "# theirs\n");
	CHECK(plan_apply(town.diagnosis, plan, &town.request, false, &repair, &err) == -1);
	CHECK(err.code == ERR_BUSY && err_exit_status(err.code) == 75);
	CHECK_TEXT(content_of(&town, TOWN_STORE), "# theirs\n");
	CHECK(newest(&town).id == -1);
}

TEST(not_run, "below a directory no program of the server's is run, not its own test either, and "
	      "that is said")
{
	struct repair repair;
	struct err err = { 0 };
	TOWN;

	CHECK(carry_out(&town, plan_of(&town, test_fails), &repair, &err) == 0);
	CHECK(repair.result == RESULT_APPLIED && repair.proof == PROOF_STAND_IN);
	CHECK(repair.tested == TESTED_NEVER);
	CHECK(repair.untested != NULL && strstr(repair.untested, town.place.root) != NULL);
}

TEST(wrong_proof, "where one verdict is not as planned all goes back")
{
	struct repair repair;
	struct plan *plan;
	struct err err = { 0 };
	TOWN;

	plan = plan_of(&town, test_passes);
	for (size_t i = 0; i < plan->cell_count; i++)
		if (!plan->cells[i].client->must_be_accepted)
			((struct cell *)(uintptr_t)plan->cells)[i].accepted = true;
	CHECK(plan_apply(town.diagnosis, plan, &town.request, false, &repair, &err) == 0);
	CHECK(repair.result == RESULT_ROLLED_BACK);
	CHECK(strstr(repair.text, "reject/mallory.pem") != NULL);
	CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter));
}

TEST(rolled_back, "a rollback brings content, mode and times back, once")
{
	struct stat before, after;
	struct repair repair;
	struct plan *plan;
	struct err err = { 0 };
	TOWN;

	plan = plan_of(&town, test_passes);
	CHECK(stat(town_path(&town, TOWN_STORE), &before) == 0);
	CHECK(plan_apply(town.diagnosis, plan, &town.request, false, &repair, &err) == 0);
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == 0);
	CHECK(repair.result == RESULT_ROLLED_BACK);
	CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter));
	CHECK(stat(town_path(&town, TOWN_STORE), &after) == 0);
	CHECK(before.st_mode == after.st_mode && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	CHECK(newest(&town).state == TRANSACTION_ROLLED_BACK);
	CHECK(transaction_rollback(
		      town.arena, town.ledger, town.world, repair.transaction, &repair, &err) == 0);
	CHECK(repair.result == RESULT_NOTHING);
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 99, &repair, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
}

TEST(changed_since,
	"a rollback refuses, 75, where somebody changed a file since, and changes nothing")
{
	struct repair repair;
	struct err err = { 0 };
	const char *path;
	TOWN;

	path = town_path(&town, TOWN_STORE);
	CHECK(carry_out(&town, plan_of(&town, test_passes), &repair, &err) == 0);
	CHECK(chmod(path, 0600) == 0);
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == -1);
	CHECK(err.code == ERR_BUSY && err_exit_status(err.code) == 75);
	CHECK(chmod(path, 0644) == 0);
	town_put(&town, TOWN_STORE, "# theirs\n");
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == -1);
	CHECK(err.code == ERR_BUSY);
	CHECK_TEXT(content_of(&town, TOWN_STORE), "# theirs\n");
	CHECK(newest(&town).state == TRANSACTION_CLOSED);
}

/* Applies, and then lets the journal look as a crash would have left it. */
static bool
interrupted(struct town *town, enum transaction_state state, enum step_state step)
{
	struct repair repair;
	struct transaction transaction;
	struct err err = { 0 };

	if (carry_out(town, plan_of(town, test_passes), &repair, &err) < 0)
		return false;
	transaction = newest(town);
	for (size_t i = 0; i < transaction.step_count; i++)
		if (ledger_step_state(town->ledger, transaction.id, transaction.steps[i].number,
			    step, &err) < 0)
			return false;
	return ledger_transaction_state(town->ledger, transaction.id, state, 1, &err) == 0;
}

TEST(recovered, "what a crash left in whatever state is as it was before, at the next start")
{
	static const struct {
		enum transaction_state state;
		enum step_state step;
	} crashes[] = { { TRANSACTION_APPLYING, STEP_BEGUN }, { TRANSACTION_APPLYING, STEP_DONE },
		{ TRANSACTION_APPLIED, STEP_DONE } };

	for (size_t i = 0; i < COUNT_OF(crashes); i++) {
		struct err err = { 0 };
		const char *note;
		size_t count;
		TOWN;

		CHECK(interrupted(&town, crashes[i].state, crashes[i].step));
		CHECK(transaction_recover(
			      town.arena, town.ledger, town.world, &count, &note, &err) == 0);
		CHECK(count == 1 && newest(&town).state == TRANSACTION_ROLLED_BACK);
		CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter));
		CHECK(transaction_recover(
			      town.arena, town.ledger, town.world, &count, &note, &err) == 0);
		CHECK(count == 0);
	}
}

TEST(recovered_early,
	"of a transaction that was only prepared the staged files go, and nothing else")
{
	static const enum transaction_state states[] = { TRANSACTION_OPEN, TRANSACTION_PREPARED };

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct step step;
		struct transaction transaction = { .service = "nginx:" TOWN_CONFIG,
			.state = states[i],
			.steps = &step,
			.step_count = 1 };
		struct err err = { 0 };
		const char *note;
		size_t count;
		TOWN;

		step = (struct step){ .number = 1,
			.kind = STEP_WRITE,
			.path = town_path(&town, TOWN_STORE),
			.staged = town_path(&town, "/etc/pki/.staged") };
		step.before = (struct file_version){ .path = step.path, .exists = true };
		town_put(&town, "/etc/pki/.staged", "half");
		CHECK(ledger_transaction_begin(town.ledger, &transaction, &err) == 0);
		CHECK(transaction_recover(
			      town.arena, town.ledger, town.world, &count, &note, &err) == 0);
		CHECK(count == 1 && files_in(&town, "/etc/pki") == 1);
		CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.root, town.inter));
		CHECK(newest(&town).state == TRANSACTION_ROLLED_BACK);
	}
}

TEST(settled, "what is closed, rolled back or stuck is left alone by a start")
{
	static const enum transaction_state states[] = { TRANSACTION_CLOSED,
		TRANSACTION_ROLLED_BACK, TRANSACTION_STUCK };

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct err err = { 0 };
		const char *note;
		size_t count;
		TOWN;

		CHECK(interrupted(&town, states[i], STEP_DONE));
		CHECK(transaction_recover(
			      town.arena, town.ledger, town.world, &count, &note, &err) == 0);
		CHECK(count == 0 && newest(&town).state == states[i]);
		CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter, town.root));
	}
}

TEST(stuck, "what cannot be undone is stuck, its journal kept, and status 4 says so")
{
	struct repair repair;
	struct err err = { 0 };
	const char *note;
	size_t count;
	TOWN;

	CHECK(interrupted(&town, TRANSACTION_APPLIED, STEP_DONE));
	town_put(&town, TOWN_STORE, "# theirs\n");
	CHECK(transaction_recover(town.arena, town.ledger, town.world, &count, &note, &err) == -1);
	CHECK(err.code == ERR_UNDONE_NOT && newest(&town).state == TRANSACTION_STUCK);
	CHECK(strstr(err.message, "trustmend rollback 1") != NULL);
	CHECK_TEXT(content_of(&town, TOWN_STORE), "# theirs\n");
	/* Once the operator has put back what the plan wrote, a rollback undoes it after all. */
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter, town.root));
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == 0);
	CHECK_TEXT(content_of(&town, TOWN_STORE), TOWN_PEM(&town, town.inter));
}

TEST(hard_links, "a file with other names is not replaced: the others would keep the damage")
{
	struct plan *plan;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	CHECK(link(town_path(&town, TOWN_STORE), town_path(&town, "/etc/pki/second.pem")) == 0);
	town.request.now = town.request.at = moment_now();
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	(void)town_diagnose(&town);
	plan = plan_make(town.diagnosis, service_of(&town, test_passes), &town.request);
	CHECK(plan->refused != NULL && strstr(plan->refused, "hard links") != NULL);
}

TEST(nothing_safe,
	"where nothing safe mends a critical finding the plan is refused with the reason")
{
	struct repair repair;
	struct plan *plan;
	struct err err = { 0 };
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	(void)town_diagnose(&town);
	plan = plan_make(town.diagnosis, service_of(&town, test_passes), &town.request);
	CHECK(plan->refused != NULL && strstr(plan->refused, "chain.root-missing") != NULL);
	CHECK(plan_apply(town.diagnosis, plan, &town.request, false, &repair, &err) == 0);
	CHECK(repair.result == RESULT_REFUSED && repair.transaction == 0);
	CHECK(newest(&town).id == -1);
}

TEST(config_secret, "of a configuration only the changed bytes are on record: no secret of it")
{
	struct transaction transaction;
	struct repair repair;
	struct plan *plan;
	struct span bytes;
	struct err err = { 0 };
	TOWN;

	town_put(&town, TOWN_CONFIG,
		TOWN_SERVER "\t\tssl_verify_depth 0;\n\t\t# token s3cr3t\n" TOWN_END);
	town_client(&town, "accept/alice", town.alice, "");
	town.request.now = town.request.at = moment_now();
	(void)town_diagnose(&town);
	plan = plan_make(town.diagnosis, service_of(&town, test_passes), &town.request);
	CHECK(plan->refused == NULL);
	CHECK(plan_apply(town.diagnosis, plan, &town.request, false, &repair, &err) == 0);
	CHECK(repair.result == RESULT_APPLIED);
	transaction = newest(&town);
	CHECK(transaction.step_count == 2 && transaction.steps[1].kind == STEP_SPLICE);
	CHECK(span_equal(transaction.steps[1].old_bytes, span_of("0", 1)));
	CHECK(ledger_get(town.ledger, town.arena, &transaction.steps[1].before.digest, &bytes,
		      &err) == 0);
	CHECK(ledger_get(town.ledger, town.arena, &transaction.steps[1].after, &bytes, &err) == 0);
	CHECK(transaction_rollback(town.arena, town.ledger, town.world, 0, &repair, &err) == 0);
	CHECK_TEXT(content_of(&town, TOWN_CONFIG),
		TOWN_SERVER "\t\tssl_verify_depth 0;\n\t\t# token s3cr3t\n" TOWN_END);
}

TAP_MAIN()
