/* SPDX-License-Identifier: Apache-2.0 */
/* Services, their verifiers, the stores that these read, with counts and the next expiry. */
#include <string.h>

#include "report/pieces.h"

/* The first end among what a store holds; MOMENT_NEVER where nothing ends. */
static int64_t
next_expiry(const struct store *store, int64_t after)
{
	int64_t next = MOMENT_NEVER;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		int64_t end = entry->kind == ENTRY_CERTIFICATE ? entry->cert.not_after
			      : entry->kind == ENTRY_CRL       ? entry->crl.next_update
							       : MOMENT_NEVER;

		if (end >= after && end < next)
			next = end;
	}
	return next;
}

static size_t
count_expired(const struct store *store, int64_t now)
{
	size_t expired = 0;

	for (size_t i = 0; i < store->entry_count; i++)
		expired += store->entries[i].kind == ENTRY_CERTIFICATE &&
			   store->entries[i].cert.not_after < now;
	return expired;
}

static const struct store *
source_store(const struct diagnosis *diagnosis, const struct service *service,
	const struct trust_source *source)
{
	return stores_open(diagnosis->stores, service->world, source->path, source->loader);
}

static void
add_locus(struct json *json, const char *key, const struct locus *where)
{
	json_key(json, key);
	json_object_open(json);
	json_member_text(json, "path", where->path);
	json_member_number(json, "line", where->line);
	json_object_close(json);
}

static void
add_verifier(const struct service *service, const struct verifier *verifier, struct json *json)
{
	static const char *const checks[] = { "none", "leaf", "chain" };

	json_object_open(json);
	json_member_text(json, "service", service->name);
	json_member_text(json, "name", verifier->name);
	json_member_text(json, "mode", mode_name(verifier->mode));
	json_member_text(json, "engine", verifier->engine);
	if (verifier->depth.value >= 0)
		json_member_number(json, "intermediates_allowed", verifier->depth.value);
	json_member_text(json, "crl_check", checks[verifier->crl_check]);
	json_member_number(json, "security_level", verifier->security_level);
	json_key(json, "sources");
	json_array_open(json);
	for (size_t i = 0; i < verifier->source_count; i++) {
		json_object_open(json);
		json_member_text(json, "role", role_name(verifier->sources[i].role));
		json_member_text(json, "directive", verifier->sources[i].directive);
		json_member_text(json, "path", verifier->sources[i].path);
		json_member_bool(json, "inherited", verifier->sources[i].inherited);
		add_locus(json, "where", &verifier->sources[i].where);
		json_object_close(json);
	}
	json_array_close(json);
	json_key(json, "endpoints");
	json_array_open(json);
	for (size_t i = 0; i < verifier->endpoint_count; i++) {
		json_object_open(json);
		json_member_text(json, "address", verifier->endpoints[i].address);
		json_member_number(json, "port", verifier->endpoints[i].port);
		json_member_text(json, "server_name", verifier->endpoints[i].server_name);
		json_object_close(json);
	}
	json_array_close(json);
	json_object_close(json);
}

static void
add_store(const struct store *store, const struct service *service, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "service", service->name);
	json_member_text(json, "path", store->path);
	json_member_text(json, "format", store->format);
	json_member_text(json, "problem", store->problem);
	json_member_number(json, "certificates", (int64_t)store_count(store, ENTRY_CERTIFICATE));
	json_member_number(json, "crls", (int64_t)store_count(store, ENTRY_CRL));
	json_member_number(json, "defects", (int64_t)store->defect_count);
	json_member_bool(json, "loads", store->loading.loads);
	json_member_number(json, "loaded_certificates", (int64_t)store->loading.certificates);
	json_member_number(json, "loaded_crls", (int64_t)store->loading.crls);
	if (store->state == STORE_PRESENT)
		add_fingerprint_json(json, "sha256", &store->digest);
	json_member_moment(json, "next_expiry", next_expiry(store, moment_now()));
	json_object_close(json);
}

static void
add_service(const struct service *service, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "name", service->name);
	json_member_text(json, "product", service->product->name);
	json_member_text(json, "target", service->target);
	json_member_text(json, "config", service->config);
	json_member_bool(json, "running", service->running);
	if (service->running) {
		json_member_number(json, "pid", service->main.pid);
		json_member_moment(json, "started_at", service->main.started.seconds);
		json_member_moment(json, "loaded_at", service->loaded.seconds);
	}
	json_key(json, "problems");
	json_array_open(json);
	for (size_t i = 0; i < service->problem_count; i++) {
		json_object_open(json);
		add_locus(json, "where", &service->problems[i].where);
		json_member_text(json, "text", service->problems[i].text);
		json_object_close(json);
	}
	json_array_close(json);
	json_object_close(json);
}

static bool
seen_before(const struct service *service, size_t verifier, size_t source)
{
	const char *path = service->verifiers[verifier].sources[source].path;

	for (size_t i = 0; i <= verifier; i++)
		for (size_t j = 0;
			j < (i == verifier ? source : service->verifiers[i].source_count); j++)
			if (strcmp(service->verifiers[i].sources[j].path, path) == 0)
				return true;
	return false;
}

