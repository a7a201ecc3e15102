/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box: a child of this process in which bytes that nobody vouches for are read. It has no file,
 * no network and no privilege (sandbox.h), it has so much memory and so much time, and all that
 * comes back is bytes, which the caller takes for as hostile as those that went in.
 *
 * The child is the fork of its parent, so a job is a function, and what it needs beside its request
 * is there already. It is made for the first call, or begun before, so that it gets ready beside
 * its parent; it serves all calls, and another one is made where it died, was too slow, or has too
 * little room. Threads that are inside a library meanwhile hold it back (quiet.h).
 *
 * A request lies in memory that both have; an answer comes through a socket, so that it cannot
 * change under the eyes of whoever checks it.
 */
#pragma once

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

enum box_result {
	BOX_ANSWERED,
	BOX_DIED,    /* of a fault, or of too little memory */
	BOX_SLOW,    /* it was ended */
	BOX_BABBLED, /* its answer was longer than any can be; it was ended */
	BOX_ABSENT,  /* there is no child to be had: box_absence */
};

struct box_call {
	/* In the child, which has the context as it was when the child was made. */
	void (*job)(void *context, struct span request, struct buffer *ret_answer);
	void *context;
	const struct span *parts; /* of the request, one after the other */
	size_t part_count;
	size_t memory;         /* bytes that the job may need, beside the request */
	unsigned milliseconds; /* of processor time */
	size_t answer_limit;   /* bytes */
	/* The answer so far, each time that a piece of it was handed on; empty where a child
	 * begins. It moves where it is longer than the request. May be NULL. */
	void (*more)(void *more_context, struct span answer);
	void *more_context;
};

/* In a job, now and then: hands on what the answer has by now, once that is worth it, so that it
 * need not be held as a whole. */
void box_hand_on(struct buffer *answer);
/* The same of bytes, before there is anything else in the answer: how many were handed on. */
size_t box_hand_on_bytes(struct span);

struct box; /* opaque */

/* In a child that has a file: its descriptor. */
enum { BOX_FILE = 1 };

void box_free(struct box *);
ALLOCATES(box_free) struct box *box_new(void);
/* Its child can read one file besides, of which this descriptor is, borrowed: open for reading
 * alone. It cannot tell whether the file is another by then. */
ALLOCATES(box_free) struct box *box_new_with_file(int fd);
DEFINE_CLEANUP(struct box, box_free)

/* Makes the child without waiting for it; it has this much memory. */
void box_begin(struct box *, size_t memory);
/* Ends the child without waiting for that: box_free and the next call do. */
void box_stop(struct box *);
/* A job of which a child dies that served others before, or by which it babbles, or in which a
 * child stands still without computing, is tried once more, in a new one. */
enum box_result box_call(struct box *, const struct box_call *, struct buffer *ret_answer);
/* The next call has another child: nothing that this one read can touch what is read then. */
void box_renew(struct box *);
/* Why there was no child for the last call. Of no other result. */
const char *box_absence(const struct box *);
/* The process, for who wants to look at it; 0 while there is none. */
pid_t box_child(const struct box *);
