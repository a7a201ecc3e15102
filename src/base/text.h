/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: sanitising what comes from certificates, paths and logs before it reaches a person, and
 * small helpers.
 */
#pragma once

#include <stdbool.h>

#include "base/mem.h"

/*
 * A copy without anything that could act on a terminal, a page or a log: control characters (C0,
 * DEL, C1), invalid UTF-8, bidirectional overrides and line separators become \xNN or \u{NNNN}; a
 * backslash becomes two only where it would be read as one of these.
 */
char *text_sanitize(struct arena *, const char *text, size_t length);

/* Whether the text may stay as it is. A text that was sanitised is safe, and must not be twice. */
bool text_is_safe(const char *text, size_t length);

/* The size of the well-formed UTF-8 sequence (RFC 3629) that the text starts with, or 0. */
size_t text_utf8_decode(const char *text, size_t length, uint32_t *ret_code);
/* Whether text_sanitize replaces this code point. */
bool text_code_is_unsafe(uint32_t code);

bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
/* The candidate nearest to word by edit distance, or NULL where none is near enough to suggest. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);
/* Non-negative decimal number of the whole text, at most max. 0 or -1. */
int text_number(const char *text, uint64_t max, uint64_t *ret);

/* Last component and everything before it ("." where there is none), from the arena. */
const char *path_base(const char *path);
char *path_parent(struct arena *, const char *path);
/* path if absolute, else base "/" path. No normalisation. */
char *path_join(struct arena *, const char *base, const char *path);
/* Collapses "//", "/./" and "x/../" lexically. */
char *path_normalize(struct arena *, const char *path);
