/* SPDX-License-Identifier: Apache-2.0 */
/* An engine: a library that judges; one file in engines/, one row in engines.def. */
#pragma once

#include "verify/judge.h"

/* What an engine answers: the first error that the verifier does not ignore. */
struct answer {
	bool accepted;
	int error;
	unsigned depth;
	const char *text;
	bool bounded; /* not all candidates could be given to it */
};

struct engine {
	const char *name;
	struct answer (*judge)(const struct question *);
};

/* By name; the reference engine where there is none of that name. Never NULL. */
const struct engine *engine_find(const char *name);

/* Whether the verifier's callback lets an error of OpenSSL's pass at this depth. */
bool engine_forgives(const struct verifier *, int error, unsigned depth);
