/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine: a library that judges; one file in engines/, one row in engines.def. It is called for
 * real, or it is a model: rules over the kept paths, each from its source. A real one has judge, a
 * model has model; never both.
 */
#pragma once

#include "verify/judge.h"

struct model;

/* What an engine answers: the first error that the verifier does not ignore. */
struct answer {
	bool accepted;
	int error;
	unsigned depth;
	const char *text;
	const char *rule;      /* the rule of ours that it stands for; NULL: our paths tell */
	const struct cert *at; /* where it failed, if the depth is not known; or NULL */
	bool bounded;          /* not all candidates could be given to it */
	bool is_undetermined;  /* it could not be asked: the text says why */
};

struct engine {
	const char *name;  /* "openssl" */
	const char *title; /* for people: "OpenSSL" */
	/* Its paths are built as OpenSSL builds them, and its errors are of OpenSSL's numbers. */
	bool is_reference;
	struct answer (*judge)(const struct question *);
	const struct model *model;
};

enum {
#define ENGINE(name) ENGINE_ROW_##name,
#include "verify/engines.def"
#undef ENGINE
	ENGINE__COUNT,
};

/* By name; the reference engine where there is none of that name. Never NULL. */
const struct engine *engine_find(const char *name);
/* In the order of engines.def; NULL behind the last one. */
const struct engine *engine_at(size_t index);

/* Whether the verifier's callback lets an error of OpenSSL's pass at this depth. */
bool engine_forgives(const struct verifier *, int error, unsigned depth);
