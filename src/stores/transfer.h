/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a store goes into another form, and what cannot. Trust is never widened on the way: a
 * certificate that is bound by trust settings stays behind where the form has no place for these,
 * and so does one that stands there for a key and not for itself.
 */
#pragma once

#include "stores/compare.h"
#include "stores/write.h"

struct left_out {
	const struct entry *entry;
	const char *why;
};

struct transfer {
	struct entry_set carried; /* no two the same */
	struct left_out *left_out;
	size_t left_count, left_capacity;
	const char *losses[4]; /* sentences: what the form has no place for, of those carried */
	size_t loss_count;
};

/* format is one that is written. */
void transfer_plan(struct arena *, const struct store *, const char *format, struct transfer *ret);
/* Whether the store that was written holds what was carried, no more and no less, and trusts it the
 * same. *ret says what differs. */
bool transfer_is_proved(struct arena *, const struct transfer *, const struct store *written,
	struct differences *ret);
