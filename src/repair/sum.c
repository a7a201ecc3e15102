/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "repair/repair.h"

/* What is worst counts for all, and what was done before what was not. */
static const unsigned gravity[] = {
	[RESULT_NOTHING] = 0,
	[RESULT_PREPARED] = 1,
	[RESULT_APPLIED] = 2,
	[RESULT_REFUSED] = 3,
	[RESULT_ROLLED_BACK] = 4,
	[RESULT_STUCK] = 5,
};

/* A list of the arena with those of more behind it. */
static void *
joined(struct arena *arena, const void *list, size_t count, const void *more, size_t more_count,
	size_t size)
{
	char *whole = arena_alloc(arena, (count + more_count + 1) * size);

	if (count > 0)
		memcpy(whole, list, count * size);
	if (more_count > 0)
		memcpy(whole + count * size, more, more_count * size);
	return whole;
}

#define JOIN(arena, to, from, list, count)                                                       \
	do {                                                                                     \
		(to)->list = joined(arena, (to)->list, (to)->count, (from)->list, (from)->count, \
			sizeof(*(to)->list));                                                    \
		(to)->count += (from)->count;                                                    \
	} while (0)

static void
add_plan(struct arena *arena, struct plan *sum, const struct plan *plan)
{
	JOIN(arena, sum, plan, chosen, chosen_count);
	JOIN(arena, sum, plan, steps, step_count);
	JOIN(arena, sum, plan, changes, change_count);
	JOIN(arena, sum, plan, let_in, let_in_count);
	JOIN(arena, sum, plan, shut_out, shut_out_count);
}

static void
add_repair(struct arena *arena, struct repair *sum, const struct repair *repair)
{
	JOIN(arena, sum, repair, after, after_count);
	if (repair->transaction > sum->transaction)
		sum->transaction = repair->transaction;
	if (repair->proof == PROOF_HANDSHAKE || sum->proof == PROOF_NONE)
		sum->proof = repair->proof;
	if (sum->text != NULL && gravity[repair->result] <= gravity[sum->result])
		return;
	sum->result = repair->result;
	sum->text = repair->text;
	sum->note = repair->note;
	sum->tested = repair->tested;
	sum->untested = repair->untested;
}

void
repair_sum(struct arena *arena, struct plan *const *plans, const struct repair *repairs,
	size_t count, struct plan *ret_plan, struct repair *ret)
{
	*ret_plan = (struct plan){ 0 };
	*ret = (struct repair){ 0 };
	for (size_t i = 0; i < count; i++) {
		add_plan(arena, ret_plan, plans[i]);
		if (repairs != NULL)
			add_repair(arena, ret, &repairs[i]);
	}
	if (ret->text == NULL)
		ret->text = "nothing to do";
}
