/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule of path validation: one file in rules/, one row in rules.def. It looks at a whole path and
 * adds a failure for each certificate that breaks it.
 */
#pragma once

#include "verify/judge.h"

struct examination {
	const struct question *question;
	struct path *path;
};

struct rule {
	const char *name;
	void (*check)(struct examination *);
};

/* Adds a failure at a depth, unless PATH_MAX_FAILURES are there; NULL then. */
struct failure *path_fail(struct examination *, const struct rule *, unsigned depth, int error,
	const char *format, ...) PRINTF(5, 6);

/* All rules, then what the verifier checks of revocation. Failures are ordered from the leaf up. */
void path_examine(const struct question *, struct path *);
/* Whether the verifier lets this failure pass, by what it ignores. */
bool failure_is_forgiven(const struct verifier *, const struct failure *);
/* Failures that the verifier does not let pass. */
unsigned path_weight(const struct verifier *, const struct path *);

/* What the trust settings of a certificate from a store say about clients (X509_check_trust). */
enum trust_word { TRUST_SILENT, TRUST_GIVEN, TRUST_REJECTED };
enum trust_word trust_word(const struct trusted *); /* NULL: silent */
/* Whether a certificate of a store ends a path of this verifier. */
bool trusted_ends_path(const struct verifier *, const struct trusted *);

#define RULE(name) extern const struct rule rule_##name;
#include "verify/rules.def"
#undef RULE
