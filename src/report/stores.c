/* SPDX-License-Identifier: Apache-2.0 */
/* What a store holds: entries, defects, and what each engine reads of it. */
#include <string.h>

#include "report/pieces.h"

static void
add_entry(struct arena *arena, const struct inspected *inspected, size_t index, struct json *json)
{
	const struct entry *entry = &inspected->store->entries[index];

	json_object_open(json);
	json_member_text(json, "kind", entry_kind_name(entry->kind));
	json_member_text(json, "path", entry->path);
	json_member_number(json, "line", entry->line);
	json_member_number(json, "offset", (int64_t)entry->offset);
	json_member_number(json, "length", (int64_t)entry->length);
	json_member_text(json, "label", entry->label);
	json_member_text(json, "link", entry->link);
	json_member_bool(json, "enclosed", entry->is_enclosed);
	if (entry->role != ENTRY_IS_PLAIN || entry->alias != NULL) {
		json_member_text(json, "role", entry_role_name(entry->role));
		json_member_text(json, "alias", entry->alias);
		json_member_moment(json, "created_at", entry->created);
	}
	json_key(json, "loaded_by");
	json_array_open(json);
	for (size_t i = 0; i < inspected->view_count; i++)
		if (inspected->views[i]->loading.loads &&
			inspected->views[i]->loading.loaded[index])
			json_text(json, store_loader_engine(inspected->views[i]->loader));
	json_array_close(json);
	if (entry->kind == ENTRY_CERTIFICATE)
		add_cert_json(arena, json, &entry->cert);
	if (entry->kind == ENTRY_CERTIFICATE)
		add_relation_json(inspected, index, json);
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
add_view(const struct store *view, struct json *json)
{
	json_key(json, store_loader_engine(view->loader));
	json_object_open(json);
	json_member_number(
		json, "loaded", (int64_t)(view->loading.certificates + view->loading.crls));
	json_member_text(json, "error", view->loading.loads ? NULL : view->loading.error);
	json_object_close(json);
}

static void
add_generated(const struct generated *generated, struct json *json)
{
	if (generated->tool == NULL && generated->mark == NULL)
		return;
	json_key(json, "generated");
	json_object_open(json);
	json_member_text(json, "tool", generated->tool);
	json_member_text(json, "source", generated->sources);
	json_member_text(json, "run", generated->run);
	json_member_text(json, "mark", generated->mark);
	json_member_number(json, "strays", (int64_t)generated->stray_count);
	json_object_close(json);
}

static void
add_store(struct arena *arena, const struct inspected *inspected, struct json *json)
{
	const struct store *store = inspected->store;

	json_object_open(json);
	json_member_text(json, "path", store->path);
	json_member_text(json, "format", store->format);
	json_member_text(json, "problem", store->problem);
	if (store->profile != NULL) {
		json_member_text(json, "profile", store->profile);
		json_member_text(json, "integrity", store_integrity_name(store->integrity));
		json_member_text(json, "password", store->password_source);
	}
	if (store->state == STORE_PRESENT)
		add_fingerprint_json(json, "sha256", &store->digest);
	add_generated(&inspected->generated, json);
	json_key(json, "entries");
	json_array_open(json);
	for (size_t i = 0; i < store->entry_count; i++)
		add_entry(arena, inspected, i, json);
	json_array_close(json);
	json_key(json, "defects");
	json_array_open(json);
	for (size_t i = 0; i < store->defect_count; i++)
		add_defect(&store->defects[i], json);
	json_array_close(json);
	json_key(json, "read_by");
	json_object_open(json);
	for (size_t i = 0; i < inspected->view_count; i++)
		add_view(inspected->views[i], json);
	json_object_close(json);
	json_object_close(json);
}

void
report_stores_json(
	struct arena *arena, const struct inspected *stores, size_t count, struct json *json)
{
	json_key(json, "stores");
	json_array_open(json);
	for (size_t i = 0; i < count; i++)
		add_store(arena, &stores[i], json);
	json_array_close(json);
}

enum { LINE_WIDTH = 4 };

static void
text_role(const struct entry *entry, const struct style *style, struct buffer *out)
{
	const char *role = entry_role_name(entry->role);

	if (entry->alias != NULL)
		buffer_addf(out, ", \"%s\"", shown(style, entry->alias));
	if (entry->role == ENTRY_IS_UNASSIGNED && entry->kind == ENTRY_CERTIFICATE)
		role = "not marked as trusted";
	if (role != NULL && entry->kind == ENTRY_CERTIFICATE)
		buffer_addf(out, ", %s", role);
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
	/* Piece by piece: there may be a hundred thousand of these lines. */
	buffer_add_text(out, "  ");
	buffer_add_number(out, entry->line, LINE_WIDTH);
	buffer_add_text(out, "  ");
	buffer_add_text(out, name_text(arena, cert->subject));
	buffer_add_text(out, cert->is_ca
				     ? (cert_is_self_issued(cert) ? ", root, " : ", intermediate, ")
				     : ", no CA, ");
	buffer_add_text(out, key);
	buffer_add_text(out, ", ");
	buffer_add_text(out, tone_begin(style, expired ? TONE_BAD : TONE_PLAIN));
	buffer_add_text(out, expired ? "expired " : "ends ");
	buffer_add_text(out, distance);
	buffer_add_text(out, tone_end(style));
	if (entry->link != NULL)
		buffer_addf(out, ", link %s", shown(style, entry->link));
	text_role(entry, style, out);
	buffer_add_text(out, "\n");
	if (!style->verbose)
		return;
	if (!cert_is_self_issued(cert))
		buffer_addf(out, "        issued by %s\n", name_text(arena, cert->issuer));
	buffer_addf(out, "        %s, bytes %zu to %zu",
		signature_algorithm_name(cert->signature_algorithm), entry->offset,
		entry->offset + entry->length);
	if (cert->path_length != CERT_PATH_LENGTH_NONE)
		buffer_addf(out, ", path length %d", cert->path_length);
	buffer_addf(out, "%s%s%s\n", cert->name_constraints.length > 0 ? ", name constraints" : "",
		cert->policy_constraints.length > 0 ? ", policy constraints" : "",
		cert->is_ca && cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) == 0
			? ", may not sign certificates by its key usage"
			: "");
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
		buffer_addf(out, "  %4u  %s", entry->line, entry_kind_name(entry->kind));
		text_role(entry, style, out);
		buffer_add_text(out, "\n");
	}
}

