/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM as it is found (RFC 7468 and its accidents). Markers are found first, wherever they stand;
 * then each block between two of them is read for itself, so that damage to one never costs
 * another. What a reader by lines would make of the same text is said by defects, and by the
 * loaders, who ask it.
 */
#include "stores/pem.h"
#include "stores/pem_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "stores/pem_decode.h"

enum {
	PEM_MAX_NOTES = 64, /* of one kind of harmless or repeated defect in a file */
	NUL_RUN_GAP = 16,   /* NUL bytes nearer to each other are one run */
	MIN_BARE_LINE = 60, /* a line of so many base64 digits is no word */
};

static size_t
line_end(struct span text, size_t from, size_t limit)
{
	const uint8_t *end = memchr(text.data + from, '\n', limit - from);

	return end == NULL ? limit : (size_t)(end - text.data) + 1;
}

static bool
is_base64_line(struct span text, size_t from, size_t to)
{
	size_t count = 0;

	for (; from < to; from++) {
		uint8_t byte = text.data[from];
		bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';

		if (is_letter || (byte >= '0' && byte <= '9') || byte == '+' || byte == '/' ||
			byte == '=')
			count++;
		else if (byte > ' ')
			return false;
	}
	return count >= MIN_BARE_LINE;
}

/* Lines of base64 and nothing else, in which DER begins: "MI…". Both marker lines are lost. */
static bool
is_bare(struct span text)
{
	size_t at = 0, end;

	while (at < text.length && text.data[at] <= ' ')
		at++;
	if (text.length - at < MIN_BARE_LINE || memcmp(text.data + at, "MI", 2) != 0)
		return false;
	end = line_end(text, at, text.length);
	return is_base64_line(text, at, end) && pem_digits_before(text, at, text.length) == at;
}

static bool
pem_sniff(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = NULL;
	struct pem_views views;

	if (pem_has_marker(bytes) || is_bare(bytes))
		return true;
	if (bytes.length == 0 || (memchr(bytes.data, 0, bytes.length) == NULL &&
					 memchr(bytes.data, '-', bytes.length) != NULL))
		return false;
	arena = arena_new();
	pem_views_open(&views, arena, bytes);
	return views.count > 1 && pem_has_marker(pem_views_text(&views));
}

/* Text outside of blocks: lost base64, bytes that are no text. Comments are no defect. */
static void
read_outside(struct pem_reading *reading, size_t from, size_t to)
{
	size_t bad, start = from;

	for (size_t line = from; line < to;) {
		size_t end = line_end(reading->text, line, to), first = line;

		while (line < to && is_base64_line(reading->text, line, end)) {
			line = end;
			end = line_end(reading->text, line, to);
		}
		/* The last line of base64 is a short one. */
		if (line > first && pem_digits_before(reading->text, line, end) == line)
			line = end;
		if (line > first)
			(void)pem_block_read_bare(reading, first, line);
		else
			line = end;
	}
	bad = pem_first_not_utf8(reading->text, start, to);
	if (bad < to) {
		struct defect *defect = pem_defect(reading, CAUSE_STORE_STRAY_TEXT, bad, bad + 1,
			"text between the blocks is not UTF-8: some readers refuse the file for "
			"it");

		if (defect != NULL)
			defect->harmless = true;
	}
}

/* The run of END markers that closes blocks which stand within each other. */
static size_t
count_run(const struct pem_markers *markers, size_t from, bool is_end)
{
	size_t at = from;

	while (at < markers->count && markers->items[at].is_end == is_end)
		at++;
	return at - from;
}

