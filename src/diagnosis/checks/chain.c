/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that end nowhere: an issuer is missing, has the wrong key, or is found by name and did not
 * sign. Known-good material says what should stand there; the name of the cause says what had been
 * there before.
 */
#include <string.h>

#include "diagnosis/completion.h"
#include "diagnosis/restore.h"

/* Where a refused client's path breaks. */
struct gap {
	struct scene *scene;
	struct suspects *suspects;
	const struct cell *cell;
	size_t verifier;
	const struct cert *
		below; /* the certificate whose issuer is missing; NULL: the supposed leaf itself */
	unsigned depth;       /* of below */
	bool below_is_stored; /* it stands in a store of the server */
	const struct path *path;
};

static const struct trust *
gap_trust(const struct gap *gap)
{
	return gap->scene->trusts[gap->verifier];
}

static bool
breaks_path(const struct failure *failure)
{
	return strcmp(failure->rule, "signature") == 0 ||
	       strcmp(failure->rule, "key-identifier") == 0;
}

/* The lowest place where the link to the next certificate does not hold. */
static bool
gap_find(struct scene *scene, struct suspects *suspects, const struct cell *cell, struct gap *ret)
{
	const struct path *path = cell->verdict->path_count > 0 ? &cell->verdict->paths[0] : NULL;
	unsigned depth;

	if (path == NULL || path->length == 0)
		return false;
	depth = path->ends_in_anchor ? path->length : path->length - 1;
	for (unsigned i = 0; i < path->failure_count; i++)
		if (breaks_path(&path->failures[i]) && path->failures[i].depth < depth)
			depth = path->failures[i].depth;
	/* A self-signed end whose own signature is bad breaks nothing: no engine here checks it. */
	if (depth >= path->length || (depth == path->length - 1 && path->ends_in_anchor))
		return false;
	*ret = (struct gap){
		.scene = scene,
		.suspects = suspects,
		.cell = cell,
		.verifier = (size_t)(cell->verifier - scene->service->verifiers),
		.below = path->certs[depth],
		.depth = depth,
		.below_is_stored = path->origins[depth] == ORIGIN_STORE,
		.path = path,
	};
	return true;
}

/* The file into which an issuer goes: the first that the server trusts from. */
static const struct trust_source *
anchor_source(const struct verifier *verifier)
{
	for (int unsent = 0; unsent < 2; unsent++)
		for (size_t i = 0; i < verifier->source_count; i++)
			if (verifier->sources[i].role ==
				(unsent ? ROLE_ANCHORS_UNSENT : ROLE_ANCHORS))
				return &verifier->sources[i];
	return NULL;
}

static bool
is_directory(const struct trust_source *source)
{
	return source->loader == LOADER_OPENSSL_DIRECTORY ||
	       source->loader == LOADER_HAPROXY_DIRECTORY;
}

static const struct remedy *
remedy_add(struct gap *gap, enum cause_code cause, const struct material_cert *material)
{
	const struct trust_source *source = anchor_source(gap->cell->verifier);
	struct remedy *remedy;
	char fingerprint[DIGEST_TEXT_SIZE];

	/* A directory is made by whoever fills it. */
	if (source == NULL ||
		(is_directory(source) && stores_open(gap->scene->diagnosis->stores,
						 gap->scene->world, source->path, source->loader)
							 ->state != STORE_PRESENT))
		return NULL;
	remedy = remedy_new(gap->scene, "add-entry", cause, source->path);
	remedy->bytes = material->cert->der;
	remedy->label = "CERTIFICATE";
	digest_text(&material->cert->fingerprint, fingerprint);
	if (is_directory(source))
		remedy->target =
			arena_printf(gap->scene->diagnosis->arena, "%.16s.pem", fingerprint);
	remedy_says(gap->scene, remedy, "add %s (from %s) to %s",
		scene_name(gap->scene, material->cert), material->entry->path, source->path);
	return remedy;
}

/* The entry that holds this certificate in a file of the server, or NULL. */
static const struct trusted *
trusted_find(const struct trust *trust, const struct cert *cert)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (cert_same(trust->anchors[i].cert, cert))
			return &trust->anchors[i];
	return NULL;
}

static const struct remedy *
remedy_swap(struct gap *gap, enum cause_code cause, const struct trusted *old,
	const struct material_cert *material)
{
	struct remedy *remedy = remedy_new(gap->scene, "replace-entry", cause, old->entry->path);

	remedy->damaged = old->cert->der;
	remedy->bytes = material->cert->der;
	remedy->label = "CERTIFICATE";
	remedy_says(gap->scene, remedy, "put %s from %s in the place of the one at line %u of %s",
		scene_name(gap->scene, material->cert), material->entry->path, old->entry->line,
		old->entry->path);
	return remedy;
}

