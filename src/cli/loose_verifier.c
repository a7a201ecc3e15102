/* SPDX-License-Identifier: Apache-2.0 */
/* The verifiers that the options of verify describe, one for each engine that is asked. */
#include <ctype.h>
#include <string.h>

#include "cli/loose.h"
#include "verify/engine.h"

/* A choice of the command line: its words in the order of their numbers. */
struct choice {
	const char *option, *word;
	const char *const *words;
	size_t count;
};

static int
choose(const struct choice *choice, int fallback, int *ret, struct err *err)
{
	const char *const *words = choice->words;
	size_t count = choice->count;

	*ret = fallback;
	if (choice->word == NULL)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], choice->word) == 0) {
			*ret = (int)i;
			return 0;
		}
	return err_set(err, ERR_USAGE, "%s is %s%s%s%s%s, not %s", choice->option, words[0],
		count > 2 ? ", " : " or ", words[1], count > 2 ? " or " : "",
		count > 2 ? words[2] : "", choice->word);
}

/* Answers that are given are looked at: for the leaf, as that is what most servers ask about. */
static int
take_ocsp(struct session *session, struct verifier *verifier)
{
	static const char *const scopes[] = { "none", "leaf", "chain" }, *const missing[] = {
		"fail", "ok"
	};
	const struct options *options = &session->options;
	bool wanted = options->ocsp.count > 0 || options->online;
	int scope, tolerant;

	TRY(choose(&(struct choice){ "--ocsp-check", options->ocsp_check, scopes, 3 },
		wanted ? CRL_CHECK_LEAF : CRL_CHECK_NONE, &scope, &session->err));
	TRY(choose(&(struct choice){ "--ocsp-missing", options->ocsp_missing, missing, 2 }, 0,
		&tolerant, &session->err));
	if (scope != CRL_CHECK_NONE && !wanted)
		return err_set(&session->err, ERR_USAGE,
			"--ocsp-check looks at what --ocsp or --online brings, and neither is "
			"given");
	verifier->ocsp = (struct ocsp_policy){
		.check = (enum crl_check)scope,
		.missing_ok = tolerant == 1,
		.responder = options->ocsp_responder,
		.responder_overrides = options->ocsp_responder != NULL,
	};
	return 0;
}

/* A verifier as the options describe it; its stores are taken as they are, whatever their format.
 */
static int
verifier_of_options(struct session *session, struct verifier *ret)
{
	static const char *const purposes[] = { "client", "server", "any" },
				 *const scopes[] = { "none", "leaf", "chain" },
				 *const missing[] = { "fail", "ok" },
				 *const levels[] = { "legacy", "normal", "strict" };
	const struct options *options = &session->options;
	int purpose, scope, tolerant, level;
	uint64_t depth;

	*ret = (struct verifier){ 0 };
	TRY(take_ocsp(session, ret));
	TRY(choose(&(struct choice){ "--purpose", options->purpose, purposes, 3 }, 0, &purpose,
		&session->err));
	TRY(choose(&(struct choice){ "--crl-check", options->crl_check, scopes, 3 },
		options->crl.count > 0 ? CRL_CHECK_CHAIN : CRL_CHECK_NONE, &scope, &session->err));
	TRY(choose(&(struct choice){ "--crl-missing", options->crl_missing, missing, 2 }, 0,
		&tolerant, &session->err));
	TRY(choose(&(struct choice){ "--security", options->security, levels, 3 }, 1, &level,
		&session->err));
	*ret = (struct verifier){
		.ocsp = ret->ocsp,
		.name = "loose files",
		.mode = MODE_REQUIRED,
		.engine = "openssl",
		.depth.value = -1,
		.partial_chain = options->partial_chain,
		.crl_check = (enum crl_check)scope,
		.crl_missing_ok = tolerant == 1,
		.security_level = level,
		.purpose = (enum verify_purpose)purpose,
		.strict_profile = options->strict,
	};
	if (options->depth != NULL) {
		if (text_number(options->depth, 100, &depth) < 0)
			return err_set(&session->err, ERR_USAGE,
				"--depth is a number up to 100, not %s", options->depth);
		ret->depth.value = (int)depth;
	}
	return 0;
}

/* RFC 9525 asks for a name as it stands in certificates: in ASCII, and without wildcard. */
static int
take_host(struct session *session, struct verifier *verifier)
{
	const char *host = session->options.title;

	if (host == NULL)
		return 0;
	for (const char *at = host; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr("-._:[]", *at) == NULL)
			return err_set(&session->err, ERR_USAGE,
				"--name is a host name in ASCII (xn--… for others) or an address");
	if (host[0] == '\0')
		return err_set(&session->err, ERR_USAGE, "--name needs a host name");
	verifier->host = host;
	return 0;
}

static int
take_policies(struct session *session, struct verifier *verifier)
{
	const struct values *texts = &session->options.policy;
	struct span *policies = arena_alloc(session->arena, (texts->count + 1) * sizeof(*policies));

	for (size_t i = 0; i < texts->count; i++)
		if (der_oid_encode(session->arena, texts->list[i], &policies[i]) < 0)
			return err_set(&session->err, ERR_USAGE,
				"--policy is an object identifier such as 1.2.3.4, not %s",
				texts->list[i]);
	verifier->policies = policies;
	verifier->policy_count = texts->count;
	return 0;
}

/* "rfc5280, openssl, …" */
static const char *
engine_names(struct arena *arena)
{
	const char *names = JUDGE_STANDARD;
	const struct engine *engine;

	for (size_t i = 0; (engine = engine_at(i)) != NULL; i++)
		names = arena_printf(arena, "%s, %s", names, engine->name);
	return names;
}

int
loose_verifiers(
	struct session *session, struct verifier ret[static LOOSE_MAX_ENGINES], size_t *ret_count)
{
	const char *engine =
		session->options.engine != NULL ? session->options.engine : JUDGE_STANDARD;
	bool is_all = strcmp(engine, "all") == 0;
	const struct engine *one;
	struct verifier verifier;

	TRY(verifier_of_options(session, &verifier));
	TRY(take_host(session, &verifier));
	TRY(take_policies(session, &verifier));
	*ret_count = 0;
	if (is_all || strcmp(engine, JUDGE_STANDARD) == 0) {
		ret[*ret_count] = verifier;
		ret[(*ret_count)++].by_standard = true;
	}
	for (size_t i = 0; (one = engine_at(i)) != NULL; i++) {
		if (!is_all && strcmp(engine, one->name) != 0)
			continue;
		ret[*ret_count] = verifier;
		ret[(*ret_count)++].engine = one->name;
	}
	if (*ret_count > 0)
		return 0;
	return err_set(&session->err, ERR_USAGE, "there is no engine %s: there are %s and all",
		engine, engine_names(session->arena));
}
