/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/explore.h"

#include <string.h>

#include "verify/effort.h"
#include "verify/issued.h"
#include "verify/rule.h"

enum {
	EXPLORE_MAX_CANDIDATES = 128,
	/* Paths that only explain, kept beside those on which every signature is good. */
	EXPLORE_MAX_EXPLANATIONS = 64,
	EXPLORE_MAX_STEPS = 20'000, /* certificates looked at from below */
};

struct candidate {
	const struct cert *cert;
	const struct trusted *trusted; /* NULL: the client sent it */
	bool is_issuer;                /* by name and signature */
	unsigned merit;                /* the higher, the sooner it is followed */
};

struct candidates {
	struct candidate list[EXPLORE_MAX_CANDIDATES];
	size_t count;
};

struct explorer {
	const struct question *question;
	const struct trusted *stored_leaf; /* the leaf, where the store holds it too */
	struct path path;                  /* the one that is being built */
	struct path *paths;
	size_t count, capacity, limit;
	unsigned signatures, steps;
	bool bounded;
	/* By the standard, paths of sound signatures come first, and these decide; the others
	 * explain. */
	bool by_standard, explains;
	unsigned unsound; /* steps of the path to what is no issuer */
};

bool
explore_signed(
	const struct question *question, const struct cert *issuer, const struct cert *subject)
{
	struct signature_cache *signatures = question->judge->signatures;
	size_t known = signature_cache_count(signatures);
	bool is_good;

	if (question->supposed_issuer != NULL && subject == question->sent)
		return digest_equal(&issuer->key_digest, &question->supposed_issuer->key_digest);
	is_good = signature_by(signatures, subject, issuer) == SIGNATURE_GOOD;
	if (signature_cache_count(signatures) > known)
		(void)effort_spend_signature(question, &issuer->key);
	return is_good;
}

static bool
signed_within_bound(
	struct explorer *explorer, const struct cert *issuer, const struct cert *subject)
{
	if (explorer->signatures >= PATH_MAX_SIGNATURES || effort_is_spent(explorer->question)) {
		explorer->bounded = true;
		return false;
	}
	explorer->signatures++;
	return explore_signed(explorer->question, issuer, subject);
}

static bool
is_on_path(const struct path *path, const struct cert *cert)
{
	for (unsigned i = 0; i < path->length; i++)
		if (cert_same(path->certs[i], cert))
			return true;
	return false;
}

/* RFC 4158 2.4.1: a CA of the same name and key again leads nowhere new. */
static bool
is_loop(const struct explorer *explorer, const struct cert *cert)
{
	const struct path *path = &explorer->path;

	for (unsigned i = 1; explorer->by_standard && i < path->length; i++)
		if (digest_equal(&path->certs[i]->key_digest, &cert->key_digest) &&
			name_equal(path->certs[i]->subject, cert->subject))
			return true;
	return is_on_path(path, cert);
}

static bool
is_candidate(const struct candidates *candidates, const struct cert *cert)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (cert_same(candidates->list[i].cert, cert))
			return true;
	return false;
}

/* Signature before key identifier before time before store: the paths that may be good come first,
 * should a bound be met. */
static unsigned
merit_of(const struct explorer *explorer, const struct candidate *candidate, bool is_signed,
	const struct cert *subject)
{
	const struct cert *issuer = candidate->cert;
	int64_t at = explorer->question->at;

	return 8U * is_signed + 4U * key_id_fits_subject(issuer, subject) +
	       2U * (issuer->not_before <= at && at < issuer->not_after) +
	       (candidate->trusted != NULL);
}

static void
candidate_add(struct explorer *explorer, struct candidates *candidates, const struct cert *cert,
	const struct trusted *trusted)
{
	const struct cert *subject = explorer->path.certs[explorer->path.length - 1];
	struct candidate candidate = { .cert = cert, .trusted = trusted };
	bool is_signed;

	/* X509_STORE_add_cert keeps the first of identical certificates. */
	if (is_loop(explorer, cert) || is_candidate(candidates, cert))
		return;
	if (candidates->count >= EXPLORE_MAX_CANDIDATES) {
		explorer->bounded = true;
		return;
	}
	is_signed = signed_within_bound(explorer, cert, subject);
	candidate.is_issuer = is_signed && name_equal(cert->subject, subject->issuer);
	candidate.merit = merit_of(explorer, &candidate, is_signed, subject);
	candidates->list[candidates->count++] = candidate;
}

