/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of RFC 5280 and of the server that a complete path breaks: at a CA, which a better
 * certificate of the same key may mend; at the depth limit; at the client itself, which only its
 * owner can mend.
 */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "diagnosis/completion.h"
#include "diagnosis/restore.h"
#include "verify/rule.h"

/* What an error of OpenSSL means at a CA and at the client, and who mends it. CAUSE__COUNT: not
 * judged here. */
static const struct rule_cause {
	int error;
	enum cause_code at_ca, at_client;
} rule_causes[] = {
	{ X509_V_ERR_CERT_NOT_YET_VALID, CAUSE_CHAIN_INTERMEDIATE_EXPIRED,
		CAUSE_CLIENT_NOT_YET_VALID },
	{ X509_V_ERR_CERT_HAS_EXPIRED, CAUSE_CHAIN_INTERMEDIATE_EXPIRED, CAUSE_CLIENT_EXPIRED },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, CAUSE_CHAIN_PATH_LENGTH, CAUSE_CHAIN_PATH_LENGTH },
	{ X509_V_ERR_INVALID_CA, CAUSE_CHAIN_NOT_A_CA, CAUSE_CHAIN_NOT_A_CA },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, CAUSE_CHAIN_KEY_USAGE, CAUSE_CHAIN_KEY_USAGE },
	{ X509_V_ERR_INVALID_PURPOSE, CAUSE_CHAIN_CA_PURPOSE, CAUSE_POLICY_CLIENT_AUTH_MISSING },
	{ X509_V_ERR_CERT_REJECTED, CAUSE_STORE_TRUST_SETTINGS, CAUSE__COUNT },
	{ X509_V_ERR_CERT_UNTRUSTED, CAUSE_STORE_TRUST_SETTINGS, CAUSE__COUNT },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, CAUSE_CHAIN_CRITICAL_EXTENSION,
		CAUSE_CHAIN_CRITICAL_EXTENSION },
	{ X509_V_ERR_PERMITTED_VIOLATION, CAUSE_CHAIN_NAME_CONSTRAINTS,
		CAUSE_CHAIN_NAME_CONSTRAINTS },
	{ X509_V_ERR_EXCLUDED_VIOLATION, CAUSE_CHAIN_NAME_CONSTRAINTS,
		CAUSE_CHAIN_NAME_CONSTRAINTS },
	{ X509_V_ERR_SUBTREE_MINMAX, CAUSE_CHAIN_NAME_CONSTRAINTS, CAUSE_CHAIN_NAME_CONSTRAINTS },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, CAUSE_CHAIN_NAME_CONSTRAINTS,
		CAUSE_CHAIN_NAME_CONSTRAINTS },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, CAUSE_CHAIN_NAME_CONSTRAINTS,
		CAUSE_CHAIN_NAME_CONSTRAINTS },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, CAUSE_CHAIN_WEAK_KEY, CAUSE_CHAIN_WEAK_KEY },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, CAUSE_CHAIN_WEAK_KEY, CAUSE_CHAIN_WEAK_KEY },
	{ X509_V_ERR_CA_MD_TOO_WEAK, CAUSE_CHAIN_WEAK_SIGNATURE, CAUSE_CHAIN_WEAK_SIGNATURE },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, CAUSE_CHAIN_UNUSUAL_ALGORITHM,
		CAUSE_CHAIN_UNUSUAL_ALGORITHM },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, CAUSE_CHAIN_UNUSUAL_ALGORITHM,
		CAUSE_CHAIN_UNUSUAL_ALGORITHM },
};

/* A rule that failed on the best path of a client that must be accepted. */
struct breach {
	struct scene *scene;
	struct suspects *suspects;
	const struct cell *cell;
	const struct path *path;
	const struct failure *failure;
};

static enum cause_code
name_leaf_purpose(const struct cert *leaf)
{
	if (leaf == NULL || !leaf->has_extended_key_usage ||
		(leaf->extended_key_usage & EKU_CLIENT_AUTH) != 0)
		return CAUSE_POLICY_DIGITAL_SIGNATURE;
	if (leaf->extended_key_usage == EKU_ANY)
		return CAUSE_POLICY_ANY_PURPOSE_ONLY;
	return CAUSE_POLICY_CLIENT_AUTH_MISSING;
}

