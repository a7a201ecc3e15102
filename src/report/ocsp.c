/* SPDX-License-Identifier: Apache-2.0 */
/* What OCSP says of the certificates of a path. */
#include "report/pieces.h"

static void
add_nonce(struct json *json, const struct ocsp_response *response)
{
	char hex[2 * OCSP_MAX_NONCE + 1];

	hex_encode(response->nonce, hex);
	json_member_text(json, "nonce", response->has_nonce ? hex : NULL);
}

static const char *
responder_text(struct arena *arena, const struct ocsp_response *response)
{
	char hex[2 * OCSP_KEY_HASH_SIZE + 1];

	if (response->responder_name.length > 0)
		return name_text(arena, response->responder_name);
	hex_encode(response->responder_key, hex);
	return arena_strdup(arena, hex);
}

static void
add_answer(struct arena *arena, const struct ocsp_opinion *opinion, struct json *json)
{
	const struct ocsp_single *single = &opinion->single;
	bool is_revoked = single->status == OCSP_STATUS_REVOKED;

	json_member_text(json, "responder", responder_text(arena, opinion->response));
	json_member_moment(json, "produced_at", opinion->response->produced_at);
	json_member_moment(json, "this_update", single->this_update);
	json_member_moment(json, "next_update", single->next_update);
	json_member_moment(json, "revoked_at", is_revoked ? single->revoked_at : MOMENT_NEVER);
	if (is_revoked && single->reason != REASON_NONE)
		json_member_number(json, "revocation_reason", single->reason);
	json_member_moment(json, "archive_cutoff",
		single->has_archive_cutoff ? single->archive_cutoff : MOMENT_NEVER);
	add_nonce(json, opinion->response);
}

static void
add_opinion(struct arena *arena, const struct ocsp_opinion *opinion, struct json *json)
{
	json_object_open(json);
	json_member_number(json, "depth", opinion->depth);
	json_member_text(json, "status", ocsp_word_name(opinion->word));
	json_member_text(json, "fault", ocsp_fault_name(opinion->fault));
	json_member_text(json, "text", opinion->text);
	json_member_text(json, "source", opinion->source);
	json_member_bool(json, "must_staple", opinion->must_staple);
	if (opinion->has_single)
		add_answer(arena, opinion, json);
	json_object_close(json);
}

void
add_ocsp_json(struct arena *arena, const struct path *path, struct json *json)
{
	json_key(json, "ocsp");
	json_array_open(json);
	for (size_t i = 0; i < path->ocsp_count; i++)
		add_opinion(arena, &path->ocsp[i], json);
	json_array_close(json);
}

void
text_ocsp(
	struct arena *arena, const struct path *path, const struct style *style, struct buffer *out)
{
	for (size_t i = 0; i < path->ocsp_count; i++) {
		const struct ocsp_opinion *opinion = &path->ocsp[i];

		buffer_addf(out, "    OCSP of %s: %s%s%s%s, %s\n",
			name_text(arena, opinion->cert->subject), ocsp_word_name(opinion->word),
			opinion->source != NULL ? ", by " : "",
			opinion->source != NULL ? shown(style, opinion->source) : "",
			opinion->must_staple ? ", must be stapled where it serves (RFC 7633)" : "",
			opinion->text);
	}
}
