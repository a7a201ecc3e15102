/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger remembers: transactions and baselines. */
#include "report/pieces.h"

void
report_history_json(const struct transaction *transactions, size_t count, struct json *json)
{
	json_key(json, "transactions");
	json_array_open(json);
	for (size_t i = 0; i < count; i++) {
		const struct transaction *transaction = &transactions[i];

		json_object_open(json);
		json_member_number(json, "transaction", transaction->id);
		json_member_text(json, "service", transaction->service);
		json_member_text(json, "state", transaction_state_name(transaction->state));
		json_member_moment(json, "begun_at", transaction->begun_at);
		if (transaction->ended_at > 0)
			json_member_moment(json, "ended_at", transaction->ended_at);
		json_member_text(json, "causes", transaction->causes);
		json_member_text(json, "proof", transaction->proof);
		json_key(json, "steps");
		json_array_open(json);
		for (size_t j = 0; j < transaction->step_count; j++)
			json_text(json, transaction->steps[j].text);
		json_array_close(json);
		json_key(json, "trust_changes");
		json_array_open(json);
		for (size_t j = 0; j < transaction->change_count; j++) {
			const struct trust_change *change = &transaction->changes[j];

			json_object_open(json);
			json_member_bool(json, "added", change->added);
			json_member_text(json, "kind", change->kind);
			json_member_text(json, "subject", change->subject);
			json_member_text(json, "fingerprint", change->fingerprint);
			json_member_text(json, "store", change->store);
			json_member_moment(json, "at", change->at);
			json_object_close(json);
		}
		json_array_close(json);
		json_key(json, "verdicts_before");
		json_array_open(json);
		for (size_t j = 0; j < transaction->verdict_count; j++)
			if (transaction->verdicts[j].before)
				add_verdict_json(json, &transaction->verdicts[j]);
		json_array_close(json);
		json_key(json, "verdicts_after");
		json_array_open(json);
		for (size_t j = 0; j < transaction->verdict_count; j++)
			if (!transaction->verdicts[j].before)
				add_verdict_json(json, &transaction->verdicts[j]);
		json_array_close(json);
		json_object_close(json);
	}
	json_array_close(json);
}

void
report_history_text(const struct transaction *transactions, size_t count, const struct style *style,
	struct buffer *out)
{
	if (count == 0)
		buffer_add_text(out, "No transaction yet.\n");
	for (size_t i = 0; i < count; i++) {
		const struct transaction *transaction = &transactions[i];
		char begun[MOMENT_TEXT_SIZE];

		moment_text(transaction->begun_at, begun);
		buffer_addf(out, "%s%lld%s  %s  %-11s  %s\n", tone_begin(style, TONE_BOLD),
			(long long)transaction->id, tone_end(style), begun,
			transaction_state_name(transaction->state),
			shown(style, transaction->summary));
		for (size_t j = 0; j < transaction->step_count; j++)
			if (transaction->steps[j].kind != STEP_DIRECTORY)
				buffer_addf(out, "      ~ %s\n",
					shown(style, transaction->steps[j].text));
		for (size_t j = 0; j < transaction->change_count; j++)
			buffer_addf(out, "      %s %s %s in %s\n",
				transaction->changes[j].added ? "+" : "-",
				shown(style, transaction->changes[j].kind),
				shown(style, transaction->changes[j].subject),
				shown(style, transaction->changes[j].store));
	}
}

void
report_baselines_json(const struct baseline *baselines, size_t count, struct json *json)
{
	json_key(json, "baselines");
	json_array_open(json);
	for (size_t i = 0; i < count; i++) {
		json_object_open(json);
		json_member_number(json, "id", baselines[i].id);
		json_member_text(json, "service", baselines[i].service);
		json_member_text(json, "name", baselines[i].name);
		json_member_moment(json, "saved_at", baselines[i].saved_at);
		json_key(json, "files");
		json_array_open(json);
		for (size_t j = 0; j < baselines[i].file_count; j++) {
			json_object_open(json);
			json_member_text(json, "path", baselines[i].files[j].path);
			add_fingerprint_json(json, "sha256", &baselines[i].files[j].digest);
			json_object_close(json);
		}
		json_array_close(json);
		json_object_close(json);
	}
	json_array_close(json);
}

void
report_baselines_text(const struct baseline *baselines, size_t count, const struct style *style,
	struct buffer *out)
{
	if (count == 0)
		buffer_add_text(out, "No baseline yet: save one while all is well, with trustmend "
				     "baseline save\n");
	for (size_t i = 0; i < count; i++) {
		char saved[MOMENT_TEXT_SIZE];

		moment_text(baselines[i].saved_at, saved);
		buffer_addf(out, "%s%lld%s  %s  %s  %s\n", tone_begin(style, TONE_BOLD),
			(long long)baselines[i].id, tone_end(style), saved,
			shown(style, baselines[i].service), shown(style, baselines[i].name));
		for (size_t j = 0; j < baselines[i].file_count; j++)
			buffer_addf(out, "      %s\n", shown(style, baselines[i].files[j].path));
	}
}