/* Where what is missing belongs. */
static struct locus
gap_place(const struct gap *gap)
{
	const struct trust_source *source = anchor_source(gap->cell->verifier);

	return (struct locus){ .path = source != NULL ? source->path : NULL };
}

/* The same certificate is missing for another client: one cause, and the name that tells more. */
static struct suspect *
suspect_of_remedy(const struct gap *gap, enum cause_code cause, const struct remedy *remedy)
{
	for (size_t i = 0; remedy != NULL && i < gap->suspects->count; i++) {
		struct suspect *suspect = gap->suspects->list[i];

		if (!remedy_is_same(suspect->remedy, remedy))
			continue;
		if (suspect->cause == CAUSE_CHAIN_UNKNOWN_CA && cause == CAUSE_CHAIN_ROOT_MISSING)
			suspect->cause = cause;
		if (suspect->cause == cause || (suspect->cause == CAUSE_CHAIN_ROOT_MISSING &&
						       cause == CAUSE_CHAIN_UNKNOWN_CA))
			return suspect;
	}
	return NULL;
}

static struct suspect *
gap_suspect(struct gap *gap, enum cause_code cause, const struct locus *where,
	const struct remedy *remedy, const struct cert *subject)
{
	struct suspect *suspect = suspect_of_remedy(gap, cause, remedy);

	if (suspect == NULL)
		suspect = suspect_add(gap->scene, gap->suspects, cause, where, remedy);
	suspect_place(suspect, gap->cell->verifier);
	suspect_blame(gap->scene, suspect, gap->cell->client);
	suspect->idle = SEVERITY_NOTE;
	suspect_subject(gap->scene, suspect, subject);
	if (suspect->evidence_count > 0)
		return suspect;
	if (gap->below != NULL)
		suspect_evidence(gap->scene, suspect,
			"the path of %s ends at %s: its issuer %s is not found",
			gap->cell->client->name, scene_name(gap->scene, gap->below),
			name_text(gap->scene->diagnosis->arena, gap->below->issuer));
	if (gap->cell->text != NULL)
		suspect_evidence(gap->scene, suspect, "OpenSSL: error %d at depth %u: %s",
			gap->cell->error, gap->cell->depth, gap->cell->text);
	return suspect;
}

/* Another client that must be accepted is accepted through this certificate. */
static bool
serves_others(const struct gap *gap, const struct cert *cert)
{
	for (size_t i = 0; i < gap->scene->cell_count; i++) {
		const struct cell *cell = &gap->scene->cells[i];

		if (!cell->accepted || !cell->client->must_be_accepted || cell->verdict == NULL ||
			cell->verdict->path_count == 0)
			continue;
		for (unsigned j = 0; j < cell->verdict->paths[0].length; j++)
			if (cell->verdict->paths[0].certs[j] != NULL &&
				cert_same(cell->verdict->paths[0].certs[j], cert))
				return true;
	}
	return false;
}

/* It stood in one of this verifier's stores when that was known to be good. */
static bool
was_here_before(const struct gap *gap, const struct cert *cert)
{
	const struct material *material = &gap->scene->diagnosis->material;
	const struct verifier *verifier = gap->cell->verifier;

	for (size_t i = 0; i < material->file_count; i++)
		for (size_t j = 0; j < verifier->source_count; j++)
			if (strcmp(path_base(material->files[i].path),
				    path_base(verifier->sources[j].path)) == 0 &&
				remedy_find_entry(material->files[i].store, cert->der) != NULL)
				return true;
	return false;
}

/* Both are good, and one of them is there. The newer one still has to come; an older one had its
 * place taken, by a tool or a format that holds one certificate of a name. */
static enum cause_code
name_of_two(const struct material_cert *missing, const struct trusted *found)
{
	return missing != NULL && missing->cert->not_before < found->cert->not_before
		       ? CAUSE_CHAIN_ONE_PER_SUBJECT
		       : CAUSE_CHAIN_ROLLOVER_INCOMPLETE;
}

/* A certificate of this name is in the store, and another key signed. Which of the two names it
 * gets depends on whether the old one is still good. */
