/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/cutter.h"

#include <errno.h>
#include <string.h>

static const char begin_line[] = "\n-----BEGIN ";
static const char end_mark[] = "-----END ";

struct cutter
cutter_of(int fd, size_t expected, bool is_whole)
{
	return (struct cutter){ .fd = fd, .expected = expected, .is_whole = is_whole };
}

void
cutter_end(struct cutter *cutter)
{
	fd_close(&cutter->fd);
	buffer_free(&cutter->bytes);
}

/* Room for so much that was not handed out; at first for no more than the file is said to have. */
static void
reserve(struct cutter *cutter, size_t wanted)
{
	struct buffer *bytes = &cutter->bytes;
	size_t capacity = cutter->used + wanted + 1;

	if (bytes->capacity == 0 && cutter->expected + 2 < capacity)
		capacity = cutter->expected + 2;
	if (bytes->capacity >= capacity && bytes->length + 1 < bytes->capacity)
		return;
	if (bytes->capacity > 0)
		capacity = cutter->used + wanted + 1;
	bytes->capacity = capacity;
	bytes->data = mem_resize(bytes->data, capacity);
}

/* Reads until so much is there that was not handed out, or the file ends. */
static int
fill(struct cutter *cutter, size_t wanted, struct err *err)
{
	struct buffer *bytes = &cutter->bytes;

	while (!cutter->is_at_end && bytes->length - cutter->used < wanted) {
		ssize_t count;

		reserve(cutter, wanted);
		count = read(cutter->fd, bytes->data + bytes->length,
			bytes->capacity - 1 - bytes->length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(err, ERR_IO, "read");
		cutter->is_at_end = count == 0;
		bytes->length += (size_t)count;
	}
	return 0;
}

/* What was handed out goes; the rest moves to the front. */
static void
drop_used(struct cutter *cutter)
{
	struct buffer *bytes = &cutter->bytes;

	if (cutter->used == 0)
		return;
	memmove(bytes->data, bytes->data + cutter->used, bytes->length - cutter->used);
	bytes->length -= cutter->used;
	cutter->before += cutter->used;
	cutter->used = 0;
}

static size_t
find_last(struct span bytes, const char *mark, size_t length)
{
	size_t at = bytes.length;
	const uint8_t *found;

	while (at >= length && (found = memrchr(bytes.data, mark[0], at - length + 1)) != NULL) {
		at = (size_t)(found - bytes.data);
		if (memcmp(found, mark, length) == 0)
			return at;
		at += length - 1;
	}
	return SIZE_MAX;
}

/*
 * Where a BEGIN line stands whose last marker before it is of an END: a group of blocks ends there,
 * be they nested or cut off, and a new one begins. It is the one behind the last END that has any
 * behind it. 0: there is none.
 */
static size_t
find_cut(struct span bytes)
{
	size_t begin = find_last(bytes, begin_line, strlen(begin_line)), end;

	if (begin == SIZE_MAX)
		return 0;
	end = find_last(span_of(bytes.data, begin), end_mark, strlen(end_mark));
	if (end == SIZE_MAX)
		return 0;
	begin = span_find(bytes, begin_line, end);
	/* One that shares its line with other text comes first. */
	return begin + 1 == span_find(bytes, begin_line + 1, end) ? begin + 1 : 0;
}

static bool
is_text_of_pem(struct span bytes)
{
	return memchr(bytes.data, 0, bytes.length) == NULL &&
	       span_find(bytes, "-----BEGIN ", 0) != SIZE_MAX;
}

/* The length of the next piece, for which more is read as long as there is no cut. */
static int
next_length(struct cutter *cutter, size_t *ret, struct err *err)
{
	for (size_t wanted = CUTTER_PIECE;; wanted *= 2) {
		struct span rest;

		TRY(fill(cutter, wanted + 1, err));
		rest = span_of(cutter->bytes.data, cutter->bytes.length);
		*ret = rest.length;
		if (cutter->is_at_end && rest.length <= wanted)
			return 0;
		if (!cutter->is_cut && !is_text_of_pem(rest))
			cutter->is_whole = true;
		*ret = cutter->is_whole ? 0 : find_cut(rest);
		if (*ret > 0)
			return 0;
		if (wanted >= STORE_MAX_SIZE)
			return err_set(err, ERR_LIMIT, "more than %d MiB without an end of a block",
				STORE_MAX_SIZE >> 20);
	}
}

int
cutter_next(struct cutter *cutter, struct piece *ret, struct err *err)
{
	size_t length;

	drop_used(cutter);
	TRY(next_length(cutter, &length, err));
	if (length == 0)
		return 0;
	cutter->is_cut = cutter->is_cut || !cutter->is_at_end || length < cutter->bytes.length;
	*ret = (struct piece){
		.bytes = span_of(cutter->bytes.data, length),
		.lines = cutter->lines,
		.is_part = cutter->is_cut,
	};
	cutter->used = length;
	cutter->lines += cutter->is_cut ? (unsigned)span_count(ret->bytes, '\n') : 0;
	return 1;
}

size_t
cutter_left(const struct cutter *cutter)
{
	size_t handed_out = cutter->before + cutter->used;

	return cutter->expected > handed_out ? cutter->expected - handed_out : 0;
}

bool
cutter_is_over(const struct cutter *cutter)
{
	return cutter->is_at_end && cutter->used == cutter->bytes.length;
}
