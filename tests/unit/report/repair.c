/* SPDX-License-Identifier: Apache-2.0 */
/* A repair says what it changes in trust before it acts, and what came of it after. */
#include "diagnosis/town.h"
#include "report/paper.h"

static struct plan *
plan_of(struct town *town)
{
	(void)town_diagnose(town);
	return plan_make(town->diagnosis, town->diagnosis->services.list[0], &town->request);
}

static void
write_plan(struct paper *paper, const struct plan *plan, const struct repair *repair)
{
	buffer_clear(&paper->out);
	report_repair_text(plan, repair, &paper->style, &paper->out);
}

TEST(added,
	"a CA that would be trusted is named with its fingerprint and store, and whom it lets in")
{
	char fingerprint[DIGEST_TEXT_SIZE];
	PAPER;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	write_plan(&paper, plan_of(&town), NULL);
	digest_text(&town.root->cert.fingerprint, fingerprint);
	fingerprint[16] = '\0';
	CHECK(paper_says(&paper, "Plan for nginx:" TOWN_CONFIG "\n"));
	CHECK(paper_says(&paper, "  chain.root-missing: add Root (from "));
	CHECK(paper_says(&paper, "Trust change\n  + anchor "));
	CHECK(paper_says(&paper, fingerprint) && paper_says(&paper, " in " TOWN_STORE "\n"));
	CHECK(paper_says(&paper, "  lets in: accept/alice.pem\n"));
	CHECK(!paper_says(&paper, "shuts out") && !paper_says(&paper, "  - "));
	CHECK(!paper_says(&paper, "remember the times"));
}

TEST(intermediate, "an intermediate is told from an anchor")
{
	PAPER;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root));
	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	write_plan(&paper, plan_of(&town), NULL);
	CHECK(paper_says(&paper, "  + intermediate "));
	CHECK(!paper_says(&paper, "anchor "));
}

TEST(exchanged, "what is replaced is named as removed beside what is added")
{
	const struct pki_cert *expired;
	PAPER;
	TOWN;

	expired = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = town.root,
		.key_of = town.inter, .days_from = -900, .days = 800);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root, expired));
	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	write_plan(&paper, plan_of(&town), NULL);
	CHECK(paper_says(&paper, "  + intermediate ") && paper_says(&paper, "  - intermediate "));
}

TEST(unchanged, "a mend that changes no trust says so")
{
	PAPER;
	TOWN;

	town_put(&town, TOWN_CONFIG, TOWN_SERVER "\t\tssl_verify_depth 0;\n" TOWN_END);
	write_plan(&paper, plan_of(&town), NULL);
	CHECK(paper_says(&paper, "chain.depth-limit"));
	CHECK(paper_says(&paper, "  none: the same CAs and CRLs as before\n"));
	CHECK(paper_says(&paper, "lets in: accept/alice.pem\n"));
}

TEST(results, "each result says what it is, and what to do next")
{
	static const struct {
		enum repair_result result;
		const char *words;
	} wanted[] = {
		{ RESULT_NOTHING, ": because.\n" },
		{ RESULT_APPLIED, "Way back: trustmend rollback 7\n" },
		{ RESULT_REFUSED, "no safe repair: because\nNothing was changed.\n" },
		{ RESULT_ROLLED_BACK, "Failed and undone.\nEverything is as it was before.\n" },
		{ RESULT_PREPARED, "Dry run: because.\n" },
		{ RESULT_STUCK, "Could not be undone.\nThe journal is kept" },
	};
	PAPER;
	TOWN;
	const struct plan *plan = plan_of(&town);

	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		write_plan(&paper, plan,
			&(struct repair){
				.result = wanted[i].result, .transaction = 7, .text = "because" });
		CHECK(paper_says(&paper, wanted[i].words));
	}
}

TEST(proof, "the proof says by what it was made, and counts what is as it must be")
{
	struct recorded_verdict after[] = { { .must_be_accepted = true, .accepted = true },
		{ .must_be_accepted = false, .accepted = true } };
	struct repair repair = { .result = RESULT_APPLIED, .after = after, .after_count = 2 };
	PAPER;
	TOWN;
	const struct plan *plan = plan_of(&town);

	repair.proof = PROOF_HANDSHAKE;
	write_plan(&paper, plan, &repair);
	CHECK(paper_says(&paper, "Proved by handshakes with the running server, fresh and resumed: "
				 "1 of 2 verdicts"));
	repair.proof = PROOF_STAND_IN;
	write_plan(&paper, plan, &repair);
	CHECK(paper_says(&paper, "a stand-in (the server is down)"));
}

TEST(document, "the document has plan, trust change, result and proof as the interface says")
{
	struct repair repair = { .result = RESULT_ROLLED_BACK, .transaction = 3, .text = "why" };
	json_t *change, *steps;
	PAPER;
	TOWN;
	const struct plan *plan;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	plan = plan_of(&town);
	paper_open(&paper);
	report_repair_json(plan, &repair, &paper.json);
	CHECK(paper_close(&paper) != NULL);
	CHECK_TEXT(json_string_value(json_object_get(paper.root, "result")), "rolled-back");
	CHECK(json_integer_value(json_object_get(paper.root, "transaction")) == 3);
	CHECK(json_is_null(json_object_get(paper.root, "proof")));
	steps = json_object_get(json_object_get(paper.root, "plan"), "steps");
	CHECK(json_array_size(steps) == plan->step_count);
	change = json_object_get(json_object_get(paper.root, "plan"), "trust_change");
	CHECK(json_array_size(json_object_get(change, "added")) == 1);
	CHECK(json_array_size(json_object_get(change, "removed")) == 0);
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(change, "clients_let_in"), 0)),
		"accept/alice.pem");
	CHECK(json_array_size(json_object_get(change, "clients_shut_out")) == 0);
	paper_open(&paper);
	repair = (struct repair){ .result = RESULT_NOTHING };
	report_repair_json(plan, &repair, &paper.json);
	CHECK(paper_close(&paper) != NULL);
	CHECK(json_is_null(json_object_get(paper.root, "transaction")));
}

TEST(names, "results have the names of the interface")
{
	CHECK_TEXT(repair_result_name(RESULT_NOTHING), "nothing");
	CHECK_TEXT(repair_result_name(RESULT_APPLIED), "applied");
	CHECK_TEXT(repair_result_name(RESULT_REFUSED), "refused");
	CHECK_TEXT(repair_result_name(RESULT_ROLLED_BACK), "rolled-back");
	CHECK_TEXT(repair_result_name(RESULT_PREPARED), "prepared");
	CHECK_TEXT(repair_result_name(RESULT_STUCK), "stuck");
}

TAP_MAIN()