/* Of many certificates of one name, those that the key identifier names come first. */
static void
gather_stored(struct explorer *explorer, struct candidates *candidates, bool fitting)
{
	const struct question *question = explorer->question;
	const struct cert *subject = explorer->path.certs[explorer->path.length - 1];
	struct graph_walk walk = graph_by_subject(question->graph, subject->issuer);
	const struct trusted *trusted;

	while ((trusted = graph_next_subject(&walk, question->trust, subject->issuer)) != NULL)
		if (effort_spend_names(question, trusted->cert->subject, subject->issuer) &&
			key_id_fits_subject(trusted->cert, subject) == fitting)
			candidate_add(explorer, candidates, trusted->cert, trusted);
}

static void
gather_sent(struct explorer *explorer, struct candidates *candidates)
{
	const struct question *question = explorer->question;
	const struct cert *subject = explorer->path.certs[explorer->path.length - 1];

	for (size_t i = 1; i < question->sent_count; i++)
		if (effort_spend_names(question, question->sent[i].subject, subject->issuer) &&
			name_equal(question->sent[i].subject, subject->issuer))
			candidate_add(explorer, candidates, &question->sent[i], NULL);
}

/* Issuers of another name, by key identifier and signature: they explain, no engine takes them. */
static void
gather_by_key(struct explorer *explorer, struct candidates *candidates)
{
	const struct question *question = explorer->question;
	const struct cert *subject = explorer->path.certs[explorer->path.length - 1];
	struct span key_id = subject->authority_key_id.key_id;
	struct graph_walk walk;
	const struct trusted *trusted;

	if (key_id.length == 0)
		return;
	walk = graph_by_key_id(question->graph, key_id);
	while ((trusted = graph_next_key_id(&walk, question->trust, key_id)) != NULL)
		if (effort_spend_names(question, trusted->cert->subject, subject->issuer) &&
			!name_equal(trusted->cert->subject, subject->issuer) &&
			signed_within_bound(explorer, trusted->cert, subject))
			candidate_add(explorer, candidates, trusted->cert, trusted);
}

static void
sort_candidates(struct candidates *candidates)
{
	for (size_t i = 1; i < candidates->count; i++) {
		struct candidate moved = candidates->list[i];
		size_t to = i;

		for (; to > 0 && candidates->list[to - 1].merit < moved.merit; to--)
			candidates->list[to] = candidates->list[to - 1];
		candidates->list[to] = moved;
	}
}

/* Once OpenSSL has taken a certificate from the store, it looks at nothing that the client sent
 * (build_chain drops S_DOUNTRUSTED). To RFC 5280 it is all the same where a certificate is from. */
static void
gather(struct explorer *explorer, struct candidates *candidates)
{
	unsigned last = explorer->path.length - 1;

	candidates->count = 0;
	gather_stored(explorer, candidates, true);
	if (explorer->by_standard || explorer->path.origins[last] == ORIGIN_CLIENT)
		gather_sent(explorer, candidates);
	gather_stored(explorer, candidates, false);
	gather_by_key(explorer, candidates);
	sort_candidates(candidates);
}

static void
keep_path(struct explorer *explorer, bool ends_in_anchor)
{
	struct path *kept;

	if (explorer->explains && explorer->unsound == 0)
		return;
	if (explorer->count >= explorer->limit) {
		explorer->bounded = true;
		return;
	}
	explorer->paths = mem_grow(
		explorer->paths, explorer->count, &explorer->capacity, sizeof(explorer->paths[0]));
	kept = &explorer->paths[explorer->count++];
	*kept = explorer->path;
	kept->ends_in_anchor = ends_in_anchor;
}

static void
path_push(struct path *path, const struct cert *cert, const struct trusted *trusted)
{
	path->certs[path->length] = cert;
	path->anchors[path->length] = trusted;
	path->origins[path->length] = trusted != NULL ? ORIGIN_STORE : ORIGIN_CLIENT;
	path->length++;
}

/*
 * With partial chain the leaf itself may be in the store. Where OpenSSL finds no issuer, it takes
 * that as the anchor, and still looks at all of what the client sent (check_trust, "last resort").
 */
static bool
leaf_is_last_resort(const struct explorer *explorer)
{
	const struct path *path = &explorer->path;

	return !explorer->by_standard && explorer->stored_leaf != NULL &&
	       explorer->question->verifier->partial_chain &&
	       path->origins[path->length - 1] == ORIGIN_CLIENT;
}

/* A path that leads nowhere. */
static void
keep_open_path(struct explorer *explorer)
{
	struct path *path = &explorer->path;

	if (!leaf_is_last_resort(explorer)) {
		keep_path(explorer, false);
		return;
	}
	path->origins[0] = ORIGIN_STORE;
	path->anchors[0] = explorer->stored_leaf;
	keep_path(explorer,
		trust_word(explorer->question->verifier, explorer->stored_leaf) != TRUST_REJECTED);
	path->origins[0] = ORIGIN_CLIENT;
	path->anchors[0] = NULL;
}

