/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists that are missing, stale, of the wrong key or scope; and clients that are on one.
 */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "diagnosis/restore.h"
#include "verify/rule.h"

/* A failure of revocation at one certificate of a refused client's path. */
struct lapse {
	struct scene *scene;
	struct suspects *suspects;
	const struct cell *cell;
	size_t verifier;
	const struct failure *failure;
	const struct cert *cert; /* whose revocation could not be told; NULL: the supposed leaf */
	const struct cert *ca;   /* whose CRL is needed */
};

static const struct trust_source *
crl_source(const struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->source_count; i++)
		if (verifier->sources[i].role == ROLE_CRLS)
			return &verifier->sources[i];
	return NULL;
}

/* The CRL of this CA's name that the server holds, by which the failure is explained; NULL where
 * there is none. */
static const struct entry *
crl_held(const struct lapse *lapse)
{
	const struct trust *trust = lapse->scene->trusts[lapse->verifier];
	const struct entry *held = NULL;

	for (size_t i = 0; i < trust->crl_count; i++)
		if (lapse->ca != NULL && name_equal(trust->crls[i]->issuer, lapse->ca->subject) &&
			(held == NULL || trust->crls[i] == lapse->failure->crl))
			held = trust->crl_entries[i];
	return held;
}

static enum cause_code
name_absent(const struct lapse *lapse, const struct entry *held)
{
	struct signature_cache *signatures = judge_signatures(lapse->scene->diagnosis->judge);

	if (held == NULL)
		return CAUSE_CRL_MISSING;
	if (held->crl.is_delta || held->crl.scope.indirect)
		return CAUSE_CRL_DELTA_ONLY;
	if (signature_crl(signatures, &held->crl, lapse->ca->spki) != SIGNATURE_GOOD)
		return CAUSE_CRL_WRONG_KEY;
	if (held->crl.scope.present)
		return CAUSE_CRL_SCOPE;
	if (held->crl.unknown_critical.length > 0)
		return CAUSE_CRL_CRITICAL_EXTENSION;
	return CAUSE_CRL_MISSING;
}

/* The code of a failure, by the number that OpenSSL gives it; CAUSE__COUNT for those that are not
 * of revocation. */
static enum cause_code
name_lapse(const struct lapse *lapse, const struct entry *held)
{
	switch (lapse->failure->error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return name_absent(lapse, held);
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
		return CAUSE_CRL_WRONG_KEY;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return CAUSE_CRL_NOT_YET_VALID;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return CAUSE_CRL_EXPIRED;
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
		return CAUSE_CRL_SIGNER_USAGE;
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		return CAUSE_CRL_CRITICAL_EXTENSION;
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		return CAUSE_CRL_SCOPE;
	case X509_V_ERR_CERT_REVOKED:
		return CAUSE_CLIENT_REVOKED;
	default:
		return CAUSE__COUNT;
	}
}

/* A list that is older than the one in place would let revoked clients in again. */
static bool
goes_back(const struct crl *candidate, const struct entry *held)
{
	if (held == NULL || held->crl.is_delta)
		return false;
	if (candidate->has_number && held->crl.has_number)
		return crl_number_compare(candidate->number, held->crl.number) < 0;
	return candidate->this_update < held->crl.this_update;
}

/* The list is named at an outer level, for other CAs than those that this level names itself. */
static bool
is_inherited_misfit(const struct lapse *lapse, const struct trust_source *source)
{
	bool own_anchors = false;

	for (size_t i = 0; i < lapse->cell->verifier->source_count; i++)
		own_anchors =
			own_anchors || (lapse->cell->verifier->sources[i].role == ROLE_ANCHORS &&
					       !lapse->cell->verifier->sources[i].inherited);
	return source != NULL && source->inherited && own_anchors;
}

