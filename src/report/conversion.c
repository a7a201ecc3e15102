/* SPDX-License-Identifier: Apache-2.0 */
/* A store in another form: what went over, what stayed behind and why. */
#include <string.h>

#include "report/pieces.h"

static const char *
entry_title(struct arena *arena, const struct entry *entry)
{
	if (entry->kind == ENTRY_CERTIFICATE)
		return name_text(arena, entry->cert.subject);
	if (entry->kind == ENTRY_CRL)
		return arena_printf(arena, "CRL of %s", name_text(arena, entry->crl.issuer));
	if (entry->alias != NULL)
		return arena_printf(arena, "%s \"%s\"", entry_kind_name(entry->kind), entry->alias);
	return entry_kind_name(entry->kind);
}

static size_t
count_of(const struct entry_set *set, enum entry_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->list[i]->kind == kind;
	return count;
}

void
report_conversion_text(struct arena *arena, const struct conversion *conversion,
	const struct style *style, struct buffer *out)
{
	const struct transfer *transfer = conversion->transfer;

	buffer_addf(out, "%s%s%s: %s, %zu certificates and %zu CRLs of %s\n",
		tone_begin(style, TONE_BOLD),
		text_sanitize(arena, conversion->to, strlen(conversion->to)), tone_end(style),
		conversion->format, count_of(&transfer->carried, ENTRY_CERTIFICATE),
		count_of(&transfer->carried, ENTRY_CRL),
		text_sanitize(arena, conversion->from, strlen(conversion->from)));
	if (conversion->is_damaged)
		buffer_addf(out,
			"  %snot all of %s can be read, and the rest was carried over%s: %s\n",
			tone_begin(style, TONE_BAD),
			text_sanitize(arena, conversion->from, strlen(conversion->from)),
			tone_end(style), store_damage(conversion->source));
	for (size_t i = 0; i < transfer->left_count; i++)
		buffer_addf(out, "  %snot carried over%s: %s, line %u: %s\n",
			tone_begin(style, TONE_WARN), tone_end(style),
			entry_title(arena, transfer->left_out[i].entry),
			transfer->left_out[i].entry->line, transfer->left_out[i].why);
	for (size_t i = 0; i < transfer->loss_count; i++)
		buffer_addf(out, "  lost: %s\n", transfer->losses[i]);
	buffer_add_text(out, "  Read again: both hold the same of what was carried over.\n");
}

static void
add_side(const char *key, const char *path, const struct store *store, struct json *json)
{
	json_key(json, key);
	json_object_open(json);
	json_member_text(json, "path", path);
	json_member_text(json, "format", store->format);
	add_fingerprint_json(json, "sha256", &store->digest);
	json_object_close(json);
}

static void
add_left(struct arena *arena, const struct left_out *left, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "kind", entry_kind_name(left->entry->kind));
	json_member_text(json, "name", entry_title(arena, left->entry));
	json_member_number(json, "line", left->entry->line);
	if (left->entry->kind == ENTRY_CERTIFICATE || left->entry->kind == ENTRY_CRL)
		add_fingerprint_json(json, "fingerprint", entry_digest(left->entry));
	json_member_text(json, "why", left->why);
	json_object_close(json);
}

void
report_conversion_json(struct arena *arena, const struct conversion *conversion, struct json *json)
{
	const struct transfer *transfer = conversion->transfer;

	add_side("from", conversion->from, conversion->source, json);
	add_side("to", conversion->to, conversion->written, json);
	json_member_number(
		json, "certificates", (int64_t)count_of(&transfer->carried, ENTRY_CERTIFICATE));
	json_member_number(json, "crls", (int64_t)count_of(&transfer->carried, ENTRY_CRL));
	json_member_bool(json, "source_damaged", conversion->is_damaged);
	json_key(json, "left_out");
	json_array_open(json);
	for (size_t i = 0; i < transfer->left_count; i++)
		add_left(arena, &transfer->left_out[i], json);
	json_array_close(json);
	add_names_json(json, "lost", transfer->losses, transfer->loss_count);
	json_member_bool(json, "proved", true);
}
