/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates judged: a row each, and every path on demand. */
#include "report/pieces.h"

static const struct cert *
leaf_of(const struct judged *judged)
{
	return judged->client->chain_length > 0 ? &judged->client->chain[0] : NULL;
}

static const char *
verdict_word(const struct verdict *verdict)
{
	if (verdict == NULL)
		return "unknown";
	if (verdict->accepted)
		return "accept";
	return verdict->undetermined ? "unknown" : "refuse";
}

static void
add_path(struct arena *arena, const struct path *path, struct json *json)
{
	unsigned cost;

	json_object_open(json);
	json_key(json, "certificates");
	json_array_open(json);
	for (unsigned i = 0; i < path->length; i++) {
		if (path->certs[i] == NULL)
			continue;
		json_object_open(json);
		add_fingerprint_json(json, "fingerprint", &path->certs[i]->fingerprint);
		json_member_text(json, "subject", name_text(arena, path->certs[i]->subject));
		json_member_text(
			json, "origin", path->origins[i] == ORIGIN_STORE ? "store" : "client");
		json_object_close(json);
	}
	json_array_close(json);
	json_member_bool(json, "ends_in_anchor", path->ends_in_anchor);
	json_key(json, "failures");
	json_array_open(json);
	for (unsigned i = 0; i < path->failure_count; i++) {
		json_object_open(json);
		json_member_number(json, "depth", path->failures[i].depth);
		json_member_text(json, "rule", path->failures[i].rule);
		json_member_number(json, "code",
			path->failures[i].engine_error != 0 ? path->failures[i].engine_error
							    : path->failures[i].error);
		json_member_text(json, "text", path->failures[i].text);
		if (path->failures[i].source != NULL)
			json_member_text(json, "source", path->failures[i].source);
		json_member_text(json, "change", failure_change(&path->failures[i], &cost));
		json_object_close(json);
	}
	json_array_close(json);
	add_ocsp_json(arena, path, json);
	json_object_close(json);
}

/* What the engine's refusal is known as, where its own words lead astray; or NULL. */
static const struct cause *
cause_of(const struct verdict *verdict)
{
	return verdict != NULL && verdict->below_partial_anchor ? cause_get(CAUSE_CRL_PARTIAL_CHAIN)
								: NULL;
}

static void
add_judged(struct arena *arena, const struct judged *judged, struct json *json)
{
	const struct verdict *verdict = judged->verdict;
	const struct cert *leaf = leaf_of(judged);
	const struct cause *cause = cause_of(verdict);

	json_object_open(json);
	json_member_text(json, "subject", leaf != NULL ? name_text(arena, leaf->subject) : NULL);
	if (leaf != NULL)
		add_fingerprint_json(json, "fingerprint", &leaf->fingerprint);
	json_member_text(json, "source", judged->source);
	json_member_text(json, "verifier", judged->verifier);
	json_member_text(json, "verdict", verdict_word(verdict));
	json_key(json, "reason");
	json_object_open(json);
	json_member_text(json, "engine", verdict != NULL ? verdict->engine : NULL);
	json_member_number(json, "error", verdict != NULL ? verdict->error : 0);
	json_member_text(json, "text", verdict != NULL ? verdict->text : judged->client->problem);
	json_member_number(json, "depth", verdict != NULL ? verdict->depth : 0);
	json_member_text(json, "rule", verdict != NULL ? verdict->rule : NULL);
	json_object_close(json);
	json_member_text(json, "difference", verdict != NULL ? verdict->difference : NULL);
	json_key(json, "causes");
	json_array_open(json);
	if (cause != NULL)
		json_text(json, cause->code);
	json_array_close(json);
	json_key(json, "paths");
	json_array_open(json);
	for (size_t i = 0; verdict != NULL && i < verdict->path_count; i++)
		add_path(arena, &verdict->paths[i], json);
	json_array_close(json);
	if (judged->lints != NULL)
		add_lints_json(judged, json);
	json_object_close(json);
}

void
report_verify_json(
	struct arena *arena, const struct judged *judged, size_t count, struct json *json)
{
	for (size_t i = 0; i < count; i++)
		add_judged(arena, &judged[i], json);
}

static void
text_row(struct arena *arena, const struct judged *judged, const struct style *style,
	bool names_engine, struct buffer *out)
{
	const struct verdict *verdict = judged->verdict;
	const struct cert *leaf = leaf_of(judged);
	const struct cause *cause = cause_of(verdict);
	bool accepted = verdict != NULL && verdict->accepted;

	if (judged->is_unjudged)
		buffer_add_text(out, "looked at  ");
	else
		buffer_addf(out, "%s%s%s  ", tone_begin(style, accepted ? TONE_GOOD : TONE_BAD),
			verdict_word(verdict), tone_end(style));
	buffer_addf(out, "%s  %s", shown(style, judged->source),
		leaf != NULL ? name_text(arena, leaf->subject)
			     : shown(style, judged->client->problem));
	if (judged->verifier != NULL)
		buffer_addf(out, "  at %s", shown(style, judged->verifier));
	if (verdict != NULL && !accepted)
		buffer_addf(out, "  (%s: error %d at depth %u: %s)", verdict->engine,
			verdict->error, verdict->depth, shown(style, verdict->text));
	else if (verdict != NULL && names_engine)
		buffer_addf(out, "  (%s)", verdict->engine);
	buffer_add_text(out, "\n");
	if (verdict != NULL && verdict->difference != NULL)
		buffer_addf(out, "    %s\n", shown(style, verdict->difference));
	if (cause != NULL)
		buffer_addf(out, "    %s: %s\n    why: trustmend explain %s\n", cause->code,
			cause->title, cause->code);
	add_lints_text(judged, style, out);
	if (style->verbose && verdict != NULL)
		report_paths_text(arena, verdict, style, out);
	if (style->verbose && verdict != NULL && verdict->path_count > 0)
		text_ocsp(arena, &verdict->paths[0], style, out);
}

void
report_verify_text(struct arena *arena, const struct judged *judged, size_t count,
	const struct style *style, struct buffer *out)
{
	for (size_t i = 0, end; i < count; i = end) {
		end = i + report_division_length(&judged[i], count - i);
		for (size_t j = i; j < end; j++)
			text_row(arena, &judged[j], style, end - i > 1, out);
		if (end - i > 1)
			report_division_text(arena, &judged[i], end - i, style, out);
	}
}
