/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/json_walk.h"

#include <string.h>

enum { PATH_MAX_KEY = 100 }; /* bytes of a member's name that are shown */

static bool
walk_fail(struct json_walk *walk, size_t offset, const char *fault)
{
	if (walk->fault == NULL) {
		walk->fault = fault;
		walk->fault_offset = offset;
	}
	return false;
}

static size_t
skip_blanks(const struct json_walk *walk, size_t at)
{
	while (at < walk->bytes.length && memchr(" \t\r\n", walk->bytes.data[at], 4) != NULL)
		at++;
	return at;
}

/* Four digits in hex, or -1. */
static int
take_unit(struct span bytes, size_t at)
{
	uint8_t out[2];
	char digits[5] = {};

	if (bytes.length < 4 || at > bytes.length - 4)
		return -1;
	memcpy(digits, bytes.data + at, 4);
	return hex_decode(digits, out, sizeof(out)) == 2 ? out[0] << 8 | out[1] : -1;
}

/* What follows a backslash; how many bytes it is, 0 where it is nothing that can follow one. */
static size_t
take_escape(struct span bytes, size_t at, uint8_t *out, size_t *length)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found =
		at < bytes.length && bytes.data[at] != 0 ? strchr(from, bytes.data[at]) : NULL;
	int high, low;

	if (found != NULL) {
		out[(*length)++] = (uint8_t)to[found - from];
		return 1;
	}
	if (at >= bytes.length || bytes.data[at] != 'u' || (high = take_unit(bytes, at + 1)) < 0)
		return 0;
	low = high >= 0xd800 && high < 0xdc00 && at + 6 < bytes.length &&
			      memcmp(bytes.data + at + 5, "\\u", 2) == 0
		      ? take_unit(bytes, at + 7)
		      : -1;
	if (low >= 0xdc00 && low < 0xe000) {
		*length += utf8_encode(out + *length,
			0x10000U + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00));
		return 11;
	}
	*length += utf8_encode(out + *length, (unsigned)high);
	return 5;
}

/* From the quote on. What is cut off is given as far as it goes. */
static bool
take_string(struct json_walk *walk, size_t *at)
{
	struct span bytes = walk->bytes;
	size_t from = *at + 1, end = from, length = 0;
	uint8_t *out;
	bool plain = true;

	while (end < bytes.length && bytes.data[end] != '"') {
		plain = plain && bytes.data[end] != '\\';
		end += bytes.data[end] == '\\' ? 2 : 1;
	}
	if (end > bytes.length)
		end = bytes.length;
	walk->from = *at;
	walk->to = end < bytes.length ? end + 1 : end;
	walk->text = span_of(bytes.data + from, end - from);
	*at = walk->to;
	if (end == bytes.length)
		(void)walk_fail(walk, walk->from, "a string does not end");
	if (plain)
		return end < bytes.length;
	/* No escape is shorter than what it stands for. */
	out = arena_alloc(walk->arena, walk->text.length + 1);
	for (size_t i = from; i < end; i++) {
		size_t taken;

		if (bytes.data[i] != '\\') {
			out[length++] = bytes.data[i];
			continue;
		}
		taken = take_escape(span_of(bytes.data, end), i + 1, out, &length);
		if (taken == 0) {
			(void)walk_fail(walk, i, "a backslash stands before what it cannot escape");
			break;
		}
		i += taken;
	}
	walk->text = span_of(out, length);
	return walk->fault == NULL;
}

