/* SPDX-License-Identifier: Apache-2.0 */
/* What the server's configuration demands or forgives beside the paths: verify modes, ignored
 * errors, what its reader found odd. */
#include <string.h>

#include "diagnosis/check.h"

/* A list that the server names and does not check has this client on it. */
static void
explain_unenforced(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct verifier *verifier = cell->verifier;

	for (size_t i = 0; i < verifier->source_count && cell->client->chain_length > 0; i++) {
		const struct cert *leaf = &cell->client->chain[0];
		const struct store *store;
		struct suspect *suspect;

		if (verifier->sources[i].role != ROLE_CRLS || verifier->crl_check != CRL_CHECK_NONE)
			continue;
		store = stores_open(scene->diagnosis->stores, scene->world,
			verifier->sources[i].path, LOADER_ANY);
		for (size_t j = 0; j < store->entry_count; j++) {
			const struct entry *entry = &store->entries[j];

			if (entry->kind != ENTRY_CRL ||
				!name_equal(entry->crl.issuer, leaf->issuer) ||
				crl_find(&entry->crl, leaf->serial, NULL) <= 0)
				continue;
			suspect = suspect_add(scene, suspects, CAUSE_CRL_NOT_ENFORCED,
				&verifier->sources[i].where, NULL);
			suspect_blame(scene, suspect, cell->client);
			suspect_evidence(scene, suspect,
				"%s lists %s as revoked, and %s does not have it checked",
				entry->path, cell->client->name, verifier->sources[i].directive);
			suspect->why = "checking the lists shuts out every client whose CA has "
				       "none: its owner must turn it on";
			suspect->loses_client = true;
		}
	}
}

/* A client that must be refused gets in although nothing is wrong with the lists: the configuration
 * lets it. */
static void
explain_admitted(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct verifier *verifier = cell->verifier;
	enum cause_code cause = CAUSE_POLICY_OPTIONAL_OR_REQUIRED;
	struct locus where = verifier->mode_where;
	const char *text = "the verify mode lets certificates through that do not verify";
	struct suspect *suspect;

	if (verifier->ignores_all_ca_errors || verifier->ignores_all_leaf_errors ||
		verifier->ignored_where.path != NULL) {
		cause = CAUSE_POLICY_IGNORED_ERRORS;
		where = verifier->ignored_where;
		text = "verify errors are set to be ignored";
	} else if (verifier->mode == MODE_REQUIRED || verifier->mode == MODE_OPTIONAL) {
		return;
	}
	suspect = suspect_add(scene, suspects, cause, &where, NULL);
	suspect_blame(scene, suspect, cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect, "%s:%u: %s: %s gets in", where.path, where.line, text,
		cell->client->name);
	suspect->why = "tightening this may shut out clients that rely on it: it needs its owner's "
		       "decision";
	suspect->loses_client = true;
}

