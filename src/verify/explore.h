/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path exploration: every candidate issuer is followed, not the first one that fits, within the
 * bounds of verify.h.
 */
#pragma once

#include "verify/judge.h"

struct exploration {
	struct path *paths; /* from the question's arena; without failures yet */
	size_t count;
	bool bounded; /* a bound was met: there may be more paths */
};

struct exploration explore_paths(const struct question *);

/* Whether the issuer's key made the subject's signature; of a supposed leaf, whether it is the key
 * of the issuer that was supposed. */
bool explore_signed(const struct question *, const struct cert *issuer, const struct cert *subject);