/* RFC 8259 3: three names, and numbers; of these the characters alone are looked at. */
static bool
is_word(struct span word)
{
	static const char *const names[] = { "true", "false", "null" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (span_equal(word, span_of(names[i], strlen(names[i]))))
			return true;
	if (word.data[0] != '-' && (word.data[0] < '0' || word.data[0] > '9'))
		return false;
	for (size_t i = 1; i < word.length; i++)
		if (memchr("0123456789+-.eE", word.data[i], 15) == NULL)
			return false;
	return true;
}

static bool
take_word(struct json_walk *walk, size_t *at)
{
	size_t from = *at;

	while (*at < walk->bytes.length && memchr(",]} \t\r\n", walk->bytes.data[*at], 7) == NULL)
		(*at)++;
	if (*at == from)
		return walk_fail(walk, from, "a value is missing");
	return is_word(span_of(walk->bytes.data + from, *at - from)) ||
	       walk_fail(walk, from, "a value is neither a string, a number nor a name of JSON");
}

static bool
open_frame(struct json_walk *walk, size_t *at)
{
	bool is_array = walk->bytes.data[*at] == '[';

	if (walk->depth == JSON_WALK_MAX_DEPTH)
		return walk_fail(walk, *at, "it is nested deeper than is read");
	walk->from = *at;
	walk->to = *at + 1;
	if (!is_array)
		walk->visit(walk, JSON_OBJECT_BEGIN);
	walk->frames[walk->depth++] = (struct json_frame){ .is_array = is_array };
	(*at)++;
	return true;
}

static void
close_frame(struct json_walk *walk)
{
	bool is_array = walk->frames[--walk->depth].is_array;

	if (!is_array)
		walk->visit(walk, JSON_OBJECT_END);
}

static bool
take_key(struct json_walk *walk, size_t *at)
{
	if (*at >= walk->bytes.length || walk->bytes.data[*at] != '"')
		return walk_fail(walk, *at, "the name of a member is missing");
	if (!take_string(walk, at))
		return false;
	walk->frames[walk->depth - 1].key = walk->text;
	*at = skip_blanks(walk, *at);
	if (*at >= walk->bytes.length || walk->bytes.data[*at] != ':')
		return walk_fail(walk, *at, "a colon is missing");
	*at = skip_blanks(walk, *at + 1);
	return true;
}

/* A value, or the beginning of what holds values. */
static bool
take_value(struct json_walk *walk, size_t *at)
{
	bool whole;

	if (*at >= walk->bytes.length)
		return walk_fail(walk, *at, "the document ends too early");
	if (walk->bytes.data[*at] == '{' || walk->bytes.data[*at] == '[')
		return open_frame(walk, at);
	if (walk->bytes.data[*at] != '"')
		return take_word(walk, at);
	whole = take_string(walk, at);
	walk->visit(walk, JSON_STRING);
	return whole;
}

/* Behind a value: on to the next one, out of what ends here. */
static bool
take_separator(struct json_walk *walk, size_t *at)
{
	struct json_frame *frame = &walk->frames[walk->depth - 1];

	*at = skip_blanks(walk, *at);
	if (*at >= walk->bytes.length)
		return walk_fail(walk, *at, "the document ends too early");
	if (walk->bytes.data[*at] == (frame->is_array ? ']' : '}')) {
		close_frame(walk);
		(*at)++;
		return true;
	}
	if (walk->bytes.data[*at] != ',')
		return walk_fail(walk, *at, "a comma is missing");
	*at = skip_blanks(walk, *at + 1);
	frame->index++;
	return (frame->is_array || take_key(walk, at)) && take_value(walk, at);
}

/* The first in an array or object that was just opened, unless that is empty. */
static bool
take_first(struct json_walk *walk, size_t *at)
{
	const struct json_frame *frame = &walk->frames[walk->depth - 1];

	*at = skip_blanks(walk, *at);
	if (*at < walk->bytes.length && walk->bytes.data[*at] == (frame->is_array ? ']' : '}'))
		return true;
	return (frame->is_array || take_key(walk, at)) && take_value(walk, at);
}

void
json_walk(struct json_walk *walk)
{
	size_t at = skip_blanks(walk, 0), values = 0, depth;
	bool goes_on = take_value(walk, &at);

	for (depth = 0; goes_on && walk->depth > 0 && !walk->stop; values++) {
		bool is_opened = walk->depth > depth;

		depth = walk->depth;
		if (values == JSON_WALK_MAX_VALUES)
			goes_on = walk_fail(walk, at, "there are more values than are read");
		else
			goes_on = is_opened ? take_first(walk, &at) : take_separator(walk, &at);
		if (walk->depth < depth)
			depth = walk->depth;
	}
	if (goes_on && !walk->stop && skip_blanks(walk, at) < walk->bytes.length)
		(void)walk_fail(walk, at, "the document goes on behind its end");
	/* Who counts on an end of each object gets it. */
	while (walk->depth > 0)
		close_frame(walk);
}

bool
json_walk_is_member(const struct json_walk *walk, const char *name)
{
	const struct json_frame *frame = walk->depth == 0 ? NULL : &walk->frames[walk->depth - 1];

	return frame != NULL && !frame->is_array &&
	       span_equal(frame->key, span_of(name, strlen(name)));
}

const char *
json_walk_path(const struct json_walk *walk)
{
	CLEANUP(buffer_free) struct buffer path = {};

	for (size_t i = 0; i < walk->depth; i++) {
		const struct json_frame *frame = &walk->frames[i];

		if (frame->is_array) {
			buffer_addf(&path, "[%zu]", frame->index);
			continue;
		}
		if (path.length > 0)
			buffer_add_text(&path, ".");
		buffer_add(&path, frame->key.data,
			frame->key.length < PATH_MAX_KEY ? frame->key.length
							 : (size_t)PATH_MAX_KEY);
	}
	if (path.length == 0)
		return "document";
	return text_sanitize(walk->arena, (const char *)path.data, path.length);
}
