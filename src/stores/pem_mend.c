/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undoing damage to the text of a store. Each transform is simple, and none is trusted: what it
 * wrote is read again, and must hold the very same objects, with less of that damage than before.
 */
#include "stores/pem.h"

#include <string.h>

#include "stores/format.h"
#include "stores/pem_scan.h"
#include "stores/pem_view.h"

struct text_mender {
	enum cause_code cause;
	void (*mend)(struct span text, struct buffer *out);
};

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static void
copy(struct buffer *out, struct span text, size_t from, size_t to)
{
	if (to > from)
		buffer_add(out, text.data + from, to - from);
}

static void
mend_fused(struct span text, struct buffer *out)
{
	CLEANUP(pem_markers_free) struct pem_markers markers = {};
	size_t at = 0;

	pem_scan(text, &markers);
	for (size_t i = 1; i < markers.count; i++) {
		const struct pem_marker *marker = &markers.items[i];

		if (marker->is_end || !(marker->flaws & PEM_FLAW_FUSED))
			continue;
		copy(out, text, at, marker[-1].end);
		buffer_add_text(out, "\n");
		for (at = marker[-1].end; at < marker->offset && is_blank(text.data[at]);)
			at++;
	}
	copy(out, text, at, text.length);
}

static void
mend_nul(struct span text, struct buffer *out)
{
	if (pem_utf16_order(text) != PEM_UTF16_NO)
		return;
	for (size_t at = 0; at < text.length;) {
		const uint8_t *end = memchr(text.data + at, 0, text.length - at);
		size_t to = end == NULL ? text.length : (size_t)(end - text.data);

		copy(out, text, at, to);
		at = to + 1;
	}
}

static void
mend_marks(struct span text, struct buffer *out)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t at = 0;

	for (size_t next; (next = span_find(text, mark, at)) != SIZE_MAX; at = next + strlen(mark))
		copy(out, text, at, next);
	copy(out, text, at, text.length);
}

