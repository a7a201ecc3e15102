/* SPDX-License-Identifier: Apache-2.0 */
/* A repair: the plan with what it changes in trust, and what came of it. */
#include <stdio.h>
#include <string.h>

#include "report/pieces.h"

static const char *const result_names[] = { "nothing", "applied", "refused", "rolled-back",
	"prepared", "stuck" };

const char *
repair_result_name(enum repair_result result)
{
	return result_names[result];
}

static const char *
proof_name(enum repair_proof proof)
{
	return proof == PROOF_HANDSHAKE ? "handshake" : proof == PROOF_STAND_IN ? "stand-in" : NULL;
}

static void
add_changes(struct json *json, const char *key, const struct plan *plan, bool added)
{
	json_key(json, key);
	json_array_open(json);
	for (size_t i = 0; i < plan->change_count; i++) {
		if (plan->changes[i].added != added)
			continue;
		json_object_open(json);
		json_member_text(json, "kind", plan->changes[i].kind);
		json_member_text(json, "fingerprint", plan->changes[i].fingerprint);
		json_member_text(json, "subject", plan->changes[i].subject);
		json_member_text(json, "store", plan->changes[i].store);
		json_object_close(json);
	}
	json_array_close(json);
}

static void
add_content_json(struct json *json, const struct digest *digest, const char *link)
{
	if (link != NULL)
		json_member_text(json, "link", link);
	else
		add_fingerprint_json(json, "sha256", digest);
}

static void
add_access_json(struct json *json, uid_t owner, gid_t group, mode_t mode)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%04o", (unsigned)mode & 07777);
	json_member_number(json, "owner", owner);
	json_member_number(json, "group", group);
	json_member_text(json, "mode", text);
}

/* What must still be there for the step to be done; null where nothing may be. */
static void
add_before_json(struct json *json, const struct step *step)
{
	const struct file_identity *identity = &step->before.identity;

	json_key(json, "before");
	if (!step->before.exists) {
		json_none(json);
		return;
	}
	json_object_open(json);
	if (identity->type != FILE_DIRECTORY) {
		add_content_json(json, &step->before.digest, step->before.link_target);
		json_member_number(json, "inode", (int64_t)identity->inode);
	}
	add_access_json(json, identity->owner, identity->group, identity->mode);
	json_object_close(json);
}

/* What the step makes of it. */
static void
add_after_json(struct json *json, const struct step *step)
{
	CLEANUP(mem_freep) char *link = NULL;

	if (step->kind == STEP_DIRECTORY || step->kind == STEP_REMOVE)
		return;
	json_key(json, "after");
	json_object_open(json);
	if (step->kind == STEP_WRITE || step->kind == STEP_SPLICE) {
		add_content_json(json, &step->after, NULL);
		json_member_number(json, "size", (int64_t)step->content.length);
	}
	if (step->kind == STEP_LINK) {
		link = mem_zalloc(step->new_bytes.length + 1);
		memcpy(link, step->new_bytes.data, step->new_bytes.length);
		add_content_json(json, NULL, link);
	}
	if (step->kind == STEP_MODE || step->kind == STEP_OWNER ||
		step->kind == STEP_MAKE_DIRECTORY || !step->before.exists)
		add_access_json(json, step->owner, step->group, step->mode);
	json_object_close(json);
}

static void
add_step_json(struct json *json, const struct step *step)
{
	json_object_open(json);
	json_member_number(json, "number", step->number);
	json_member_text(json, "kind", step_kind_name(step->kind));
	json_member_text(json, "path", step->path);
	json_member_text(json, "text", step->text);
	if (step->path != NULL) {
		add_before_json(json, step);
		add_after_json(json, step);
	}
	json_object_close(json);
}

static void
add_plan(const struct plan *plan, struct json *json)
{
	json_key(json, "plan");
	json_object_open(json);
	json_key(json, "causes");
	json_array_open(json);
	for (size_t i = 0; i < plan->chosen_count; i++)
		json_text(json, cause_get(plan->chosen[i]->finding->cause)->code);
	json_array_close(json);
	json_key(json, "steps");
	json_array_open(json);
	for (size_t i = 0; i < plan->step_count; i++)
		add_step_json(json, &plan->steps[i]);
	json_array_close(json);
	json_key(json, "trust_change");
	json_object_open(json);
	add_changes(json, "added", plan, true);
	add_changes(json, "removed", plan, false);
	add_names_json(json, "clients_let_in", plan->let_in, plan->let_in_count);
	add_names_json(json, "clients_shut_out", plan->shut_out, plan->shut_out_count);
	json_object_close(json);
	json_object_close(json);
}

/* Whether the server's own test saw the mended files before they were in place. */
static void
add_test_json(struct json *json, const struct repair *repair)
{
	static const char *const names[] = { "not-run", "before", "after", "never" };

	json_key(json, "config_test");
	json_object_open(json);
	json_member_text(json, "run", names[repair->tested]);
	json_member_text(json, "why", repair->untested);
	json_object_close(json);
}

void
report_repair_json(const struct plan *plan, const struct repair *repair, struct json *json)
{
	const struct service *service = plan->service;

	json_member_text(json, "service", service != NULL ? service->name : NULL);
	json_member_text(json, "target", service != NULL ? service->target : "all");
	if (repair != NULL) {
		json_key(json, "transaction");
		if (repair->transaction > 0)
			json_number(json, repair->transaction);
		else
			json_text(json, NULL);
		json_member_text(json, "result", repair_result_name(repair->result));
		json_member_text(json, "proof", proof_name(repair->proof));
		json_member_text(json, "text", repair->text);
		json_member_text(json, "note", repair->note);
		add_test_json(json, repair);
	}
	add_plan(plan, json);
	json_key(json, "verdicts_after");
	json_array_open(json);
	for (size_t i = 0; repair != NULL && i < repair->after_count; i++)
		add_verdict_json(json, &repair->after[i]);
	json_array_close(json);
}