static bool
explain_other_key(struct gap *gap, const struct cert *wanted, const struct material_cert *material)
{
	const struct trust *trust = gap_trust(gap);
	struct span name = gap->below != NULL ? gap->below->issuer
			   : wanted != NULL   ? wanted->subject
					      : span_of(NULL, 0);
	enum cause_code cause = CAUSE_CHAIN_WRONG_KEY;
	const struct remedy *remedy = NULL;
	struct suspect *suspect;
	struct locus where;

	for (size_t i = 0; i < trust->anchor_count; i++) {
		const struct trusted *found = &trust->anchors[i];
		bool vouched;

		if (name.length == 0 || !name_equal(found->cert->subject, name))
			continue;
		if (gap->below != NULL &&
			judge_issued(gap->scene->diagnosis->judge, found->cert, gap->below))
			continue;
		vouched = material_has_cert(&gap->scene->diagnosis->material, found->cert) ||
			  serves_others(gap, found->cert);
		if (vouched)
			cause = name_of_two(material, found);
		if (gap->below != NULL &&
			signature_cert(judge_signatures(gap->scene->diagnosis->judge), gap->below,
				found->cert->spki) == SIGNATURE_GOOD)
			cause = CAUSE_CHAIN_KEY_ID_MISMATCH;
		if (material != NULL)
			remedy = vouched ? remedy_add(gap, cause, material)
					 : remedy_swap(gap, cause, found, material);
		where = (struct locus){ .path = found->entry->path,
			.line = found->entry->line,
			.offset = found->entry->offset };
		suspect = gap_suspect(gap, cause, &where, remedy, found->cert);
		suspect_evidence(gap->scene, suspect, "%s:%u holds %s with another key%s",
			found->entry->path, found->entry->line,
			name_text(gap->scene->diagnosis->arena, found->cert->subject),
			cause == CAUSE_CHAIN_KEY_ID_MISMATCH
				? " identifier than its certificates name"
			: vouched ? ", which is known to be good as well"
				  : ", which nothing known-good vouches for");
		if (remedy == NULL) {
			suspect->why = cause == CAUSE_CHAIN_KEY_ID_MISMATCH
					       ? "the CA has to be issued again with the key "
						 "identifier that its certificates name"
					       : "no known-good certificate of this name has the "
						 "key that signed these clients";
			suspect->loses_client = true;
		}
		return true;
	}
	return false;
}

static bool
any_of_path_is_stored(const struct gap *gap, const struct completion *completion)
{
	for (size_t i = 0; i < completion->length; i++)
		if (completion->added[i] == NULL &&
			trusted_find(gap_trust(gap), completion->path[i]) != NULL)
			return true;
	return gap->below_is_stored;
}

static enum cause_code
name_missing(const struct gap *gap, const struct completion *completion, size_t index)
{
	const struct cert *cert = completion->path[index];

	if (is_cross_certificate(gap->scene, cert))
		return CAUSE_CHAIN_CROSS_CERTIFICATE;
	if (!cert_is_self_issued(cert))
		return CAUSE_CHAIN_INTERMEDIATE_MISSING;
	if (any_of_path_is_stored(gap, completion) || was_here_before(gap, cert))
		return CAUSE_CHAIN_ROOT_MISSING;
	return CAUSE_CHAIN_UNKNOWN_CA;
}

/* Known-good material completes the path: each certificate that it adds is a cause of its own. */
static void
explain_completion(struct gap *gap, const struct completion *completion)
{
	for (size_t i = 0; i < completion->length; i++) {
		const struct cert *below =
			i == 0 ? (gap->cell->client->chain_length > 0 &&
							 gap->cell->client->supposed_issuer == NULL
						 ? &gap->cell->client->chain[0]
						 : NULL)
			       : completion->path[i - 1];
		const struct material_cert *material = completion->added[i];
		struct gap here = *gap;
		enum cause_code cause;
		struct locus where;

		if (material == NULL)
			continue;
		here.below = below;
		here.below_is_stored = below != NULL && trusted_find(gap_trust(gap), below) != NULL;
		if (explain_other_key(&here, completion->path[i], material))
			continue;
		cause = name_missing(&here, completion, i);
		where = gap_place(&here);
		(void)gap_suspect(&here, cause, &where, remedy_add(&here, cause, material),
			completion->path[i]);
	}
}

/* Another client of the same CA sends the certificate that this one leaves out. */
static bool
others_send_issuer(const struct gap *gap)
{
	const struct clients *clients = &gap->scene->diagnosis->clients;

	for (size_t i = 0; gap->below != NULL && i < clients->count; i++)
		for (size_t j = 1; j < clients->list[i].chain_length; j++)
			if (clients->list[i].must_be_accepted &&
				judge_issued(gap->scene->diagnosis->judge,
					&clients->list[i].chain[j], gap->below))
				return true;
	return false;
}

/* Known-good material names the missing CA, and its key signed nothing here: an impostor, or
 * another generation. */
