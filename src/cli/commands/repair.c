/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"
#include "diagnosis/remember.h"

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
	return 0;
}

static int
write_plan(struct session *session, const struct diagnosis *diagnosis, const struct plan *plan)
{
	CLEANUP(buffer_free) struct buffer out = { 0 };
	struct json json;

	report_begin(&json, &out, "repair");
	report_repair_json(diagnosis, plan, NULL, &json);
	report_end(&json, 0);
	return file_replace(session->options.plan, buffer_span(&out), 0600, &session->err);
}

static bool
agreed(struct session *session, const struct plan *plan)
{
	return plan->refused != NULL || plan->step_count == 0 || session->options.dry_run ||
	       session_confirm(session, "Carry this plan out?");
}

/* Plans, shows, asks, applies and proves for one service. */
static int
repair_service(struct session *session, struct diagnosis *diagnosis, struct service *service,
	const struct request *request)
{
	struct plan *plan = plan_make(diagnosis, service, request);
	struct repair repair;

	if (session->options.plan != NULL)
		return write_plan(session, diagnosis, plan) < 0 ? -1
		       : plan->refused != NULL                  ? 2
								: 0;
	if (!session->options.json)
		report_repair_text(diagnosis, plan, NULL, &session->style, &session->out);
	if (!agreed(session, plan))
		return err_set(
			&session->err, ERR_USAGE, "not carried out: answer yes, or give --yes");
	if (plan_apply(diagnosis, plan, request, session->options.dry_run, &repair, &session->err) <
			0 &&
		repair.result != RESULT_STUCK)
		return -1;
	if (session->options.json) {
		report_repair_json(diagnosis, plan, &repair, &session->json);
	} else {
		report_repair_text(diagnosis, plan, &repair, &session->style, &session->out);
	}
	return status_of(diagnosis, plan, &repair);
}

/* With several services the document holds them in a list; with one, the interface's members stand
 * at the top as well. */
static int
repair_all(struct session *session, struct diagnosis *diagnosis, const struct request *request)
{
	bool many = diagnosis->services.count != 1;
	int worst = 0;

	if (session->options.json && many) {
		json_key(&session->json, "repairs");
		json_array_open(&session->json);
	}
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		int status;

		if (session->options.json && many)
			json_object_open(&session->json);
		status = repair_service(session, diagnosis, diagnosis->services.list[i], request);
		if (status < 0)
			return -1;
		if (session->options.json && many)
			json_object_close(&session->json);
		worst = status > worst ? status : worst;
	}
	if (session->options.json && many)
		json_array_close(&session->json);
	return worst;
}

static int
repair_run(struct session *session)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = NULL;
	struct request request;

	if (session->options.at != NULL)
		return err_set(&session->err, ERR_USAGE,
			"--at is for looking ahead: a repair is made for now");
	TRY(session_ledger(session, true, true));
	TRY(session_recover(session));
	request = session_request(session);
	diagnosis = diagnosis_make(&request, &session->err);
	if (diagnosis == NULL)
		return -1;
	if (session->options.root == NULL)
		TRY(diagnosis_remember(diagnosis, session->ledger, session->now, &session->err));
	return repair_all(session, diagnosis, &request);
}

const struct command command_repair = {
	.name = "repair",
	.arguments = "[TARGET…]",
	.summary =
		"shows the plan and its trust change, asks, applies it as a transaction, proves it",
	.groups = OPTIONS_EXAMINE | OPTIONS_REPAIR | OPTIONS_CONFIRM,
	.examples =
		"  trustmend repair nginx:/etc/nginx/nginx.conf --clients DIR --known-good DIR\n"
		"  trustmend repair --dry-run --clients DIR --known-good DIR\n",
	.run = repair_run,
};