static void
text_names(const struct style *style, struct buffer *out, const char *heading,
	const char *const *names, size_t count)
{
	if (count == 0)
		return;
	buffer_addf(out, "  %s", heading);
	for (size_t i = 0; i < count; i++)
		buffer_addf(out, "%s %s", i > 0 ? "," : "", shown(style, names[i]));
	buffer_add_text(out, "\n");
}

static void
text_plan(const struct plan *plan, const struct style *style, struct buffer *out)
{
	buffer_addf(out, "%sPlan for %s%s\n", tone_begin(style, TONE_BOLD),
		shown(style, plan->service->target), tone_end(style));
	for (size_t i = 0; i < plan->chosen_count; i++)
		buffer_addf(out, "  %s: %s\n", cause_get(plan->chosen[i]->finding->cause)->code,
			shown(style, plan->chosen[i]->finding->action));
	buffer_add_text(out, "Steps\n");
	for (size_t i = 0; i < plan->step_count; i++)
		if (plan->steps[i].kind != STEP_DIRECTORY)
			buffer_addf(out, "  ~ %s\n", shown(style, plan->steps[i].text));
	buffer_add_text(out, "Trust change\n");
	for (size_t i = 0; i < plan->change_count; i++)
		buffer_addf(out, "  %s%s%s %s %s (%.16s…) in %s\n",
			tone_begin(style, plan->changes[i].added ? TONE_GOOD : TONE_BAD),
			plan->changes[i].added ? "+" : "-", tone_end(style), plan->changes[i].kind,
			shown(style, plan->changes[i].subject), plan->changes[i].fingerprint,
			shown(style, plan->changes[i].store));
	if (plan->change_count == 0)
		buffer_add_text(out, "  none: the same CAs and CRLs as before\n");
	text_names(style, out, "lets in:", plan->let_in, plan->let_in_count);
	text_names(style, out, "shuts out:", plan->shut_out, plan->shut_out_count);
}

static void
text_test(const struct plan *plan, const struct repair *repair, const struct style *style,
	struct buffer *out)
{
	if (repair->tested == TESTED_BEFORE)
		buffer_addf(out,
			"%s's own test passed on the new files before anything was changed.\n",
			plan->service->product->title);
	else if (repair->tested == TESTED_NEVER)
		buffer_addf(out, "%s's own test is not run: %s.\n", plan->service->product->title,
			shown(style, repair->untested));
	else if (repair->untested != NULL)
		buffer_addf(out,
			"%s's own test could not see the new files before they were in place "
			"(%s)%s.\n",
			plan->service->product->title, shown(style, repair->untested),
			repair->tested == TESTED_AFTER ? ": it passed after that" : "");
}

static void
text_after(const struct repair *repair, struct buffer *out)
{
	const char *proof = repair->tested == TESTED_NEVER
				    ? "a stand-in (the server is down)"
				    : "the server's own test and a stand-in (the server is down)";
	size_t right = 0;

	if (repair->proof == PROOF_HANDSHAKE)
		proof = "handshakes with the running server, fresh and resumed";
	for (size_t i = 0; i < repair->after_count; i++)
		right += repair->after[i].accepted == repair->after[i].must_be_accepted;
	if (repair->after_count > 0)
		buffer_addf(out, "Proved by %s: %zu of %zu verdicts as they must be.\n", proof,
			right, repair->after_count);
}

void
report_repair_text(const struct plan *plan, const struct repair *repair, const struct style *style,
	struct buffer *out)
{
	if (repair == NULL) {
		if (plan->step_count > 0)
			text_plan(plan, style, out);
		return;
	}
	switch (repair->result) {
	case RESULT_NOTHING:
		buffer_addf(out, "%s: %s.\n", shown(style, plan->service->target),
			shown(style, repair->text));
		break;
	case RESULT_APPLIED:
		text_test(plan, repair, style, out);
		text_after(repair, out);
		buffer_addf(out,
			"%sApplied%s as transaction %lld. Way back: trustmend rollback %lld\n",
			tone_begin(style, TONE_GOOD), tone_end(style),
			(long long)repair->transaction, (long long)repair->transaction);
		break;
	case RESULT_REFUSED:
		buffer_addf(out, "%s%s: no safe repair%s: %s\nNothing was changed.\n",
			tone_begin(style, TONE_BAD), shown(style, plan->service->target),
			tone_end(style), shown(style, repair->text));
		break;
	case RESULT_ROLLED_BACK:
		buffer_addf(out, "%sFailed and undone%s.\n", tone_begin(style, TONE_BAD),
			tone_end(style));
		if (repair->note != NULL)
			buffer_addf(out, "Every file is as it was before; %s.\n",
				shown(style, repair->note));
		else
			buffer_add_text(out, "Everything is as it was before.\n");
		break;
	case RESULT_PREPARED:
		text_test(plan, repair, style, out);
		buffer_addf(out, "Dry run: %s.\n", shown(style, repair->text));
		break;
	case RESULT_STUCK:
		buffer_addf(out,
			"%sCould not be undone%s.\nThe journal is kept: mend the cause, then "
			"trustmend rollback %lld\n",
			tone_begin(style, TONE_BAD), tone_end(style),
			(long long)repair->transaction);
		break;
	}
}