void
report_inventory_json(const struct diagnosis *diagnosis, struct json *json)
{
	json_key(json, "services");
	json_array_open(json);
	for (size_t i = 0; i < diagnosis->services.count; i++)
		add_service(diagnosis->services.list[i], json);
	json_array_close(json);
	json_key(json, "verifiers");
	json_array_open(json);
	for (size_t i = 0; i < diagnosis->services.count; i++)
		for (size_t j = 0; j < diagnosis->services.list[i]->verifier_count; j++)
			add_verifier(diagnosis->services.list[i],
				&diagnosis->services.list[i]->verifiers[j], json);
	json_array_close(json);
	json_key(json, "stores");
	json_array_open(json);
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];

		for (size_t j = 0; j < service->verifier_count; j++)
			for (size_t k = 0; k < service->verifiers[j].source_count; k++)
				if (!seen_before(service, j, k))
					add_store(source_store(diagnosis, service,
							  &service->verifiers[j].sources[k]),
						service, json);
	}
	json_array_close(json);
}

static void
text_source(const struct diagnosis *diagnosis, const struct service *service,
	const struct trust_source *source, const struct style *style, struct buffer *out)
{
	const struct store *store = source_store(diagnosis, service, source);
	size_t certificates = store_count(store, ENTRY_CERTIFICATE),
	       crls = store_count(store, ENTRY_CRL);
	int64_t next = next_expiry(store, style->now);
	char distance[MOMENT_TEXT_SIZE];

	buffer_addf(out, "      %-24s %s: ", source->directive, shown(style, source->path));
	if (store->state != STORE_PRESENT) {
		buffer_addf(out, "%s%s%s\n", tone_begin(style, TONE_BAD),
			shown(style, store->problem), tone_end(style));
		return;
	}
	buffer_addf(out, "%zu certificates, %zu CRLs", certificates, crls);
	if (!store->loading.loads && store->loading.error != NULL)
		buffer_addf(out, ", %sOpenSSL loads none: %s%s", tone_begin(style, TONE_BAD),
			shown(style, store->loading.error), tone_end(style));
	else if (store->loading.certificates < certificates || store->loading.crls < crls)
		buffer_addf(out, ", %sOpenSSL loads only %zu and %zu%s",
			tone_begin(style, TONE_BAD), store->loading.certificates,
			store->loading.crls, tone_end(style));
	if (count_expired(store, style->now) > 0)
		buffer_addf(out, ", %zu expired", count_expired(store, style->now));
	if (next != MOMENT_NEVER) {
		moment_distance_text(next, style->now, distance);
		buffer_addf(out, ", next end %s", distance);
	}
	buffer_add_text(out, "\n");
}

static void
text_verifier(const struct diagnosis *diagnosis, const struct service *service,
	const struct verifier *verifier, const struct style *style, struct buffer *out)
{
	static const char *const checks[] = { "no CRLs checked", "CRL of the leaf checked",
		"CRLs of the whole chain checked" };

	buffer_addf(out, "    %s: client certificates %s, %s", shown(style, verifier->name),
		mode_name(verifier->mode), checks[verifier->crl_check]);
	if (verifier->depth.value >= 0)
		buffer_addf(out, ", %d intermediate%s allowed", verifier->depth.value,
			verifier->depth.value == 1 ? "" : "s");
	buffer_add_text(out, "\n");
	for (size_t i = 0; i < verifier->source_count; i++)
		text_source(diagnosis, service, &verifier->sources[i], style, out);
}

void
report_inventory_text(
	const struct diagnosis *diagnosis, const struct style *style, struct buffer *out)
{
	char distance[MOMENT_TEXT_SIZE];

	if (diagnosis->services.count == 0)
		buffer_add_text(out, "No nginx, Apache or HAProxy was found.\n");
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];

		buffer_addf(out, "%s%s%s  %s\n", tone_begin(style, TONE_BOLD),
			shown(style, service->name), tone_end(style),
			shown(style, service->target));
		if (service->running) {
			moment_distance_text(service->loaded.seconds, style->now, distance);
			buffer_addf(out, "    runs as process %d, loaded %s\n",
				(int)service->main.pid, distance);
		} else {
			buffer_add_text(out, "    does not run\n");
		}
		for (size_t j = 0; j < service->problem_count; j++)
			buffer_addf(out, "    %s%s:%u: %s%s\n", tone_begin(style, TONE_BAD),
				shown(style, service->problems[j].where.path),
				service->problems[j].where.line,
				shown(style, service->problems[j].text), tone_end(style));
		if (service->verifier_count == 0)
			buffer_add_text(out, "    asks for no client certificates\n");
		for (size_t j = 0; j < service->verifier_count; j++)
			text_verifier(diagnosis, service, &service->verifiers[j], style, out);
	}
}
