/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

static int
rollback_run(struct session *session)
{
	uint64_t id = 0;
	struct repair repair;

	if (session->options.arguments.count > 1 ||
		(session->options.arguments.count == 1 &&
			text_number(session->options.arguments.list[0], INT64_MAX, &id) < 0))
		return err_set(&session->err, ERR_USAGE,
			"rollback takes one transaction's number: see trustmend history");
	TRY(session_ledger(session, false, true));
	if (session->ledger == NULL)
		return err_set(&session->err, ERR_NO_INPUT,
			"there is no ledger yet, so nothing to roll back");
	TRY(session_recover(session));
	if (!session_confirm(session, "Undo this transaction?"))
		return err_set(
			&session->err, ERR_USAGE, "not carried out: answer yes, or give --yes");
	TRY(transaction_rollback(session->arena, session->ledger, session->world, (int64_t)id,
		&repair, &session->err));
	if (session->options.json) {
		json_member_number(&session->json, "transaction", repair.transaction);
		json_member_text(&session->json, "result", repair_result_name(repair.result));
		json_member_text(&session->json, "text", repair.text);
	} else {
		buffer_addf(&session->out, "Transaction %lld: %s.\n", (long long)repair.transaction,
			repair.text);
	}
	return 0;
}

const struct command command_rollback = {
	.name = "rollback",
	.arguments = "[TRANSACTION]",
	.summary = "undoes a transaction: content, owner, mode, times, links",
	.groups = OPTIONS_CONFIRM,
	.examples = "  trustmend rollback\n  trustmend rollback 7 --yes\n",
	.run = rollback_run,
};
