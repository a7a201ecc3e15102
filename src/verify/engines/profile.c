/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/profile.h"

#include <openssl/x509.h>
#include <string.h>

#include "verify/effort.h"
#include "verify/engines/signing.h"
#include "verify/explore.h"
#include "verify/revocation/crl.h"

enum {
	ROUTE_MAX_CANDIDATES = 256,
	ROUTE_MAX_STEPS = 20'000,
	/* Faults are told by how far the path had come: at its end, then at the engine's rules for
	 * a candidate, then at a signature. */
	RANK_BEGIN = 1,
	RANK_UNKNOWN_ISSUER = 2,
	RANK_OF_DEPTH = 4, /* for each certificate on the path */
	RANK_SIGNATURE = 0,
	RANK_JOINING = 1,
	RANK_WHOLE = 3,
};

struct candidate {
	const struct cert *cert;
	const struct trusted *trusted; /* NULL: sent */
	unsigned merit;
};

struct candidates {
	struct candidate list[ROUTE_MAX_CANDIDATES];
	size_t count;
};

const struct cert *
route_last(const struct route *route)
{
	return route->path.certs[route->path.length - 1];
}

bool
route_reads(const struct route *route, const struct cert *cert)
{
	return route->profile->unreadable == NULL || route->profile->unreadable(cert) == NULL;
}

bool
route_same_name(const struct route *route, struct span a, struct span b)
{
	if (route->profile->same_name != NULL)
		return route->profile->same_name(a, b);
	return name_equal(a, b);
}

void
route_push(struct route *route, const struct cert *cert, const struct trusted *trusted)
{
	struct path *path = &route->path;

	path->certs[path->length] = cert;
	path->anchors[path->length] = trusted;
	path->origins[path->length] = trusted != NULL ? ORIGIN_STORE : ORIGIN_CLIENT;
	path->ends_in_anchor = trusted != NULL;
	path->length++;
}

void
route_pop(struct route *route)
{
	route->path.length--;
	route->path.ends_in_anchor = false;
}

enum place
route_place(const struct route *route, unsigned depth)
{
	if (depth > 0 && route->path.anchors[depth] != NULL)
		return AT_ANCHOR;
	return depth == 0 ? AT_LEAF : AT_INTERMEDIATE;
}

bool
route_refuse(struct route *route, unsigned rank, const char *rule, unsigned depth, int error,
	const char *text)
{
	/* The first of equals: it is what the engine met first. */
	if (rank < route->rank || (rank == route->rank && route->answer.text != NULL))
		return false;
	route->rank = rank;
	route->answer =
		(struct answer){ .error = error, .depth = depth, .text = text, .rule = rule };
	return false;
}

static unsigned
rank_here(const struct route *route, unsigned stage)
{
	if (route->profile->collects)
		return RANK_BEGIN;
	return RANK_OF_DEPTH * route->path.length + stage;
}

static bool
is_asked(const struct route *route, const struct demand *demand, unsigned depth)
{
	unsigned purpose = 1U << route->question->verifier->purpose;

	return (demand->places & (unsigned)route_place(route, depth)) != 0 &&
	       (demand->purposes == 0 || (demand->purposes & purpose) != 0);
}

static bool
meets(struct route *route, const struct demands *demands, unsigned depth, unsigned stage)
{
	for (size_t i = 0; i < demands->count; i++) {
		const struct demand *demand = &demands->list[i];
		const char *fault =
			is_asked(route, demand, depth) ? demand->fault(route, depth) : NULL;

		if (fault != NULL)
			return route_refuse(route, rank_here(route, stage), demand->rule, depth,
				demand->error, fault);
	}
	return true;
}

bool
route_meets(struct route *route, const struct demands *demands, unsigned depth)
{
	return meets(route, demands, depth, RANK_JOINING);
}

bool
route_meets_all(struct route *route, const struct demands *demands)
{
	for (unsigned i = 0; i < route->path.length; i++)
		if (!meets(route, demands, i, RANK_WHOLE))
			return false;
	return true;
}

bool
route_begin(struct route *route, const struct question *question, const struct profile *profile)
{
	const struct cert *leaf = &question->sent[0];
	const char *fault;

	*route = (struct route){ .question = question, .profile = profile };
	route_push(route, leaf, NULL);
	/* A leaf that was made up stands for one that its CA could issue, and that would be read.
	 */
	fault = profile->unreadable != NULL && question->supposed_issuer == NULL
			? profile->unreadable(leaf)
			: NULL;
	if (fault != NULL)
		return route_refuse(
			route, RANK_BEGIN, "encoding", 0, X509_V_ERR_UNSPECIFIED, fault);
	return true;
}

