/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pem_scan.h"

#include <string.h>

enum { PEM_DASHES = 5, MAX_BLANKS = 256 };

struct scanner {
	struct span text;
	size_t at;       /* nothing before it is looked at again */
	size_t last_end; /* end of the last marker */
	struct pem_markers *markers;
	size_t limit; /* markers that are looked for */
};

static bool
is_digit(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || byte == '+' || byte == '/' || byte == '=';
}

static bool
text_has(struct span text, size_t at, const char *word)
{
	size_t length = strlen(word);

	return text.length - at >= length && memcmp(text.data + at, word, length) == 0;
}

static size_t
dashes(struct span text, size_t at)
{
	size_t count = 0;

	while (at + count < text.length && text.data[at + count] == '-')
		count++;
	return count;
}

/* The label goes to the next dash, or to where no label goes on. */
static size_t
label_end(struct span text, size_t at)
{
	size_t end = at;

	while (end < text.length && end - at < PEM_MAX_LABEL && text.data[end] >= ' ' &&
		text.data[end] < 0x7f && text.data[end] != '-' && text.data[end] != '\\')
		end++;
	return end;
}

static struct span
label_trim(struct span text, size_t from, size_t end)
{
	while (from < end && text.data[from] == ' ')
		from++;
	while (end > from && text.data[end - 1] == ' ')
		end--;
	return span_of(text.data + from, end - from);
}

/* What stands between the marker and the line end before it. */
static unsigned
flaws_before(struct span text, size_t floor, size_t offset, bool is_end)
{
	size_t at = offset;
	unsigned flaws = 0;

	/* NUL bytes are damage of their own kind. */
	while (at > floor && offset - at < MAX_BLANKS && strchr(" \t", text.data[at - 1]) != NULL) {
		at--;
		if (text.data[at] != 0)
			flaws |= PEM_FLAW_INDENT;
	}
	if (at - floor >= 3 && memcmp(text.data + at - 3, "\xef\xbb\xbf", 3) == 0) {
		flaws |= PEM_FLAW_MARK;
		at -= 3;
	}
	if (at == floor)
		return floor == 0 ? flaws : (flaws & ~(unsigned)PEM_FLAW_INDENT) | PEM_FLAW_FUSED;
	if (text.data[at - 1] == '\n' || text.data[at - 1] == 0)
		return flaws;
	if (text.data[at - 1] == '\r')
		return flaws | PEM_FLAW_CR;
	if (text.data[at - 1] == 'n' && at - floor >= 2 && text.data[at - 2] == '\\')
		return flaws | PEM_FLAW_LITERAL;
	if (is_end && is_digit(text.data[at - 1]))
		return flaws | PEM_FLAW_NO_BREAK;
	return flaws | PEM_FLAW_STRAY;
}

static unsigned
flaws_after(struct span text, size_t at, bool is_end)
{
	size_t start = at;

	while (at < text.length && at - start < MAX_BLANKS && text.data[at] <= ' ' &&
		text.data[at] != '\n' && text.data[at] != '\r')
		at++;
	if (at == text.length || text.data[at] == '\n' || text.data[at] == '-')
		return 0;
	if (text.data[at] == '\r') {
		while (at < text.length && text.data[at] == '\r')
			at++;
		return at == text.length || text.data[at] == '\n' ? 0 : PEM_FLAW_CR;
	}
	if (text.data[at] == '\\' && at + 1 < text.length &&
		(text.data[at + 1] == 'n' || text.data[at + 1] == 'r'))
		return PEM_FLAW_LITERAL;
	if (!is_end && is_digit(text.data[at]))
		return PEM_FLAW_NO_BREAK;
	return PEM_FLAW_STRAY;
}