static const struct remedy *
remedy_install(const struct lapse *lapse, enum cause_code cause,
	const struct material_crl *material, const struct entry *held)
{
	const struct trust_source *source = crl_source(lapse->cell->verifier);
	struct scene *scene = lapse->scene;
	struct remedy *remedy;
	char fingerprint[DIGEST_TEXT_SIZE];

	/* A list that is read in parts is no bytes that an edit could put, or take away. */
	if (source == NULL || material->crl->der.length == 0 ||
		(held != NULL && held->crl.der.length == 0))
		return NULL;
	digest_text(&material->crl->fingerprint, fingerprint);
	if (held != NULL) {
		remedy = remedy_new(scene, "replace-entry", cause, held->path);
		remedy->damaged = held->crl.der;
		remedy_says(scene, remedy,
			"put the newer CRL of %s (from %s) in the place of the one in %s",
			scene_name(scene, lapse->ca), material->entry->path, held->path);
	} else {
		remedy = remedy_new(scene, "add-entry", cause, source->path);
		if (source->loader == LOADER_OPENSSL_DIRECTORY)
			remedy->target =
				arena_printf(scene->diagnosis->arena, "%.16s.crl.pem", fingerprint);
		remedy_says(scene, remedy, "add the CRL of %s (from %s) to %s",
			scene_name(scene, lapse->ca), material->entry->path, source->path);
	}
	remedy->bytes = material->crl->der;
	remedy->label = "X509 CRL";
	return remedy;
}

/* Why nothing known-good will do: a CRL of this name is there, and is not the CA's. */
static const char *
why_none(const struct lapse *lapse, const struct material_crl *found)
{
	const struct material *material = &lapse->scene->diagnosis->material;
	struct arena *arena = lapse->scene->diagnosis->arena;

	if (found != NULL)
		return arena_printf(arena,
			"%s holds a CRL of this CA that is valid now, but files this large are not "
			"edited: put it there by hand",
			found->entry->path);
	for (size_t i = 0; lapse->ca != NULL && i < material->crl_count; i++) {
		const struct crl *crl = material->crls[i].crl;

		if (!name_equal(crl->issuer, lapse->ca->subject))
			continue;
		if (signature_crl(judge_signatures(lapse->scene->diagnosis->judge), crl,
			    lapse->ca->spki) != SIGNATURE_GOOD)
			return arena_printf(arena,
				"%s holds a CRL of this name that the CA's key did not sign: it is "
				"not used",
				material->crls[i].entry->path);
	}
	return "nothing known-good holds a CRL of this CA that is valid now: fetch it from the CA "
	       "and give it with --known-good";
}

static void
lapse_evidence(const struct lapse *lapse, struct suspect *suspect, const struct entry *held)
{
	char from[MOMENT_TEXT_SIZE], to[MOMENT_TEXT_SIZE];

	suspect_evidence(lapse->scene, suspect, "%s", lapse->failure->text);
	if (held == NULL) {
		suspect_evidence(lapse->scene, suspect,
			"no CRL of %s is in any file that the server reads",
			scene_name(lapse->scene, lapse->ca));
		return;
	}
	moment_text(held->crl.this_update, from);
	moment_text(held->crl.next_update, to);
	suspect_evidence(lapse->scene, suspect,
		"%s:%u: the CRL of %s is of %s, its next one was due %s", held->path, held->line,
		scene_name(lapse->scene, lapse->ca), from, to);
}

/* On the list: by a newer list of the same CA that does not name it any more, or for good. */
static void
explain_revoked(const struct lapse *lapse, const struct entry *held)
{
	const struct material_crl *newer =
		lapse->ca == NULL ? NULL
				  : material_crl_for(&lapse->scene->diagnosis->material,
					    lapse->scene->diagnosis->judge, lapse->ca,
					    lapse->scene->request->at);
	enum cause_code cause = CAUSE_CLIENT_REVOKED;
	const struct remedy *remedy = NULL;
	struct locus where = { 0 };
	struct suspect *suspect;

	if (newer != NULL && held != NULL && lapse->cert != NULL && !goes_back(newer->crl, held) &&
		!digest_equal(&newer->crl->fingerprint, &held->crl.fingerprint) &&
		crl_find(newer->crl, lapse->cert->serial, NULL) == 0) {
		cause = CAUSE_CRL_VALID_CLIENT_LISTED;
		remedy = remedy_install(lapse, cause, newer, held);
	}
	if (held != NULL)
		where = (struct locus){
			.path = held->path, .line = held->line, .offset = held->offset
		};
	suspect = suspect_add(lapse->scene, lapse->suspects, cause, &where, remedy);
	suspect_blame(lapse->scene, suspect, lapse->cell->client);
	suspect_subject(lapse->scene, suspect, lapse->cert);
	suspect_evidence(lapse->scene, suspect, "%s", lapse->failure->text);
	if (remedy == NULL) {
		suspect->why = "the CA has revoked it: give the client a new certificate, or ask "
			       "the CA's owner whether the entry is a mistake";
		suspect->loses_client = true;
	}
}