static enum cause_code
name_ca_breach(const struct breach *breach, enum cause_code by_error)
{
	const struct cert *ca = breach->failure->cert;

	if (by_error == CAUSE_CHAIN_INTERMEDIATE_EXPIRED && ca != NULL && cert_is_self_issued(ca))
		return CAUSE_CHAIN_ROOT_EXPIRED;
	if (by_error == CAUSE_CHAIN_INTERMEDIATE_EXPIRED && ca != NULL &&
		is_cross_certificate(breach->scene, ca))
		return CAUSE_CHAIN_CROSS_CERTIFICATE;
	if (by_error == CAUSE_CHAIN_NOT_A_CA && ca != NULL) {
		if (ca->version == 1 && !ca->has_basic_constraints)
			return CAUSE_CHAIN_VERSION_1_CA;
		/* OpenSSL counts a CA without keyCertSign as none (error 79). */
		if (ca->has_basic_constraints && ca->is_ca && ca->has_key_usage &&
			(ca->key_usage & KEY_USAGE_CERT_SIGN) == 0)
			return CAUSE_CHAIN_KEY_USAGE;
	}
	if (by_error == CAUSE_CHAIN_CA_PURPOSE && ca != NULL && ca->has_key_usage &&
		(ca->key_usage & KEY_USAGE_CERT_SIGN) == 0)
		return CAUSE_CHAIN_KEY_USAGE;
	return by_error;
}

/* The certificate would do at the library's default level: it is the level that was raised. */
static bool
is_raised_level(const struct breach *breach)
{
	struct signature_cache *signatures = judge_signatures(breach->scene->diagnosis->judge);
	const struct cert *cert = breach->failure->cert;
	enum { DEFAULT_LEVEL = 2, DEFAULT_BITS = 112 };

	return cert != NULL && breach->cell->verifier->security_level > DEFAULT_LEVEL &&
	       key_security_bits(signatures, cert->spki) >= DEFAULT_BITS &&
	       signature_security_bits(cert->signature_algorithm) >= DEFAULT_BITS;
}

static enum cause_code
name_breach(const struct breach *breach)
{
	int error = breach->failure->error;

	if (error == X509_V_ERR_CERT_NOT_YET_VALID && scene_clock_is_behind(breach->scene))
		return CAUSE_PLATFORM_CLOCK;
	if ((error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_CA_KEY_TOO_SMALL ||
		    error == X509_V_ERR_CA_MD_TOO_WEAK) &&
		is_raised_level(breach))
		return CAUSE_PLATFORM_SECURITY_LEVEL;
	for (size_t i = 0; i < COUNT_OF(rule_causes); i++) {
		if (rule_causes[i].error != breach->failure->error)
			continue;
		if (breach->failure->depth > 0)
			return name_ca_breach(breach, rule_causes[i].at_ca);
		if (rule_causes[i].error == X509_V_ERR_INVALID_PURPOSE)
			return name_leaf_purpose(breach->failure->cert);
		return rule_causes[i].at_client;
	}
	return CAUSE__COUNT;
}

static const struct trusted *
stored_at(const struct breach *breach)
{
	return breach->failure->depth < breach->path->length
		       ? breach->path->anchors[breach->failure->depth]
		       : NULL;
}

/* The constraint that a name or a length breaks stands in a CA above. */
static const struct remedy *
remedy_better(const struct breach *breach, enum cause_code cause)
{
	size_t verifier = (size_t)(breach->cell->verifier - breach->scene->service->verifiers);
	bool above = cause == CAUSE_CHAIN_NAME_CONSTRAINTS || cause == CAUSE_CHAIN_PATH_LENGTH;
	const struct remedy *remedy = NULL;

	if (!above && breach->failure->depth > 0 && breach->failure->cert != NULL)
		return remedy_better_ca(breach->scene, verifier, cause, breach->failure->cert);
	for (unsigned i = 1; above && remedy == NULL && i < breach->path->length; i++)
		if (breach->path->certs[i] != NULL)
			remedy = remedy_better_ca(
				breach->scene, verifier, cause, breach->path->certs[i]);
	return remedy;
}

/* The longest path of all clients expected here, in intermediates. */
static int
depth_needed(const struct scene *scene, const struct verifier *verifier)
{
	int needed = 0;

	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		const struct path *path;

		if (cell->verifier != verifier || !cell->concerns ||
			!cell->client->must_be_accepted || cell->verdict == NULL ||
			cell->verdict->path_count == 0)
			continue;
		path = &cell->verdict->paths[0];
		if (path->ends_in_anchor && path->length >= 2 && (int)path->length - 2 > needed)
			needed = (int)path->length - 2;
	}
	return needed;
}

