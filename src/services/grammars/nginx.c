/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/nginx.h"

#include <string.h>

#include "services/grammars/nginx_lua.h"

struct text {
	const char *path; /* NULL: the command line */
	const char *data;
	size_t size, position;
	unsigned line;
	const struct text *includer;
};

struct parser {
	struct arena *arena;
	struct world *world;
	const char *conf_prefix;
	struct nginx_config *config;
	const char **files;
	struct config_problem *problems;
	size_t file_capacity, problem_capacity;
	size_t directive_count, inclusion_count, byte_count;
	bool is_full; /* a bound was met: nothing more is read */
};

enum statement { STATEMENT_SIMPLE, STATEMENT_BLOCK, STATEMENT_CLOSE, STATEMENT_END, STATEMENT_BAD };

/* A place in one text, as it is when reading begins there. */
struct mark {
	size_t position;
	unsigned line;
};

static void problem_add(struct parser *parser, const struct text *text, const struct mark *mark,
	const char *format, ...) PRINTF(4, 5);

static void
problem_add(struct parser *parser, const struct text *text, const struct mark *mark,
	const char *format, ...)
{
	struct nginx_config *config = parser->config;
	va_list arguments;
	const char *message;

	if (config->problem_count >= NGINX_MAX_PROBLEMS)
		return;
	va_start(arguments, format);
	message = arena_vprintf(parser->arena, format, arguments);
	va_end(arguments);
	parser->problems = arena_grow(parser->arena, parser->problems, config->problem_count,
		&parser->problem_capacity, sizeof(*parser->problems));
	parser->problems[config->problem_count++] = (struct config_problem){
		.where = { .path = text->path, .line = mark->line, .offset = mark->position },
		.text = text_sanitize(parser->arena, message, strlen(message)),
	};
	config->problems = parser->problems;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
at_end(const struct text *text)
{
	return text->position >= text->size;
}

static char
peek(const struct text *text)
{
	return text->data[text->position];
}

static void
advance(struct text *text)
{
	if (peek(text) == '\n')
		text->line++;
	text->position++;
}

static struct mark
mark_of(const struct text *text)
{
	return (struct mark){ text->position, text->line };
}

/* nginx reads through a buffer of this size: nothing longer can stand in it, comments included. */
static bool
is_too_long(struct parser *parser, const struct text *text, const struct mark *start, char quote)
{
	if (text->position - start->position < NGINX_MAX_PARAMETER || at_end(text))
		return false;
	if (quote != '\0')
		problem_add(parser, text, start,
			"too long parameter, probably missing terminating \"%c\" character", quote);
	else
		problem_add(parser, text, start, "too long parameter \"%.10s...\" started",
			text->data + start->position);
	return true;
}

/* The blank behind a word still counts to it: only what follows makes room (ngx_conf_read_token).
 */
static bool
is_end_too_long(struct parser *parser, const struct text *text, const struct mark *start)
{
	struct text behind = *text;

	if (!at_end(text) && is_blank(peek(text)))
		behind.position++;
	return is_too_long(parser, &behind, start, '\0');
}

/* Blanks and comments; -1 where a comment is too long. */
static int
skip_blanks(struct parser *parser, struct text *text)
{
	while (!at_end(text)) {
		struct mark start = mark_of(text);

		if (is_blank(peek(text))) {
			advance(text);
			continue;
		}
		if (peek(text) != '#')
			return 0;
		while (!at_end(text) && peek(text) != '\n') {
			advance(text);
			if (is_too_long(parser, text, &start, '\0'))
				return -1;
		}
	}
	return 0;
}

/* Undoes the escapes that ngx_conf_read_token knows; other backslashes stay. */
static const char *
unescape(struct arena *arena, const char *raw, size_t length)
{
	static const char plain[] = "\"'\\", letters[] = "trn", meanings[] = "\t\r\n";
	char *copy = arena_strndup(arena, raw, length);
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		char next = i + 1 < length ? raw[i + 1] : '\0';
		const char *letter = next != '\0' ? strchr(letters, next) : NULL;

		copy[kept] = raw[i];
		if (raw[i] == '\\' && next != '\0' && strchr(plain, next) != NULL)
			copy[kept] = raw[++i];
		else if (raw[i] == '\\' && letter != NULL) {
			copy[kept] = meanings[letter - letters];
			i++;
		}
		kept++;
	}
	copy[kept] = '\0';
	return copy;
}

