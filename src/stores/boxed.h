/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing in a box: where nothing can be reached, with so much memory and so much time for each
 * store. A reader that breaks or takes too long costs that store, and no other.
 */
#pragma once

#include "stores/hashdir.h"
#include "stores/parse.h"

enum {
	PARSE_MILLISECONDS = 2'000, /* for any store; and for each of its bytes beyond that, */
	PARSE_KEYSTORE_MILLISECONDS = 120'000, /* for KEYSTORE_MAX_WORK rounds more */
	PARSE_BYTES_PER_SECOND = 4 << 20,      /* slower by far than the slowest that is whole */
	PARSE_MEMORY = 256 << 20,              /* for any store; and for each of its bytes */
	PARSE_FREE_SIZE = 1 << 20,             /* beyond so many */
	PARSE_MEMORY_PER_BYTE = 16,            /* OpenSSL's lists of small objects take that much */
	PARSE_SMALL = 128 << 10, /* bytes of a file that is parsed together with others */
};

struct boxed; /* opaque */

void boxed_free(struct boxed *);
/* Not in a box: in this process, for fuzzing and to compare. */
ALLOCATES(boxed_free) struct boxed *boxed_new(bool in_box);
DEFINE_CLEANUP(struct boxed, boxed_free)

/* The child has the passwords, borrowed, by being the fork of this process: they are in no message.
 */
void boxed_use_passwords(struct boxed *, const struct passwords *);
/* Makes the child, if there is none, without waiting for it. */
void boxed_begin(struct boxed *);
/* Ends the child without waiting for that. */
void boxed_stop(struct boxed *);

/* Of an examination: for this module only. */
struct boxed *stores_boxed(struct stores *);
struct arena *stores_arena(struct stores *);

/* Whether bytes are read in a box at all. */
bool boxed_is_in_box(const struct boxed *);
/* The child's process; 0 where there is none. */
pid_t boxed_child(const struct boxed *);

/* As parse. What no reader gets through is unread. */
void boxed_parse(struct boxed *, struct arena *, const struct parse_task *, struct parsed *ret);
/* The same, and the digest of the task's bytes, which is computed while they are read. */
void boxed_parse_and_digest(struct boxed *, struct arena *, const struct parse_task *,
	struct digest *ret_digest, struct parsed *ret);
/* The same of several tasks, of files and for no loader. Small ones go into the box together, with
 * the time and memory of one; where that is not enough for all, or its reader breaks on one of
 * them, each goes alone. */
void boxed_parse_several(struct boxed *, struct arena *, const struct parse_task *, size_t count,
	struct parsed *ret);

struct boxed_plan {
	const struct hash_link *links;
	size_t count;
};

/* As hashdir_plan; -1 where no reader gets through. */
[[nodiscard]] int boxed_links(struct boxed *, struct arena *, const struct directory *,
	struct boxed_plan *ret, struct err *err);
