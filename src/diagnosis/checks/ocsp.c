/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that a server refuses for what OCSP says of them, or does not say. */
#include <assert.h>

#include "diagnosis/ocsp_mend.h"
#include "verify/rule.h"

/* One certificate of a refused client's path that OCSP does not clear. */
struct doubt {
	struct scene *scene;
	struct suspects *suspects;
	const struct cell *cell;
	const struct ocsp_opinion *opinion;
};

/* Why nothing mends it, where nothing does: who answers for a CA is its owner's to say, and that a
 * server stops asking nobody's. */
struct ground {
	enum cause_code cause;
	const char *why;
};

#define WHY_REACH                                                                         \
	"let the server reach the responder: its name, its resolver, the way there, and " \
	"the responder itself"
#define WHY_STALE                                                                           \
	"have the responder, or the cache before it, give out fresh answers, and see that " \
	"the clocks of both machines are right"
#define WHY_SIGNER                                                                        \
	"the CA must sign the answers itself, or issue the responder a certificate with " \
	"OCSPSigning"

/* Of answers that are not to be believed. */
static const struct ground faults[] = {
	[OCSP_FAULT_NO_URL] = { CAUSE_OCSP_NO_RESPONDER_URL,
		"which responder answers for this CA, its owner must say: name it in the "
		"configuration (ssl_ocsp_responder, SSLOCSPDefaultResponder)" },
	[OCSP_FAULT_BAD_URL] = { CAUSE_OCSP_UNREACHABLE,
		"servers ask by plain http alone, for the answer is signed: name a responder that "
		"is reached so (ssl_ocsp_responder, SSLOCSPDefaultResponder)" },
	[OCSP_FAULT_RESOLVER] = { CAUSE_OCSP_UNREACHABLE, WHY_REACH },
	[OCSP_FAULT_SILENT] = { CAUSE_OCSP_UNREACHABLE, WHY_REACH },
	[OCSP_FAULT_REFUSED] = { CAUSE_OCSP_UNREACHABLE,
		"the responder is there and will not answer: its owner must see why, and whether "
		"it is the one of this CA" },
	[OCSP_FAULT_DAMAGED] = { CAUSE_OCSP_UNREACHABLE,
		"whatever answers at this address is no OCSP responder, or a broken one: name the "
		"right one, or have it mended" },
	[OCSP_FAULT_OTHER] = { CAUSE_OCSP_UNREACHABLE,
		"the responder answers about other certificates: see that it is the one of this "
		"CA, and that no cache before it mixes up what it was asked" },
	[OCSP_FAULT_SIGNER] = { CAUSE_OCSP_SIGNER_UNAUTHORISED, WHY_SIGNER },
	[OCSP_FAULT_SIGNATURE] = { CAUSE_OCSP_SIGNER_UNAUTHORISED, WHY_SIGNER },
	[OCSP_FAULT_NONCE] = { CAUSE_OCSP_NONCE,
		"a responder that makes its answers ahead cannot repeat a nonce: have the server "
		"send none (SSLOCSPUseRequestNonce off) if it is one" },
	[OCSP_FAULT_EARLY] = { CAUSE_OCSP_OUT_OF_WINDOW, WHY_STALE },
	[OCSP_FAULT_STALE] = { CAUSE_OCSP_OUT_OF_WINDOW, WHY_STALE },
	[OCSP_FAULT_CRITICAL] = { CAUSE_OCSP_SIGNER_UNAUTHORISED, WHY_SIGNER },
};
static_assert(COUNT_OF(faults) == OCSP_FAULT__COUNT);

static struct ground
ground_of(const struct doubt *doubt)
{
	const struct ocsp_opinion *opinion = doubt->opinion;

	if (opinion->word == OCSP_WORD_REVOKED)
		return (struct ground){ CAUSE_CLIENT_REVOKED,
			"the CA has revoked it: give the client a new certificate, or ask the CA's "
			"owner whether that is a mistake" };
	if (opinion->word == OCSP_WORD_UNKNOWN)
		return (struct ground){ CAUSE_OCSP_UNKNOWN,
			"the CA's owner must see that the responder knows what the CA has issued" };
	if (opinion->fault == OCSP_FAULT_EARLY && scene_clock_is_behind(doubt->scene))
		return (struct ground){ CAUSE_PLATFORM_CLOCK, WHY_CLOCK };
	assert(opinion->fault != OCSP_FAULT_NONE); /* or it would be good */
	return faults[opinion->fault];
}

static void
explain(const struct doubt *doubt)
{
	static const struct locus nowhere;
	const struct ocsp_policy *policy = &doubt->cell->verifier->ocsp;
	const struct ocsp_opinion *opinion = doubt->opinion;
	struct ground ground = ground_of(doubt);
	const struct remedy *remedy =
		opinion->word == OCSP_WORD_REVOKED || ground.cause == CAUSE_PLATFORM_CLOCK
			? NULL
			: ocsp_mend(doubt->scene, doubt->cell->verifier, opinion, ground.cause);
	struct suspect *suspect = suspect_add(doubt->scene, doubt->suspects, ground.cause,
		ground.cause == CAUSE_PLATFORM_CLOCK ? &nowhere : &policy->where, remedy);

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
	if (remedy != NULL && !doubt->scene->request->may_ask)
		suspect_evidence(doubt->scene, suspect,
			"whether the one that would be asked answers is not known: --online asks");
	if (remedy != NULL)
		return;
	suspect->why = ground.why;
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
