/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways in which a whole text can be hidden from a PEM reader: as UTF-16, between NUL bytes, in
 * base64 once more. Each is undone by a view; views lie upon each other, and each offset in the
 * innermost text leads back to the byte of the file where it stands.
 */
#pragma once

#include "stores/store.h"

enum pem_view_kind { PEM_VIEW_PLAIN, PEM_VIEW_UTF16, PEM_VIEW_WITHOUT_NUL, PEM_VIEW_BASE64 };

enum { PEM_VIEW_MAX_LAYERS = 4 };

/* Where the last question about an offset ended. */
struct pem_view_cursor {
	size_t unit, at;
};

struct pem_view {
	enum pem_view_kind kind;
	struct span text, source; /* source: what text was made from */
	const size_t *marks;      /* where in source each step of text begins */
	struct pem_view_cursor *cursor;
};

struct pem_views {
	struct pem_view layers[PEM_VIEW_MAX_LAYERS]; /* the file first */
	size_t count;
};

/* Undoes what is there to be undone. Texts are from the arena. */
void pem_views_open(struct pem_views *, struct arena *, struct span bytes);
/* The innermost text. */
struct span pem_views_text(const struct pem_views *);
/* Where in the file an offset of the innermost text stands. */
size_t pem_views_offset(const struct pem_views *, size_t offset);
/* The same of an end: behind the byte where the text's byte before end stands. */
size_t pem_views_end(const struct pem_views *, size_t end);
bool pem_views_have(const struct pem_views *, enum pem_view_kind);

enum pem_utf16 { PEM_UTF16_NO, PEM_UTF16_LITTLE, PEM_UTF16_BIG };
/* Whether the bytes are UTF-16 text as a whole. */
enum pem_utf16 pem_utf16_order(struct span);
/* Whether the bytes are nothing but base64, and that of a text with PEM blocks; decoded. */
bool pem_is_base64_of_pem(struct span, struct buffer *ret_text);
