/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one client may cost. Paths multiply whatever is on them: names by subtrees, policies by
 * policies, and all of it by the paths on which the same CAs come in another order. So whatever is
 * looked at for each path or step is counted, and once the count is full nothing more is looked at:
 * who has not been accepted by then is undetermined. The count is of work and not of time, so that
 * it says the same on any machine.
 */
#pragma once

#include "verify/judge.h"

/* A unit is about what it takes to compare two short names: 30 ns on a machine of 2023. */
enum { EFFORT_MAX = 1 << 24 };

/* Takes so many units; false where they are not left, now and from then on. */
bool effort_spend(const struct question *, uint64_t units);
bool effort_is_spent(const struct question *);
/* The comparison of two names: more where they are folded for it. */
bool effort_spend_names(const struct question *, struct span, struct span);
/* A name and a subtree of constraints: more where they are long, and where of directory names. */
bool effort_spend_subtree(
	const struct question *, struct span name, struct span base, bool is_directory);
/* Each of one list of names with each of another. */
bool effort_spend_lists(const struct question *, struct span, struct span);
/* Rules walk through a certificate. */
bool effort_spend_cert(const struct question *, const struct cert *);
/* libcrypto checks a signature by this key. */
bool effort_spend_signature(const struct question *, const struct key_info *);
