/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/p11kit_block.h"

#include <string.h>

static const char begin_mark[] = "-----BEGIN ", end_line[] = "\n-----END ", dashes[] = "-----";

bool
p11kit_is_blank(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool
p11kit_is_block(struct span bytes, size_t line)
{
	size_t length = sizeof(begin_mark) - 1;

	return bytes.length - line >= length && memcmp(bytes.data + line, begin_mark, length) == 0;
}

static size_t
line_end(struct span bytes, size_t from)
{
	const uint8_t *end =
		from < bytes.length ? memchr(bytes.data + from, '\n', bytes.length - from) : NULL;

	return end == NULL ? bytes.length : (size_t)(end - bytes.data);
}

static int
digit_of(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

/* p11_b64_pton: bits that fill up the last digit must be zeros. False where it fails; out has what
 * is before that. */
static bool
decode(struct span text, struct buffer *out)
{
	uint32_t bits = 0;
	unsigned digits = 0, padding = 0;

	for (size_t i = 0; i < text.length; i++) {
		int digit = digit_of(text.data[i]);

		if (p11kit_is_blank(text.data[i]))
			continue;
		if (text.data[i] == '=' && digits % 4 >= 2 && digits % 4 + padding < 4) {
			padding++;
			continue;
		}
		if (digit < 0 || padding > 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (++digits % 4 != 1) {
			unsigned left = 6 - 2 * ((digits - 1) % 4);
			uint8_t byte = (uint8_t)(bits >> left);

			buffer_add(out, &byte, 1);
			bits &= (1U << left) - 1;
		}
	}
	return bits == 0 && (digits % 4 == 0 || digits % 4 + padding == 4);
}

/* Behind an empty line: all before it are headers (pem_parse_block). */
static struct span
without_headers(struct span body)
{
	size_t at = 0;

	while ((at = line_end(body, at)) < body.length)
		for (at++; at < body.length && p11kit_is_blank(body.data[at]); at++)
			if (body.data[at] == '\n')
				return span_of(body.data + at, body.length - at);
	return body;
}

/* A block as the reader of PEM finds it: where its base64 stands. */
struct found {
	struct span label, body;
	size_t begin, end, next;
};

/* NULL, or why there is none. */
static const char *
find_block(struct span token, size_t from, struct found *ret)
{
	size_t label = span_find(token, begin_mark, from), suffix, end;

	if (label == SIZE_MAX)
		return "the BEGIN line of this block is damaged";
	ret->begin = label;
	label += sizeof(begin_mark) - 1;
	suffix = span_find(token, dashes, label);
	if (suffix == SIZE_MAX || line_end(token, label) < suffix)
		return "the BEGIN line of this block is damaged";
	ret->label = span_of(token.data + label, suffix - label);
	suffix += sizeof(dashes) - 1;
	end = span_find(token, end_line + 1, suffix);
	if (end == SIZE_MAX)
		return "this block has no whole END line";
	ret->body = span_of(token.data + suffix, end - suffix);
	ret->next = end + sizeof(dashes) - 1;
	end += sizeof(end_line) - 2;
	ret->end = end + ret->label.length + sizeof(dashes) - 1;
	if (ret->end > token.length ||
		memcmp(token.data + end, ret->label.data, ret->label.length) != 0 ||
		memcmp(token.data + end + ret->label.length, dashes, sizeof(dashes) - 1) != 0)
		return "this block has no whole END line";
	return NULL;
}

/* Of a damaged one: what stands between its first line and the last, as far as it is base64. */
static struct span
decode_body(struct arena *arena, struct span token)
{
	CLEANUP(buffer_free) struct buffer der = {};
	size_t body = line_end(token, 0), end = span_find(token, end_line, body);

	(void)decode(
		span_of(token.data + body, (end == SIZE_MAX ? token.length : end) - body), &der);
	return span_of(arena_dup(arena, der.data, der.length), der.length);
}

static void
decode_rest(struct arena *arena, struct span token, struct p11kit_block *ret)
{
	size_t body = line_end(token, 0);

	ret->der = decode_body(arena, token);
	if (ret->label.length == 0 && body > sizeof(begin_mark) - 1)
		ret->label = span_of(
			token.data + sizeof(begin_mark) - 1, body - (sizeof(begin_mark) - 1));
}

static void
read_token(struct arena *arena, struct span token, struct p11kit_block *ret)
{
	size_t at = 0, count = 0;
	const char *why;
	struct found found;

	while ((why = find_block(token, at, &found)) == NULL) {
		CLEANUP(buffer_free) struct buffer der = {};

		at = found.next;
		if (ret->label.length == 0)
			ret->label = found.label;
		if (!decode(without_headers(found.body), &der)) {
			ret->fault = "a character in this block is not base64, or is too much";
			continue;
		}
		if (found.body.length == 0 || count++ > 0)
			continue;
		ret->label = found.label;
		ret->der = span_of(arena_dup(arena, der.data, der.length), der.length);
		ret->begin = ret->from + found.begin;
		ret->end = ret->from + found.end;
	}
	if (count == 1)
		ret->fault = NULL;
	else if (count > 1)
		ret->fault = "two blocks are one here: a BEGIN or END line is not on its own";
	else if (ret->fault == NULL)
		ret->fault = why;
}

void
p11kit_block_read(struct arena *arena, struct span bytes, size_t from, size_t limit, bool is_last,
	struct p11kit_block *ret)
{
	size_t end = is_last ? SIZE_MAX : span_find(bytes, end_line, from);
	struct span token;

	*ret = (struct p11kit_block){ .from = from, .to = limit, .is_last = end == SIZE_MAX };
	if (!ret->is_last)
		ret->to = line_end(bytes, end + 1);
	token = span_of(bytes.data + from, ret->to - from);
	/* strnstr(3) looks no further than a NUL byte. */
	ret->has_no_end = ret->is_last || memchr(token.data, 0, end - from) != NULL;
	if (ret->has_no_end)
		ret->fault = "this block has no whole END line, or NUL bytes before it";
	else
		read_token(arena, token, ret);
	if (ret->fault == NULL)
		return;
	ret->begin = ret->from;
	ret->end = ret->to;
	decode_rest(arena, token, ret);
}

static void
note_passed(struct store_builder *builder, size_t from, size_t to, bool is_skipped)
{
	struct span part = span_of(builder->bytes.data, to);

	for (size_t at = span_find(part, begin_mark, from); at < to;) {
		size_t next = span_find(part, begin_mark, at + 1);
		size_t length = (next < to ? next : to) - at;
		struct span salvage = decode_body(builder->arena, span_of(part.data + at, length));
		struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, at,
			length, "%s",
			"this block and the one beside it are one to p11-kit, since a line of "
			"their frames is damaged: it passes over this one");

		if (defect == NULL)
			return;
		defect->is_block = true;
		defect->salvage = salvage;
		/* Without a byte it is no certificate. */
		defect->harmless = salvage.length == 0 || is_skipped;
		at = next;
	}
}

void
p11kit_block_note_passed(
	struct store_builder *builder, const struct p11kit_block *block, bool is_skipped)
{
	note_passed(builder, block->from, block->begin, is_skipped);
	note_passed(builder, block->end, block->to, is_skipped);
}
