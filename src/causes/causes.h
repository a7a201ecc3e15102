/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of causes: why a valid client is refused, or a wrong one let in. Each has a stable
 * code, a sentence, and a playbook that explains on one screen what it means, how it looks in the
 * logs, how to confirm it, how it is repaired safely, and which repair never to make.
 */
#pragma once

#include "causes/finding.h"

struct cause {
	const char *code;     /* "chain.root-missing" */
	const char *title;    /* the sentence of causes.def */
	const char *playbook; /* Markdown, whole */
};

/* Never NULL for a valid enumerator. */
const struct cause *cause_get(enum cause_code);
/* By code; -1 where there is none. */
int cause_find(const char *code, enum cause_code *ret);
/* The nearest code to a mistyped one, or NULL. */
const char *cause_nearest(const char *code);
