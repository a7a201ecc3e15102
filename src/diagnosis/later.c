/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/later.h"

/* An end is near within this many seconds, but never earlier than in the last quarter of its time:
 * short-lived things end soon all the time. */
static bool
ends_soon(int64_t begin, int64_t end, int64_t at, int64_t seconds)
{
	int64_t quarter = (end - begin) / 4;

	if (end == MOMENT_NEVER || end < at)
		return false;
	return end - at <= (quarter < seconds ? quarter : seconds);
}

static void
later_entry(struct scene *scene, struct suspects *suspects, const struct entry *entry)
{
	struct locus where = { .path = entry->path,
		.line = entry->line,
		.offset = entry->offset,
		.length = entry->length };
	bool is_crl = entry->kind == ENTRY_CRL;
	int64_t begin = is_crl ? entry->crl.this_update : entry->cert.not_before;
	int64_t end = is_crl ? entry->crl.next_update : entry->cert.not_after;
	enum cause_code cause = CAUSE_CRL_EXPIRED;
	char moment[MOMENT_TEXT_SIZE], distance[MOMENT_TEXT_SIZE];
	struct suspect *suspect;

	if (!is_crl)
		cause = cert_is_self_issued(&entry->cert) ? CAUSE_CHAIN_ROOT_EXPIRED
							  : CAUSE_CHAIN_INTERMEDIATE_EXPIRED;
	if (!ends_soon(begin, end, scene->request->at,
		    is_crl ? DIAGNOSIS_SOON_CRL : DIAGNOSIS_SOON_CERTIFICATE))
		return;
	moment_text(end, moment);
	moment_distance_text(end, scene->request->at, distance);
	suspect = suspect_add(scene, suspects, cause, &where, NULL);
	suspect->idle = SEVERITY_WARNING;
	suspect->certain = true;
	if (!is_crl)
		suspect_subject(scene, suspect, &entry->cert);
	suspect_evidence(scene, suspect, "%s:%u: %s of %s ends %s, at %s", entry->path, entry->line,
		is_crl ? "the CRL" : "the certificate",
		name_text(
			scene->diagnosis->arena, is_crl ? entry->crl.issuer : entry->cert.subject),
		distance, moment);
	suspect->why = "there is time: get the renewed one from the CA and add it beside this one";
}

static void
later_clients(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->diagnosis->clients.count; i++) {
		const struct client *client = &scene->diagnosis->clients.list[i];
		struct locus where = { .path = client->path };
		char distance[MOMENT_TEXT_SIZE];
		struct suspect *suspect;

		if (!client->must_be_accepted || client->supposed_issuer != NULL ||
			client->chain_length == 0 ||
			!ends_soon(client->chain[0].not_before, client->chain[0].not_after,
				scene->request->at, DIAGNOSIS_SOON_CERTIFICATE))
			continue;
		moment_distance_text(client->chain[0].not_after, scene->request->at, distance);
		suspect = suspect_add(scene, suspects, CAUSE_CLIENT_EXPIRED, &where, NULL);
		suspect->idle = SEVERITY_WARNING;
		suspect->certain = true;
		suspect_evidence(
			scene, suspect, "the certificate of %s ends %s", client->name, distance);
		suspect->why = "the client's CA must issue it anew";
	}
}

void
later_find(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++) {
		const struct trust *trust = scene->trusts[i];

		if (scene->service->verifiers[i].mode == MODE_NONE)
			continue;
		for (size_t j = 0; j < trust->anchor_count; j++)
			later_entry(scene, suspects, trust->anchors[j].entry);
		for (size_t j = 0; j < trust->crl_count; j++)
			later_entry(scene, suspects, trust->crl_entries[j]);
	}
	later_clients(scene, suspects);
}
