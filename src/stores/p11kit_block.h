/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM blocks in p11-kit's own files. Its lexer (trust/lexer.c) takes all from a BEGIN line to the
 * first line that begins with END for one block; its reader of PEM (common/pem.c) then looks for
 * blocks in that by dashes, wherever in a line they stand, and must find one, not two.
 */
#pragma once

#include "stores/format.h"

struct p11kit_block {
	size_t from, to;   /* from the BEGIN line to behind the END line, without its line end */
	size_t begin, end; /* of the block that p11-kit finds between those; the same where it
			      finds none, or two */
	struct span label, der;
	const char *fault; /* NULL: p11-kit takes it; else der is what is before the damage */
	bool has_no_end;   /* for the lexer, which fails by itself then */
	bool is_last;      /* no END line is left in the file */
};

/* The block that begins at from. Where no END line is left, as is_last says if it is known by now,
 * it ends at limit. */
void p11kit_block_read(struct arena *, struct span bytes, size_t from, size_t limit, bool is_last,
	struct p11kit_block *ret);
/* Blocks beside the one that p11-kit finds between from and to are lost to it: defects. is_skipped:
 * so is that one. */
void p11kit_block_note_passed(struct store_builder *, const struct p11kit_block *, bool is_skipped);
/* Whether a line that begins here is a BEGIN line to the lexer. */
bool p11kit_is_block(struct span bytes, size_t line);
/* isspace(3) in the C locale: a NUL byte is none. */
bool p11kit_is_blank(uint8_t byte);
