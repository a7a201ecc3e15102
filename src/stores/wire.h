/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and texts in a message from one process to another on the same machine. */
#pragma once

#include "base/bytes.h"

enum { WIRE_MAX_TEXT = 1 << 15 }; /* of one that is not ours: with where it stands in a document */

void wire_add_number(struct buffer *, uint64_t);
void wire_add_small(struct buffer *, uint32_t);
void wire_add_text(struct buffer *, const char *text); /* which may be NULL */

/* A cursor that remembers running out, or what cannot be true. Then all that is taken is zero. */
struct wire {
	struct span bytes;
	size_t at;
	bool is_false;
};

struct span wire_take(struct wire *, uint64_t length);
uint64_t wire_take_number(struct wire *);
uint64_t wire_take_up_to(struct wire *, uint64_t max);
uint32_t wire_take_small(struct wire *, uint32_t max);
/* With its NUL, and none before; NULL where NULL was added. */
const char *wire_take_text(struct wire *, uint32_t max);
/* As text_sanitize leaves it: nothing in it acts on a terminal. */
const char *wire_take_safe_text(struct wire *, uint32_t max);