static void
word_set(struct parser *parser, const struct text *text, const struct mark *start, size_t end,
	struct nginx_word *ret)
{
	ret->text = unescape(parser->arena, text->data + start->position, end - start->position);
	ret->where = (struct locus){ .path = text->path,
		.line = start->line,
		.offset = start->position,
		.length = end - start->position };
}

static int
read_quoted(struct parser *parser, struct text *text, struct nginx_word *ret)
{
	char quote = peek(text);
	struct mark start;

	advance(text);
	start = mark_of(text);
	while (!at_end(text) && peek(text) != quote) {
		if (peek(text) == '\\')
			advance(text);
		if (!at_end(text))
			advance(text);
		if (is_too_long(parser, text, &start, quote))
			return -1;
	}
	if (at_end(text)) {
		problem_add(parser, text, &start, "unexpected end of file, expecting a closing %c",
			quote);
		return -1;
	}
	word_set(parser, text, &start, text->position, ret);
	advance(text);
	if (is_end_too_long(parser, text, &start))
		return -1;
	/* A word must end here; ")" may follow, for the conditions of "if". */
	if (!at_end(text) && !is_blank(peek(text)) && strchr(";{)", peek(text)) == NULL) {
		struct mark here = mark_of(text);

		problem_add(parser, text, &here, "unexpected \"%c\"", peek(text));
		return -1;
	}
	return 0;
}

static int
read_bare(struct parser *parser, struct text *text, struct nginx_word *ret)
{
	struct mark start = mark_of(text);
	bool after_dollar = false;

	while (!at_end(text)) {
		char c = peek(text);

		if (is_blank(c) || c == ';' || (c == '{' && !after_dollar))
			break;
		/* In "${name}" the brace belongs to the variable. */
		after_dollar = c == '$' || (c == '{' && after_dollar);
		advance(text);
		if (c == '\\' && !at_end(text))
			advance(text);
		if (is_too_long(parser, text, &start, '\0'))
			return -1;
	}
	if (is_end_too_long(parser, text, &start))
		return -1;
	word_set(parser, text, &start, text->position, ret);
	return 0;
}

static enum statement
end_of_text(struct parser *parser, const struct text *text, size_t word_count)
{
	struct mark here = mark_of(text);

	if (word_count == 0)
		return STATEMENT_END;
	problem_add(parser, text, &here, "unexpected end of %s, expecting \";\"%s",
		text->path != NULL ? "file" : "parameter", text->path != NULL ? " or \"}\"" : "");
	return STATEMENT_BAD;
}

static enum statement
read_punctuation(struct parser *parser, struct text *text, struct nginx_directive *directive)
{
	char c = peek(text);
	struct mark here = mark_of(text);

	if ((c == '}') == (directive->word_count > 0)) {
		problem_add(parser, text, &here, "unexpected \"%c\"", c);
		return STATEMENT_BAD;
	}
	advance(text);
	directive->end = text->position;
	if (c == '}')
		return STATEMENT_CLOSE;
	directive->is_block = c == '{';
	return c == '{' ? STATEMENT_BLOCK : STATEMENT_SIMPLE;
}

/* One directive up to and with its ";" or "{". */
static enum statement
read_statement(struct parser *parser, struct text *text, struct nginx_directive *directive)
{
	struct nginx_word *words = NULL;
	size_t capacity = 0;

	for (;;) {
		struct nginx_word word;
		char c;

		if (skip_blanks(parser, text) < 0)
			return STATEMENT_BAD;
		if (at_end(text))
			return end_of_text(parser, text, directive->word_count);
		c = peek(text);
		if (c == ';' || c == '{' || c == '}')
			return read_punctuation(parser, text, directive);
		if (directive->word_count >= NGINX_MAX_WORDS) {
			struct mark here = mark_of(text);

			problem_add(parser, text, &here, "more than %d words in one directive",
				NGINX_MAX_WORDS);
			return STATEMENT_BAD;
		}
		if ((c == '"' || c == '\'' ? read_quoted : read_bare)(parser, text, &word) < 0)
			return STATEMENT_BAD;
		words = arena_grow(
			parser->arena, words, directive->word_count, &capacity, sizeof(*words));
		words[directive->word_count++] = word;
		directive->words = words;
	}
}