struct answer
route_answer(struct route *route, bool accepted)
{
	struct answer *answer = &route->answer;

	if (accepted)
		return (struct answer){ .accepted = true,
			.text = X509_verify_cert_error_string(X509_V_OK),
			.bounded = route->path.bounded };
	if (answer->text == NULL)
		answer->text = "no path was found";
	if (answer->error == X509_V_OK)
		answer->error = X509_V_ERR_UNSPECIFIED;
	answer->bounded =
		answer->bounded || route->path.bounded || effort_is_spent(route->question);
	return *answer;
}

struct anchor_walk
anchors_named(const struct route *route, struct span name)
{
	return (struct anchor_walk){ route, graph_by_subject(route->question->graph, name), name };
}

const struct trusted *
anchors_next(struct anchor_walk *walk)
{
	const struct route *route = walk->route;
	const struct trusted *trusted;

	while ((trusted = graph_next_subject(&walk->walk, route->question->trust, walk->name)) !=
		NULL)
		if (route_reads(route, trusted->cert) &&
			route_same_name(route, trusted->cert->subject, walk->name))
			return trusted;
	return NULL;
}

const struct trusted *
anchor_same(const struct route *route, const struct cert *cert)
{
	struct anchor_walk walk = anchors_named(route, cert->subject);
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL)
		if (cert_same(trusted->cert, cert))
			return trusted;
	return NULL;
}

bool
route_signed(struct route *route, unsigned depth)
{
	const struct profile *profile = route->profile;
	const struct cert *subject = route->path.certs[depth];
	const struct cert *issuer = route->path.certs[depth + 1];
	unsigned rank = rank_here(route, profile->signatures_last ? RANK_WHOLE : RANK_SIGNATURE);
	const char *weakness =
		profile->weakness != NULL ? profile->weakness(route, subject, issuer) : NULL;

	route->signatures++;
	if (weakness != NULL)
		return route_refuse(
			route, rank, "security-level", depth, X509_V_ERR_CA_MD_TOO_WEAK, weakness);
	if (route->signatures > PATH_MAX_SIGNATURES) {
		route->path.bounded = true;
		return false;
	}
	if (explore_signed(route->question, issuer, subject))
		return true;
	/* What libcrypto cannot check may be good to the engine all the same. */
	if (signing_of(subject->signature_algorithm).hash == HASH_OTHER &&
		signature_cert(route->question->judge->signatures, subject, issuer->spki) ==
			SIGNATURE_UNSUPPORTED) {
		route->path.bounded = true;
		return route_refuse(route, rank, "signature", depth, X509_V_ERR_UNSPECIFIED,
			"libcrypto cannot check a signature by this algorithm");
	}
	return route_refuse(route, rank, "signature", depth, X509_V_ERR_CERT_SIGNATURE_FAILURE,
		"the key of its issuer did not make its signature");
}

static bool
signed_throughout(struct route *route)
{
	for (unsigned i = 0; i + 1 < route->path.length; i++)
		if (!route_signed(route, i))
			return false;
	return true;
}

static void
add_candidate(struct route *route, struct candidates *candidates, const struct cert *cert,
	const struct trusted *trusted)
{
	const struct profile *profile = route->profile;
	size_t to = candidates->count;
	unsigned merit = profile->merit != NULL ? profile->merit(route, cert, trusted != NULL) : 0;

	if (profile->repeats != NULL && profile->repeats(route, cert, trusted != NULL))
		return;
	for (size_t i = 0; i < candidates->count; i++)
		if (cert_same(candidates->list[i].cert, cert) &&
			(profile->one_pool ||
				(candidates->list[i].trusted != NULL) == (trusted != NULL)))
			return;
	if (candidates->count >= ROUTE_MAX_CANDIDATES) {
		route->path.bounded = true;
		return;
	}
	candidates->count++;
	for (; to > 0 && candidates->list[to - 1].merit < merit + profile->last_first; to--)
		candidates->list[to] = candidates->list[to - 1];
	candidates->list[to] = (struct candidate){ cert, trusted, merit };
}

static void
gather(struct route *route, struct candidates *candidates)
{
	const struct question *question = route->question;
	struct span issuer = route_last(route)->issuer;
	struct anchor_walk walk = anchors_named(route, issuer);
	const struct trusted *trusted;

	candidates->count = 0;
	while ((trusted = anchors_next(&walk)) != NULL &&
		effort_spend_names(question, trusted->cert->subject, issuer))
		add_candidate(route, candidates, trusted->cert, trusted);
	for (size_t i = 1; i < question->sent_count; i++)
		if (effort_spend_names(question, question->sent[i].subject, issuer) &&
			name_equal(question->sent[i].subject, issuer) &&
			route_same_name(route, question->sent[i].subject, issuer) &&
			route_reads(route, &question->sent[i]))
			add_candidate(route, candidates, &question->sent[i], NULL);
}

