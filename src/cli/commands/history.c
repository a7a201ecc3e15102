/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

static int
history_run(struct session *session)
{
	struct transaction *transactions = NULL;
	size_t count = 0;

	TRY(session_ledger(session, false, false));
	if (session->ledger != NULL)
		TRY(ledger_transactions(
			session->ledger, session->arena, 0, &transactions, &count, &session->err));
	if (session->options.json)
		report_history_json(transactions, count, &session->json);
	else
		report_history_text(transactions, count, &session->style, &session->out);
	return 0;
}

const struct command command_history = {
	.name = "history",
	.arguments = "",
	.summary = "what was repaired and rolled back, and every certificate that was added or "
		   "removed",
	.examples = "  trustmend history\n  trustmend history --json\n",
	.run = history_run,
};
