/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/answer.h"

#include <ctype.h>
#include <string.h>

enum {
	ANSWER_MAX_WORDS = 120,
	ANSWER_MAX_INTERIM = 16,
	HTTP_INFORMATIONAL = 100,
	HTTP_OK = 200,
	HTTP_MAX = 999,
	HTTP_STATUS_DIGITS = 3,
};

#define HTTP_PREFIX "HTTP/"

bool
answer_status_refuses(int status)
{
	/* nginx turns 495 and 496 into 400 before it sends them, unless error_page catches them
	 * (ngx_http_special_response_handler). 421: RFC 9110 15.5.20; httpd sends it where the
	 * host asked for verifies otherwise than the one of the handshake. */
	static const int refusals[] = { 400, 403, 421, 495, 496 };

	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (status == refusals[i])
			return true;
	return false;
}

/* The rest of the line that starts at offset, without its end; ret_next is where the next starts,
 * or SIZE_MAX where the line is not complete. */
static struct span
line_at(struct span bytes, size_t offset, size_t *ret_next)
{
	size_t end = span_find(bytes, "\n", offset);
	size_t last = end == SIZE_MAX ? bytes.length : end;

	*ret_next = end == SIZE_MAX ? SIZE_MAX : end + 1;
	if (last > offset && bytes.data[last - 1] == '\r')
		last--;
	return span_of(bytes.data + offset, last - offset);
}

/* RFC 9112 4: HTTP-version SP status-code SP [reason-phrase]. 0 where it is none. */
static int
status_of_line(struct span line, struct span *ret_reason)
{
	const char *prefix = HTTP_PREFIX;
	size_t at = span_find(line, " ", 0);
	int status = 0;

	*ret_reason = (struct span){};
	if (line.length < strlen(prefix) || memcmp(line.data, prefix, strlen(prefix)) != 0 ||
		at == SIZE_MAX || line.length - at <= HTTP_STATUS_DIGITS)
		return 0;
	for (int i = 1; i <= HTTP_STATUS_DIGITS; i++) {
		if (!isdigit(line.data[at + i]))
			return 0;
		status = status * 10 + (line.data[at + i] - '0');
	}
	at += HTTP_STATUS_DIGITS + 2;
	if (at < line.length)
		*ret_reason = span_of(line.data + at, line.length - at);
	return status >= HTTP_INFORMATIONAL && status <= HTTP_MAX ? status : 0;
}

/* Where the answer behind an interim one starts, or SIZE_MAX. */
static size_t
skip_headers(struct span bytes, size_t offset)
{
	size_t next = offset;

	while (next != SIZE_MAX) {
		struct span line = line_at(bytes, next, &next);

		if (line.length == 0)
			return next;
	}
	return SIZE_MAX;
}

static bool
contains_word(struct span bytes, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= bytes.length; i++)
		if (strncasecmp((const char *)bytes.data + i, word, length) == 0)
			return true;
	return false;
}

/* "400 " */
static bool
status_text_at(struct span bytes, size_t at)
{
	if (bytes.length - at <= HTTP_STATUS_DIGITS || bytes.data[at + HTTP_STATUS_DIGITS] != ' ')
		return false;
	for (size_t i = 0; i < HTTP_STATUS_DIGITS; i++)
		if (!isdigit(bytes.data[at + i]))
			return false;
	return true;
}

/* "<title>400 The SSL certificate error</title>" says more than "Bad Request". */
static struct span
title_of(struct span bytes)
{
	static const char opening[] = "<title>";
	size_t start = span_find(bytes, opening, 0);
	size_t end = start == SIZE_MAX ? SIZE_MAX : span_find(bytes, "</title>", start);

	if (end == SIZE_MAX)
		return (struct span){};
	start += strlen(opening);
	/* nginx says the status there once more. */
	if (status_text_at(bytes, start))
		start += HTTP_STATUS_DIGITS + 1;
	return span_of(bytes.data + start, end - start);
}

static const char *
choose_words(struct arena *arena, struct span bytes, struct span reason)
{
	struct span words = title_of(bytes);

	if (words.length == 0)
		words = reason;
	if (words.length > ANSWER_MAX_WORDS)
		words.length = ANSWER_MAX_WORDS;
	return text_sanitize(arena, (const char *)words.data, words.length);
}

void
answer_read(struct arena *arena, struct span bytes, struct answer *ret)
{
	size_t offset = 0, next = 0;
	struct span reason = {};

	*ret = (struct answer){ .words = "" };
	for (int i = 0; i < ANSWER_MAX_INTERIM && offset < bytes.length; i++) {
		struct span line = line_at(bytes, offset, &next);

		/* A status line that has not come whole may still change. */
		ret->status = next == SIZE_MAX ? 0 : status_of_line(line, &reason);
		if (ret->status == 0 || ret->status >= HTTP_OK)
			break;
		offset = skip_headers(bytes, next);
		ret->status = 0;
	}
	if (ret->status == 0)
		return;
	ret->refuses = answer_status_refuses(ret->status);
	bytes = span_of(bytes.data + offset, bytes.length - offset);
	ret->names_certificate = contains_word(bytes, "SSL") || contains_word(bytes, "certificate");
	ret->words = choose_words(arena, bytes, reason);
}