/* Whether OpenSSL would take one of these: it asks for name and key identifier. */
static bool
has_issuer(const struct explorer *explorer, const struct candidates *candidates)
{
	const struct cert *subject = explorer->path.certs[explorer->path.length - 1];

	for (size_t i = 0; i < candidates->count; i++)
		if (key_id_fits_subject(candidates->list[i].cert, subject) &&
			name_equal(candidates->list[i].cert->subject, subject->issuer))
			return true;
	return false;
}

static void extend(struct explorer *);

static void
follow(struct explorer *explorer, const struct candidate *candidate)
{
	const struct verifier *verifier = explorer->question->verifier;
	const struct trusted *trusted = candidate->trusted;

	if (explorer->by_standard && !explorer->explains && !candidate->is_issuer)
		return;
	explorer->unsound += !candidate->is_issuer;
	path_push(&explorer->path, candidate->cert, trusted);
	if (trusted != NULL && trusted_ends_path(verifier, trusted))
		keep_path(explorer, trust_word(verifier, trusted) != TRUST_REJECTED);
	else if (trust_word(verifier, trusted) == TRUST_REJECTED)
		keep_path(explorer, false);
	else
		extend(explorer);
	explorer->path.length--;
	explorer->unsound -= !candidate->is_issuer;
}

/* Follows all issuers of the path's last certificate; recursion ends at PATH_MAX_DEPTH. */
static void
extend(struct explorer *explorer)
{
	struct path *path = &explorer->path;
	struct candidates candidates;

	if (explorer->count >= explorer->limit || explorer->steps >= EXPLORE_MAX_STEPS ||
		effort_is_spent(explorer->question)) {
		explorer->bounded = true;
		return;
	}
	explorer->steps++;
	if (path->length >= PATH_MAX_DEPTH) {
		explorer->bounded = true;
		keep_path(explorer, false);
		return;
	}
	candidates.count = 0;
	if (!cert_is_self_signed(path->certs[path->length - 1]))
		gather(explorer, &candidates);
	if (candidates.count == 0 ||
		(leaf_is_last_resort(explorer) && !has_issuer(explorer, &candidates)))
		keep_open_path(explorer);
	for (size_t i = 0; i < candidates.count; i++)
		follow(explorer, &candidates.list[i]);
}

/* By the standard a leaf that is itself an anchor has a path of nothing, besides others. */
static void
try_trusted_leaf(struct explorer *explorer)
{
	const struct trusted *leaf = explorer->stored_leaf;

	if (leaf == NULL || !trusted_ends_path(explorer->question->verifier, leaf))
		return;
	path_push(&explorer->path, leaf->cert, leaf);
	keep_path(explorer, trust_word(explorer->question->verifier, leaf) != TRUST_REJECTED);
	explorer->path.length--;
}

/* First what can be valid, which decides within the bounds; then what explains. */
static void
explore_by_standard(struct explorer *explorer)
{
	bool bounded;

	try_trusted_leaf(explorer);
	path_push(&explorer->path, &explorer->question->sent[0], NULL);
	extend(explorer);
	bounded = explorer->bounded;
	explorer->explains = true;
	explorer->signatures = explorer->steps = 0;
	if (explorer->limit > explorer->count + EXPLORE_MAX_EXPLANATIONS)
		explorer->limit = explorer->count + EXPLORE_MAX_EXPLANATIONS;
	extend(explorer);
	explorer->bounded = bounded;
}

/* A self-signed leaf in the store is its own anchor. */
static bool
try_self_signed_leaf(struct explorer *explorer)
{
	const struct cert *leaf = &explorer->question->sent[0];

	if (explorer->stored_leaf == NULL || !cert_is_self_signed(leaf))
		return false;
	path_push(&explorer->path, leaf, explorer->stored_leaf);
	keep_path(explorer,
		trust_word(explorer->question->verifier, explorer->stored_leaf) != TRUST_REJECTED);
	return true;
}

struct exploration
explore_paths(const struct question *question)
{
	struct explorer explorer = {
		.question = question,
		.limit = PATH_MAX_PATHS,
		.by_standard = question->verifier->by_standard,
	};
	struct exploration exploration = {};

	explorer.stored_leaf = graph_find(question->graph, question->trust, &question->sent[0]);
	if (explorer.by_standard) {
		explore_by_standard(&explorer);
	} else if (!try_self_signed_leaf(&explorer)) {
		path_push(&explorer.path, &question->sent[0], NULL);
		extend(&explorer);
	}
	exploration.count = explorer.count;
	exploration.bounded = explorer.bounded;
	exploration.paths = arena_dup(
		question->arena, explorer.paths, explorer.count * sizeof(explorer.paths[0]));
	mem_free(explorer.paths);
	return exploration;
}