static void
read_from_begin(struct pem_reading *reading, size_t index, enum pem_frame frame, size_t end)
{
	const struct pem_marker *begin = &reading->markers.items[index];
	const struct pem_marker *next = index + 1 < reading->markers.count ? begin + 1 : NULL;
	struct pem_block block = { .frame = frame, .begin = begin, .from = begin->offset };

	block.body_from = begin->end;
	block.body_to = next == NULL ? reading->text.length : next->offset;
	block.to = block.body_to;
	if (frame == PEM_FRAME_WHOLE) {
		assert(next != NULL);
		block.end = next;
		block.to = next->end;
	} else if (frame == PEM_FRAME_INTERLEAVED) {
		block.end = &reading->markers.items[end];
		block.to = block.end->end;
	}
	pem_block_read(reading, &block);
}

/* An END line cut short by the end of the file is no END line. */
static bool
is_cut_end(const struct pem_reading *reading, const struct pem_marker *marker)
{
	return marker->is_end && (marker->flaws & PEM_FLAW_DASHES) &&
	       marker->end == reading->text.length && reading->text.data[marker->end - 1] != '\n' &&
	       marker->offset + strlen("-----END ") + marker->label.length + 5 > marker->end;
}

static void
read_cut_end(struct pem_reading *reading, size_t index)
{
	const struct pem_marker *begin = &reading->markers.items[index];
	struct pem_block block = {
		.frame = PEM_FRAME_NO_END,
		.begin = begin,
		.from = begin->offset,
		.to = reading->text.length,
		.body_from = begin->end,
		.body_to = begin[1].offset,
	};

	pem_block_read(reading, &block);
}

/* BEGIN lines in a row: all but the last are cut off, or hold the ones below them. */
static size_t
read_begins(struct pem_reading *reading, size_t index)
{
	const struct pem_markers *markers = &reading->markers;
	size_t begins = count_run(markers, index, false);
	size_t ends = count_run(markers, index + begins, true);
	size_t nested = ends < begins ? ends : begins;
	size_t last = index + begins - 1;

	for (size_t i = index; i < last; i++) {
		/* The first of the nested ones is closed by the last END of the run. */
		bool is_nested = nested >= 2 && i + nested >= index + begins;

		read_from_begin(reading, i, is_nested ? PEM_FRAME_INTERLEAVED : PEM_FRAME_NO_END,
			is_nested ? last + (last - i) + 1 : 0);
	}
	if (ends == 0)
		read_from_begin(reading, last, PEM_FRAME_NO_END, 0);
	else if (is_cut_end(reading, &markers->items[last + 1]))
		read_cut_end(reading, last);
	else
		read_from_begin(reading, last, PEM_FRAME_WHOLE, 0);
	return index + begins + nested;
}

static void
read_lone_end(struct pem_reading *reading, size_t index, size_t floor)
{
	const struct pem_marker *end = &reading->markers.items[index];
	struct pem_block block = { .frame = PEM_FRAME_NO_BEGIN, .end = end, .to = end->end };

	block.body_from = pem_digits_before(reading->text, floor, end->offset);
	block.body_to = end->offset;
	block.from = block.body_from;
	read_outside(reading, floor, block.from);
	pem_block_read(reading, &block);
}

static void
read_blocks(struct pem_reading *reading)
{
	const struct pem_markers *markers = &reading->markers;
	size_t outside = 0;

	for (size_t index = 0; index < markers->count;) {
		if (markers->items[index].is_end) {
			read_lone_end(reading, index, outside);
			index++;
		} else {
			read_outside(reading, outside, markers->items[index].offset);
			index = read_begins(reading, index);
		}
		outside = reading->block_end > markers->items[index - 1].end
				  ? reading->block_end
				  : markers->items[index - 1].end;
	}
	if (outside < reading->text.length)
		read_outside(reading, outside, reading->text.length);
}

/* OpenSSL skips a mark only at the start of the line where it begins to look for a block
 * (crypto/pem/pem_lib.c, sanitize_line): the file's first, and each line behind an END line. */
static bool
mark_is_skipped(const struct pem_reading *reading, size_t mark, const struct pem_marker *last)
{
	size_t from = last == NULL ? 0 : last->end;

	if (mark == 0)
		return true;
	if (last == NULL || !last->is_end)
		return false;
	while (from < mark && reading->text.data[from] != '\n')
		from++;
	return from + 1 == mark;
}