/* One that reads as much as the first of them needs no line of its own. */
static bool
reads_alike(const struct store *view, const struct store *first)
{
	return view != first && view->loading.loads && first->loading.loads &&
	       view->loader != LOADER_JAVA_KEYSTORE &&
	       view->loading.certificates == first->loading.certificates;
}

/* Who reads it, and how much: OpenSSL first, as servers of most kinds do. */
static void
text_view(const struct store *view, const struct style *style, struct buffer *out)
{
	const char *who = store_loader_title(view->loader);
	size_t there = store_count(view, ENTRY_CERTIFICATE), loaded = view->loading.certificates;
	const char *owner = view->loader == LOADER_JAVA_KEYSTORE ? "Java"
			    : view->loader == LOADER_NSS         ? "NSS"
			    : view->loader == LOADER_P11KIT      ? "p11-kit"
								 : NULL;

	if (view->loading.loads && owner != NULL)
		buffer_addf(out, "  %s takes %zu certificates of it as trust anchors.\n", owner,
			loaded);
	else if (view->loading.loads)
		buffer_addf(out, "  %s: %s%zu certificates and %zu CRLs are loaded%s.%s\n", who,
			tone_begin(style, loaded < there ? TONE_WARN : TONE_PLAIN), loaded,
			view->loading.crls,
			loaded < there ? ", the rest is skipped in silence" : "", tone_end(style));
	else if (view->loading.error != NULL)
		buffer_addf(out, "  %s: %snothing is loaded: %s%s\n", who,
			tone_begin(style, TONE_BAD), shown(style, view->loading.error),
			tone_end(style));
}

static void
text_views(const struct inspected *inspected, const struct style *style, struct buffer *out)
{
	const struct store *first = inspected->view_count > 0 ? inspected->views[0] : NULL;
	size_t alike = 0;

	for (size_t i = 0; i < inspected->view_count; i++)
		if (reads_alike(inspected->views[i], first))
			alike++;
		else
			text_view(inspected->views[i], style, out);
	if (alike == 0)
		return;
	buffer_add_text(out, "  The same number of certificates:");
	for (size_t i = 0; i < inspected->view_count; i++)
		if (reads_alike(inspected->views[i], first))
			buffer_addf(out, " %s%s", store_loader_engine(inspected->views[i]->loader),
				--alike > 0 ? "," : ".");
	buffer_add_text(out, "\n");
}

static void
text_generated(struct arena *arena, const struct generated *generated, struct buffer *out)
{
	if (generated->mark != NULL)
		buffer_addf(out, "  It says of itself: %s\n",
			text_sanitize(arena, generated->mark, strlen(generated->mark)));
	if (generated->tool == NULL)
		return;
	buffer_addf(out, "  Made by %s. To change it: %s", generated->tool, generated->sources);
	if (generated->run != NULL)
		buffer_addf(out, ", then run %s", generated->run);
	buffer_add_text(out, ".\n");
	if (generated->stray_count > 0)
		buffer_addf(out,
			"  %zu of its certificates are in no source, and go with the next run: the "
			"first is %s.\n",
			generated->stray_count, name_text(arena, generated->stray->cert.subject));
}

static void
text_keystore(const struct store *store, const struct style *style, struct buffer *out)
{
	if (store->profile == NULL)
		return;
	buffer_addf(out, "  %s", shown(style, store->profile));
	if (store_integrity_name(store->integrity) != NULL)
		buffer_addf(out, ", integrity %s", store_integrity_name(store->integrity));
	if (store->password_source != NULL)
		buffer_addf(out, ", password: %s", shown(style, store->password_source));
	buffer_add_text(out, "\n");
}

void
report_stores_text(struct arena *arena, const struct inspected *stores, size_t count,
	const struct style *style, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct store *store = stores[i].store;

		buffer_addf(out, "%s%s%s: ", tone_begin(style, TONE_BOLD),
			shown(style, store->path), tone_end(style));
		if (store->state != STORE_PRESENT) {
			buffer_addf(out, "%s\n", shown(style, store->problem));
			continue;
		}
		buffer_addf(out, "%s, %zu certificates, %zu CRLs\n", store->format,
			store_count(store, ENTRY_CERTIFICATE), store_count(store, ENTRY_CRL));
		text_keystore(store, style, out);
		text_generated(arena, &stores[i].generated, out);
		for (size_t j = 0; j < store->entry_count; j++)
			text_entry(arena, &store->entries[j], style, out);
		for (size_t j = 0; j < store->defect_count; j++)
			buffer_addf(out, "  %s%4u  %s%s (byte %zu): %s\n",
				tone_begin(
					style, store->defects[j].harmless ? TONE_WARN : TONE_BAD),
				store->defects[j].line, cause_get(store->defects[j].cause)->code,
				tone_end(style), store->defects[j].offset,
				shown(style, store->defects[j].text));
		text_relations(arena, &stores[i], style, out);
		text_views(&stores[i], style, out);
	}
}
