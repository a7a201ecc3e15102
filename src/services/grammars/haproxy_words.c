/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/haproxy_words.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 256 };

struct cutter {
	struct haproxy_words *words;
	struct span line;
	size_t at;
	char quote; /* '"' or '\'' where one is open, else NUL */
	size_t quote_at;
	size_t begin; /* of the word that is being read */
	size_t text;  /* where its text begins */
	bool in_word, unknown, spread;
	enum haproxy_words_fault fault;
};

/* The byte that many behind the current one; NUL past the end. */
static char
peek(const struct cutter *cutter, size_t ahead)
{
	return cutter->at + ahead < cutter->line.length
		       ? (char)cutter->line.data[cutter->at + ahead]
		       : '\0';
}

static void
fail(struct cutter *cutter, enum haproxy_words_fault fault, size_t at)
{
	if (cutter->fault != HAPROXY_WORDS_FINE)
		return;
	cutter->fault = fault;
	cutter->words->fault_at = at;
}

static void
word_begin(struct cutter *cutter)
{
	if (cutter->in_word)
		return;
	cutter->in_word = true;
	cutter->begin = cutter->at;
	cutter->text = cutter->words->text.length;
	cutter->unknown = false;
}

static void
word_add(struct cutter *cutter, const void *bytes, size_t length)
{
	if (length > HAPROXY_MAX_LINE - cutter->words->text.length)
		fail(cutter, HAPROXY_WORDS_TOO_LONG, cutter->begin);
	else
		buffer_add(&cutter->words->text, bytes, length);
}

static void
word_end(struct cutter *cutter)
{
	struct haproxy_words *words = cutter->words;

	if (!cutter->in_word)
		return;
	cutter->in_word = false;
	word_add(cutter, "", 1);
	if (words->count == HAPROXY_MAX_WORDS) {
		fail(cutter, HAPROXY_WORDS_TOO_MANY, cutter->begin);
		return;
	}
	words->list[words->count].text = cutter->text;
	words->list[words->count].begin = cutter->begin;
	words->list[words->count].end = cutter->at;
	words->list[words->count].unknown = cutter->unknown;
	words->list[words->count].spread = cutter->spread;
	words->count++;
}

