/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"
#include "diagnosis/remember.h"

static int
baseline_list(struct session *session)
{
	struct baseline *baselines = NULL;
	size_t count = 0;

	TRY(session_ledger(session, false, false));
	if (session->ledger != NULL)
		TRY(ledger_baselines(
			session->ledger, session->arena, NULL, &baselines, &count, &session->err));
	if (session->options.json)
		report_baselines_json(baselines, count, &session->json);
	else
		report_baselines_text(baselines, count, &session->style, &session->out);
	return 0;
}

static struct request
request_without_verb(struct session *session)
{
	struct request request = session_request(session);

	request.targets++;
	request.target_count--;
	return request;
}

/* Only what is well is blessed, unless the operator says otherwise. */
static int
baseline_save(struct session *session)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = NULL;
	struct request request;
	struct baseline *saved;
	size_t count;

	TRY(session_ledger(session, true, true));
	TRY(session_recover(session));
	request = request_without_verb(session);
	diagnosis = diagnosis_make(&request, &session->err);
	if (diagnosis == NULL)
		return -1;
	if (diagnosis_exit_status(diagnosis) >= 2 && !session->options.force) {
		if (session->options.json)
			report_diagnosis_json(diagnosis, &session->json);
		else
			report_diagnosis_text(diagnosis, &session->style, &session->out);
		buffer_add_text(session->options.json ? &(struct buffer){ 0 } : &session->out,
			"No baseline was saved: what refuses clients is not to be blessed. --force "
			"saves it all the same.\n");
		return 2;
	}
	TRY(diagnosis_save_baselines(
		diagnosis, session->ledger, session->options.title, &saved, &count, &session->err));
	if (session->options.json)
		report_baselines_json(saved, count, &session->json);
	else
		report_baselines_text(saved, count, &session->style, &session->out);
	return 0;
}

static int
baseline_check(struct session *session)
{
	CLEANUP(diagnosis_freep) struct diagnosis *facts = NULL;
	struct request request;
	struct drift *drifts;
	size_t count;

	TRY(session_ledger(session, false, false));
	if (session->ledger == NULL)
		return err_set(&session->err, ERR_NO_INPUT,
			"there is no baseline yet: trustmend baseline save");
	request = request_without_verb(session);
	facts = diagnosis_facts(&request, &session->err);
	if (facts == NULL)
		return -1;
	TRY(diagnosis_check_baselines(facts, session->ledger, &drifts, &count, &session->err));
	if (session->options.json) {
		json_key(&session->json, "drift");
		json_array_open(&session->json);
	}
	for (size_t i = 0; i < count; i++) {
		if (!session->options.json) {
			buffer_addf(&session->out, "%s: %s\n",
				text_sanitize(
					session->arena, drifts[i].path, strlen(drifts[i].path)),
				drifts[i].text);
			continue;
		}
		json_object_open(&session->json);
		json_member_text(&session->json, "service", drifts[i].service);
		json_member_text(&session->json, "path", drifts[i].path);
		json_member_text(&session->json, "text", drifts[i].text);
		json_object_close(&session->json);
	}
	if (session->options.json)
		json_array_close(&session->json);
	else if (count == 0)
		buffer_add_text(&session->out, "Everything is as in the baseline.\n");
	return count > 0 ? 1 : 0;
}

static int
baseline_run(struct session *session)
{
	const char *verb =
		session->options.arguments.count > 0 ? session->options.arguments.list[0] : "";

	if (strcmp(verb, "list") == 0)
		return baseline_list(session);
	if (strcmp(verb, "save") == 0)
		return baseline_save(session);
	if (strcmp(verb, "check") == 0)
		return baseline_check(session);
	return err_set(&session->err, ERR_USAGE, "baseline takes save, check or list");
}

const struct command command_baseline = {
	.name = "baseline",
	.arguments = "save|check|list [TARGET…]",
	.summary = "what was known good: save it while all is well, compare later",
	.groups = OPTIONS_EXAMINE | OPTIONS_BASELINE | OPTIONS_FORCE | OPTIONS_NAME,
	.examples = "  trustmend baseline save --clients DIR\n  trustmend baseline check\n",
	.run = baseline_run,
};