static size_t
next_mark(struct span text, size_t from)
{
	const uint8_t *found;

	while (from < text.length &&
		(found = memchr(text.data + from, 0xef, text.length - from)) != NULL) {
		from = (size_t)(found - text.data);
		if (text.length - from >= 3 && memcmp(found, "\xef\xbb\xbf", 3) == 0)
			return from;
		from++;
	}
	return SIZE_MAX;
}

static void
note_marks(struct pem_reading *reading)
{
	const struct pem_markers *markers = &reading->markers;
	size_t index = 0, notes = 0;

	for (size_t mark = next_mark(reading->text, 0); mark != SIZE_MAX && notes < PEM_MAX_NOTES;
		mark = next_mark(reading->text, mark + 3), notes++) {
		const struct pem_marker *last = NULL;
		struct defect *defect = pem_defect(reading, CAUSE_STORE_BYTE_ORDER_MARK, mark,
			mark + 3, "a byte order mark stands here");

		while (index < markers->count && markers->items[index].offset < mark)
			index++;
		if (index > 0)
			last = &markers->items[index - 1];
		if (defect != NULL)
			defect->harmless = mark_is_skipped(reading, mark, last) ||
					   index == markers->count ||
					   !(markers->items[index].flaws & PEM_FLAW_MARK) ||
					   markers->items[index].offset > mark + 3;
	}
}

static void
note_marker_lines(struct pem_reading *reading)
{
	for (size_t i = 0; i < reading->markers.count; i++) {
		const struct pem_marker *marker = &reading->markers.items[i];

		if (marker->flaws & PEM_FLAW_FUSED && !marker->is_end && i > 0)
			(void)pem_defect(reading, CAUSE_STORE_FUSED_BLOCKS, marker[-1].offset,
				marker->end,
				"this BEGIN line stands on the line of the END line before it");
		else if (marker->flaws & PEM_FLAW_FUSED)
			pem_stretch_add(&reading->hidden, marker->offset, marker->end);
		/* A quoted string with escaped line ends is one kind of damage, not two. */
		if (marker->flaws & PEM_FLAW_STRAY && !(marker->flaws & PEM_FLAW_LITERAL))
			(void)pem_defect(reading, CAUSE_STORE_STRAY_TEXT, marker->offset,
				marker->end,
				"other text stands on the same line as this BEGIN or END");
	}
}

/* Whether NUL bytes from..to hide nothing: in a comment, or behind all that matters. The library's
 * line reader ends a line at NUL, and the file at a line that begins with one. */
static bool
nul_is_harmless(const struct pem_reading *reading, struct span bytes, size_t from, size_t to)
{
	const struct store_builder *builder = reading->builder;
	size_t end = line_end(bytes, from, bytes.length);

	if (span_find(span_of(bytes.data + to, bytes.length - to), "-----", 0) == SIZE_MAX &&
		(builder->entry_count == 0 ||
			builder->entries[builder->entry_count - 1].offset < from))
		return true;
	if (from == 0 || bytes.data[from - 1] == '\n' || to > end)
		return false;
	for (size_t i = 0; i < builder->entry_count; i++)
		if (builder->entries[i].offset < end &&
			builder->entries[i].offset + builder->entries[i].length > from)
			return false;
	return true;
}

static void
note_nul(struct pem_reading *reading)
{
	struct span bytes = reading->builder->bytes;
	size_t notes = 0;

	for (size_t at = 0; at < bytes.length && notes < PEM_MAX_NOTES; notes++) {
		const uint8_t *first = memchr(bytes.data + at, 0, bytes.length - at);
		size_t from, to;
		struct defect *defect;

		if (first == NULL)
			return;
		from = (size_t)(first - bytes.data);
		to = from + 1;
		for (size_t i = to; i < bytes.length && i < to + NUL_RUN_GAP; i++)
			if (bytes.data[i] == 0)
				to = i + 1;
		at = to;
		defect = builder_defect(reading->builder, CAUSE_STORE_NUL_BYTES, from, to - from,
			"NUL bytes stand here: a reader by lines ends at them");
		if (defect != NULL)
			defect->harmless = nul_is_harmless(reading, bytes, from, to);
	}
}

