/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of an engine that is not called here, and that tries every path until one is good: what
 * it asks of each. Rules of RFC 5280 that it asks as they stand are rows of rules.def; what it has
 * of its own, or leaves out, are rules beside its model. Each row says where in its source that is,
 * and as which error it reports it.
 */
#pragma once

#include "verify/rule.h"

struct model_rule {
	const struct rule *rule;
	int error; /* the engine's own number */
	const char
		*source; /* "pkix_validate.c, pkix_CheckCert": the file and function that asks it */
};

struct model {
	const struct model_rule *rules; /* in the order in which the engine asks them */
	size_t rule_count;
	bool any_anchor_ends; /* whatever it trusts ends a path, whether self-signed or not */
};

/* The verifier as a model's rules see it: by RFC 5280, with what the model makes of it. What is
 * ignored goes by OpenSSL's callback and numbers, and is nothing to others. */
struct verifier model_verifier(const struct model *, const struct verifier *);
/* The model's rules; failures are ordered from the leaf up. */
void model_examine(const struct model *, const struct question *, struct path *);
