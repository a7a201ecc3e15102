/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where PEM blocks begin and end in a text, and what is wrong with the lines that say so. A marker
 * is found by what it says, wherever on a line it stands: what a library's line reader would make
 * of it is in its flaws.
 */
#pragma once

#include "stores/store.h"

enum {
	PEM_MAX_LABEL = 64,
	PEM_MAX_MARKERS = 4 * STORE_MAX_ENTRIES,
};

/* Bits. Each hides the marker from a reader that goes by lines. */
enum pem_flaw {
	PEM_FLAW_DASHES = 1 << 0,   /* not five dashes on each side, or the label is cut short */
	PEM_FLAW_INDENT = 1 << 1,   /* blanks before it */
	PEM_FLAW_CR = 1 << 2,       /* its line ends, or the one before, in CR alone */
	PEM_FLAW_LITERAL = 1 << 3,  /* backslash and n where a line should end */
	PEM_FLAW_FUSED = 1 << 4,    /* the marker before it stands on the same line */
	PEM_FLAW_MARK = 1 << 5,     /* a byte order mark before it */
	PEM_FLAW_NO_BREAK = 1 << 6, /* base64 on the same line */
	PEM_FLAW_STRAY = 1 << 7,    /* other text on the same line */
};

struct pem_marker {
	bool is_end;
	unsigned flaws;
	size_t offset, end; /* from its first dash to behind its last */
	struct span label;
};

struct pem_markers {
	struct pem_marker *items;
	size_t count, capacity;
	bool more; /* there were more than PEM_MAX_MARKERS */
};

/* In the order of the text; linear in its length. items is to be freed with mem_free. */
void pem_scan(struct span text, struct pem_markers *ret);
void pem_markers_free(struct pem_markers *);

/* Whether the text has anything that looks like a marker. */
bool pem_has_marker(struct span text);

/* The first byte of from..limit that is not UTF-8, or limit. Some libraries refuse a file for it.
 */
size_t pem_first_not_utf8(struct span text, size_t from, size_t limit);