/* What stands in a *_by_lua_block is Lua, up to the brace that closes it (lua-nginx-module). */
static int
skip_lua_block(struct parser *parser, struct text *text)
{
	struct mark start = mark_of(text);
	size_t length = nginx_lua_length(text->data + text->position, text->size - text->position);

	if (length == 0) {
		problem_add(parser, text, &start,
			"unexpected end of file, expecting the \"}\" of this Lua");
		return -1;
	}
	while (length-- > 0)
		advance(text);
	return 0;
}

static bool
is_including_itself(const struct text *text, const char *path)
{
	for (; text != NULL; text = text->includer)
		if (text->path != NULL && strcmp(text->path, path) == 0)
			return true;
	return false;
}

static int
file_add(struct parser *parser, const char *path)
{
	struct nginx_config *config = parser->config;

	for (size_t i = 0; i < config->file_count; i++)
		if (strcmp(parser->files[i], path) == 0)
			return 0;
	if (config->file_count >= SERVICE_MAX_CONFIG_FILES)
		return -1;
	parser->files = arena_grow(parser->arena, parser->files, config->file_count,
		&parser->file_capacity, sizeof(*parser->files));
	parser->files[config->file_count++] = path;
	config->files = parser->files;
	return 0;
}

/* The text of a file; -1 with a problem at the place that names it. */
static int
text_open(struct parser *parser, const struct text *includer, const struct mark *where,
	const char *path, struct text *ret)
{
	struct err err = { 0 };
	struct span bytes;

	if (world_read(parser->world, path, SERVICE_MAX_CONFIG_SIZE, &bytes, &err) < 0) {
		problem_add(parser, includer, where, "open() \"%s\" failed: %s", path, err.message);
		return -1;
	}
	parser->byte_count += bytes.length;
	if (++parser->inclusion_count > NGINX_MAX_INCLUSIONS ||
		parser->byte_count > NGINX_MAX_BYTES || file_add(parser, path) < 0) {
		parser->is_full = true;
		problem_add(parser, includer, where,
			"this configuration includes more than is read of one");
		return -1;
	}
	*ret = (struct text){ .path = path,
		.data = (const char *)bytes.data,
		.size = bytes.length,
		.line = 1,
		.includer = includer };
	return 0;
}

struct list {
	struct nginx_directive **last;
};

static int parse(struct parser *, struct text *, struct list *, unsigned depth, bool in_block);

static void
include_file(struct parser *parser, const struct text *text, const struct mark *where,
	const char *path, struct list *list, unsigned depth)
{
	struct text included;

	if (parser->is_full)
		return;
	if (is_including_itself(text, path)) {
		problem_add(parser, text, where, "\"%s\" includes itself", path);
		return;
	}
	if (text_open(parser, text, where, path, &included) == 0)
		(void)parse(parser, &included, list, depth + 1, false);
}

static void
include(struct parser *parser, struct text *text, const struct nginx_directive *directive,
	struct list *list, unsigned depth)
{
	struct mark where = { directive->words[0].where.offset, directive->words[0].where.line };
	const char *pattern, *const *paths;
	size_t count;
	struct err err = { 0 };

	if (directive->word_count != 2) {
		problem_add(parser, text, &where,
			"invalid number of arguments in \"include\" directive");
		return;
	}
	pattern = path_join(parser->arena, parser->conf_prefix, directive->words[1].text);
	if (strpbrk(pattern, "*?[") == NULL) {
		include_file(parser, text, &where, pattern, list, depth);
		return;
	}
	if (world_glob(parser->world, pattern, &paths, &count, &err) < 0) {
		problem_add(parser, text, &where, "glob() \"%s\" failed: %s", pattern, err.message);
		return;
	}
	for (size_t i = 0; i < count; i++)
		include_file(
			parser, text, &where, arena_strdup(parser->arena, paths[i]), list, depth);
}

