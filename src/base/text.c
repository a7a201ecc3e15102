/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#include "base/bytes.h"

enum { WORD_MAX_LENGTH = 63, UNICODE_ESCAPE_MAX_DIGITS = 6 };

struct code_range {
	uint32_t first, last;
};

/* What acts instead of being seen. Joiners (U+200C, U+200D) stay: Persian names and emoji need
 * them. */
static const struct code_range unsafe_codes[] = {
	{ 0x0000, 0x001f },   /* C0 */
	{ 0x007f, 0x009f },   /* DEL, C1 */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left mark */
	{ 0x2028, 0x202e },   /* line and paragraph separator, embeddings, overrides */
	{ 0x2066, 0x206f },   /* isolates, deprecated format characters */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags: invisible copies of ASCII */
};

bool
text_code_is_unsafe(uint32_t code)
{
	/* Nearly all that is asked about. */
	if (code >= ' ' && code <= '~')
		return false;
	for (size_t i = 0; i < COUNT_OF(unsafe_codes); i++) {
		if (code >= unsafe_codes[i].first && code <= unsafe_codes[i].last)
			return true;
	}
	return false;
}

/* RFC 3629: the shortest form only, no surrogates, nothing above U+10FFFF. */
size_t
text_utf8_decode(const char *text, size_t length, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *bytes = (const uint8_t *)text;
	size_t size;
	uint32_t code;

	if (length == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_code = bytes[0];
		return 1;
	}
	size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || size > length)
		return 0;
	code = bytes[0] & (0xffu >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3fu);
	}
	if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return size;
}

bool
text_is_safe(const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t size = text_utf8_decode(text + i, length - i, &code);

		if (size == 0 || text_code_is_unsafe(code))
			return false;
		i += size;
	}
	return true;
}

/* Whether the text could be taken for the rest of an escape of ours: xNN or u{N…}. */
static bool
looks_like_escape(const char *text, size_t length)
{
	size_t digits = 0;

	if (length >= 3 && text[0] == 'x')
		return isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]);
	if (length < 4 || text[0] != 'u' || text[1] != '{')
		return false;
	text += 2;
	length -= 2;
	while (digits < length && digits <= UNICODE_ESCAPE_MAX_DIGITS &&
		isxdigit((unsigned char)text[digits]))
		digits++;
	return digits > 0 && digits < length && text[digits] == '}';
}

/* The size of what starts the text and may stay as it is, or 0. */
static size_t
safe_size(const char *text, size_t length, uint32_t *ret_code)
{
	size_t size = text_utf8_decode(text, length, ret_code);

	return size > 0 && !text_code_is_unsafe(*ret_code) ? size : 0;
}

/*
 * Adds a run of backslashes, doubled where an escape follows, be it one that the text already
 * looks to have or one that we are about to write: an odd number before "x" or "u{" is then always
 * ours, and no two texts look the same. Returns the length of the run.
 */
static size_t
sanitize_backslashes(struct buffer *out, const char *text, size_t length)
{
	size_t run = 0;
	uint32_t code;
	bool doubled;

	while (run < length && text[run] == '\\')
		run++;
	doubled = run < length && (looks_like_escape(text + run, length - run) ||
					  safe_size(text + run, length - run, &code) == 0);
	for (size_t i = 0; i < run; i++)
		buffer_add_text(out, doubled ? "\\\\" : "\\");
	return run;
}

/* Adds the escape for what starts the text; returns how many bytes it stands for. */
static size_t
sanitize_unsafe(struct buffer *out, const char *text, size_t length)
{
	uint32_t code;
	size_t size = text_utf8_decode(text, length, &code);

	if (size <= 1) {
		buffer_addf(out, "\\x%02x", (unsigned)(uint8_t)text[0]);
		return 1;
	}
	buffer_addf(out, "\\u{%04x}", (unsigned)code);
	return size;
}

/* Most texts are: nothing in them is looked at twice. */
static bool
is_plain_ascii(const char *text, size_t length)
{
	unsigned odd = 0;

	for (size_t i = 0; i < length; i++)
		odd |= (unsigned char)(text[i] - ' ') > '~' - ' ' || text[i] == '\\';
	return odd == 0;
}

char *
text_sanitize(struct arena *arena, const char *text, size_t length)
{
	CLEANUP(buffer_free) struct buffer out = {};
	uint32_t code;

	if (is_plain_ascii(text, length))
		return arena_strndup(arena, text, length);
	for (size_t i = 0; i < length;) {
		size_t size = safe_size(text + i, length - i, &code);

		if (size == 0) {
			i += sanitize_unsafe(&out, text + i, length - i);
		} else if (text[i] == '\\') {
			i += sanitize_backslashes(&out, text + i, length - i);
		} else {
			buffer_add(&out, text + i, size);
			i += size;
		}
	}
	return arena_strndup(arena, (const char *)out.data, out.length);
}

bool
text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
text_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), with the
 * three last rows of the table. */
static size_t
edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][WORD_MAX_LENGTH + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = smaller(smaller(last[j], row[j - 1]) + 1,
				last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_length];
}

const char *
text_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word), best_distance;
	const char *best = NULL;

	if (length == 0 || length > WORD_MAX_LENGTH)
		return NULL;
	/* A third of the word may be wrong; of a short one a single letter. */
	best_distance = (length < 6 ? 1 : length / 3) + 1;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_length = strlen(candidates[i]), distance;

		if (candidate_length > WORD_MAX_LENGTH)
			continue;
		distance = edit_distance(word, length, candidates[i], candidate_length);
		if (distance < best_distance && distance < length) {
			best_distance = distance;
			best = candidates[i];
		}
	}
	return best;
}

int
text_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return -1;
	}
	if (number > max)
		return -1;
	*ret = number;
	return 0;
}
