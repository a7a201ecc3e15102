/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/repair.h"

#include "tap.h"

TEST(worst, "of several repairs the worst result counts, with what is said of it")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct step steps[] = { { .text = "one" }, { .text = "two" } };
	struct recorded_verdict verdicts[] = { { .client = "a" }, { .client = "b" } };
	struct plan first = { .steps = &steps[0], .step_count = 1 };
	struct plan second = { .steps = &steps[1], .step_count = 1 }, sum;
	struct plan *plans[] = { &first, &second };
	struct repair repairs[] = {
		{ .result = RESULT_REFUSED, .text = "no" },
		{ .result = RESULT_APPLIED,
			.text = "yes",
			.transaction = 7,
			.proof = PROOF_STAND_IN,
			.after = verdicts,
			.after_count = 2 },
	};
	struct repair whole;

	repair_sum(arena, plans, repairs, 2, &sum, &whole);
	CHECK(whole.result == RESULT_REFUSED && whole.transaction == 7);
	CHECK_TEXT(whole.text, "no");
	CHECK(whole.proof == PROOF_STAND_IN && whole.after_count == 2);
	CHECK_TEXT(whole.after[1].client, "b");
	CHECK(sum.service == NULL && sum.step_count == 2);
	CHECK_TEXT(sum.steps[0].text, "one");
	CHECK_TEXT(sum.steps[1].text, "two");
}

TEST(proofs, "one handshake with a server that runs is the better proof, wherever it stands")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct plan plan = { 0 }, sum;
	struct plan *plans[] = { &plan, &plan };
	struct repair repairs[] = {
		{ .result = RESULT_APPLIED, .text = "", .proof = PROOF_HANDSHAKE },
		{ .result = RESULT_APPLIED, .text = "", .proof = PROOF_STAND_IN },
	};
	struct repair whole;

	repair_sum(arena, plans, repairs, 2, &sum, &whole);
	CHECK(whole.proof == PROOF_HANDSHAKE && whole.result == RESULT_APPLIED);
}

TEST(nothing, "of no repair at all, nothing is said to be done")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct plan sum;
	struct repair whole;

	repair_sum(arena, NULL, NULL, 0, &sum, &whole);
	CHECK(whole.result == RESULT_NOTHING && whole.transaction == 0 && sum.step_count == 0);
	CHECK_TEXT(whole.text, "nothing to do");
}

TAP_MAIN()
