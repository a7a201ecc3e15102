/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into a box and what comes out, as bytes. A task is ours and is believed. A result was
 * written where hostile bytes were read: each length, offset, number and text of it is checked
 * against the task before it is used, and certificates and CRLs are read again, by our own reader.
 */
#pragma once

#include "stores/ahead.h"
#include "stores/hashdir.h"
#include "stores/parse.h"

/* The task but for the bytes of its files, which follow it in the order of the directory. */
void message_add_task(struct buffer *, const struct parse_task *);
/* Directory and texts are from the arena or lie in the message. */
void message_read_task(struct arena *, struct span message, struct parse_task *ret);

/* hand_on is called between entries, and may take what there is by then; or NULL. */
void message_add_parsed(struct buffer *, const struct parse_task *, const struct parsed *,
	void (*hand_on)(struct buffer *));
/* 0; or -1 where no parser of ours wrote this. What *ret points to lies in the message, the task,
 * the arena, or what was decoded, which *ret has already; where the task is loading_only, it has
 * the entries, too. ahead: what was read of that; or NULL. */
[[nodiscard]] int message_read_parsed(struct arena *, const struct parse_task *,
	struct span message, const struct ahead *, struct parsed *ret);
/* The answer to one task: what was decoded, the message, and how long the first is. -1: it is none.
 */
[[nodiscard]] int message_split(
	struct span answer, struct span *ret_decoded, struct span *ret_message);

/* Several tasks of files, each behind its length; and so their results. */
void message_add_length(struct buffer *, size_t length);
/* The next one; false after the last, and where it is cut short: then the rest is not empty. */
bool message_take_next(struct span *rest, struct span *ret);

void message_add_links(struct buffer *, const struct hash_link *, size_t count);
[[nodiscard]] int message_read_links(struct arena *, const struct directory *, struct span message,
	const struct hash_link **ret, size_t *ret_count);
