/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crt-list files, as crtlist_parse_line() reads them: no quotes, no escapes, no variables; a hash
 * makes a comment at the very beginning of a line alone.
 */
#include "services/grammars/haproxy.h"

#include <ctype.h>
#include <string.h>

enum { TEXT_MAX = 65536 /* CRT_LINESIZE of HAProxy */ };

struct line {
	struct haproxy_word words[HAPROXY_MAX_WORDS];
	size_t count;
	size_t options_begin, options_end;
	bool opened, closed;
	char text[TEXT_MAX + 1];
	const char *fault;
};

static bool
is_delimiter(uint8_t byte)
{
	return isspace(byte) || byte == '[' || byte == ']';
}

static void
read_bracket(struct line *line, uint8_t byte)
{
	if (byte == '[') {
		if (line->opened)
			line->fault = "more than one [";
		else if (line->count == 0)
			line->fault = "a line must begin with a certificate";
		line->opened = true;
		line->options_begin = line->count;
	} else {
		if (line->closed)
			line->fault = "more than one ]";
		else if (!line->opened)
			line->fault = "] without its [";
		line->closed = true;
		line->options_end = line->count;
	}
}

/* bytes: no LF, no NUL, at most TEXT_MAX. where: the line's beginning. */
static void
cut_line(struct line *line, struct span bytes, struct locus where)
{
	size_t begin = where.offset;

	memcpy(line->text, bytes.data, bytes.length);
	line->text[bytes.length] = '\0';
	for (size_t at = 0; at < bytes.length && line->fault == NULL;) {
		size_t first = at;

		if (is_delimiter(bytes.data[at])) {
			if (!isspace(bytes.data[at]))
				read_bracket(line, bytes.data[at]);
			at++;
			continue;
		}
		while (at < bytes.length && !is_delimiter(bytes.data[at]))
			at++;
		if (line->count == HAPROXY_MAX_WORDS) {
			line->fault = "too many words in one line";
			return;
		}
		where.offset = begin + first;
		where.length = at - first;
		line->words[line->count++] =
			(struct haproxy_word){ .text = line->text + first, .where = where };
	}
	if (line->opened && !line->closed && line->fault == NULL)
		line->fault = "[ without its ]";
	/* Only now: the delimiters were still needed. */
	for (size_t i = 0; i < line->count; i++)
		line->text[line->words[i].where.offset - begin + line->words[i].where.length] =
			'\0';
}

static void
read_line(const struct haproxy_certificate_reader *reader, struct line *line, struct span bytes,
	struct locus where)
{
	line->count = line->options_begin = line->options_end = 0;
	line->opened = line->closed = false;
	line->fault = NULL;
	if (bytes.length > TEXT_MAX)
		line->fault = "the line is too long";
	else
		cut_line(line, bytes, where);
	where.length = bytes.length;
	if (line->fault != NULL)
		reader->problem(reader->context, where, line->fault);
	else if (line->count > 0)
		reader->certificate(
			reader->context, &(struct haproxy_certificate){ line->words, line->count,
						 line->options_begin, line->options_end, where });
}

void
haproxy_read_certificates(
	const struct haproxy_certificate_reader *reader, const char *path, struct span bytes)
{
	CLEANUP(mem_freep) struct line *line = mem_alloc(sizeof(*line));
	struct locus where = { .path = path, .line = 1 };

	for (size_t begin = 0; begin < bytes.length; where.line++) {
		const uint8_t *first = bytes.data + begin;
		const uint8_t *newline = memchr(first, '\n', bytes.length - begin);
		size_t length = newline != NULL ? (size_t)(newline - first) : bytes.length - begin;

		where.offset = begin;
		begin += length + 1;
		if (memchr(first, '\0', length) != NULL)
			reader->problem(reader->context, where, "a NUL byte in the line");
		else if (newline == NULL)
			reader->problem(reader->context, where, "no newline behind the last line");
		if (length > 0 && *first != '#' && memchr(first, '\0', length) == NULL)
			read_line(reader, line, span_of(first, length), where);
	}
}
