/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/plan_file.h"
#include "diagnosis/remember.h"

/* Somebody is not treated as he must be, and nobody knows why: nothing was done, for nothing is
 * known to do. */
static bool
is_undetermined(const struct diagnosis *diagnosis, const struct service *service)
{
	if (diagnosis_is_unread(diagnosis, service) ||
		(service->problem_count > 0 && service->verifier_count == 0))
		return true;
	for (size_t i = 0; i < diagnosis->cell_count; i++) {
		const struct cell *cell = &diagnosis->cells[i];

		if (cell->service == service && cell->state == STATE_DISK && cell->concerns &&
			cell->accepted != cell->client->must_be_accepted && cell->cause_count == 0)
			return true;
	}
	return false;
}

/* What came of one service, as an exit status. */
static int
status_of(const struct diagnosis *diagnosis, const struct plan *plan, const struct repair *repair)
{
	switch (repair->result) {
	case RESULT_REFUSED:
		return 2;
	case RESULT_ROLLED_BACK:
		return 3;
	case RESULT_STUCK:
		return 4;
	default:
		break;
	}
	/* Critical findings that nothing safe mends are still there. */
	for (size_t i = 0; i < diagnosis->item_count; i++)
		if (diagnosis->items[i].service == plan->service &&
			diagnosis->items[i].finding->severity == SEVERITY_CRITICAL &&
			diagnosis->items[i].finding->applicability != REPAIR_AUTOMATIC)
			return 2;
	return repair->result == RESULT_NOTHING && is_undetermined(diagnosis, plan->service) ? 3
											     : 0;
}

static bool
agreed(struct session *session, const struct plan *plan)
{
	return plan->refused != NULL || plan->step_count == 0 || session->options.dry_run ||
	       session_confirm(session, "Carry this plan out?");
}

/* What failed is told where errors are, whatever form the report has. */
static void
say_failure(struct session *session, const struct plan *plan, const struct repair *repair)
{
	if (repair->result != RESULT_ROLLED_BACK && repair->result != RESULT_STUCK)
		return;
	session_say(session, "repair of %s failed and %s: %s", plan->service->target,
		repair->result == RESULT_STUCK ? "could not be undone" : "was undone",
		repair->text);
}

/* Shows, asks, applies and proves for one service. */
static int
repair_service(struct session *session, struct diagnosis *diagnosis, struct plan *plan,
	const struct request *request, struct repair *repair)
{
	if (!session->options.json)
		report_repair_text(plan, NULL, &session->style, &session->out);
	if (!agreed(session, plan))
		return err_set(
			&session->err, ERR_USAGE, "not carried out: answer yes, or give --yes");
	if (plan_apply(diagnosis, plan, request, session->options.dry_run, repair, &session->err) <
			0 &&
		repair->result != RESULT_STUCK)
		return -1;
	if (repair->result == RESULT_NOTHING && is_undetermined(diagnosis, plan->service))
		repair->text = arena_printf(session->arena,
			"nothing was done, for not all could be determined: %s",
			diagnosis->incomplete_why);
	if (session->options.json)
		report_repair_json(plan, repair, &session->json);
	else
		report_repair_text(plan, repair, &session->style, &session->out);
	say_failure(session, plan, repair);
	return status_of(diagnosis, plan, repair);
}

/* The members of the interface stand at the top, however many services there are. */
static void
report_sum(struct session *session, struct plan **plans, const struct repair *repairs, size_t count)
{
	struct plan plan;
	struct repair repair;

	repair_sum(session->arena, plans, repairs, count, &plan, &repair);
	report_repair_json(&plan, &repair, &session->json);
}

/* With several services the document has each in a list as well. */
static int
repair_all(struct session *session, struct diagnosis *diagnosis, struct plan **plans,
	const struct request *request)
{
	size_t count = diagnosis->services.count, done = 0;
	struct repair *repairs = arena_alloc(session->arena, (count + 1) * sizeof(*repairs));
	bool many = session->options.json && count != 1;
	int worst = 0;

	if (many) {
		json_key(&session->json, "repairs");
		json_array_open(&session->json);
	}
	for (size_t i = 0; i < count && (i == 0 || repairs[i - 1].signal == 0); i++) {
		int status;

		if (many)
			json_object_open(&session->json);
		/* The repair of one service may have mended what the next one reads as well. */
		if (i > 0 || plans[i] == NULL)
			plans[i] = plan_make(diagnosis, diagnosis->services.list[i], request);
		status = repair_service(session, diagnosis, plans[i], request, &repairs[i]);
		if (status < 0)
			return -1;
		if (many)
			json_object_close(&session->json);
		worst = status > worst ? status : worst;
		done = i + 1;
	}
	if (many) {
		json_array_close(&session->json);
		report_sum(session, plans, repairs, done);
	}
	return worst;
}

