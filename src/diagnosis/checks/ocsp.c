/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that a server refuses for what OCSP says of them, or does not say. */
#include "diagnosis/check.h"
#include "verify/rule.h"

/* One certificate of a refused client's path that OCSP does not clear. */
struct doubt {
	struct scene *scene;
	struct suspects *suspects;
	const struct cell *cell;
	const struct ocsp_opinion *opinion;
};

static enum cause_code
name_fault(const struct doubt *doubt)
{
	switch (doubt->opinion->fault) {
	case OCSP_FAULT_NO_URL:
		return CAUSE_OCSP_NO_RESPONDER_URL;
	case OCSP_FAULT_NONCE:
		return CAUSE_OCSP_NONCE;
	case OCSP_FAULT_EARLY:
		return scene_clock_is_behind(doubt->scene) ? CAUSE_PLATFORM_CLOCK
							   : CAUSE_OCSP_OUT_OF_WINDOW;
	case OCSP_FAULT_STALE:
		return CAUSE_OCSP_OUT_OF_WINDOW;
	case OCSP_FAULT_SIGNER:
	case OCSP_FAULT_SIGNATURE:
	case OCSP_FAULT_CRITICAL:
		return CAUSE_OCSP_SIGNER_UNAUTHORISED;
	default:
		return CAUSE_OCSP_UNREACHABLE;
	}
}

static enum cause_code
name_doubt(const struct doubt *doubt)
{
	switch (doubt->opinion->word) {
	case OCSP_WORD_REVOKED:
		return CAUSE_CLIENT_REVOKED;
	case OCSP_WORD_UNKNOWN:
		return CAUSE_OCSP_UNKNOWN;
	default:
		return name_fault(doubt);
	}
}

/* No remedy: who answers for a CA is its owner's to say, and that a server stops asking nobody's.
 */
static const char *
why_unmended(enum cause_code cause)
{
	switch (cause) {
	case CAUSE_CLIENT_REVOKED:
		return "the CA has revoked it: give the client a new certificate, or ask the CA's "
		       "owner whether that is a mistake";
	case CAUSE_OCSP_NO_RESPONDER_URL:
		return "which responder answers for this CA, its owner must say: name it in the "
		       "configuration (ssl_ocsp_responder, SSLOCSPDefaultResponder)";
	case CAUSE_OCSP_NONCE:
		return "a responder that makes its answers ahead cannot repeat a nonce: have the "
		       "server send none (SSLOCSPUseRequestNonce off) if it is one";
	case CAUSE_OCSP_OUT_OF_WINDOW:
		return "have the responder, or the cache before it, give out fresh answers, and "
		       "see that the clocks of both machines are right";
	case CAUSE_OCSP_SIGNER_UNAUTHORISED:
		return "the CA must sign the answers itself, or issue the responder a certificate "
		       "with OCSPSigning";
	case CAUSE_OCSP_UNKNOWN:
		return "the CA's owner must see that the responder knows what the CA has issued";
	case CAUSE_PLATFORM_CLOCK:
		return WHY_CLOCK;
	default:
		return "let the server reach the responder: its name, its resolver, the way "
		       "there, and the responder itself";
	}
}

static void
explain(const struct doubt *doubt)
{
	static const struct locus nowhere;
	const struct ocsp_policy *policy = &doubt->cell->verifier->ocsp;
	const struct ocsp_opinion *opinion = doubt->opinion;
	enum cause_code cause = name_doubt(doubt);
	struct suspect *suspect = suspect_add(doubt->scene, doubt->suspects, cause,
		cause == CAUSE_PLATFORM_CLOCK ? &nowhere : &policy->where, NULL);

	suspect_place(suspect, doubt->cell->verifier);
	suspect_blame(doubt->scene, suspect, doubt->cell->client);
	suspect->idle = SEVERITY_WARNING;
	suspect_subject(doubt->scene, suspect, opinion->cert);
	suspect_evidence(doubt->scene, suspect, "%s: %s", scene_name(doubt->scene, opinion->cert),
		opinion->text);
	if (opinion->source != NULL && opinion->response != NULL)
		suspect_evidence(doubt->scene, suspect, "the answer is that of %s, asked just now",
			opinion->source);
	suspect_evidence(doubt->scene, suspect, "%s:%u: %s has %s asked about", policy->where.path,
		policy->where.line, policy->directive,
		policy->check == CRL_CHECK_LEAF ? "the client's certificate"
						: "all of the chain but its root");
	suspect->why = why_unmended(cause);
	suspect->loses_client = true;
}

static void
ocsp_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		const struct path *path;

		if (!cell->concerns || cell->accepted || !cell->client->must_be_accepted ||
			cell->verdict == NULL || cell->verdict->path_count == 0)
			continue;
		path = &cell->verdict->paths[0];
		for (unsigned j = 0; j < path->failure_count; j++) {
			struct doubt doubt = { scene, suspects, cell, path->failures[j].ocsp };

			if (doubt.opinion != NULL &&
				!failure_is_forgiven(cell->verifier, &path->failures[j]))
				explain(&doubt);
		}
	}
}

const struct check check_ocsp = {
	.name = "ocsp",
	.run = ocsp_run,
};
