/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "verify/effort.h"
#include "verify/engine.h"
#include "verify/issued.h"
#include "verify/revocation/crl.h"
#include "verify/revocation/ocsp.h"
#include "verify/rule.h"

static const struct rule *const rules[] = {
#define RULE(name) &rule_##name,
#include "verify/rules.def"
#undef RULE
};

/* Whether a list of trust settings names the verifier's purpose: with none it must name any. */
static bool
names_purpose(const struct verifier *verifier, bool client, bool server)
{
	switch (verifier->purpose) {
	case PURPOSE_CLIENT:
		return client;
	case PURPOSE_SERVER:
		return server;
	case PURPOSE_ANY:
		break;
	}
	return client && server;
}

enum trust_word
trust_word(const struct verifier *verifier, const struct trusted *trusted)
{
	const struct trust_settings *settings = trusted != NULL ? &trusted->settings : NULL;

	if (settings == NULL || !settings->present)
		return TRUST_SILENT;
	if (settings->has_reject &&
		names_purpose(verifier, settings->rejects_client, settings->rejects_server))
		return TRUST_REJECTED;
	if (!settings->has_trust)
		return TRUST_SILENT;
	/* obj_trust: a list of trusted uses that lacks this one rejects it. */
	return names_purpose(verifier, settings->trusts_client, settings->trusts_server)
		       ? TRUST_GIVEN
		       : TRUST_REJECTED;
}

bool
trusted_ends_path(const struct verifier *verifier, const struct trusted *trusted)
{
	assert(trusted != NULL);
	return trust_word(verifier, trusted) == TRUST_GIVEN || verifier->partial_chain ||
	       cert_is_self_signed(trusted->cert);
}

struct failure *
path_fail(struct examination *examination, const struct rule *rule, unsigned depth, int error,
	const char *format, ...)
{
	struct path *path = examination->path;
	bool is_supposed = depth == 0 && examination->question->supposed_issuer != NULL;
	struct failure *failure;
	va_list arguments;

	if (path->failure_count >= PATH_MAX_FAILURES)
		return NULL;
	failure = &path->failures[path->failure_count++];
	*failure = (struct failure){
		.rule = rule->name,
		.by = rule,
		.error = error,
		.depth = depth,
		.cert = is_supposed || depth >= path->length ? NULL : path->certs[depth],
	};
	va_start(arguments, format);
	failure->text = arena_vprintf(examination->question->arena, format, arguments);
	va_end(arguments);
	return failure;
}

bool
failure_is_of_edge(const struct failure *failure)
{
	const struct rule *rule = failure->by;

	return rule != NULL && rule->of_edge;
}

const char *
failure_change(const struct failure *failure, unsigned *ret_cost)
{
	const struct rule *rule = failure->by;

	/* No list brings back what is revoked. */
	if (failure->error == X509_V_ERR_CERT_REVOKED) {
		*ret_cost = CHANGE_CERTIFICATE;
		return "replace it: it is revoked";
	}
	*ret_cost = rule != NULL ? rule->cost : CHANGE_CERTIFICATE;
	return rule != NULL ? rule->change : "take one that can be read";
}

/* Insertion keeps the order of rules at one depth. */
void
path_sort_failures(struct path *path)
{
	for (unsigned i = 1; i < path->failure_count; i++) {
		struct failure moved = path->failures[i];
		unsigned to = i;

		for (; to > 0 && path->failures[to - 1].depth > moved.depth; to--)
			path->failures[to] = path->failures[to - 1];
		path->failures[to] = moved;
	}
}

const struct rule rule_effort = {
	.name = "effort",
	.change = "send fewer certificates, or such as hold less",
	.cost = CHANGE_CERTIFICATE,
};

bool
path_is_affordable(struct examination *examination)
{
	struct path *path = examination->path;
	bool is_affordable = true;

	for (unsigned i = 0; i < path->length; i++)
		is_affordable = effort_spend_cert(examination->question, path->certs[i]);
	if (is_affordable)
		return true;
	path->bounded = true;
	(void)path_fail(examination, &rule_effort, 0, X509_V_ERR_UNSPECIFIED,
		"what is sent with it takes more than is spent on one client");
	return false;
}

void
path_examine(const struct question *question, struct path *path)
{
	struct examination examination = { question, path };

	if (!path_is_affordable(&examination))
		return;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (question->verifier->by_standard || !rules[i]->standard_only)
			rules[i]->check(&examination);
	crl_check_path(&examination);
	/* No responder hears of a client that is refused anyway; libraries ask none at all. */
	if (question->verifier->by_standard && path_weight(question->verifier, path) == 0)
		ocsp_check_path(&examination);
	path_sort_failures(path);
}

/*
 * OpenSSL reports an issuer that is no CA several times: as invalid CA and as of unsuitable
 * purpose, and where its key usage is at fault once more at the signature. An ignore list must hold
 * all.
 */
bool
failure_is_forgiven(const struct verifier *verifier, const struct failure *failure)
{
	if (!engine_forgives(verifier, failure->error, failure->depth))
		return false;
	if (failure->depth == 0)
		return true;
	if (failure->error != X509_V_ERR_INVALID_CA &&
		failure->error != X509_V_ERR_KEYUSAGE_NO_CERTSIGN)
		return true;
	return engine_forgives(verifier, X509_V_ERR_INVALID_CA, failure->depth) &&
	       engine_forgives(verifier, X509_V_ERR_INVALID_PURPOSE, failure->depth);
}

unsigned
path_weight(const struct verifier *verifier, const struct path *path)
{
	unsigned weight = 0;

	for (unsigned i = 0; i < path->failure_count; i++)
		weight += !failure_is_forgiven(verifier, &path->failures[i]);
	return weight;
}