/* The engine's own bound on the search, and ours. */
static bool
is_exhausted(struct route *route)
{
	const struct profile *profile = route->profile;

	if (route->steps++ >= ROUTE_MAX_STEPS ||
		!effort_spend_cert(route->question, route_last(route))) {
		route->path.bounded = true;
		return true;
	}
	if (profile->max_signatures == 0 || route->signatures < profile->max_signatures)
		return false;
	(void)route_refuse(route, rank_here(route, RANK_JOINING), "depth", route->path.length - 1,
		X509_V_ERR_UNSPECIFIED, "the engine gives up: it has checked too many signatures");
	return true;
}

static bool search(struct route *);

/* Whether a path through this candidate is good. */
static bool
follow(struct route *route, const struct candidate *candidate)
{
	const struct profile *profile = route->profile;
	bool is_good;

	if (is_exhausted(route))
		return false;
	route_push(route, candidate->cert, candidate->trusted);
	is_good = route_meets(route, &profile->joining, route->path.length - 1) &&
		  (profile->signatures_last || route_signed(route, route->path.length - 2));
	route->level_ended = is_good && candidate->trusted == NULL && profile->ends_level != NULL &&
			     profile->ends_level(route);
	if (route->level_ended)
		is_good = false;
	else if (is_good && candidate->trusted == NULL)
		is_good = search(route);
	else if (is_good)
		is_good = (!profile->signatures_last || signed_throughout(route)) &&
			  route_meets_all(route, &profile->whole);
	if (!is_good)
		route_pop(route);
	return is_good;
}

/* Recursion ends at PATH_MAX_DEPTH. */
static bool
search(struct route *route)
{
	unsigned limit =
		route->profile->max_length != 0 ? route->profile->max_length : PATH_MAX_DEPTH;
	struct candidates *candidates;
	bool found = false;

	if (route->path.length >= limit || route->path.length >= PATH_MAX_DEPTH) {
		route->path.bounded |= limit >= PATH_MAX_DEPTH;
		return route_refuse(route, rank_here(route, RANK_JOINING), "depth",
			route->path.length - 1, X509_V_ERR_CERT_CHAIN_TOO_LONG,
			"the path is longer than the engine follows");
	}
	candidates = mem_alloc(sizeof(*candidates));
	gather(route, candidates);
	if (candidates->count == 0)
		(void)route_refuse(route, rank_here(route, RANK_UNKNOWN_ISSUER), "anchor",
			route->path.length - 1, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			"its issuer is neither in the store nor sent by the client");
	for (size_t i = 0; i < candidates->count && !found && !route->level_ended; i++)
		found = follow(route, &candidates->list[i]);
	route->level_ended = false;
	mem_free(candidates);
	return found;
}

bool
route_search(struct route *route)
{
	return search(route);
}

bool
route_trusted_leaf(struct route *route, const struct trusted *trusted)
{
	route->path.anchors[0] = trusted;
	route->path.origins[0] = ORIGIN_STORE;
	route->path.ends_in_anchor = true;
	return route_meets_all(route, &route->profile->whole);
}

/* Runs a rule over a copy of the path, by the standard. */
static const char *
first_failure(const struct route *route, void (*check)(struct examination *))
{
	struct verifier verifier = *route->question->verifier;
	struct question question = *route->question;
	struct path path = route->path;
	struct examination examination = { &question, &path };

	verifier.by_standard = true;
	question.verifier = &verifier;
	path.failure_count = 0;
	check(&examination);
	return path.failure_count > 0 ? path.failures[0].text : NULL;
}

const char *
demand_policies(const struct route *route, unsigned)
{
	return first_failure(route, rule_policies.check);
}

const char *
demand_host_name(const struct route *route, unsigned)
{
	return first_failure(route, rule_host_name.check);
}

const char *
demand_revocation(const struct route *route, unsigned)
{
	if (route->question->verifier->crl_check == CRL_CHECK_NONE)
		return NULL;
	return first_failure(route, crl_check_path);
}

bool
route_is_lax(const struct route *route)
{
	return route->question->verifier->security_level == 0;
}

bool
route_serves(const struct route *route, unsigned depth, unsigned others)
{
	const struct cert *cert = route->path.certs[depth];
	unsigned wanted = route->question->verifier->purpose == PURPOSE_SERVER ? EKU_SERVER_AUTH
									       : EKU_CLIENT_AUTH;

	return !cert->has_extended_key_usage || (cert->extended_key_usage & (wanted | others)) != 0;
}

bool
repeats_name_and_key(const struct route *route, const struct cert *cert, bool)
{
	for (unsigned i = 0; i < route->path.length; i++) {
		const struct cert *on_path = route->path.certs[i];

		if (route_same_name(route, cert->subject, on_path->subject) &&
			digest_equal(&cert->key_digest, &on_path->key_digest) &&
			span_equal(cert->subject_alt_names, on_path->subject_alt_names))
			return true;
	}
	return false;
}
