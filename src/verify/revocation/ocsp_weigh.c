/* SPDX-License-Identifier: Apache-2.0 */
/* What one answer is worth for one certificate (RFC 6960 3.2). */
#include "base/moment.h"
#include "verify/revocation/ocsp.h"

/* A loss of trust in the answer; false, for the caller to hand on. */
static bool
fault(struct ocsp_opinion *opinion, enum ocsp_fault what, const char *text)
{
	opinion->word = OCSP_WORD_NONE;
	opinion->fault = what;
	opinion->text = text;
	return false;
}

static bool
is_worse(const struct ocsp_single *a, const struct ocsp_single *b)
{
	bool a_revokes = a->status == OCSP_STATUS_REVOKED;
	bool b_revokes = b->status == OCSP_STATUS_REVOKED;

	if (a_revokes != b_revokes)
		return a_revokes;
	return a->this_update > b->this_update;
}

/* OCSP_resp_find takes the first; by the standard no order is given, and the worst one counts, of
 * equals the newer. */
static bool
find_single(const struct question *question, struct ocsp_opinion *opinion)
{
	struct der singles = der_of(opinion->response->singles);
	struct ocsp_single single;

	while (ocsp_single_next(&singles, &single)) {
		if (!ocsp_id_names(&single.id, opinion->cert, opinion->issuer))
			continue;
		if (!opinion->has_single ||
			(question->verifier->by_standard && is_worse(&single, &opinion->single)))
			opinion->single = single;
		opinion->has_single = true;
	}
	return opinion->has_single ||
	       fault(opinion, OCSP_FAULT_OTHER,
		       "the answer does not speak of this certificate and issuer (RFC 6960 3.2)");
}

static bool
check_nonce(const struct question *question, struct span sent, struct ocsp_opinion *opinion)
{
	const struct ocsp_response *response = opinion->response;

	if (sent.length == 0)
		return true;
	if (response->has_nonce)
		return span_equal(response->nonce, sent) ||
		       fault(opinion, OCSP_FAULT_NONCE,
			       "the answer has another nonce than the request: it was made for "
			       "somebody else (RFC 9654 2.1)");
	/* RFC 5019 4: answers that are made ahead cannot repeat it. */
	return !question->verifier->ocsp.nonce_demanded ||
	       fault(opinion, OCSP_FAULT_NONCE,
		       "the answer lacks the nonce of the request, and the server demands it "
		       "(RFC 9654 2.1)");
}

static bool
check_extensions(const struct question *question, struct ocsp_opinion *opinion)
{
	/* OCSP_basic_verify looks at none. */
	if (!question->verifier->by_standard ||
		(opinion->response->unknown_critical.length == 0 &&
			opinion->single.unknown_critical.length == 0))
		return true;
	return fault(opinion, OCSP_FAULT_CRITICAL,
		"the answer has a critical extension that is unknown (RFC 6960 4.4)");
}

static bool
out_of_window(const struct question *question, struct ocsp_opinion *opinion, enum ocsp_fault what,
	const char *format, int64_t moment)
{
	char text[MOMENT_TEXT_SIZE];

	moment_text(moment, text);
	return fault(opinion, what,
		arena_printf(question->arena, "the answer %s %s (RFC 6960 4.2.2.1)", format, text));
}

/* As OCSP_check_validity has it. */
static bool
check_window(const struct question *question, struct ocsp_opinion *opinion)
{
	const struct ocsp_policy *policy = &question->verifier->ocsp;
	const struct ocsp_single *single = &opinion->single;
	int64_t skew = policy->has_skew ? policy->skew : OCSP_SKEW_DEFAULT;
	bool is_dated = single->next_update != MOMENT_NEVER;

	if (single->this_update > question->at + skew)
		return out_of_window(question, opinion, OCSP_FAULT_EARLY, "is not valid before",
			single->this_update);
	if (is_dated && single->next_update < single->this_update)
		return fault(opinion, OCSP_FAULT_STALE,
			"the answer's nextUpdate is before its thisUpdate (RFC 6960 4.2.2.1)");
	if (is_dated && single->next_update < question->at - skew)
		return out_of_window(question, opinion, OCSP_FAULT_STALE, "was to be replaced by",
			single->next_update);
	if (policy->has_max_age && single->this_update < question->at - policy->max_age)
		return out_of_window(question, opinion, OCSP_FAULT_STALE,
			"is older than the verifier allows: it is of", single->this_update);
	/* "Newer information is available all the time": what was kept is none of it. */
	if (!is_dated && question->verifier->by_standard && !policy->has_max_age &&
		single->this_update < question->at - OCSP_UNDATED_AGE - skew)
		return out_of_window(question, opinion, OCSP_FAULT_STALE,
			"has no nextUpdate and is of", single->this_update);
	return true;
}

static void
say_revoked(const struct question *question, struct ocsp_opinion *opinion)
{
	char text[MOMENT_TEXT_SIZE];

	moment_text(opinion->single.revoked_at, text);
	opinion->word = OCSP_WORD_REVOKED;
	opinion->fault = OCSP_FAULT_NONE;
	opinion->text = arena_printf(question->arena,
		"its responder says that it is revoked since %s (RFC 6960 2.2)", text);
}

/* What is revoked stays so, unless it is on hold (RFC 5280 5.3.1): an old answer says it as well.
 */
static bool
is_revoked_for_good(const struct ocsp_opinion *opinion)
{
	return opinion->single.status == OCSP_STATUS_REVOKED &&
	       opinion->single.reason != REASON_HOLD && opinion->fault == OCSP_FAULT_STALE;
}

static void
say_status(const struct question *question, struct ocsp_opinion *opinion)
{
	opinion->fault = OCSP_FAULT_NONE;
	switch (opinion->single.status) {
	case OCSP_STATUS_GOOD:
		opinion->word = OCSP_WORD_GOOD;
		opinion->text = "its responder says that it is good";
		return;
	case OCSP_STATUS_REVOKED:
		say_revoked(question, opinion);
		return;
	case OCSP_STATUS_UNKNOWN:
		break;
	}
	opinion->word = OCSP_WORD_UNKNOWN;
	opinion->text = "its responder does not know it (RFC 6960 2.2)";
}

static bool
check_answer(const struct question *question, const struct ocsp_stored *stored,
	struct ocsp_opinion *opinion)
{
	if (stored->fault != NULL)
		return fault(opinion, OCSP_FAULT_DAMAGED,
			arena_printf(question->arena,
				"the answer cannot be read: %s (RFC 6960 4.2)", stored->fault));
	if (stored->response.answer == OCSP_SUCCESSFUL)
		return true;
	return fault(opinion, OCSP_FAULT_REFUSED,
		arena_printf(question->arena, "the responder answers %s (RFC 6960 2.3)",
			ocsp_answer_name(stored->response.answer)));
}

void
ocsp_weigh(const struct question *question, const struct ocsp_stored *stored, struct span sent,
	struct ocsp_opinion *opinion)
{
	enum ocsp_fault what;
	const char *text;

	opinion->source = stored->source;
	opinion->response = &stored->response;
	opinion->has_single = false;
	if (!check_answer(question, stored, opinion) || !find_single(question, opinion))
		return;
	if (!ocsp_signer_is_authorised(
		    question, opinion->response, opinion->issuer, &what, &text)) {
		(void)fault(opinion, what, text);
		return;
	}
	if (check_nonce(question, sent, opinion) && check_extensions(question, opinion) &&
		check_window(question, opinion))
		say_status(question, opinion);
	else if (is_revoked_for_good(opinion))
		say_revoked(question, opinion);
}