/* The inside of a block that was just opened. */
static int
parse_block(
	struct parser *parser, struct text *text, struct nginx_directive *directive, unsigned depth)
{
	struct list children = { &directive->children };

	if (text_ends(directive->words[0].text, "_by_lua_block"))
		return skip_lua_block(parser, text);
	return parse(parser, text, &children, depth + 1, true);
}

static struct nginx_directive *
directive_new(struct parser *parser, const struct text *text)
{
	struct mark here = mark_of(text);

	if (!parser->is_full && ++parser->directive_count > NGINX_MAX_DIRECTIVES) {
		parser->is_full = true;
		problem_add(parser, text, &here, "more than %d directives are not read",
			NGINX_MAX_DIRECTIVES);
	}
	return parser->is_full ? NULL : arena_alloc(parser->arena, sizeof(struct nginx_directive));
}

/* All directives of a block or a file; -1 where reading must stop. */
static int
parse(struct parser *parser, struct text *text, struct list *list, unsigned depth, bool in_block)
{
	struct mark start = mark_of(text);

	if (depth > NGINX_MAX_NESTING) {
		problem_add(parser, text, &start, "more than %d blocks stand in each other",
			NGINX_MAX_NESTING);
		return -1;
	}
	for (;;) {
		struct nginx_directive *directive = directive_new(parser, text);
		enum statement statement;
		struct mark here;

		if (directive == NULL)
			return -1;
		statement = read_statement(parser, text, directive);
		if (statement == STATEMENT_BAD)
			return -1;
		if (statement == STATEMENT_CLOSE && in_block)
			return 0;
		if (statement == STATEMENT_END && !in_block)
			return 0;
		if (statement == STATEMENT_CLOSE || statement == STATEMENT_END) {
			here = (struct mark){ text->position - 1, text->line };
			problem_add(parser, text, statement == STATEMENT_END ? &start : &here,
				"unexpected %s",
				in_block ? "end of file, expecting the \"}\" of this block"
					 : "\"}\"");
			return -1;
		}
		if (statement == STATEMENT_SIMPLE &&
			strcmp(directive->words[0].text, "include") == 0) {
			include(parser, text, directive, list, depth);
			continue;
		}
		*list->last = directive;
		list->last = &directive->next;
		if (statement == STATEMENT_BLOCK && parse_block(parser, text, directive, depth) < 0)
			return -1;
	}
}

void
nginx_config_read(
	struct arena *arena, struct world *world, const char *path, struct nginx_config *ret)
{
	struct parser parser = { .arena = arena, .world = world, .config = ret };
	struct list list = { &ret->first };
	struct text main, before = { .path = path };
	struct mark where = { 0 };

	*ret = (struct nginx_config){ 0 };
	parser.conf_prefix = path_parent(arena, path);
	/* Whatever its state, it is one of the files that matter. */
	(void)file_add(&parser, path);
	if (text_open(&parser, &before, &where, path, &main) < 0)
		return;
	main.includer = NULL;
	(void)parse(&parser, &main, &list, 0, false);
}

void
nginx_config_read_text(struct arena *arena, struct world *world, const char *given,
	const char *conf_prefix, struct nginx_config *ret)
{
	struct parser parser = {
		.arena = arena, .world = world, .config = ret, .conf_prefix = conf_prefix
	};
	struct list list = { &ret->first };
	struct text text = { .data = given, .size = strlen(given), .line = 1 };

	*ret = (struct nginx_config){ 0 };
	(void)parse(&parser, &text, &list, 0, false);
}

const struct nginx_directive *
nginx_directive_find(const struct nginx_directive *directive, const char *name)
{
	while (directive != NULL && strcmp(directive->words[0].text, name) != 0)
		directive = directive->next;
	return directive;
}
