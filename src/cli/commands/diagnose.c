/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cli.h"
#include "diagnosis/remember.h"

/* What was seen is remembered where we may; a ledger that cannot be written takes nothing from the
 * diagnosis. */
static void
remember(struct session *session, const struct diagnosis *diagnosis)
{
	struct err err = { 0 };

	if (session->options.root != NULL || session->ledger == NULL)
		return;
	if (diagnosis_remember(diagnosis, session->ledger, session->now, &err) < 0)
		session_warn(session, "%s: what was seen is not remembered", err.message);
}

static int
diagnose_run(struct session *session)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = NULL;
	struct request request;

	digest_prepare();
	if (session_ledger(session, true, false) < 0) {
		session_warn(session, "%s: going on without a ledger", session->err.message);
		session->err = (struct err){ 0 };
	}
	request = session_request(session);
	diagnosis = diagnosis_make(&request, &session->err);
	digest_ready();
	if (diagnosis == NULL)
		return -1;
	remember(session, diagnosis);
	if (session->options.json)
		report_diagnosis_json(diagnosis, &session->json);
	else
		report_diagnosis_text(diagnosis, &session->style, &session->out);
	return diagnosis_exit_status(diagnosis);
}

const struct command command_diagnose = {
	.name = "diagnose",
	.arguments = "[TARGET…]",
	.summary = "what refuses clients now, and what will bite later",
	.groups = OPTIONS_EXAMINE | OPTIONS_ONLINE,
	.examples = "  trustmend diagnose --clients /etc/trustmend/clients --known-good /root/pki\n"
		    "  trustmend --at +30d diagnose nginx:/etc/nginx/nginx.conf\n",
	.run = diagnose_run,
};
