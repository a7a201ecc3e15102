/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/apache_lines.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 255 };

/* apr_isspace(3) in the C locale. */
static bool
is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void
text_end(struct apache_text *text)
{
	mem_free(text->bytes);
	mem_free(text->starts);
	mem_free(text->ends);
	*text = (struct apache_text){};
}

static void
text_clear(struct apache_text *text)
{
	text->length = 0;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

static bool
text_add(struct apache_text *text, char byte, size_t start, size_t end)
{
	if (text->length >= APACHE_MAX_LINE)
		return false;
	if (text->bytes == NULL || text->length + 1 >= text->capacity) {
		text->capacity = text->capacity > 0 ? 2 * text->capacity : 256;
		text->bytes = mem_resize(text->bytes, text->capacity);
		text->starts = mem_resize(text->starts, text->capacity * sizeof(*text->starts));
		text->ends = mem_resize(text->ends, text->capacity * sizeof(*text->ends));
	}
	text->bytes[text->length] = byte;
	text->starts[text->length] = start;
	text->ends[text->length] = end;
	text->bytes[++text->length] = '\0';
	return true;
}

void
apache_lines_begin(struct apache_lines *lines, const char *path, struct span file)
{
	*lines = (struct apache_lines){ .file = file, .path = path, .next_line = 1 };
}

void
apache_lines_end(struct apache_lines *lines)
{
	text_end(&lines->joined);
	text_end(&lines->expanded);
}

/* One raw line onto the joined one. True where a backslash before its end continues it. */
static bool
add_raw_line(struct apache_lines *lines)
{
	const char *data = (const char *)lines->file.data;
	size_t start = lines->offset, end = start, content;
	bool continues;

	while (end < lines->file.length && data[end] != '\n')
		end++;
	content = end;
	lines->ending = "";
	lines->offset = end;
	if (end < lines->file.length) {
		bool carriage = content > start && data[content - 1] == '\r';

		lines->ending = carriage ? "\r\n" : "\n";
		content -= carriage;
		lines->offset = end + 1;
	}
	lines->next_line++;
	/* A backslash before the end of the file continues nothing. */
	continues = end < lines->file.length && content > start && data[content - 1] == '\\';
	content -= continues;
	for (size_t i = start; i < content; i++) {
		if (data[i] == '\0') {
			/* httpd reads C strings: the rest of the line is lost to it. */
			lines->has_nul = true;
			return false;
		}
		if (!text_add(&lines->joined, data[i], i, i + 1)) {
			lines->too_long = true;
			break;
		}
	}
	return continues;
}

static void
trim(struct apache_text *text)
{
	size_t first = 0;

	while (text->length > 0 && is_blank(text->bytes[text->length - 1]))
		text->bytes[--text->length] = '\0';
	while (first < text->length && is_blank(text->bytes[first]))
		first++;
	if (first == 0)
		return;
	text->length -= first;
	memmove(text->bytes, text->bytes + first, text->length + 1);
	memmove(text->starts, text->starts + first, text->length * sizeof(*text->starts));
	memmove(text->ends, text->ends + first, text->length * sizeof(*text->ends));
}

bool
apache_lines_next(struct apache_lines *lines)
{
	while (lines->offset < lines->file.length) {
		lines->where = (struct locus){
			.path = lines->path, .line = lines->next_line, .offset = lines->offset
		};
		lines->too_long = false;
		lines->has_nul = false;
		text_clear(&lines->joined);
		while (add_raw_line(lines) && lines->offset < lines->file.length)
			continue;
		lines->where.length = lines->offset - lines->where.offset;
		lines->text = &lines->joined;
		trim(&lines->joined);
		if (lines->joined.length == 0 || lines->joined.bytes[0] == '#')
			continue;
		lines->indent = lines->joined.starts[0] - lines->where.offset;
		return true;
	}
	return false;
}

/* The longest name that stands here. */
static const struct apache_argument *
argument_at(const char *bytes, const struct apache_argument *arguments, size_t count)
{
	const struct apache_argument *longest = NULL;

	for (size_t i = 0; i < count; i++)
		if (*arguments[i].name != '\0' && text_starts(bytes, arguments[i].name) &&
			(longest == NULL || strlen(arguments[i].name) > strlen(longest->name)))
			longest = &arguments[i];
	return longest;
}

/* The bytes of value, all of which come from this span of the file. */
static bool
text_add_value(struct apache_text *text, const char *value, size_t start, size_t end)
{
	bool fits = true;

	for (; *value != '\0' && fits; value++)
		fits = text_add(text, *value, start, end);
	return fits;
}

void
apache_lines_substitute(
	struct apache_lines *lines, const struct apache_argument *arguments, size_t count)
{
	struct apache_text from = lines->joined;
	bool fits = true;

	lines->joined = lines->expanded;
	text_clear(&lines->joined);
	for (size_t i = 0; i < from.length && fits;) {
		const struct apache_argument *argument =
			argument_at(from.bytes + i, arguments, count);
		size_t length = argument != NULL ? strlen(argument->name) : 1;

		fits = argument != NULL ? text_add_value(&lines->joined, argument->value,
						  from.starts[i], from.ends[i + length - 1])
					: text_add(&lines->joined, from.bytes[i], from.starts[i],
						  from.ends[i]);
		i += length;
	}
	lines->too_long = lines->too_long || !fits;
	lines->expanded = from;
	lines->text = &lines->joined;
}

void
apache_lines_narrow(struct apache_lines *lines, struct locus from, size_t end)
{
	lines->offset = from.offset;
	lines->next_line = from.line;
	lines->file.length = end;
}

/* "${NAME}" at this place: its whole length and its value. */
static size_t
reference_at(const char *bytes, apache_lookup *lookup, void *context, const char **ret_value)
{
	char name[NAME_MAX_LENGTH + 1];
	const char *end;
	size_t length;

	if (bytes[0] != '$' || bytes[1] != '{')
		return 0;
	end = memchr(bytes + 2, '}', strnlen(bytes + 2, NAME_MAX_LENGTH + 1));
	if (end == NULL)
		return 0;
	length = (size_t)(end - bytes) - 2;
	memcpy(name, bytes + 2, length);
	name[length] = '\0';
	*ret_value = lookup(context, name);
	return *ret_value != NULL ? length + 3 : 0;
}

void
apache_lines_expand(struct apache_lines *lines, apache_lookup *lookup, void *context)
{
	const struct apache_text *from = &lines->joined;
	struct apache_text *to = &lines->expanded;

	if (strstr(from->bytes, "${") == NULL)
		return;
	text_clear(to);
	for (size_t i = 0; i < from->length;) {
		const char *value;
		size_t length = reference_at(from->bytes + i, lookup, context, &value);
		bool fits = true;

		if (length == 0) {
			fits = text_add(to, from->bytes[i], from->starts[i], from->ends[i]);
			i++;
		} else {
			fits = text_add_value(
				to, value, from->starts[i], from->ends[i + length - 1]);
			i += length;
		}
		if (!fits) {
			lines->too_long = true;
			break;
		}
	}
	lines->text = to;
}

/* Past the last byte of the word that begins at first; quote is '\0' where it has none. */
static size_t
word_end(const char *bytes, size_t first, char quote)
{
	size_t end = first;

	if (quote == '\0') {
		while (bytes[end] != '\0' && !is_blank(bytes[end]))
			end++;
		return end;
	}
	while (bytes[end] != '\0' && bytes[end] != quote) {
		bool escapes =
			bytes[end] == '\\' && (bytes[end + 1] == quote || bytes[end + 1] == '\\');

		end += escapes ? 2 : 1;
	}
	return end;
}

static char *
word_text(struct arena *arena, const char *bytes, size_t length, char quote)
{
	char *text = arena_alloc(arena, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		bool escapes = bytes[i] == '\\' && i + 1 < length &&
			       (bytes[i + 1] == '\\' || (quote != '\0' && bytes[i + 1] == quote));

		i += escapes;
		text[used++] = bytes[i];
	}
	text[used] = '\0';
	return text;
}

/* The raw bytes of [first, end) of the text; of an empty word, where it would stand. */
static struct locus
text_locus(const struct apache_lines *lines, size_t first, size_t end)
{
	const struct apache_text *text = lines->text;
	struct locus where = lines->where;
	size_t start = first > 0 && first == end ? text->ends[first - 1] : text->starts[first];
	size_t stop = first == end ? start : text->ends[end - 1];

	for (size_t i = where.offset; i < start; i++)
		where.line += lines->file.data[i] == '\n';
	where.offset = start;
	where.length = stop - start;
	return where;
}

bool
apache_lines_word(const struct apache_lines *lines, struct arena *arena, size_t *position,
	struct apache_word *ret)
{
	const char *bytes = lines->text->bytes;
	size_t first = *position, end;
	char quote;

	while (first < lines->text->length && is_blank(bytes[first]))
		first++;
	*position = first;
	if (first >= lines->text->length)
		return false;
	quote = bytes[first] == '"' || bytes[first] == '\'' ? bytes[first] : '\0';
	first += quote != '\0';
	end = word_end(bytes, first, quote);
	ret->text = word_text(arena, bytes + first, end - first, quote);
	ret->where = text_locus(lines, first, end);
	*position = end + (quote != '\0' && bytes[end] == quote);
	return true;
}

bool
apache_lines_close_bracket(struct apache_lines *lines, size_t position)
{
	struct apache_text *text =
		lines->text == &lines->joined ? &lines->joined : &lines->expanded;

	for (size_t i = text->length; i > position; i--) {
		if (text->bytes[i - 1] != '>')
			continue;
		text->length = i - 1;
		text->bytes[text->length] = '\0';
		return true;
	}
	return false;
}