static void
explain_lapse(const struct lapse *lapse)
{
	const struct entry *held = crl_held(lapse);
	enum cause_code cause = name_lapse(lapse, held);
	const struct trust_source *source = crl_source(lapse->cell->verifier);
	const struct material_crl *material = NULL;
	const struct remedy *remedy = NULL;
	struct locus where = { .path = source != NULL ? source->path : NULL };
	struct suspect *suspect;

	if (cause == CAUSE__COUNT)
		return;
	if (cause == CAUSE_CRL_MISSING && is_inherited_misfit(lapse, source))
		cause = CAUSE_POLICY_INHERITANCE;
	if (cause == CAUSE_CLIENT_REVOKED) {
		explain_revoked(lapse, held);
		return;
	}
	if (lapse->ca != NULL && cause != CAUSE_CRL_SIGNER_USAGE)
		material = material_crl_for(&lapse->scene->diagnosis->material,
			lapse->scene->diagnosis->judge, lapse->ca, lapse->scene->request->at);
	if (material != NULL && cause != CAUSE_CRL_WRONG_KEY && cause != CAUSE_CRL_NOT_YET_VALID &&
		goes_back(material->crl, held))
		material = NULL;
	if (material != NULL)
		remedy = remedy_install(lapse, cause, material, held);
	if (held != NULL)
		where = (struct locus){
			.path = held->path, .line = held->line, .offset = held->offset
		};
	if (cause == CAUSE_POLICY_INHERITANCE)
		where = source->where;
	if (cause == CAUSE_CRL_NOT_YET_VALID && remedy == NULL &&
		scene_clock_is_behind(lapse->scene)) {
		cause = CAUSE_PLATFORM_CLOCK;
		where = (struct locus){ 0 };
	}
	if (cause == CAUSE_CRL_SIGNER_USAGE && lapse->ca != NULL)
		remedy = remedy_better_ca(lapse->scene, lapse->verifier, cause, lapse->ca);
	suspect = suspect_add(lapse->scene, lapse->suspects, cause, &where, remedy);
	suspect_place(suspect, lapse->cell->verifier);
	suspect_blame(lapse->scene, suspect, lapse->cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(lapse->scene, suspect, lapse->ca);
	lapse_evidence(lapse, suspect, held);
	if (remedy == NULL) {
		suspect->why = cause == CAUSE_CRL_SIGNER_USAGE
				       ? "the CA certificate has to be issued again with the "
					 "cRLSign key usage"
			       : cause == CAUSE_PLATFORM_CLOCK ? WHY_CLOCK
							       : why_none(lapse, material);
		suspect->loses_client = true;
	}
}

/* The CA above the certificate that failed; a root answers for itself (X509_V_FLAG_CRL_CHECK_ALL
 * asks for its CRL as well). */
static const struct cert *
ca_above(const struct path *path, unsigned depth)
{
	if (depth + 1 < path->length)
		return path->certs[depth + 1];
	return depth < path->length ? path->certs[depth] : NULL;
}

static void
explain_refused(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct path *path = &cell->verdict->paths[0];

	/* Whose list would be needed is not known before the path is. */
	if (!path->ends_in_anchor)
		return;
	for (unsigned i = 0; i < path->failure_count; i++) {
		const struct failure *failure = &path->failures[i];
		struct lapse lapse = {
			.scene = scene,
			.suspects = suspects,
			.cell = cell,
			.verifier = (size_t)(cell->verifier - scene->service->verifiers),
			.failure = failure,
			.cert = failure->cert,
			.ca = ca_above(path, failure->depth),
		};

		if (failure->ocsp == NULL && !failure_is_forgiven(cell->verifier, failure))
			explain_lapse(&lapse);
	}
}

/* A revoked client gets in: by an older list than is known, or because lists are not checked. */
static void
explain_admitted(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct path *path = &cell->verdict->paths[0];
	const struct cert *leaf = path->length > 1 ? path->certs[0] : NULL;
	struct failure failure = { .rule = "revocation",
		.text = "a known-good CRL lists this client, and the server's does not" };
	struct lapse lapse = { scene, suspects, cell,
		(size_t)(cell->verifier - scene->service->verifiers), &failure, leaf, NULL };
	const struct trust_source *source = crl_source(cell->verifier);
	const struct material_crl *newer;
	const struct entry *held;
	enum cause_code cause = CAUSE_CRL_NUMBER_WENT_BACK;
	struct suspect *suspect;
	struct locus where;

	if (leaf == NULL)
		return;
	lapse.ca = path->certs[1];
	newer = material_crl_for(
		&scene->diagnosis->material, scene->diagnosis->judge, lapse.ca, scene->request->at);
	held = crl_held(&lapse);
	if (newer == NULL || crl_find(newer->crl, leaf->serial, NULL) <= 0 || source == NULL ||
		cell->verifier->crl_check == CRL_CHECK_NONE ||
		(held != NULL && goes_back(newer->crl, held)))
		return;
	if (held != NULL && held->crl.is_delta)
		cause = CAUSE_CRL_DELTA_ONLY;
	where = (struct locus){ .path = held != NULL ? held->path : source->path };
	suspect = suspect_add(
		scene, suspects, cause, &where, remedy_install(&lapse, cause, newer, held));
	suspect_blame(scene, suspect, cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(scene, suspect, leaf);
	suspect_evidence(scene, suspect, "%s lists %s as revoked, and %s does not",
		newer->entry->path, scene_name(scene, leaf), where.path);
}

static bool
has_complete_list(const struct lapse *lapse)
{
	const struct trust *trust = lapse->scene->trusts[lapse->verifier];

	for (size_t i = 0; i < trust->crl_count; i++)
		if (!trust->crls[i]->is_delta &&
			name_equal(trust->crls[i]->issuer, lapse->ca->subject))
			return true;
	return false;
}

/* OpenSSL takes a delta for the whole list (get_crl_score, without extended CRL support): whoever
 * the complete list alone names gets in. */
static void
explain_delta(const struct lapse *lapse)
{
	const struct entry *held = crl_held(lapse);
	struct locus where = { .path = held != NULL ? held->path : NULL };
	const struct material_crl *complete;
	const struct remedy *remedy = NULL;
	struct suspect *suspect;

	if (held == NULL || !held->crl.is_delta || has_complete_list(lapse))
		return;
	complete = material_crl_for(&lapse->scene->diagnosis->material,
		lapse->scene->diagnosis->judge, lapse->ca, lapse->scene->request->at);
	if (complete != NULL)
		remedy = remedy_install(lapse, CAUSE_CRL_DELTA_ONLY, complete, held);
	suspect = suspect_add(lapse->scene, lapse->suspects, CAUSE_CRL_DELTA_ONLY, &where, remedy);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(lapse->scene, suspect, lapse->ca);
	suspect_evidence(lapse->scene, suspect,
		"%s:%u: of %s there is a delta CRL alone, and OpenSSL takes it for the whole list: "
		"whoever was revoked before it gets in",
		held->path, held->line, scene_name(lapse->scene, lapse->ca));
	if (remedy == NULL)
		suspect->why = why_none(lapse, complete);
}

static void
explain_deltas(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct path *path = &cell->verdict->paths[0];
	unsigned checked = cell->verifier->crl_check == CRL_CHECK_NONE   ? 0
			   : cell->verifier->crl_check == CRL_CHECK_LEAF ? 2
									 : path->length;
	struct failure failure = { .rule = "revocation" };

	for (unsigned i = 1; i < checked && i < path->length; i++) {
		struct lapse lapse = { scene, suspects, cell,
			(size_t)(cell->verifier - scene->service->verifiers), &failure,
			path->certs[i - 1], path->certs[i] };

		explain_delta(&lapse);
	}
}

static void
crl_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];

		if (!cell->concerns || cell->verdict == NULL || cell->verdict->path_count == 0)
			continue;
		if (!cell->accepted && cell->client->must_be_accepted)
			explain_refused(scene, suspects, cell);
		if (cell->accepted && !cell->client->must_be_accepted)
			explain_admitted(scene, suspects, cell);
		if (cell->accepted)
			explain_deltas(scene, suspects, cell);
	}
}

const struct check check_crl = {
	.name = "crl",
	.run = crl_run,
};