static void
note_views(struct pem_reading *reading)
{
	size_t length = reading->builder->bytes.length;

	if (pem_views_have(&reading->views, PEM_VIEW_UTF16))
		(void)builder_defect(
			reading->builder, CAUSE_STORE_UTF16, 0, length, "the file is UTF-16 text");
	if (pem_views_have(&reading->views, PEM_VIEW_BASE64))
		(void)builder_defect(reading->builder, CAUSE_STORE_DOUBLE_BASE64, 0, length,
			"the whole file is encoded in base64 once more");
	if (pem_views_have(&reading->views, PEM_VIEW_WITHOUT_NUL))
		note_nul(reading);
	if (reading->literal.found)
		(void)pem_defect(reading, CAUSE_STORE_LITERAL_NEWLINES, reading->literal.from,
			reading->literal.to,
			"line ends are written as a backslash and the letter n");
	if (reading->hidden.found)
		(void)pem_defect(reading, CAUSE_STORE_LINE_ENDINGS, reading->hidden.from,
			reading->hidden.to,
			"BEGIN and END do not stand on lines of their own: CR alone, blanks before "
			"them, or line ends lost");
}

/* The file ends in the middle of a BEGIN line's dashes or word. */
static void
note_cut_begin(struct pem_reading *reading)
{
	static const char begin[] = "-----BEGIN ";
	struct span text = reading->text;
	size_t start = text.length;
	struct defect *defect;

	while (start > reading->block_end && text.length - start < sizeof(begin) &&
		text.data[start - 1] != '\n')
		start--;
	if (start == text.length || text.length - start >= sizeof(begin) || start == 0 ||
		text.data[start - 1] != '\n' ||
		memcmp(text.data + start, begin, text.length - start) != 0)
		return;
	defect = pem_defect(reading, CAUSE_STORE_TRUNCATED, start, text.length,
		"the file ends within a BEGIN line");
	if (defect != NULL)
		defect->is_block = true;
}

/* And it begins in the middle of a line of dashes: what stood before is lost. */
static void
note_cut_front(struct pem_reading *reading)
{
	enum { DASHES = 5, LONGEST_REST = 40 };
	const struct pem_markers *markers = &reading->markers;
	size_t end = line_end(reading->text, 0, reading->text.length), at = 0;
	struct defect *defect;

	while (end > 0 && reading->text.data[end - 1] <= ' ')
		end--;
	/* A row of dashes is an ornament. */
	if (end <= DASHES || end > LONGEST_REST || reading->text.data[end - DASHES - 1] == '-' ||
		(markers->count > 0 && markers->items[0].offset < end) ||
		memcmp(reading->text.data + end - DASHES, "-----", DASHES) != 0)
		return;
	for (; at < end - DASHES; at++) {
		uint8_t byte = reading->text.data[at];

		if ((byte < 'A' || byte > 'Z') && (byte < '0' || byte > '9') && byte != ' ' &&
			byte != '-')
			return;
	}
	defect = pem_defect(reading, CAUSE_STORE_TRUNCATED, 0, end,
		"the file begins within a BEGIN or END line: what stood before it is lost");
	if (defect != NULL)
		defect->is_block = true;
}

static int
compare_defects(const void *a, const void *b)
{
	const struct defect *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->cause < right->cause ? -1 : left->cause > right->cause;
}

/* Lines may be mixed from here on: a block that another one cuts off, or where they are already. */
static bool
is_cut(const struct defect *defect)
{
	return defect->cause == CAUSE_STORE_INTERLEAVED_WRITE ||
	       (defect->cause == CAUSE_STORE_TRUNCATED && defect->is_block);
}