/* A marker whose word ("BEGIN " or "END ") stands at word, behind so many dashes. */
static void
marker_add(struct scanner *scanner, size_t word, size_t before, bool is_end)
{
	struct span text = scanner->text;
	struct pem_markers *markers = scanner->markers;
	size_t label = word + (is_end ? 4 : 6), closing, end = label_end(text, label);
	size_t used = before < PEM_DASHES ? before : PEM_DASHES;
	struct pem_marker marker = { .is_end = is_end, .offset = word - used };

	closing = dashes(text, end);
	marker.end = end + (closing < PEM_DASHES ? closing : PEM_DASHES);
	marker.label = label_trim(text, label, end);
	if (before < PEM_DASHES || closing < PEM_DASHES || marker.label.length != end - label)
		marker.flaws |= PEM_FLAW_DASHES;
	if (before > PEM_DASHES && marker.offset != scanner->last_end)
		marker.flaws |= PEM_FLAW_DASHES;
	/* Six dashes at the end of a line are one too many; ten are two markers. */
	if (closing > PEM_DASHES && !text_has(text, end + closing, "BEGIN ") &&
		!text_has(text, end + closing, "END "))
		marker.flaws |= PEM_FLAW_DASHES;
	marker.flaws |= flaws_before(text, scanner->last_end, marker.offset, is_end);
	marker.flaws |= flaws_after(text, marker.end, is_end);
	if (marker.flaws & PEM_FLAW_DASHES)
		marker.flaws &= ~(unsigned)PEM_FLAW_STRAY;
	scanner->at = scanner->last_end = marker.end;
	if (markers->count >= scanner->limit) {
		markers->more = true;
		return;
	}
	markers->items = mem_grow(
		markers->items, markers->count, &markers->capacity, sizeof(*markers->items));
	markers->items[markers->count++] = marker;
}

/* "BEGIN CERTIFICATE-----" that lost its dashes in front: the word begins the line. */
static bool
marker_without_dashes(struct scanner *scanner, size_t run)
{
	struct span text = scanner->text;
	size_t start = run;

	while (start > scanner->last_end && run - start < PEM_MAX_LABEL &&
		text.data[start - 1] >= ' ' && text.data[start - 1] < 0x7f)
		start--;
	if (start > scanner->last_end && text.data[start - 1] != '\n' &&
		text.data[start - 1] != '\r')
		return false;
	if (text_has(text, start, "BEGIN ") && start + 6 < run)
		marker_add(scanner, start, 0, false);
	else if (text_has(text, start, "END ") && start + 4 < run)
		marker_add(scanner, start, 0, true);
	else
		return false;
	return true;
}

/* A run of dashes: the start of a marker, or nothing. */
static void
scan_run(struct scanner *scanner, size_t run)
{
	struct span text = scanner->text;
	size_t count = dashes(text, run), word = run + count;
	bool joined = run == scanner->last_end && run > 0;

	if (count >= 2 || joined) {
		if (text_has(text, word, "BEGIN ")) {
			marker_add(scanner, word, count, false);
			return;
		}
		if (text_has(text, word, "END ")) {
			marker_add(scanner, word, count, true);
			return;
		}
	}
	if (count >= PEM_DASHES && marker_without_dashes(scanner, run))
		return;
	scanner->at = word;
}

/* "-----END A-----BEGIN B-----": the second has no dash of its own. */
static bool
scan_joined(struct scanner *scanner)
{
	size_t at = scanner->at;

	if (at == 0 || at != scanner->last_end)
		return false;
	if (text_has(scanner->text, at, "BEGIN "))
		marker_add(scanner, at, 0, false);
	else if (text_has(scanner->text, at, "END "))
		marker_add(scanner, at, 0, true);
	else
		return false;
	return true;
}

static void
scan(struct span text, size_t limit, struct pem_markers *ret)
{
	struct scanner scanner = { .text = text, .markers = ret, .limit = limit };

	*ret = (struct pem_markers){};
	while (scanner.at < text.length && !ret->more) {
		const uint8_t *dash;

		if (scan_joined(&scanner))
			continue;
		dash = memchr(text.data + scanner.at, '-', text.length - scanner.at);
		if (dash == NULL)
			return;
		scan_run(&scanner, (size_t)(dash - text.data));
	}
}

void
pem_scan(struct span text, struct pem_markers *ret)
{
	scan(text, PEM_MAX_MARKERS, ret);
}

void
pem_markers_free(struct pem_markers *markers)
{
	mem_free(markers->items);
}

bool
pem_has_marker(struct span text)
{
	CLEANUP(pem_markers_free) struct pem_markers markers = {};

	if (span_find(text, "BEGIN ", 0) == SIZE_MAX && span_find(text, "END ", 0) == SIZE_MAX)
		return false;
	scan(text, 0, &markers);
	return markers.more;
}

static size_t
utf8_length(struct span text, size_t at, size_t limit)
{
	uint8_t first = text.data[at];
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
				       : 4;

	if (length == 0 || first > 0xf4 || at + length > limit)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text.data[at + i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t
pem_first_not_utf8(struct span text, size_t from, size_t limit)
{
	while (from < limit) {
		size_t length = utf8_length(text, from, limit);

		if (length == 0)
			return from;
		from += length;
	}
	return limit;
}
