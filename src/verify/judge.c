/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "verify/judge.h"

#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "verify/effort.h"
#include "verify/engine.h"
#include "verify/engines/objects.h"
#include "verify/explore.h"
#include "verify/kept.h"
#include "verify/model.h"
#include "verify/revocation/ocsp.h"
#include "verify/rule.h"
#include "verify/suppose.h"

enum {
	TRIM_RESULTS = 4'096, /* of signatures, about 200 octets each: a processor's own cache */
	TRIM_KEYS = 8'192,    /* some KiB each */
	TRIM_OBJECTS = 8'192, /* of libcrypto's, some KiB each */
};

struct judge *
judge_new(void)
{
	struct judge *judge = mem_zalloc(sizeof(*judge));

	judge->signatures = signature_cache_new();
	judge->objects = objects_new();
	judge->arena = arena_new();
	judge->effort = EFFORT_MAX;
	return judge;
}

void
judge_free(struct judge *judge)
{
	if (judge == NULL)
		return;
	signature_cache_free(judge->signatures);
	objects_free(judge->objects);
	kept_free(judge->kept);
	graph_free_all(judge->graphs);
	arena_free(judge->arena);
	mem_free(judge);
}

void
judge_trim(struct judge *judge)
{
	signature_cache_trim(judge->signatures, TRIM_RESULTS, TRIM_KEYS);
	objects_trim(judge->objects, TRIM_OBJECTS);
}

struct signature_cache *
judge_signatures(struct judge *judge)
{
	return judge->signatures;
}

void
judge_use_tables(struct judge *judge, struct key_tables *tables)
{
	signature_cache_use_tables(judge->signatures, tables);
}

void
judge_expect(struct judge *judge, const struct clients *clients)
{
	const struct cert **certs = mem_alloc((clients->count + 1) * sizeof(const struct cert *));
	size_t count = 0;

	for (size_t i = 0; i < clients->count; i++)
		if (clients->list[i].chain_length > 0 && clients->list[i].supposed_issuer == NULL)
			certs[count++] = &clients->list[i].chain[0];
	objects_expect(judge->objects, certs, count);
	mem_free(certs);
}

struct ranked {
	const struct path *path;
	unsigned weight;
	size_t position;
};

/* Best first: what is not forgiven, then all failures, then the longer one, then as found. */
static int
compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	if (a->path->failure_count != b->path->failure_count)
		return a->path->failure_count < b->path->failure_count ? -1 : 1;
	if (a->path->length != b->path->length)
		return a->path->length > b->path->length ? -1 : 1;
	return a->position < b->position ? -1 : 1;
}

static void
sort_paths(const struct question *question, struct path *paths, size_t count)
{
	struct ranked *ranked = mem_alloc((count + 1) * sizeof(ranked[0]));
	struct path *sorted = mem_alloc((count + 1) * sizeof(sorted[0]));

	for (size_t i = 0; i < count; i++)
		ranked[i] =
			(struct ranked){ &paths[i], path_weight(question->verifier, &paths[i]), i };
	qsort(ranked, count, sizeof(ranked[0]), compare_ranked);
	for (size_t i = 0; i < count; i++)
		sorted[i] = *ranked[i].path;
	for (size_t i = 0; i < count; i++)
		paths[i] = sorted[i];
	mem_free(ranked);
	mem_free(sorted);
}

/* The first failure that the verifier does not let pass; NULL: there is none, or no path. */
static const struct failure *
first_failure(const struct question *question, const struct path *path)
{
	for (unsigned i = 0; path != NULL && i < path->failure_count; i++)
		if (!failure_is_forgiven(question->verifier, &path->failures[i]))
			return &path->failures[i];
	return NULL;
}

static const char *
describe_difference(const struct question *question, const struct answer *answer,
	const struct path *best, bool is_reference)
{
	const struct failure *failure = first_failure(question, best);

	if (!answer->accepted)
		return arena_printf(question->arena,
			"a path without fault exists, but the library refuses with error %d (%s) "
			"at depth %u%s",
			answer->error, answer->text, answer->depth,
			is_reference ? ": it takes the first issuer that fits by name and key "
				       "identifier, and does not go back"
				     : "");
	return arena_printf(question->arena,
		"the library accepts, but by %s no path is without fault: %s at depth %u, %s",
		is_reference ? "our own rules" : "RFC 5280",
		failure != NULL ? failure->rule : "path", failure != NULL ? failure->depth : 0,
		failure != NULL ? failure->text : "there is none");
}

