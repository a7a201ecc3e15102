/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a private PKI for client certificates does well to avoid: what some engine refuses today, or
 * by a stricter profile, or tomorrow, whatever the verdict at hand is. A lint looks at one
 * certificate alone. One file a family in lints/, one row a lint in lints.def.
 */
#pragma once

#include "x509/x509.h"

enum lint_severity {
	LINT_NOTE,     /* worth knowing */
	LINT_WARNING,  /* refused by a stricter profile, by some engine, or from some day on */
	LINT_CRITICAL, /* refused by most of what verifies clients, as it is set by default */
};

/* What is looked at, and what every lint would ask first. */
struct lint_subject {
	const struct cert *cert;
	int64_t at;
	bool is_authority; /* it issues, or says so; else it is a client's */
	bool is_root;      /* it names itself as its issuer */
};

struct lint {
	const char *code; /* "usage.client-auth-missing": family and name, for ever */
	enum lint_severity severity;
	const char *refused_by; /* who refuses it, with version or setting; or "nobody" */
	const char *source;     /* the clause, or where it is written */
	const char *text;       /* what it is, and what comes of it */
	bool (*holds)(const struct lint_subject *);
};

enum { LINT_MAX = 128 };

/* Those that hold, in the order of the table; how many. */
size_t lint_cert(const struct cert *, int64_t at, const struct lint *ret[static LINT_MAX]);
const char *lint_severity_name(enum lint_severity);
/* All of them, by number; NULL past the last. */
const struct lint *lint_get(size_t index);

#define LINT(name, code, severity, refused_by, source, text) \
	bool lint_##name(const struct lint_subject *);
#include "verify/lints.def"
#undef LINT
