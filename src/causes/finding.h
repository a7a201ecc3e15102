/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: a cause with its evidence, in one place, with severity and confidence. Everything in a
 * finding belongs to the arena of its list.
 */
#pragma once

#include "base/base.h"

enum cause_code {
#define CAUSE(enumerator, code, title) CAUSE_##enumerator,
#include "causes/causes.def"
#undef CAUSE
	CAUSE__COUNT
};

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_CRITICAL };
enum confidence { CONFIDENCE_HINT, CONFIDENCE_STRONG, CONFIDENCE_PROVED };
/* Bits: where a finding holds. */
enum state { STATE_RUNNING = 1 << 0, STATE_DISK = 1 << 1, STATE_BASELINE = 1 << 2 };
enum applicability { REPAIR_NONE, REPAIR_REVIEW, REPAIR_AUTOMATIC };

/* A place in a file; line 0 and length 0 where unknown. path NULL: no place. */
struct locus {
	const char *path;
	unsigned line;
	size_t offset, length;
};

struct subject {
	struct locus where;
	const char *fingerprint; /* hex, of the certificate or CRL it is about, or NULL */
	const char *name;        /* its name, sanitised, or NULL */
	int pid;                 /* 0: none */
};

enum { FINDING_MAX_EVIDENCE = 16 };

struct finding {
	enum cause_code cause;
	enum severity severity;
	enum confidence confidence;
	unsigned states;
	const char *service, *verifier; /* names, or NULL */
	struct subject subject;
	const char *evidence[FINDING_MAX_EVIDENCE];
	size_t evidence_count;
	const char **refuses; /* names of clients: "accept/alice.pem" */
	size_t refuses_count;
	const char **admits; /* clients it wrongly lets in: "reject/mallory.pem" */
	size_t admits_count;
	/* The repair: what would be done, or why there is none. */
	enum applicability applicability;
	const char *action, *why;
};

struct findings; /* opaque list */

/* The arena must outlive the list. */
struct findings *findings_new(struct arena *);
/* A new finding at the end; the caller fills it. Never NULL. */
struct finding *finding_add(struct findings *, enum cause_code, enum severity);
void finding_evidence(struct findings *, struct finding *, const char *format, ...) PRINTF(3, 4);
size_t findings_count(const struct findings *);
struct finding *findings_get(const struct findings *, size_t index);
/* Orders them for people: critical first, then by service, cause, path, offset. Stable. */
void findings_sort(struct findings *);

const char *severity_name(enum severity);
const char *confidence_name(enum confidence);
const char *applicability_name(enum applicability);