/* A leaf that was made up is shown to nobody. */
static void
hide_supposed_leaf(struct path *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		paths[i].certs[0] = NULL;
}

/* Explores and examines; the best path comes first. */
static void
take_paths(const struct question *question, const struct model *model, struct verdict *verdict)
{
	struct exploration exploration = explore_paths(question);

	verdict->undetermined = exploration.bounded;
	for (size_t i = 0; i < exploration.count; i++) {
		if (model != NULL)
			model_examine(model, question, &exploration.paths[i]);
		else
			path_examine(question, &exploration.paths[i]);
	}
	sort_paths(question, exploration.paths, exploration.count);
	verdict->paths = exploration.paths;
	verdict->path_count = exploration.count;
}

/* One path without fault is enough, whatever else there is. */
static void
decide(const struct question *question, const char *engine, struct verdict *verdict)
{
	const struct path *best = verdict->path_count > 0 ? &verdict->paths[0] : NULL;
	const struct failure *failure = first_failure(question, best);

	verdict->engine = engine;
	verdict->accepted = best != NULL && failure == NULL;
	for (size_t i = 0; i < verdict->path_count; i++)
		verdict->undetermined |= verdict->paths[i].bounded;
	verdict->undetermined |= effort_is_spent(question);
	verdict->undetermined = !verdict->accepted && verdict->undetermined;
	if (question->supposed_issuer != NULL)
		hide_supposed_leaf(verdict->paths, verdict->path_count);
	if (verdict->accepted)
		return;
	verdict->error = X509_V_ERR_UNSPECIFIED;
	verdict->text = "no path was found within the bounds";
	if (failure == NULL)
		return;
	verdict->rule = failure->rule;
	verdict->error = failure->engine_error != 0 ? failure->engine_error : failure->error;
	verdict->depth = failure->depth;
	verdict->text = failure->text;
}

static void
judge_by_standard(const struct question *question, struct verdict *verdict)
{
	take_paths(question, NULL, verdict);
	decide(question, JUDGE_STANDARD, verdict);
}

static void
judge_by_model(
	const struct question *question, const struct engine *engine, struct verdict *verdict)
{
	struct verifier verifier = model_verifier(engine->model, question->verifier);
	struct question asked = *question;

	asked.verifier = &verifier;
	take_paths(&asked, engine->model, verdict);
	decide(&asked, engine->name, verdict);
}

/* The rule that the library's refusal stands for: its error among what our paths say. */
static const char *
rule_of_answer(const struct question *question, const struct answer *answer,
	const struct path *paths, size_t count)
{
	const struct failure *first = first_failure(question, count > 0 ? &paths[0] : NULL);

	if (answer->accepted || answer->rule != NULL)
		return answer->rule;
	for (size_t i = 0; i < count; i++)
		for (unsigned j = 0; j < paths[i].failure_count; j++)
			if (paths[i].failures[j].error == answer->error &&
				paths[i].failures[j].depth == answer->depth)
				return paths[i].failures[j].rule;
	return first != NULL ? first->rule : NULL;
}

/* Where on our paths the certificate is that the library failed at. */
static unsigned
depth_of_answer(const struct answer *answer, const struct path *paths, size_t count)
{
	for (size_t i = 0; answer->at != NULL && i < count; i++)
		for (unsigned j = 0; j < paths[i].length; j++)
			if (paths[i].certs[j] != NULL && cert_same(paths[i].certs[j], answer->at))
				return j;
	return answer->depth;
}

/* A library was asked; our own paths explain it: as OpenSSL builds them, or as RFC 5280 does. */
static void
explain(const struct question *question, const struct engine *engine, struct answer *answer,
	struct verdict *verdict)
{
	struct verifier verifier = *question->verifier;
	struct question asked = *question;
	const struct path *best;

