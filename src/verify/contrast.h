/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two clients or two verifiers side by side: what one has and the other has not, and why that can
 * decide who gets in. What differs between any two certificates (serial, fingerprint) is left out.
 */
#pragma once

#include "verify/client.h"
#include "verify/verifier.h"

struct contrast {
	const char *field, *a, *b;
	const char *why; /* how it can decide a verdict; NULL: it says who it is, and no more */
};

struct contrasts {
	struct contrast *list;
	size_t count, capacity;
};

/* Adds the fields in which they differ, in the order of a judgement. Texts are from the arena. */
void contrast_clients(struct arena *, const struct client *a, const struct client *b, int64_t at,
	struct contrasts *);
void contrast_verifiers(
	struct arena *, const struct verifier *a, const struct verifier *b, struct contrasts *);
/* Adds one field, where the texts differ. */
void contrast_add(struct arena *, struct contrasts *, const struct contrast *);
