/* SPDX-License-Identifier: Apache-2.0 */
/* What happened on one connection, a line an event; bounded and sanitised. */
#pragma once

#include "base/base.h"

enum { TRANSCRIPT_MAX_LINES = 200, TRANSCRIPT_MAX_LINE = 400 };

struct transcript {
	struct buffer text;
	unsigned lines;
};

void transcript_end(struct transcript *); /* for CLEANUP as well */
/* A line longer than the bound is cut; lines beyond the bound are counted and not kept. */
void transcript_add(struct transcript *, const char *format, ...) PRINTF(2, 3);
/* The whole text, from the arena. */
const char *transcript_text(const struct transcript *, struct arena *);
