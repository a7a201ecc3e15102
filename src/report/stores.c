/* SPDX-License-Identifier: Apache-2.0 */
/* What a store holds: entries, defects, and what each engine reads of it. */
#include <string.h>

#include "report/pieces.h"

static void
add_entry(struct arena *arena, const struct entry *entry, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "kind", entry_kind_name(entry->kind));
	json_member_text(json, "path", entry->path);
	json_member_number(json, "line", entry->line);
	json_member_number(json, "offset", (int64_t)entry->offset);
	json_member_number(json, "length", (int64_t)entry->length);
	json_member_text(json, "label", entry->label);
	json_member_text(json, "link", entry->link);
	if (entry->kind == ENTRY_CERTIFICATE)
		add_cert_json(arena, json, &entry->cert);
	if (entry->kind == ENTRY_CRL)
		add_crl_json(arena, json, &entry->crl);
	json_object_close(json);
}

static void
add_defect(const struct defect *defect, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "code", cause_get(defect->cause)->code);
	json_member_text(json, "path", defect->path);
	json_member_number(json, "line", defect->line);
	json_member_number(json, "offset", (int64_t)defect->offset);
	json_member_number(json, "length", (int64_t)defect->length);
	json_member_text(json, "text", defect->text);
	json_member_bool(json, "harmless", defect->harmless);
	json_object_close(json);
}

static void
add_store(struct arena *arena, const struct store *store, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "path", store->path);
	json_member_text(json, "format", store->format);
	json_member_text(json, "problem", store->problem);
	if (store->state == STORE_PRESENT)
		add_fingerprint_json(json, "sha256", &store->digest);
	json_key(json, "entries");
	json_array_open(json);
	for (size_t i = 0; i < store->entry_count; i++)
		add_entry(arena, &store->entries[i], json);
	json_array_close(json);
	json_key(json, "defects");
	json_array_open(json);
	for (size_t i = 0; i < store->defect_count; i++)
		add_defect(&store->defects[i], json);
	json_array_close(json);
	json_key(json, "read_by");
	json_object_open(json);
	json_key(json, "openssl");
	json_object_open(json);
	json_member_number(
		json, "loaded", (int64_t)(store->loading.certificates + store->loading.crls));
	json_member_text(json, "error", store->loading.loads ? NULL : store->loading.error);
	json_object_close(json);
	json_object_close(json);
	json_object_close(json);
}

void
report_stores_json(
	struct arena *arena, const struct store *const *stores, size_t count, struct json *json)
{
	json_key(json, "stores");
	json_array_open(json);
	for (size_t i = 0; i < count; i++)
		add_store(arena, stores[i], json);
	json_array_close(json);
}

static void
text_cert(struct arena *arena, const struct entry *entry, const struct style *style,
	struct buffer *out)
{
	const struct cert *cert = &entry->cert;
	bool expired = cert->not_after < style->now;
	char distance[MOMENT_TEXT_SIZE], key[64];

	moment_distance_text(cert->not_after, style->now, distance);
	key_info_text(&cert->key, key, sizeof(key));
	buffer_addf(out, "  %4u  %s, %s, %s, %s%s %s%s", entry->line,
		name_text(arena, cert->subject),
		cert->is_ca ? (cert_is_self_issued(cert) ? "root" : "intermediate") : "no CA", key,
		tone_begin(style, expired ? TONE_BAD : TONE_PLAIN), expired ? "expired" : "ends",
		distance, tone_end(style));
	if (entry->link != NULL)
		buffer_addf(out, ", link %s", shown(style, entry->link));
	buffer_add_text(out, "\n");
	if (!style->verbose)
		return;
	if (!cert_is_self_issued(cert))
		buffer_addf(out, "        issued by %s\n", name_text(arena, cert->issuer));
	buffer_addf(out, "        %s, bytes %zu to %zu\n",
		signature_algorithm_name(cert->signature_algorithm), entry->offset,
		entry->offset + entry->length);
}

static void
text_entry(struct arena *arena, const struct entry *entry, const struct style *style,
	struct buffer *out)
{
	char distance[MOMENT_TEXT_SIZE];

	if (entry->kind == ENTRY_CERTIFICATE) {
		text_cert(arena, entry, style, out);
	} else if (entry->kind == ENTRY_CRL) {
		moment_distance_text(entry->crl.next_update, style->now, distance);
		buffer_addf(out, "  %4u  CRL of %s, %zu revoked, next one due %s\n", entry->line,
			name_text(arena, entry->crl.issuer), entry->crl.entry_count, distance);
	} else {
		buffer_addf(out, "  %4u  %s\n", entry->line, entry_kind_name(entry->kind));
	}
}

void
report_stores_text(struct arena *arena, const struct store *const *stores, size_t count,
	const struct style *style, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct store *store = stores[i];

		buffer_addf(out, "%s%s%s: ", tone_begin(style, TONE_BOLD),
			shown(style, store->path), tone_end(style));
		if (store->state != STORE_PRESENT) {
			buffer_addf(out, "%s\n", shown(style, store->problem));
			continue;
		}
		buffer_addf(out, "%s, %zu certificates, %zu CRLs\n", store->format,
			store_count(store, ENTRY_CERTIFICATE), store_count(store, ENTRY_CRL));
		for (size_t j = 0; j < store->entry_count; j++)
			text_entry(arena, &store->entries[j], style, out);
		for (size_t j = 0; j < store->defect_count; j++)
			buffer_addf(out, "  %s%4u  %s%s (byte %zu): %s\n",
				tone_begin(
					style, store->defects[j].harmless ? TONE_WARN : TONE_BAD),
				store->defects[j].line, cause_get(store->defects[j].cause)->code,
				tone_end(style), store->defects[j].offset,
				shown(style, store->defects[j].text));
		if (store->loading.loads)
			buffer_addf(out, "  OpenSSL loads %zu certificates and %zu CRLs from it.\n",
				store->loading.certificates, store->loading.crls);
		else if (store->loading.error != NULL)
			buffer_addf(out, "  %sOpenSSL loads nothing from it: %s%s\n",
				tone_begin(style, TONE_BAD), shown(style, store->loading.error),
				tone_end(style));
	}
}