static const char *
why_not_known(const struct gap *gap)
{
	const struct material *material = &gap->scene->diagnosis->material;

	for (size_t i = 0; gap->below != NULL && i < material->cert_count; i++)
		if (name_equal(material->certs[i].cert->subject, gap->below->issuer))
			return arena_printf(gap->scene->diagnosis->arena,
				"%s holds a CA of this name, and its key did not sign these "
				"certificates: it is not used",
				material->certs[i].entry->path);
	return "nothing known-good holds this CA: confirm its fingerprint with its owner and give "
	       "it with --known-good";
}

/* Nothing known-good completes the path: say what is missing, and that nothing safe can be done
 * here. */
static void
explain_lost(struct gap *gap)
{
	enum cause_code cause = CAUSE_CHAIN_UNKNOWN_CA;
	struct locus where = gap_place(gap);
	struct suspect *suspect;
	const char *why = why_not_known(gap);

	if (explain_other_key(gap, NULL, NULL))
		return;
	if (gap->below != NULL && gap->depth == 0 && cert_is_self_issued(gap->below)) {
		cause = CAUSE_CHAIN_SELF_SIGNED_CLIENT;
		why = "a self-signed certificate is trusted by its own fingerprint only: its owner "
		      "must confirm it";
	} else if (gap->depth == 0 && others_send_issuer(gap)) {
		cause = CAUSE_CLIENT_CHAIN_INCOMPLETE;
		why = "the client must send its intermediate, as others of the same CA do";
	} else if (gap->below_is_stored) {
		cause = CAUSE_CHAIN_ROOT_MISSING;
	}
	suspect = gap_suspect(gap, cause, &where, NULL, gap->below);
	suspect->why = why;
	suspect->loses_client = true;
}

/* A CA that the server holds beside this one: of its name, with another key. */
static const struct trusted *
find_namesake(const struct trust *trust, const struct cert *ca)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (name_equal(trust->anchors[i].cert->subject, ca->subject) &&
			!digest_equal(&trust->anchors[i].cert->key_digest, &ca->key_digest))
			return &trust->anchors[i];
	return NULL;
}

/*
 * OpenSSL takes the first issuer of a name; where that did not sign and another did, order decides.
 * What it then says depends on what it looks at first: the signature of the certificate, or that of
 * the CRL of this name.
 */
static bool
explain_order(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct trust *trust = scene->trusts[cell->verifier - scene->service->verifiers];
	const struct path *path = &cell->verdict->paths[0];
	const struct trusted *namesake = NULL;
	struct locus where;
	struct suspect *suspect;

	if (cell->verdict->difference == NULL || path->failure_count > 0 || !path->ends_in_anchor)
		return false;
	for (unsigned i = 1; i < path->length && namesake == NULL; i++)
		namesake = find_namesake(trust, path->certs[i]);
	if (namesake == NULL)
		return false;
	where = (struct locus){ .path = namesake->entry->path,
		.line = namesake->entry->line,
		.offset = namesake->entry->offset };
	suspect = suspect_add(scene, suspects, CAUSE_CHAIN_SAME_SUBJECT, &where, NULL);
	suspect_blame(scene, suspect, cell->client);
	suspect_subject(scene, suspect, namesake->cert);
	suspect_evidence(scene, suspect, "%s", cell->verdict->difference);
	suspect_evidence(scene, suspect,
		"%s:%u: this CA has the name of the one that signed, and another key", where.path,
		where.line);
	suspect->why = "the order of two CAs of one name decides who gets in: issue one of them "
		       "again with key identifiers, or split the listeners";
	suspect->loses_client = true;
	return true;
}

/* Nothing is added to the server's own chain: that it is named here is the cause. */
static bool
is_servers_chain(const struct scene *scene, const struct verifier *verifier)
{
	const struct trust_source *source = anchor_source(verifier);

	return source != NULL && store_is_servers(stores_open(scene->diagnosis->stores,
					 scene->world, source->path, source->loader));
}

static void
chain_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		struct completion completion;
		struct gap gap;

		if (!cell->concerns || cell->accepted || !cell->client->must_be_accepted ||
			cell->verdict == NULL || cell->verdict->path_count == 0)
			continue;
		if (is_servers_chain(scene, cell->verifier))
			continue;
		if (explain_order(scene, suspects, cell) || !gap_find(scene, suspects, cell, &gap))
			continue;
		/* With nothing to add, the path is there already: what refuses the client is no
		 * missing issuer. */
		if (!completion_find(scene, gap.verifier, cell->client, &completion))
			explain_lost(&gap);
		else if (completion.added_count > 0)
			explain_completion(&gap, &completion);
	}
}

const struct check check_chain = {
	.name = "chain",
	.run = chain_run,
};
