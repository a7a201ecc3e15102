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

/* How much a change asks of people, the least first. */
enum change_cost {
	CHANGE_LIST,        /* a revocation list is fetched */
	CHANGE_SETTING,     /* the verifier is set otherwise */
	CHANGE_CERTIFICATE, /* one certificate is replaced */
	CHANGE_CA,          /* a CA is, or what stands for it in the store */
	CHANGE_TRUST,       /* somebody is trusted who was not */
};

struct rule {
	const char *name;
	const char *change; /* what would have to change of the certificate that fails */
	enum change_cost cost;
	bool of_edge;       /* between the certificate and its issuer */
	bool standard_only; /* asked by RFC 5280, and by OpenSSL not or elsewhere */
	void (*check)(struct examination *);
};

/* Adds a failure at a depth, unless PATH_MAX_FAILURES are there; NULL then. */
struct failure *path_fail(struct examination *, const struct rule *, unsigned depth, int error,
	const char *format, ...) PRINTF(5, 6);

/* Whether RFC 5280 itself is asked, and not what a library makes of it. */
static inline bool
by_standard(const struct examination *examination)
{
	return examination->question->verifier->by_standard;
}

/* Whether the certificate at this depth is the trust anchor: not a part of the path that RFC 5280
 * 6.1 validates. */
static inline bool
is_anchor(const struct path *path, unsigned depth)
{
	return path->ends_in_anchor && depth + 1 == path->length && depth > 0;
}

/* Whether the path may be examined: it costs by the octets of what is on it. Where there is no
 * effort left for it, that is its failure. */
bool path_is_affordable(struct examination *);
/* All rules, then what the verifier checks of revocation. Failures are ordered from the leaf up. */
void path_examine(const struct question *, struct path *);
/* Whether the verifier lets this failure pass, by what it ignores. */
bool failure_is_forgiven(const struct verifier *, const struct failure *);
/* From the leaf up; those of one depth stay in order. */
void path_sort_failures(struct path *);
/* Failures that the verifier does not let pass. */
unsigned path_weight(const struct verifier *, const struct path *);

/* What the trust settings of a certificate from a store say about the verifier's purpose
 * (X509_check_trust). */
enum trust_word { TRUST_SILENT, TRUST_GIVEN, TRUST_REJECTED };
enum trust_word trust_word(const struct verifier *, const struct trusted *); /* NULL: silent */
/* Whether a certificate of a store ends a path of this verifier. */
bool trusted_ends_path(const struct verifier *, const struct trusted *);

extern const struct rule rule_effort;
extern const struct rule rule_revocation;
extern const struct rule rule_ocsp;
#define RULE(name) extern const struct rule rule_##name;
#include "verify/rules.def"
#undef RULE
