/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file cut into pieces between its PEM blocks, so that a bundle of any size is read in the memory
 * of a few. What is no PEM text, or is small, is one piece.
 */
#pragma once

#include "stores/store.h"

enum { CUTTER_PIECE = 256 << 10 /* bytes that a piece aims at */ };

struct cutter {
	int fd;          /* the cutter's own; -1 where there is none */
	size_t expected; /* bytes of the file, as far as is known */
	struct buffer bytes;
	size_t used;    /* of bytes: handed out */
	size_t before;  /* of the file, before these bytes */
	unsigned lines; /* that end in what was handed out */
	bool is_cut;    /* there was a piece before, or there will be one behind */
	bool is_whole;  /* the file must not be cut */
	bool is_at_end;
};

struct piece {
	struct span bytes; /* until the next one is asked for */
	unsigned lines;    /* of the file that are before it */
	bool is_part;      /* of a file of several pieces */
};

/* Takes the descriptor. expected: what the file is said to have, which need not be so. is_whole: it
 * is one piece, however large. */
struct cutter cutter_of(int fd, size_t expected, bool is_whole);
void cutter_end(struct cutter *); /* for CLEANUP as well */
/* 1, 0 at the end, -1 with err: it cannot be read, or a piece of it is larger than STORE_MAX_SIZE.
 */
[[nodiscard]] int cutter_next(struct cutter *, struct piece *ret, struct err *err);
/* All of it was handed out. */
bool cutter_is_over(const struct cutter *);
/* Bytes that it has not handed out, as far as the file's size told. */
size_t cutter_left(const struct cutter *);