static int
hex_value(char digit)
{
	if (isdigit((unsigned char)digit))
		return digit - '0';
	return isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

/* A backslash outside of single quotes. Before what needs no protection it stands for itself. */
static void
read_escape(struct cutter *cutter)
{
	static const char from[] = " \\tnr#'\"$", to[] = " \\\t\n\r#'\"$";
	char next = peek(cutter, 1);
	const char *found = next != '\0' ? strchr(from, next) : NULL;

	if (next == 'x') {
		int high = hex_value(peek(cutter, 2));
		int low = high < 0 ? -1 : hex_value(peek(cutter, 3));
		char byte = (char)(high * 16 + low);

		if (low < 0) {
			fail(cutter, HAPROXY_WORDS_HEX, cutter->at);
			return;
		}
		/* HAProxy's words end at a NUL. Ours do too. */
		word_add(cutter, &byte, 1);
		cutter->at += 4;
		return;
	}
	word_add(cutter, found != NULL ? &to[found - from] : "\\", 1);
	cutter->at += found != NULL ? 2 : 1;
}

/* "${NAME[*]}": each part of the value between spaces is a word of its own. */
static void
add_spread(struct cutter *cutter, const char *value, size_t begin)
{
	while (*value != '\0') {
		size_t length = strcspn(value, " \t\n\v\f\r");

		word_add(cutter, value, length);
		value += length;
		if (*value == '\0')
			return;
		cutter->spread = true;
		word_end(cutter);
		value += strspn(value, " \t\n\v\f\r");
		word_begin(cutter);
		cutter->begin = begin;
	}
}

/* The name behind "$" or "${"; an empty one where none may begin so. */
static void
read_name(struct cutter *cutter, char name[static NAME_MAX_LENGTH])
{
	size_t length = 0;

	if (!isalpha((unsigned char)peek(cutter, 0)) && peek(cutter, 0) != '_' &&
		peek(cutter, 0) != '.')
		fail(cutter, HAPROXY_WORDS_NAME, cutter->at);
	do {
		if (length + 1 == NAME_MAX_LENGTH)
			fail(cutter, HAPROXY_WORDS_NAME, cutter->at);
		else
			name[length++] = peek(cutter, 0);
		cutter->at++;
	} while (isalnum((unsigned char)peek(cutter, 0)) || peek(cutter, 0) == '_');
	name[length] = '\0';
}

/* What follows the name inside braces: "[*]", "-DEFAULT", "}". */
static bool
read_brace_end(struct cutter *cutter, size_t brace, struct span *ret_default)
{
	bool spread = false;

	if (peek(cutter, 0) == '[') {
		spread = peek(cutter, 1) == '*' && peek(cutter, 2) == ']';
		if (!spread)
			fail(cutter, HAPROXY_WORDS_SPREAD, cutter->at);
		cutter->at += 3;
	}
	if (peek(cutter, 0) == '-') {
		size_t begin = ++cutter->at;

		while (peek(cutter, 0) != '}' && cutter->at < cutter->line.length)
			cutter->at++;
		*ret_default = span_of(
			cutter->line.data + begin, cutter->at > begin ? cutter->at - begin : 0);
	}
	if (peek(cutter, 0) != '}')
		fail(cutter, HAPROXY_WORDS_BRACE, brace);
	cutter->at++;
	return spread;
}

static void
read_variable(struct cutter *cutter)
{
	char name[NAME_MAX_LENGTH];
	size_t begin = cutter->at, brace = 0;
	struct span fallback = {};
	const char *value;
	bool spread = false, known = true;

	cutter->at++;
	if (peek(cutter, 0) == '{')
		brace = cutter->at++;
	read_name(cutter, name);
	if (brace != 0)
		spread = read_brace_end(cutter, brace, &fallback);
	if (cutter->fault != HAPROXY_WORDS_FINE)
		return;
	value = cutter->words->variable(cutter->words->context, name, &known);
	if (value == NULL && fallback.data != NULL) {
		word_add(cutter, fallback.data, fallback.length);
		return;
	}
	cutter->unknown = cutter->unknown || !known;
	if (value != NULL && spread)
		add_spread(cutter, value, begin);
	else if (value != NULL)
		word_add(cutter, value, strlen(value));
}

static void
read_quote(struct cutter *cutter, char quote)
{
	cutter->quote_at = cutter->at++;
	cutter->quote = cutter->quote == '\0' ? quote : '\0';
}

/* False at the end of the line's meaning: its end, a CR, a comment. */
static bool
step(struct cutter *cutter)
{
	char byte = peek(cutter, 0);

	if (cutter->at >= cutter->line.length || byte == '\r')
		return false;
	if (byte == '#' && cutter->quote == '\0')
		return false;
	if (isspace((unsigned char)byte) && cutter->quote == '\0') {
		word_end(cutter);
		cutter->spread = false;
		cutter->at++;
		return true;
	}
	word_begin(cutter);
	if (byte == '\\' && cutter->quote != '\'') {
		read_escape(cutter);
	} else if (byte == '$' && cutter->quote == '"') {
		read_variable(cutter);
	} else if ((byte == '"' && cutter->quote != '\'') ||
		   (byte == '\'' && cutter->quote != '"')) {
		read_quote(cutter, byte);
	} else {
		word_add(cutter, &byte, 1);
		cutter->at++;
	}
	return true;
}

enum haproxy_words_fault
haproxy_words_cut(struct haproxy_words *words, struct span line)
{
	struct cutter cutter = { .words = words, .line = line };

	buffer_clear(&words->text);
	words->count = 0;
	words->fault_at = 0;
	while (cutter.fault == HAPROXY_WORDS_FINE && step(&cutter))
		continue;
	if (cutter.quote != '\0')
		fail(&cutter, HAPROXY_WORDS_QUOTE, cutter.quote_at);
	word_end(&cutter);
	return cutter.fault;
}