	verifier.by_standard = !engine->is_reference;
	verifier.ocsp.check = CRL_CHECK_NONE; /* asked of the library's verdict */
	asked.verifier = &verifier;
	take_paths(&asked, NULL, verdict);
	best = verdict->path_count > 0 ? &verdict->paths[0] : NULL;
	answer->depth = depth_of_answer(answer, verdict->paths, verdict->path_count);
	if (!answer->is_undetermined && !effort_is_spent(&asked) &&
		(best != NULL && path_weight(&verifier, best) == 0) != answer->accepted)
		verdict->difference =
			describe_difference(&asked, answer, best, engine->is_reference);
	if (!answer->is_undetermined)
		verdict->rule = rule_of_answer(&asked, answer, verdict->paths, verdict->path_count);
	if (question->supposed_issuer != NULL)
		hide_supposed_leaf(verdict->paths, verdict->path_count);
	verdict->undetermined = (engine->is_reference && verdict->undetermined) ||
				answer->bounded || answer->is_undetermined;
}

/*
 * Where CRLs of the whole chain are checked, OpenSSL wants one for the last certificate too. That
 * of an anchor which is no root was signed by a CA that is not on the path, so nothing satisfies it
 * (openssl issue 5081).
 */
static bool
is_below_partial_anchor(const struct verifier *verifier, const struct verdict *verdict)
{
	const struct path *path = verdict->path_count > 0 ? &verdict->paths[0] : NULL;

	if (verdict->accepted || !verifier->partial_chain ||
		verifier->crl_check != CRL_CHECK_CHAIN || path == NULL || path->length == 0 ||
		!path->ends_in_anchor || verdict->depth != path->length - 1)
		return false;
	return (verdict->error == X509_V_ERR_UNABLE_TO_GET_CRL ||
		       verdict->error == X509_V_ERR_CRL_SIGNATURE_FAILURE) &&
	       path->certs[verdict->depth] != NULL &&
	       !cert_is_self_issued(path->certs[verdict->depth]);
}

static void
judge_by_library(
	const struct question *question, const struct engine *engine, struct verdict *verdict)
{
	struct answer answer = engine->judge(question);

	explain(question, engine, &answer, verdict);
	verdict->engine = engine->name;
	verdict->accepted = answer.accepted;
	verdict->error = answer.error;
	verdict->text = answer.text;
	verdict->depth = answer.depth;
	verdict->below_partial_anchor =
		engine->is_reference && is_below_partial_anchor(question->verifier, verdict);
}

static void
refuse(struct verdict *verdict, const char *text)
{
	verdict->accepted = false;
	verdict->error = X509_V_ERR_UNSPECIFIED;
	verdict->text = text;
}

/* What it sends itself, and what all clients do; in one array, if only for the latter. */
static void
take_chain(struct question *question, const struct client *client)
{
	size_t count = client->chain_length + client->shared_count;
	struct cert *sent;

	question->sent = client->chain;
	question->sent_count = client->chain_length;
	if (client->shared_count == 0 || client->chain_length == 0)
		return;
	sent = arena_alloc(question->arena, count * sizeof(sent[0]));
	memcpy(sent, client->chain, client->chain_length * sizeof(sent[0]));
	memcpy(sent + client->chain_length, client->shared, client->shared_count * sizeof(sent[0]));
	question->sent = sent;
	question->sent_count = count;
}

/* What the client sends, the made-up leaf of a supposed one included; -1 with the verdict set. */
static int
take_sent(struct question *question, const struct client *client, struct verdict *verdict)
{
	struct cert *sent;

	if (client->supposed_issuer == NULL) {
		take_chain(question, client);
		if (client->chain_length > 0)
			return 0;
		refuse(verdict,
			client->problem != NULL ? client->problem : "it sends no certificate");
		return -1;
	}
	sent = arena_alloc(question->arena, (client->chain_length + 1) * sizeof(sent[0]));
	if (suppose_leaf(question, client->supposed_issuer, &sent[0]) < 0) {
		refuse(verdict, "no client can be supposed below a CA with a key of this kind");
		verdict->undetermined = true;
		return -1;
	}
	for (size_t i = 0; i < client->chain_length; i++)
		sent[i + 1] = client->chain[i];
	question->sent = sent;
	question->sent_count = client->chain_length + 1;
	question->supposed_issuer = client->supposed_issuer;
	return 0;
}