/* An anchor that nothing known-good vouches for lets a client in that must stay out. */
static void
explain_impostor(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct path *path = cell->verdict->path_count > 0 ? &cell->verdict->paths[0] : NULL;
	const struct trusted *anchor =
		path != NULL && path->length > 0 ? path->anchors[path->length - 1] : NULL;
	struct remedy *remedy = NULL;
	struct suspect *suspect;
	struct locus where;

	if (anchor == NULL || scene->diagnosis->material.cert_count == 0 ||
		material_has_cert(&scene->diagnosis->material, anchor->cert))
		return;
	for (size_t i = 0; remedy == NULL && i < scene->diagnosis->material.cert_count; i++) {
		const struct material_cert *known = &scene->diagnosis->material.certs[i];

		if (!name_equal(known->cert->subject, anchor->cert->subject) ||
			digest_equal(&known->cert->key_digest, &anchor->cert->key_digest))
			continue;
		remedy = remedy_new(
			scene, "replace-entry", CAUSE_CHAIN_WRONG_KEY, anchor->entry->path);
		remedy->damaged = anchor->cert->der;
		remedy->bytes = known->cert->der;
		remedy->label = "CERTIFICATE";
		remedy_says(scene, remedy,
			"put %s from %s in the place of the one of the same name at line %u of %s",
			scene_name(scene, known->cert), known->entry->path, anchor->entry->line,
			anchor->entry->path);
	}
	where = (struct locus){ .path = anchor->entry->path,
		.line = anchor->entry->line,
		.offset = anchor->entry->offset };
	suspect = suspect_add(scene, suspects,
		remedy != NULL ? CAUSE_CHAIN_WRONG_KEY : CAUSE_STORE_FOREIGN_OBJECT, &where,
		remedy);
	suspect_blame(scene, suspect, cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(scene, suspect, anchor->cert);
	suspect_evidence(scene, suspect, "%s gets in by %s, which nothing known-good vouches for",
		cell->client->name, scene_name(scene, anchor->cert));
	if (remedy == NULL) {
		suspect->why = "nothing known-good says what should stand here: take it out by "
			       "hand if it does not belong";
		suspect->loses_client = true;
	}
}

/* Nothing is verified at all, although a client CA is configured and there are clients that must be
 * refused. */
static void
explain_unverified(struct scene *scene, struct suspects *suspects)
{
	const struct verifier *named = NULL;
	struct suspect *suspect;

	for (size_t i = 0; i < scene->service->verifier_count; i++) {
		if (scene->service->verifiers[i].mode != MODE_NONE)
			return;
		if (named == NULL)
			named = &scene->service->verifiers[i];
	}
	for (size_t i = 0; named != NULL && i < scene->diagnosis->clients.count; i++) {
		const struct client *client = &scene->diagnosis->clients.list[i];

		if (client->must_be_accepted)
			continue;
		suspect = suspect_add(scene, suspects, CAUSE_POLICY_OPTIONAL_OR_REQUIRED,
			&named->mode_where, NULL);
		suspect_blame(scene, suspect, client);
		suspect->verifier = named;
		suspect->loses_client = true;
		suspect_evidence(scene, suspect,
			"a client CA is configured, and no certificate is verified: %s gets in",
			client->name);
		suspect->why = "verifying may shut out clients that rely on its absence: it needs "
			       "its owner's decision";
	}
}

/* Where no store is trusted from, that the store is named by another directive refuses everybody.
 */
static void
blame_without_anchors(struct scene *scene, struct suspect *suspect)
{
	const struct verifier *verifier = suspect->verifier;

	for (size_t i = 0; verifier != NULL && i < verifier->source_count; i++)
		if (verifier->sources[i].role == ROLE_ANCHORS ||
			verifier->sources[i].role == ROLE_ANCHORS_UNSENT)
			return;
	for (size_t i = 0; verifier != NULL && i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];

		if (cell->verifier != verifier || !cell->concerns || cell->accepted ||
			!cell->client->must_be_accepted)
			continue;
		suspect_blame(scene, suspect, cell->client);
		suspect->loses_client = true;
	}
}

static void
report_reader_findings(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->service->finding_count; i++) {
		const struct config_finding *finding = &scene->service->findings[i];
		struct suspect *suspect =
			suspect_add(scene, suspects, finding->cause, &finding->where, NULL);

		suspect->verifier = finding->verifier;
		suspect->idle = finding->severity;
		suspect->certain = true;
		suspect_evidence(scene, suspect, "%s:%u: %s", finding->where.path,
			finding->where.line, finding->text);
		suspect->why = "the configuration says what its owner wants: change it by hand";
		if (finding->cause == CAUSE_POLICY_WRONG_DIRECTIVE)
			blame_without_anchors(scene, suspect);
	}
}

static void
policy_run(struct scene *scene, struct suspects *suspects)
{
	report_reader_findings(scene, suspects);
	explain_unverified(scene, suspects);
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];

		if (!cell->concerns || cell->client->must_be_accepted || cell->verdict == NULL ||
			!cell->accepted)
			continue;
		explain_unenforced(scene, suspects, cell);
		explain_admitted(scene, suspects, cell);
		explain_impostor(scene, suspects, cell);
	}
}

const struct check check_policy = {
	.name = "policy",
	.run = policy_run,
};
