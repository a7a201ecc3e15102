/* SPDX-License-Identifier: Apache-2.0 */
/* Two stores, clients or services side by side. */
#include <string.h>

#include "report/pieces.h"

static const char *const kind_names[] = { "only-a", "only-b", "trust" };

static const struct entry *
entry_of(const struct difference *difference)
{
	return difference->a != NULL ? difference->a : difference->b;
}

static const char *
entry_line(struct arena *arena, const struct entry *entry)
{
	char ends[MOMENT_TEXT_SIZE], digest[DIGEST_TEXT_SIZE];
	bool is_crl = entry->kind == ENTRY_CRL;

	digest_text(entry_digest(entry), digest);
	moment_text(is_crl ? entry->crl.next_update : entry->cert.not_after, ends);
	return arena_printf(arena, "%s%s, %s %s, sha256 %.16s…", is_crl ? "CRL of " : "",
		name_text(arena, is_crl ? entry->crl.issuer : entry->cert.subject),
		is_crl ? "next one due" : "ends", ends, digest);
}

static void
text_difference(struct arena *arena, const struct difference *difference, const struct style *style,
	struct buffer *out)
{
	static const char *const marks[] = { "-", "+", "~" };
	static const enum tone tones[] = { TONE_BAD, TONE_GOOD, TONE_WARN };

	buffer_addf(out, "%s%s %s%s\n", tone_begin(style, tones[difference->kind]),
		marks[difference->kind], entry_line(arena, entry_of(difference)), tone_end(style));
	if (difference->text != NULL)
		buffer_addf(out, "    %s\n", difference->text);
}

static void
text_damage(struct arena *arena, const char *title, const char *damage, const struct style *style,
	struct buffer *out)
{
	if (damage != NULL)
		buffer_addf(out, "%snot all of %s can be read, and the rest was compared: %s%s\n",
			tone_begin(style, TONE_BAD), text_sanitize(arena, title, strlen(title)),
			damage, tone_end(style));
}

static void
text_section(struct arena *arena, const struct diff_section *section, const struct style *style,
	struct buffer *out)
{
	buffer_addf(out, "%s--- %s\n+++ %s%s\n", tone_begin(style, TONE_BOLD),
		text_sanitize(arena, section->title_a, strlen(section->title_a)),
		text_sanitize(arena, section->title_b, strlen(section->title_b)), tone_end(style));
	text_damage(arena, section->title_a, section->damage_a, style, out);
	text_damage(arena, section->title_b, section->damage_b, style, out);
	for (size_t i = 0; i < section->contrasts.count; i++) {
		const struct contrast *contrast = &section->contrasts.list[i];

		buffer_addf(out, "%s%s%s%s\n", contrast->field, contrast->why != NULL ? " (" : "",
			contrast->why != NULL ? contrast->why : "",
			contrast->why != NULL ? ")" : "");
		buffer_addf(out, "  - %s\n  + %s\n", contrast->a, contrast->b);
	}
	for (size_t i = 0; i < section->differences.count; i++)
		text_difference(arena, &section->differences.list[i], style, out);
	if (section->differences.count + section->contrasts.count == 0)
		buffer_add_text(out, section->damage_a != NULL || section->damage_b != NULL
					     ? "Nothing else differs that matters.\n"
					     : "Nothing differs that matters.\n");
	if (section->differences.common > 0)
		buffer_addf(out, "%zu entries are in both.\n", section->differences.common);
}

void
report_diff_text(struct arena *arena, const struct diffed *diffed, const struct style *style,
	struct buffer *out)
{
	for (size_t i = 0; i < diffed->section_count; i++)
		text_section(arena, &diffed->sections[i], style, out);
}

static void
add_contrast(const struct contrast *contrast, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "field", contrast->field);
	json_member_text(json, "a", contrast->a);
	json_member_text(json, "b", contrast->b);
	json_member_text(json, "why", contrast->why);
	json_object_close(json);
}

static void
add_difference(struct arena *arena, const struct difference *difference, struct json *json)
{
	const struct entry *entry = entry_of(difference);

	json_object_open(json);
	json_member_text(json, "what", kind_names[difference->kind]);
	json_member_text(json, "kind", entry_kind_name(entry->kind));
	json_member_text(json, "path", entry->path);
	json_member_number(json, "line", entry->line);
	if (entry->kind == ENTRY_CERTIFICATE)
		add_cert_json(arena, json, &entry->cert);
	else
		add_crl_json(arena, json, &entry->crl);
	json_member_text(json, "text", difference->text);
	json_object_close(json);
}

void
report_diff_json(struct arena *arena, const struct diffed *diffed, struct json *json)
{
	json_member_text(json, "what", diffed->what);
	json_member_text(json, "a", diffed->a);
	json_member_text(json, "b", diffed->b);
	json_key(json, "sections");
	json_array_open(json);
	for (size_t i = 0; i < diffed->section_count; i++) {
		const struct diff_section *section = &diffed->sections[i];

		json_object_open(json);
		json_member_text(json, "a", section->title_a);
		json_member_text(json, "b", section->title_b);
		json_member_text(json, "damage_a", section->damage_a);
		json_member_text(json, "damage_b", section->damage_b);
		json_key(json, "fields");
		json_array_open(json);
		for (size_t j = 0; j < section->contrasts.count; j++)
			add_contrast(&section->contrasts.list[j], json);
		json_array_close(json);
		json_key(json, "entries");
		json_array_open(json);
		for (size_t j = 0; j < section->differences.count; j++)
			add_difference(arena, &section->differences.list[j], json);
		json_array_close(json);
		json_member_number(json, "common", (int64_t)section->differences.common);
		json_object_close(json);
	}
	json_array_close(json);
}