static void
judge_question(const struct question *question, struct verdict *verdict)
{
	const struct engine *engine = engine_find(question->verifier->engine);

	if (question->verifier->by_standard) {
		judge_by_standard(question, verdict);
		return;
	}
	if (engine->model != NULL)
		judge_by_model(question, engine, verdict);
	else
		judge_by_library(question, engine, verdict);
	/* No engine asks a responder: the server does, of whom its engine accepts. */
	ocsp_hear(question, verdict);
}

const struct verdict *
judge_client(struct judge *judge, struct arena *arena, const struct verifier *verifier,
	const struct trust *trust, const struct client *client, int64_t at)
{
	struct verdict *verdict = arena_alloc(arena, sizeof(*verdict));
	struct question question = {
		.judge = judge, .arena = arena, .verifier = verifier, .trust = trust, .at = at
	};

	judge->effort = EFFORT_MAX;
	verdict->engine = engine_find(verifier->engine)->name;
	verdict->accepted = true;
	verdict->text = X509_verify_cert_error_string(X509_V_OK);
	if (verifier->by_standard)
		verdict->engine = JUDGE_STANDARD;
	/* No certificate is asked for: whoever comes is let in, as far as the server starts. */
	if (verifier->mode != MODE_NONE && take_sent(&question, client, verdict) == 0) {
		question.graph = graph_of(&judge->graphs, trust);
		judge_question(&question, verdict);
	}
	if (!trust->loads)
		refuse(verdict,
			arena_printf(arena, "%s: %s",
				trust_is_unknown(trust) ? "what the server trusts cannot be told"
							: "the server does not start",
				trust->error != NULL ? trust->error : "a store cannot be loaded"));
	verdict->undetermined |= trust_is_unknown(trust);
	return verdict;
}

/* Whether what is kept may decide. */
static bool
may_be_brief(const struct question *question)
{
	return question->verifier->by_standard && question->verifier->mode != MODE_NONE &&
	       question->trust->loads;
}

void
judge_foresee(struct judge *judge, const struct verifier *verifier, const struct trust *trust,
	const struct cert *const *certs, size_t count, int64_t at)
{
	CLEANUP(mem_freep)
	struct signature_pair *pairs = mem_alloc((count + 1) * sizeof(*pairs));
	struct question question = {
		.judge = judge, .verifier = verifier, .trust = trust, .at = at
	};
	size_t known = 0;

	for (size_t i = 0; i < count && may_be_brief(&question); i++) {
		question.sent = certs[i];
		question.sent_count = 1;
		pairs[known] =
			(struct signature_pair){ certs[i], kept_issuer(&judge->kept, &question) };
		known += pairs[known].issuer != NULL;
	}
	signature_foresee(judge->signatures, pairs, known);
}

/* The question is asked with the leaf alone. */
static bool
is_accepted_briefly(struct question *question, const struct client *client)
{
	if (!may_be_brief(question) || client->supposed_issuer != NULL || client->chain_length == 0)
		return false;
	question->sent = client->chain;
	question->sent_count = client->chain_length;
	question->graph = graph_of(&question->judge->graphs, question->trust);
	return kept_accepts(&question->judge->kept, question);
}

const struct verdict *
judge_briefly(struct judge *judge, struct arena *arena, const struct verifier *verifier,
	const struct trust *trust, const struct client *client, int64_t at)
{
	static const struct verdict accepted = {
		.accepted = true, .engine = JUDGE_STANDARD, .text = "ok"
	};
	struct question question = {
		.judge = judge, .arena = arena, .verifier = verifier, .trust = trust, .at = at
	};
	const struct verdict *verdict;

	judge->effort = EFFORT_MAX;
	if (is_accepted_briefly(&question, client))
		return &accepted;
	verdict = judge_client(judge, arena, verifier, trust, client, at);
	if (question.graph != NULL && verdict->accepted && verdict->path_count > 0)
		kept_add(&judge->kept, &question, &verdict->paths[0], client->shared,
			client->shared_count);
	return verdict;
}