static void
add_utf8(struct buffer *out, uint32_t point)
{
	uint8_t bytes[4];
	size_t count = 0;

	if (point < 0x80) {
		bytes[count++] = (uint8_t)point;
	} else if (point < 0x800) {
		bytes[count++] = (uint8_t)(0xc0 | point >> 6);
		bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		bytes[count++] = (uint8_t)(0xe0 | point >> 12);
		bytes[count++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
	} else {
		bytes[count++] = (uint8_t)(0xf0 | point >> 18);
		bytes[count++] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
		bytes[count++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		bytes[count++] = (uint8_t)(0x80 | (point & 0x3f));
	}
	buffer_add(out, bytes, count);
}

static uint32_t
utf16_unit(struct span text, size_t at, enum pem_utf16 order)
{
	uint32_t first = text.data[at], second = text.data[at + 1];

	return order == PEM_UTF16_LITTLE ? first | second << 8 : first << 8 | second;
}

static void
mend_utf16(struct span text, struct buffer *out)
{
	enum pem_utf16 order = pem_utf16_order(text);

	if (order == PEM_UTF16_NO)
		return;
	for (size_t at = 0; at + 1 < text.length; at += 2) {
		uint32_t point = utf16_unit(text, at, order);

		if (point == 0xfeff)
			continue;
		if (point >= 0xd800 && point < 0xdc00 && at + 3 < text.length) {
			uint32_t low = utf16_unit(text, at + 2, order);

			if (low >= 0xdc00 && low < 0xe000) {
				point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
				at += 2;
			}
		}
		/* A half of a pair without the other is no character. */
		add_utf8(out, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
	}
}

static void
mend_base64(struct span text, struct buffer *out)
{
	if (!pem_is_base64_of_pem(text, out))
		buffer_clear(out);
}

/* CR alone is a line end of its own; before LF, one is enough. */
static void
mend_carriage_returns(struct span text, struct buffer *out)
{
	size_t at = 0;

	while (at < text.length) {
		const uint8_t *found = memchr(text.data + at, '\r', text.length - at);
		size_t to = found == NULL ? text.length : (size_t)(found - text.data), run = to;

		copy(out, text, at, to);
		while (run < text.length && text.data[run] == '\r')
			run++;
		if (run < text.length && text.data[run] == '\n' && run > to)
			buffer_add_text(out, "\r");
		else
			for (size_t i = to; i < run; i++)
				buffer_add_text(out, "\n");
		at = run;
	}
}

static bool
has_empty_line(struct span text, size_t from, size_t to)
{
	bool empty = false;

	for (; from < to; from++) {
		if (text.data[from] == '\n' && empty)
			return true;
		if (text.data[from] == '\n')
			empty = true;
		else if (text.data[from] > ' ')
			empty = false;
	}
	return false;
}

/* Lines of a body without blanks around them, and without those that hold nothing. */
static void
copy_body_lines(struct buffer *out, struct span text, size_t from, size_t to)
{
	buffer_add_text(out, "\n");
	while (from < to) {
		const uint8_t *found = memchr(text.data + from, '\n', to - from);
		size_t end = found == NULL ? to : (size_t)(found - text.data), next = end + 1;
		bool has_return;

		while (from < end && is_blank(text.data[from]))
			from++;
		has_return = end > from && text.data[end - 1] == '\r';
		while (end > from && text.data[end - 1] <= ' ')
			end--;
		if (end > from) {
			copy(out, text, from, end);
			buffer_add_text(out, has_return && found != NULL ? "\r\n" : "\n");
		}
		from = next;
	}
}

static bool
body_has_header(struct span text, size_t from, size_t to)
{
	return to > from && memchr(text.data + from, ':', to - from) != NULL;
}

static void
mend_lines(struct span text, struct buffer *out)
{
	const unsigned hiding = PEM_FLAW_INDENT | PEM_FLAW_NO_BREAK;
	CLEANUP(pem_markers_free) struct pem_markers markers = {};
	size_t at = 0;

	pem_scan(text, &markers);
	for (size_t i = 0; i < markers.count; i++) {
		const struct pem_marker *marker = &markers.items[i];
		size_t blanks = marker->offset;
		bool has_body = i > 0 && marker->is_end && !marker[-1].is_end;
		unsigned flaws = marker->flaws | (has_body ? marker[-1].flaws : 0);

		while (blanks > at && is_blank(text.data[blanks - 1]))
			blanks--;
		if (has_body && !body_has_header(text, at, marker->offset) &&
			((flaws & (hiding | PEM_FLAW_FUSED)) ||
				has_empty_line(text, at, marker->offset)))
			copy_body_lines(out, text, at, marker->offset);
		else
			copy(out, text, at,
				marker->flaws & PEM_FLAW_INDENT ? blanks : marker->offset);
		copy(out, text, marker->offset, marker->end);
		at = marker->end;
	}
	copy(out, text, at, text.length);
}

static void
mend_line_endings(struct span text, struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer lines = {};

	mend_carriage_returns(text, &lines);
	mend_lines(buffer_span(&lines), out);
}

/* The bytes of an escape at this place, and what it stands for. */
static size_t
escape_at(struct span text, size_t at, const char **ret_text)
{
	uint8_t next = at + 1 < text.length ? text.data[at + 1] : 0;

	*ret_text = next == 'n' ? "\n" : next == '/' ? "/" : "";
	return text.data[at] == '\\' && (next == 'n' || next == 'r' || next == 't' || next == '/')
		       ? 2
		       : 0;
}

static bool
is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

static size_t
line_end(struct span text, size_t from, size_t limit)
{
	while (from < limit && !is_line_end(text.data[from]))
		from++;
	return from;
}

static size_t
line_start(struct span text, size_t floor, size_t at)
{
	while (at > floor && !is_line_end(text.data[at - 1]))
		at--;
	return at;
}

/* Escapes of from..to, and those that follow. */
static size_t
unescape(struct span text, size_t from, size_t to, struct buffer *out)
{
	size_t at = from;

	while (at < text.length) {
		const char *meaning;
		size_t length = escape_at(text, at, &meaning);

		if (length > 0)
			buffer_add_text(out, meaning);
		else if (at < to)
			copy(out, text, at, at + 1);
		else
			break;
		at += length > 0 ? length : 1;
	}
	return at;
}

/* A string with escaped line ends, and where it is quoted, what it is quoted in. */
static void
mend_literal(struct span text, struct buffer *out)
{
	CLEANUP(pem_markers_free) struct pem_markers markers = {};
	const struct pem_marker *first = NULL, *last = NULL;
	size_t rest;

	pem_scan(text, &markers);
	for (size_t i = 0; i < markers.count; i++) {
		if (!(markers.items[i].flaws & PEM_FLAW_LITERAL))
			continue;
		first = first == NULL ? &markers.items[i] : first;
		last = &markers.items[i];
	}
	if (first == NULL)
		return;
	copy(out, text, 0,
		first->flaws & PEM_FLAW_STRAY ? line_start(text, 0, first->offset) : first->offset);
	rest = unescape(text, first->offset, last->end, out);
	copy(out, text, first->flaws & PEM_FLAW_STRAY ? line_end(text, rest, text.length) : rest,
		text.length);
}

/* Comments that are text stay; a line with bytes that are none goes. Markers keep their own lines.
 */
static void
copy_comments(struct buffer *out, struct span text, size_t from, size_t to)
{
	size_t start = from;
	bool dropped = false, ended = false;

	while (from < to) {
		size_t end = line_end(text, from, to);

		while (end < to && is_line_end(text.data[end]))
			end++;
		if (pem_first_not_utf8(text, from, end) == end) {
			copy(out, text, from, end);
			ended = is_line_end(text.data[end - 1]);
		} else {
			dropped = true;
		}
		from = end;
	}
	if (dropped && !ended && start > 0)
		buffer_add_text(out, "\n");
}

static void
mend_stray(struct span text, struct buffer *out)
{
	CLEANUP(pem_markers_free) struct pem_markers markers = {};
	size_t at = 0;
	bool outside = true;

	pem_scan(text, &markers);
	for (size_t i = 0; i < markers.count; i++) {
		const struct pem_marker *marker = &markers.items[i];
		bool is_stray =
			marker->flaws & PEM_FLAW_STRAY && !(marker->flaws & PEM_FLAW_LITERAL);
		size_t next = i + 1 < markers.count ? marker[1].offset : text.length;
		size_t to = is_stray ? line_start(text, at, marker->offset) : marker->offset;

		if (outside)
			copy_comments(out, text, at, to);
		else
			copy(out, text, at, to);
		if (is_stray && to == at && at > 0)
			buffer_add_text(out, "\n");
		copy(out, text, marker->offset, marker->end);
		at = is_stray ? line_end(text, marker->end, next) : marker->end;
		outside = marker->is_end;
	}
	copy_comments(out, text, at, text.length);
}

static const struct text_mender menders[] = {
	{ CAUSE_STORE_BYTE_ORDER_MARK, mend_marks },
	{ CAUSE_STORE_DOUBLE_BASE64, mend_base64 },
	{ CAUSE_STORE_FUSED_BLOCKS, mend_fused },
	{ CAUSE_STORE_LINE_ENDINGS, mend_line_endings },
	{ CAUSE_STORE_LITERAL_NEWLINES, mend_literal },
	{ CAUSE_STORE_NUL_BYTES, mend_nul },
	{ CAUSE_STORE_STRAY_TEXT, mend_stray },
	{ CAUSE_STORE_UTF16, mend_utf16 },
};

static size_t
count_defects(const struct store_builder *builder, enum cause_code cause)
{
	size_t count = 0;

	for (size_t i = 0; i < builder->defect_count; i++)
		count += builder->defects[i].cause == cause;
	return count;
}

static void
read_text(struct store_builder *builder, struct arena *arena, struct span text)
{
	*builder = (struct store_builder){ .arena = arena };
	builder_turn_to(builder, "", text);
	(void)format_read(builder);
}

static bool
holds_the_same(const struct store_builder *a, const struct store_builder *b)
{
	if (a->entry_count != b->entry_count)
		return false;
	for (size_t i = 0; i < a->entry_count; i++)
		if (a->entries[i].kind != b->entries[i].kind ||
			!span_equal(a->entries[i].der, b->entries[i].der))
			return false;
	return true;
}

static bool
is_mended(struct span before, struct span after, enum cause_code cause)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct store_builder old, new;

	read_text(&old, arena, before);
	read_text(&new, arena, after);
	return old.entry_count > 0 && holds_the_same(&old, &new) &&
	       count_defects(&new, cause) < count_defects(&old, cause);
}

int
pem_mend_text(struct span text, enum cause_code cause, struct buffer *ret)
{
	for (size_t i = 0; i < COUNT_OF(menders); i++) {
		CLEANUP(buffer_free) struct buffer out = {};

		if (menders[i].cause != cause)
			continue;
		menders[i].mend(text, &out);
		if (!is_mended(text, buffer_span(&out), cause))
			return -1;
		buffer_add(ret, out.data, out.length);
		return 0;
	}
	return -1;
}