/*
 * A block that another one cuts off, and that one damaged too: their lines are mixed, as two
 * writers at once mix them, up to the next whole block. A cut followed by a whole block is no such
 * thing.
 */
static void
name_mixed(struct store_builder *builder, size_t first_defect, size_t first_entry)
{
	size_t entry = first_entry;

	for (size_t i = first_defect; i + 1 < builder->defect_count; i++) {
		struct defect *cut = &builder->defects[i], *next = &builder->defects[i + 1];
		bool whole_between;

		/* Entries, too, are in the order of the text. */
		while (entry < builder->entry_count &&
			builder->entries[entry].offset <= cut->offset)
			entry++;
		whole_between = entry < builder->entry_count &&
				builder->entries[entry].offset < next->offset;
		if (!is_cut(cut) || whole_between)
			continue;
		if (next->cause != CAUSE_STORE_CORRUPT_ENTRY &&
			next->cause != CAUSE_STORE_TRUNCATED)
			continue;
		cut->cause = next->cause = CAUSE_STORE_INTERLEAVED_WRITE;
		cut->text = "another block begins within this one, and is damaged too: two writers "
			    "wrote at once";
		next->text = "the lines of this block are mixed with those of another: two writers "
			     "wrote at once";
	}
}

/* Lines that are mixed leave text beside BEGIN and END lines: that is the same damage. */
static void
drop_mixed_text(struct store_builder *builder, size_t first)
{
	size_t from = SIZE_MAX, to = 0, kept = first;

	for (size_t i = first; i < builder->defect_count; i++) {
		const struct defect *defect = &builder->defects[i];

		if (defect->cause != CAUSE_STORE_INTERLEAVED_WRITE)
			continue;
		from = defect->offset < from ? defect->offset : from;
		to = defect->offset + defect->length;
	}
	for (size_t i = first; i < builder->defect_count; i++) {
		const struct defect *defect = &builder->defects[i];

		if (defect->cause != CAUSE_STORE_STRAY_TEXT || defect->offset < from ||
			defect->offset >= to)
			builder->defects[kept++] = *defect;
	}
	builder->defect_count = kept;
}

static void
pem_read(struct store_builder *builder)
{
	struct pem_reading reading = { .builder = builder };
	size_t first_defect = builder->defect_count, first_entry = builder->entry_count;

	pem_views_open(&reading.views, builder->arena, builder->bytes);
	reading.text = pem_views_text(&reading.views);
	reading.pool = arena_alloc(builder->arena, reading.text.length / 4 * 3 + 8);
	pem_scan(reading.text, &reading.markers);
	builder_reserve(builder, reading.markers.count / 2 + 1);
	read_blocks(&reading);
	note_cut_begin(&reading);
	note_cut_front(&reading);
	note_marks(&reading);
	note_marker_lines(&reading);
	note_views(&reading);
	if (reading.markers.more)
		(void)builder_defect(builder, CAUSE_STORE_WRONG_FORMAT, 0, builder->bytes.length,
			"there are more PEM blocks than are read");
	pem_markers_free(&reading.markers);
	if (builder->defect_count > first_defect)
		qsort(builder->defects + first_defect, builder->defect_count - first_defect,
			sizeof(*builder->defects), compare_defects);
	name_mixed(builder, first_defect, first_entry);
	drop_mixed_text(builder, first_defect);
}

static int
pem_write_store(const struct store_content *content, struct buffer *out, struct err *)
{
	for (size_t i = 0; i < content->count; i++)
		pem_write_entry(out, content->entries[i]);
	return 0;
}

const struct store_format store_pem = {
	.name = "pem",
	.title = "PEM blocks",
	.sniff = pem_sniff,
	.read = pem_read,
	.carries_crls = true,
	.carries_settings = true,
	.write = pem_write_store,
};
