/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate before several engines: who accepts, who does not, and the rules that divide
 * them. */
#include <string.h>

#include "report/pieces.h"
#include "verify/engine.h"

enum { DIVISION_MAX = ENGINE__COUNT + 1 }; /* and RFC 5280 itself */

/* Why some refuse: one rule, and all who refuse by it. */
struct ground {
	const char *rule;
	const struct verdict *first; /* whose words are shown */
	const char *engines[DIVISION_MAX];
	size_t count;
};

struct division {
	const char *accepts[DIVISION_MAX], *refuses[DIVISION_MAX], *unknown[DIVISION_MAX];
	size_t accept_count, refuse_count, unknown_count;
	struct ground grounds[DIVISION_MAX];
	size_t ground_count;
};

size_t
report_division_length(const struct judged *judged, size_t count)
{
	size_t length = 1;

	/* Verifiers of a target are places, not opinions. */
	if (judged->verifier != NULL)
		return 1;
	while (length < count && length < DIVISION_MAX && judged[length].client == judged->client &&
		judged[length].verifier == NULL)
		length++;
	return length;
}

static void
add_ground(struct division *division, const struct verdict *verdict)
{
	const char *rule = verdict->rule != NULL ? verdict->rule : "unknown";
	struct ground *ground = NULL;

	for (size_t i = 0; ground == NULL && i < division->ground_count; i++)
		if (strcmp(division->grounds[i].rule, rule) == 0)
			ground = &division->grounds[i];
	if (ground == NULL) {
		ground = &division->grounds[division->ground_count++];
		*ground = (struct ground){ .rule = rule, .first = verdict };
	}
	ground->engines[ground->count++] = verdict->engine;
}

static void
divide(const struct judged *judged, size_t count, struct division *ret)
{
	*ret = (struct division){};
	for (size_t i = 0; i < count; i++) {
		const struct verdict *verdict = judged[i].verdict;

		if (verdict->accepted) {
			ret->accepts[ret->accept_count++] = verdict->engine;
			continue;
		}
		if (verdict->undetermined) {
			ret->unknown[ret->unknown_count++] = verdict->engine;
			continue;
		}
		ret->refuses[ret->refuse_count++] = verdict->engine;
		add_ground(ret, verdict);
	}
}

/* "a, b and c" */
static const char *
list_text(struct arena *arena, const char *const *names, size_t count)
{
	const char *text = names[0];

	for (size_t i = 1; i < count; i++)
		text = arena_printf(
			arena, "%s%s%s", text, i + 1 < count ? ", " : " and ", names[i]);
	return text;
}

void
report_division_text(struct arena *arena, const struct judged *judged, size_t count,
	const struct style *style, struct buffer *out)
{
	struct division division;

	divide(judged, count, &division);
	if (division.refuse_count == 0 || division.accept_count == 0) {
		buffer_addf(out, "    %s\n",
			division.unknown_count > 0 ? "not all could tell; those that could agree"
						   : "all agree");
		return;
	}
	buffer_addf(out, "    accepted by %s; refused by %s\n",
		list_text(arena, division.accepts, division.accept_count),
		list_text(arena, division.refuses, division.refuse_count));
	for (size_t i = 0; i < division.ground_count; i++) {
		const struct ground *ground = &division.grounds[i];

		buffer_addf(out, "    divided by %s (%s): %s\n", ground->rule,
			list_text(arena, ground->engines, ground->count),
			shown(style, ground->first->text));
	}
}

static void
add_grounds(const struct division *division, struct json *json)
{
	json_key(json, "rules");
	json_array_open(json);
	for (size_t i = 0; i < division->ground_count; i++) {
		const struct ground *ground = &division->grounds[i];

		json_object_open(json);
		json_member_text(json, "rule", ground->rule);
		add_names_json(json, "engines", ground->engines, ground->count);
		json_member_number(json, "depth", ground->first->depth);
		json_member_text(json, "text", ground->first->text);
		json_object_close(json);
	}
	json_array_close(json);
}

static void
add_division(struct arena *arena, const struct judged *judged, size_t count, struct json *json)
{
	const struct client *client = judged->client;
	struct division division;

	divide(judged, count, &division);
	json_object_open(json);
	json_member_text(json, "subject",
		client->chain_length > 0 ? name_text(arena, client->chain[0].subject) : NULL);
	if (client->chain_length > 0)
		add_fingerprint_json(json, "fingerprint", &client->chain[0].fingerprint);
	json_member_text(json, "source", judged->source);
	json_member_bool(json, "divided", division.accept_count > 0 && division.refuse_count > 0);
	add_names_json(json, "accepted_by", division.accepts, division.accept_count);
	add_names_json(json, "refused_by", division.refuses, division.refuse_count);
	add_names_json(json, "unknown_to", division.unknown, division.unknown_count);
	add_grounds(&division, json);
	json_object_close(json);
}

size_t
report_divisions_json(
	struct arena *arena, const struct judged *judged, size_t count, struct json *json)
{
	size_t divisions = 0;

	for (size_t i = 0, length; i < count; i += length) {
		length = report_division_length(&judged[i], count - i);
		if (length <= 1)
			continue;
		divisions++;
		if (json != NULL)
			add_division(arena, &judged[i], length, json);
	}
	return divisions;
}