static void
explain_depth(const struct breach *breach)
{
	struct scene *scene = breach->scene;
	const struct setting *depth = &breach->cell->verifier->depth;
	const struct locus *place = depth->is_default ? &depth->insert : &depth->where;
	int needed = depth_needed(scene, breach->cell->verifier);
	struct remedy *remedy = NULL;
	struct suspect *suspect;

	if (place->path != NULL) {
		remedy = remedy_new(scene, "set-depth", CAUSE_CHAIN_DEPTH_LIMIT, place->path);
		remedy->setting = depth;
		remedy->where = *place;
		remedy->number = needed + depth->bias;
		remedy_says(scene, remedy,
			"set %s to %d, just what the longest path of these clients needs",
			depth->directive, needed + depth->bias);
	}
	suspect = suspect_add(scene, breach->suspects, CAUSE_CHAIN_DEPTH_LIMIT, place, remedy);
	suspect_place(suspect, breach->cell->verifier);
	suspect_blame(breach->scene, suspect, breach->cell->client);
	suspect_evidence(scene, suspect,
		"%s is %d%s: %d intermediates are allowed, and this path has %d", depth->directive,
		depth->value + depth->bias, depth->is_default ? " by default" : "", depth->value,
		(int)breach->path->length - 2);
	if (remedy == NULL) {
		suspect->why =
			"the place in the configuration where the depth would be set is not known";
		suspect->loses_client = true;
	}
}

static const char *
why_unmended(const struct breach *breach, enum cause_code cause)
{
	if (cause == CAUSE_PLATFORM_CLOCK)
		return WHY_CLOCK;
	if (cause == CAUSE_PLATFORM_SECURITY_LEVEL)
		return "the level is set higher than these keys: issue stronger ones, or let its "
		       "owner decide about the level";
	if (breach->failure->depth == 0)
		return cause == CAUSE_CLIENT_NOT_YET_VALID
			       ? "the client must wait, or its CA must issue it anew; check the "
				 "clocks of both"
			       : "the client needs a new certificate: its CA must issue it";
	if (cause == CAUSE_STORE_TRUST_SETTINGS)
		return "the trust settings may be deliberate: change them by hand";
	return "the CA's certificate has to be issued again, and no better one of the same key is "
	       "known to be good";
}

static void
explain_breach(const struct breach *breach)
{
	enum cause_code cause = name_breach(breach);
	const struct trusted *stored = stored_at(breach);
	struct locus where = { 0 };
	const struct remedy *remedy = NULL;
	struct suspect *suspect;

	if (strcmp(breach->failure->rule, "depth") == 0) {
		explain_depth(breach);
		return;
	}
	if (cause == CAUSE__COUNT)
		return;
	remedy = remedy_better(breach, cause);
	if (stored != NULL)
		where = (struct locus){ .path = stored->entry->path,
			.line = stored->entry->line,
			.offset = stored->entry->offset };
	else if (breach->failure->depth == 0)
		where.path = breach->cell->client->path;
	if (cause == CAUSE_PLATFORM_CLOCK)
		where = (struct locus){ 0 };
	if (cause == CAUSE_PLATFORM_SECURITY_LEVEL)
		where = breach->cell->verifier->security_where;
	suspect = suspect_add(breach->scene, breach->suspects, cause, &where, remedy);
	suspect_blame(breach->scene, suspect, breach->cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(breach->scene, suspect, breach->failure->cert);
	suspect_evidence(breach->scene, suspect, "%s: %s",
		breach->failure->cert == NULL ? "any client"
					      : scene_name(breach->scene, breach->failure->cert),
		breach->failure->text);
	if (breach->cell->text != NULL)
		suspect_evidence(breach->scene, suspect, "OpenSSL: error %d at depth %u: %s",
			breach->cell->error, breach->cell->depth, breach->cell->text);
	if (remedy == NULL) {
		suspect->why = why_unmended(breach, cause);
		suspect->loses_client = true;
	}
}

/* Of what is no CA, nobody expects the key usage of one. */
static bool
follows_from_other(const struct path *path, const struct failure *failure)
{
	for (unsigned i = 0; i < path->failure_count; i++)
		if (failure->error == X509_V_ERR_KEYUSAGE_NO_CERTSIGN &&
			path->failures[i].error == X509_V_ERR_INVALID_CA &&
			path->failures[i].depth == failure->depth)
			return true;
	return false;
}

static void
rules_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];

		if (!cell->concerns || cell->accepted || !cell->client->must_be_accepted ||
			cell->verdict == NULL || cell->verdict->path_count == 0)
			continue;
		for (unsigned j = 0; j < cell->verdict->paths[0].failure_count; j++) {
			struct breach breach = { scene, suspects, cell, &cell->verdict->paths[0],
				&cell->verdict->paths[0].failures[j] };

			if (!failure_is_forgiven(cell->verifier, breach.failure) &&
				!follows_from_other(breach.path, breach.failure))
				explain_breach(&breach);
		}
	}
}

const struct check check_rules = {
	.name = "rules",
	.run = rules_run,
};
