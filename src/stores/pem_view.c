/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pem_view.h"

#include <string.h>

enum {
	VIEW_STEP = 48 << 10, /* bytes of text between two marks; a multiple of three */
	UTF16_PROBE = 4096,   /* bytes by which UTF-16 without a mark is recognised */
};

static bool
is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool
is_base64(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

/* Powershell writes UTF-16 with a mark, other tools without: then every second byte is 0. */
enum pem_utf16
pem_utf16_order(struct span bytes)
{
	size_t probe = bytes.length < UTF16_PROBE ? bytes.length : UTF16_PROBE;
	size_t zeros[2] = { 0, 0 };

	for (size_t i = 0; i < probe; i++)
		if (bytes.data[i] == 0)
			zeros[i & 1]++;
	if (probe < 4)
		return PEM_UTF16_NO;
	if (bytes.data[0] == 0xff && bytes.data[1] == 0xfe && zeros[1] * 4 > probe)
		return PEM_UTF16_LITTLE;
	if (bytes.data[0] == 0xfe && bytes.data[1] == 0xff && zeros[0] * 4 > probe)
		return PEM_UTF16_BIG;
	if (zeros[1] * 20 >= probe * 9 && zeros[0] == 0)
		return PEM_UTF16_LITTLE;
	if (zeros[0] * 20 >= probe * 9 && zeros[1] == 0)
		return PEM_UTF16_BIG;
	return PEM_UTF16_NO;
}

bool
pem_is_base64_of_pem(struct span bytes, struct buffer *ret_text)
{
	size_t bad, padding = 0, digits = 0;

	for (size_t i = 0; i < bytes.length; i++) {
		if (bytes.data[i] == '=')
			padding++;
		else if (is_base64(bytes.data[i]) && padding == 0)
			digits++;
		else if (!is_space(bytes.data[i]))
			return false;
	}
	if (digits < 32 || padding > 2)
		return false;
	(void)base64_decode(bytes, ret_text, &bad);
	return span_find(buffer_span(ret_text), "-----BEGIN ", 0) != SIZE_MAX;
}

/* What is not ASCII can only stand in comments; one byte each keeps offsets simple. A byte order
 * mark is as good as a new line. */
static uint8_t
utf16_byte(uint8_t high, uint8_t low)
{
	if (high == 0xfe && low == 0xff)
		return '\n';
	return high == 0 && low < 0x80 ? low : '?';
}

static void
view_utf16(struct pem_view *view, struct arena *arena, enum pem_utf16 order)
{
	struct span source = view->source;
	size_t low = order == PEM_UTF16_LITTLE ? 0 : 1;
	uint8_t *text = arena_alloc(arena, source.length / 2 + 1);

	for (size_t i = 0; i + 1 < source.length; i += 2)
		text[i / 2] = utf16_byte(source.data[i + 1 - low], source.data[i + low]);
	view->kind = PEM_VIEW_UTF16;
	view->text = span_of(text, source.length / 2);
}

static void
view_without_nul(struct pem_view *view, struct arena *arena)
{
	struct span source = view->source;
	uint8_t *text = arena_alloc(arena, source.length + 1);
	size_t *marks = arena_alloc(arena, (source.length / VIEW_STEP + 2) * sizeof(*marks));
	size_t length = 0;

	for (size_t i = 0; i < source.length; i++) {
		if (source.data[i] == 0)
			continue;
		if (length % VIEW_STEP == 0)
			marks[length / VIEW_STEP] = i;
		text[length++] = source.data[i];
	}
	view->kind = PEM_VIEW_WITHOUT_NUL;
	view->text = span_of(text, length);
	view->marks = marks;
	view->cursor = arena_alloc(arena, sizeof(*view->cursor));
}

static void
view_base64(struct pem_view *view, struct arena *arena, const struct buffer *decoded)
{
	struct span source = view->source;
	size_t *marks = arena_alloc(arena, (decoded->length / VIEW_STEP + 2) * sizeof(*marks));
	size_t digits = 0;

	for (size_t i = 0; i < source.length; i++) {
		if (!is_base64(source.data[i]))
			continue;
		if (digits % (VIEW_STEP / 3 * 4) == 0 && digits / 4 * 3 <= decoded->length)
			marks[digits / (VIEW_STEP / 3 * 4)] = i;
		digits++;
	}
	view->kind = PEM_VIEW_BASE64;
	view->text = span_of(arena_dup(arena, decoded->data, decoded->length), decoded->length);
	view->marks = marks;
	view->cursor = arena_alloc(arena, sizeof(*view->cursor));
}

static bool
view_open(struct pem_view *view, struct arena *arena)
{
	enum pem_utf16 order = pem_utf16_order(view->source);

	if (order != PEM_UTF16_NO) {
		view_utf16(view, arena, order);
		return true;
	}
	if (view->source.length > 0 && memchr(view->source.data, 0, view->source.length) != NULL) {
		view_without_nul(view, arena);
		return true;
	}
	if (view->source.length > 0 &&
		memchr(view->source.data, '-', view->source.length) == NULL) {
		CLEANUP(buffer_free) struct buffer decoded = {};

		if (pem_is_base64_of_pem(view->source, &decoded)) {
			view_base64(view, arena, &decoded);
			return true;
		}
	}
	return false;
}

void
pem_views_open(struct pem_views *views, struct arena *arena, struct span bytes)
{
	*views = (struct pem_views){ .count = 1 };
	views->layers[0] =
		(struct pem_view){ .kind = PEM_VIEW_PLAIN, .text = bytes, .source = bytes };
	while (views->count < PEM_VIEW_MAX_LAYERS) {
		struct pem_view *next = &views->layers[views->count];

		next->source = pem_views_text(views);
		if (!view_open(next, arena))
			break;
		views->count++;
	}
}

struct span
pem_views_text(const struct pem_views *views)
{
	return views->layers[views->count - 1].text;
}

/* A byte of text is one digit further in base64: the fourth digit of a group begins no byte. */
static size_t
view_unit(const struct pem_view *view, size_t offset)
{
	return view->kind == PEM_VIEW_BASE64 ? offset / 3 * 4 + offset % 3 : offset;
}

/* Walks in source from the last mark, or from where the last question ended, past what the text
 * does not show. Questions mostly come in order. */
static size_t
view_walk(const struct pem_view *view, size_t offset)
{
	struct pem_view_cursor *cursor = view->cursor;
	bool digits = view->kind == PEM_VIEW_BASE64;
	size_t mark = offset / VIEW_STEP, unit = view_unit(view, offset);

	if (unit < cursor->unit || view_unit(view, mark * VIEW_STEP) > cursor->unit) {
		cursor->unit = view_unit(view, mark * VIEW_STEP);
		cursor->at = view->marks[mark];
	}
	for (; cursor->at < view->source.length; cursor->at++) {
		uint8_t byte = view->source.data[cursor->at];

		if (digits ? !is_base64(byte) : byte == 0)
			continue;
		if (cursor->unit == unit)
			break;
		cursor->unit++;
	}
	return cursor->at;
}

static size_t
view_offset(const struct pem_view *view, size_t offset)
{
	if (view->kind == PEM_VIEW_PLAIN)
		return offset;
	if (offset >= view->text.length)
		return view->source.length;
	return view->kind == PEM_VIEW_UTF16 ? offset * 2 : view_walk(view, offset);
}

size_t
pem_views_offset(const struct pem_views *views, size_t offset)
{
	for (size_t i = views->count; i-- > 1;)
		offset = view_offset(&views->layers[i], offset);
	return offset;
}

size_t
pem_views_end(const struct pem_views *views, size_t end)
{
	for (size_t i = views->count; i-- > 1 && end > 0;)
		end = view_offset(&views->layers[i], end - 1) +
		      (views->layers[i].kind == PEM_VIEW_UTF16 ? 2 : 1);
	return end;
}

bool
pem_views_have(const struct pem_views *views, enum pem_view_kind kind)
{
	for (size_t i = 0; i < views->count; i++)
		if (views->layers[i].kind == kind)
			return true;
	return false;
}