/* All of them before the first is carried out: of one document. */
static void
make_plans(struct diagnosis *diagnosis, const struct request *request, struct plan **plans)
{
	for (size_t i = 0; i < diagnosis->services.count; i++)
		plans[i] = plan_make(diagnosis, diagnosis->services.list[i], request);
}

/* Whether carrying the document out would do anything, or there is nothing to be done. */
static bool
is_of_use(const struct diagnosis *diagnosis, struct plan *const *plans, int status)
{
	for (size_t i = 0; status == 2 && i < diagnosis->services.count; i++)
		if (plans[i]->refused == NULL && plans[i]->step_count > 0)
			return true;
	return status == 0;
}

/* Prepared, taken back, and written down. */
static int
write_plan(struct session *session, struct diagnosis *diagnosis, struct plan **plans,
	const struct request *request)
{
	CLEANUP(buffer_free) struct buffer document = { 0 };
	int status;

	plan_file_render(session, diagnosis, plans, &document);
	session->options.dry_run = true;
	status = repair_all(session, diagnosis, plans, request);
	if (status < 0 || !is_of_use(diagnosis, plans, status))
		return status;
	TRY(plan_file_write(session, buffer_span(&document)));
	if (!session->options.json)
		buffer_addf(&session->out,
			"The plan is in %s. To carry it out: trustmend repair --plan %s\n",
			session->options.plan, session->options.plan);
	return status;
}

/* The plan that is made of the present facts must be the one that was written down. */
static int
carry_out_plan(struct session *session, struct diagnosis *diagnosis, struct plan **plans,
	const struct request *request, struct span file)
{
	CLEANUP(buffer_free) struct buffer document = { 0 };

	plan_file_render(session, diagnosis, plans, &document);
	TRY(plan_file_compare(session, file, buffer_span(&document)));
	return repair_all(session, diagnosis, plans, request);
}

/* Before anything is examined: what the plan file is to be, and what it says. */
static int
open_plan(struct session *session, bool *ret_written, struct span *ret_file)
{
	*ret_written = session->options.plan != NULL && plan_file_is_written(session);
	*ret_file = span_of("", 0);
	if (session->options.plan == NULL)
		return 0;
	if (*ret_written)
		TRY(plan_file_check_place(session));
	else
		TRY(plan_file_read(session, ret_file));
	plan_file_settle_options(session);
	return 0;
}

static int
repair_run(struct session *session)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = NULL;
	struct request request;
	struct plan **plans;
	struct span file;
	bool is_written;

	if (session->options.at != NULL)
		return err_set(&session->err, ERR_USAGE,
			"--at is for looking ahead: a repair is made for now");
	TRY(session_ledger(session, true, true));
	TRY(session_recover(session));
	TRY(open_plan(session, &is_written, &file));
	request = session_request(session);
	diagnosis = diagnosis_make(&request, &session->err);
	if (diagnosis == NULL)
		return -1;
	if (session->options.root == NULL)
		TRY(diagnosis_remember(diagnosis, session->ledger, session->now, &session->err));
	plans = arena_alloc(session->arena, (diagnosis->services.count + 1) * sizeof(*plans));
	if (session->options.plan == NULL)
		return repair_all(session, diagnosis, plans, &request);
	make_plans(diagnosis, &request, plans);
	return is_written ? write_plan(session, diagnosis, plans, &request)
			  : carry_out_plan(session, diagnosis, plans, &request, file);
}

const struct command command_repair = {
	.name = "repair",
	.arguments = "[TARGET…]",
	.summary =
		"shows the plan and its trust change, asks, applies it as a transaction, proves it",
	.groups = OPTIONS_EXAMINE | OPTIONS_ONLINE | OPTIONS_REPAIR | OPTIONS_CONFIRM,
	.examples =
		"  trustmend repair nginx:/etc/nginx/nginx.conf --clients DIR --known-good DIR\n"
		"  trustmend repair --dry-run --clients DIR --known-good DIR\n"
		"  trustmend repair --dry-run --plan FILE --clients DIR --known-good DIR\n"
		"  trustmend repair --plan FILE\n",
	.run = repair_run,
};
