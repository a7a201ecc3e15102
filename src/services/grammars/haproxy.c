/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/haproxy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "services/grammars/haproxy_words.h"
#include "services/service.h"

/* One level of .if: which of its branches is read. */
struct block {
	bool active;    /* the current branch is read */
	bool decided;   /* a branch was taken for certain: the rest is not read */
	bool uncertain; /* a condition up to here could not be told */
	bool skipped;   /* the block itself is in a branch that is not read */
	bool has_else;
	struct locus where;
};

/* A variable that the configuration sets or unsets. */
struct variable {
	char *name, *value; /* value NULL: unset */
	bool unknown;
};

struct reading {
	const struct haproxy_reader *reader;
	struct haproxy_words words;
	struct block blocks[HAPROXY_MAX_NESTING];
	unsigned depth;
	struct variable variables[HAPROXY_MAX_VARIABLES];
	size_t variable_count;
	bool environment_reset; /* resetenv: what is not in variables is not set */
	char section[256];      /* name of the current section, or its keyword */
	bool in_global;
	const char *path;
	unsigned line;
	char line_text[16];
	size_t work; /* bytes and steps spent */
	bool exhausted;
};

/* Every word that opens a section, of 2.6 and later. */
static const char *const section_keywords[] = { "acme", "backend", "cache", "crt-store", "defaults",
	"dynamic-update", "fcgi-app", "frontend", "global", "http-errors", "listen", "log-forward",
	"log-profile", "mailers", "namespace_list", "peers", "program", "resolvers", "ring",
	"traces", "userlist" };

static void
reading_end(struct reading *reading)
{
	buffer_free(&reading->words.text);
	for (size_t i = 0; i < reading->variable_count; i++) {
		mem_free(reading->variables[i].name);
		mem_free(reading->variables[i].value);
	}
}

static void
problem(const struct reading *reading, struct locus where, const char *text)
{
	reading->reader->problem(reading->reader->context, where, text);
}

static void
spend(struct reading *reading, size_t amount)
{
	reading->work += amount < HAPROXY_MAX_WORK ? amount : HAPROXY_MAX_WORK;
	if (reading->work < HAPROXY_MAX_WORK || reading->exhausted)
		return;
	reading->exhausted = true;
	problem(reading, (struct locus){ .path = reading->path, .line = reading->line },
		"the configuration is too large to be read further");
}

static struct variable *
variable_find(struct reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->variable_count; i++)
		if (strcmp(reading->variables[i].name, name) == 0)
			return &reading->variables[i];
	return NULL;
}

static const char *
pseudo_variable(struct reading *reading, const char *name)
{
	if (strcmp(name, ".FILE") == 0)
		return reading->path;
	if (strcmp(name, ".SECTION") == 0)
		return reading->section;
	if (strcmp(name, ".LINE") != 0)
		return "";
	(void)snprintf(reading->line_text, sizeof(reading->line_text), "%u", reading->line);
	return reading->line_text;
}

static const char *
variable_value(void *context, const char *name, bool *ret_known)
{
	struct reading *reading = context;
	const struct variable *variable;
	const char *value;

	*ret_known = true;
	spend(reading, reading->variable_count + 1);
	if (*name == '.')
		return pseudo_variable(reading, name);
	variable = variable_find(reading, name);
	if (variable != NULL) {
		*ret_known = !variable->unknown;
		return variable->value;
	}
	if (reading->environment_reset)
		return NULL;
	value = reading->reader->variable(reading->reader->context, name, ret_known);
	if (value != NULL)
		spend(reading, strlen(value));
	return value;
}

static enum haproxy_truth
variable_is_defined(void *context, const char *name)
{
	bool known;
	const char *value = variable_value(context, name, &known);

	if (!known)
		return HAPROXY_UNKNOWN;
	return value != NULL ? HAPROXY_TRUE : HAPROXY_FALSE;
}

static const char *
version_of(void *context)
{
	bool known;

	/* The master sets it for its workers and for itself when it is run anew. */
	return variable_value(context, "HAPROXY_STARTUP_VERSION", &known);
}

static void
variable_set(struct reading *reading, const char *name, const char *value, bool unknown)
{
	struct variable *variable = variable_find(reading, name);

	if (variable == NULL) {
		if (reading->variable_count == HAPROXY_MAX_VARIABLES)
			return;
		variable = &reading->variables[reading->variable_count++];
		variable->name = mem_strdup(name);
	} else {
		mem_free(variable->value);
	}
	variable->unknown = unknown || (value != NULL && strlen(value) > HAPROXY_MAX_VALUE);
	variable->value = value == NULL || variable->unknown ? NULL : mem_strdup(value);
}

/* resetenv keeps the variables that it names. */
static void
environment_reset(struct reading *reading, const struct haproxy_line *line)
{
	for (size_t i = 1; i < line->count; i++) {
		bool known;
		const char *value = variable_value(reading, line->words[i].text, &known);

		if (variable_find(reading, line->words[i].text) == NULL)
			variable_set(reading, line->words[i].text, value, !known);
	}
	for (size_t i = 0; i < reading->variable_count; i++) {
		bool kept = false;

		for (size_t j = 1; j < line->count; j++)
			kept = kept || strcmp(reading->variables[i].name, line->words[j].text) == 0;
		if (!kept)
			variable_set(reading, reading->variables[i].name, NULL, false);
	}
	reading->environment_reset = true;
}

static void
global_line(struct reading *reading, const struct haproxy_line *line)
{
	const char *keyword = line->words[0].text;
	bool known;

	if (strcmp(keyword, "setenv") == 0 && line->count > 2) {
		variable_set(reading, line->words[1].text, line->words[2].text,
			line->uncertain || line->words[2].unknown);
	} else if (strcmp(keyword, "presetenv") == 0 && line->count > 2) {
		if (variable_value(reading, line->words[1].text, &known) == NULL)
			variable_set(reading, line->words[1].text, line->words[2].text,
				line->uncertain || !known || line->words[2].unknown);
	} else if (strcmp(keyword, "unsetenv") == 0) {
		for (size_t i = 1; i < line->count; i++)
			variable_set(reading, line->words[i].text, NULL, line->uncertain);
	} else if (strcmp(keyword, "resetenv") == 0) {
		environment_reset(reading, line);
	}
}

/* Whether lines are read at all, and whether for certain. */
static bool
is_active(const struct reading *reading, bool *ret_uncertain)
{
	*ret_uncertain = false;
	for (unsigned i = 0; i < reading->depth; i++) {
		if (!reading->blocks[i].active || reading->blocks[i].skipped)
			return false;
		*ret_uncertain = *ret_uncertain || reading->blocks[i].uncertain;
	}
	return true;
}

/* All words but the first in one text, as HAProxy puts them together again. */
static enum haproxy_truth
condition_value(struct reading *reading, const struct haproxy_line *line)
{
	const struct haproxy_environment environment = { reading, variable_is_defined, version_of };
	char text[HAPROXY_MAX_CONDITION];
	size_t length = 0;
	enum haproxy_truth value;

	for (size_t i = 1; i < line->count; i++) {
		int added = snprintf(text + length, sizeof(text) - length, "%s%s", i > 1 ? " " : "",
			line->words[i].text);

		if (line->words[i].unknown || added < 0 || (size_t)added >= sizeof(text) - length)
			return HAPROXY_UNKNOWN;
		length += (size_t)added;
	}
	text[length] = '\0';
	value = haproxy_condition(text, &environment);
	if (value == HAPROXY_MALFORMED) {
		problem(reading, line->where, "this condition cannot be parsed");
		return HAPROXY_UNKNOWN;
	}
	return value;
}

static void
block_decide(struct block *block, enum haproxy_truth value)
{
	block->active = value != HAPROXY_FALSE;
	block->decided = value == HAPROXY_TRUE;
	block->uncertain = block->uncertain || value == HAPROXY_UNKNOWN;
}

static void
block_open(struct reading *reading, const struct haproxy_line *line)
{
	bool uncertain;
	struct block block = { .skipped = !is_active(reading, &uncertain), .where = line->where };

	if (reading->depth == HAPROXY_MAX_NESTING) {
		problem(reading, line->where, "too many nested conditional blocks");
		reading->exhausted = true;
		return;
	}
	if (!block.skipped)
		block_decide(&block, condition_value(reading, line));
	reading->blocks[reading->depth++] = block;
}

static void
block_continue(struct reading *reading, const struct haproxy_line *line, bool is_else)
{
	struct block *block = reading->depth > 0 ? &reading->blocks[reading->depth - 1] : NULL;

	if (block == NULL || block->has_else) {
		problem(reading, line->where,
			is_else ? ".else without its .if" : ".elif without its .if");
		return;
	}
	block->has_else = is_else;
	if (block->skipped)
		return;
	if (block->decided)
		block->active = false;
	else
		block_decide(block, is_else ? HAPROXY_TRUE : condition_value(reading, line));
}

/* The directives that begin with a dot; true where the line is one. */
static bool
dot_line(struct reading *reading, const struct haproxy_line *line, bool active)
{
	static const char *const messages[] = { ".diag", ".notice", ".warning" };
	const char *keyword = line->words[0].text;

	if (*keyword != '.')
		return false;
	if (strcmp(keyword, ".if") == 0) {
		block_open(reading, line);
	} else if (strcmp(keyword, ".elif") == 0 || strcmp(keyword, ".else") == 0) {
		block_continue(reading, line, keyword[3] == 's');
	} else if (strcmp(keyword, ".endif") == 0) {
		if (reading->depth == 0)
			problem(reading, line->where, ".endif without its .if");
		else
			reading->depth--;
	} else if (active && strcmp(keyword, ".alert") == 0) {
		if (!line->uncertain)
			problem(reading, line->where,
				"the configuration itself refuses with .alert");
	} else if (active) {
		for (size_t i = 0; i < COUNT_OF(messages); i++)
			if (strcmp(keyword, messages[i]) == 0)
				return true;
		problem(reading, line->where, "unknown directive");
	}
	return true;
}

static bool
opens_section(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(section_keywords); i++)
		if (strcmp(section_keywords[i], word) == 0)
			return true;
	return false;
}

static void
hand_on(struct reading *reading, struct haproxy_line *line)
{
	line->opens_section = opens_section(line->words[0].text);
	if (line->opens_section) {
		reading->in_global = strcmp(line->words[0].text, "global") == 0;
		(void)snprintf(reading->section, sizeof(reading->section), "%s",
			line->words[line->count > 1 && !reading->in_global ? 1 : 0].text);
	} else if (reading->in_global) {
		global_line(reading, line);
	} else if (*reading->section == '\0') {
		problem(reading, line->where, "a keyword outside of any section");
		return;
	}
	reading->reader->line(reading->reader->context, line);
}

static const char *
fault_text(enum haproxy_words_fault fault)
{
	static const char *const texts[] = {
		[HAPROXY_WORDS_QUOTE] = "a quote is not closed",
		[HAPROXY_WORDS_BRACE] = "a brace around the name of a variable is not closed",
		[HAPROXY_WORDS_NAME] = "a variable has a name that none may have",
		[HAPROXY_WORDS_SPREAD] = "no [*] behind the name of a variable",
		[HAPROXY_WORDS_HEX] = "\\x without two hexadecimal digits",
		[HAPROXY_WORDS_TOO_MANY] = "more than 64 words in one line",
		[HAPROXY_WORDS_TOO_LONG] = "the line is too long",
	};

	return texts[fault];
}

/* One line without its LF; begin is its offset in the file. */
static void
read_line(struct reading *reading, struct span bytes, size_t begin)
{
	struct haproxy_word list[HAPROXY_MAX_WORDS];
	struct haproxy_words *words = &reading->words;
	struct haproxy_line line = { .words = list };
	struct locus where = { .path = reading->path, .line = reading->line, .offset = begin };
	enum haproxy_words_fault fault = haproxy_words_cut(words, bytes);
	bool uncertain, active = is_active(reading, &uncertain);

	spend(reading, bytes.length + words->text.length + 1);
	if (fault != HAPROXY_WORDS_FINE && active) {
		where.offset += words->fault_at;
		problem(reading, where, fault_text(fault));
	}
	if (words->count == 0 || (fault != HAPROXY_WORDS_FINE && fault != HAPROXY_WORDS_TOO_MANY))
		return;
	for (size_t i = 0; i < words->count; i++) {
		where.offset = begin + words->list[i].begin;
		where.length =
			words->list[i].spread ? 0 : words->list[i].end - words->list[i].begin;
		list[i] =
			(struct haproxy_word){ (const char *)words->text.data + words->list[i].text,
				where, words->list[i].unknown };
	}
	line.count = words->count;
	line.where = list[0].where;
	line.where.length = begin + words->list[line.count - 1].end - line.where.offset;
	line.uncertain = uncertain;
	if (*list[0].text == '[') /* a scope: HAProxy skips the line */
		return;
	if (!dot_line(reading, &line, active) && active)
		hand_on(reading, &line);
}

static void
read_lines(struct reading *reading, struct span bytes)
{
	size_t begin = 0;

	for (; begin < bytes.length && !reading->exhausted; reading->line++) {
		const uint8_t *first = bytes.data + begin;
		const uint8_t *newline = memchr(first, '\n', bytes.length - begin);
		size_t length = newline != NULL ? (size_t)(newline - first) : bytes.length - begin;
		const uint8_t *nul = memchr(first, '\0', length);
		struct locus where = { reading->path, reading->line, begin, 0 };

		if (nul != NULL) {
			where.offset += (size_t)(nul - first);
			problem(reading, where, "a NUL byte in the line");
		} else if (newline == NULL) {
			problem(reading, where,
				"no newline behind the last line: HAProxy refuses "
				"the file as truncated");
		}
		read_line(reading, span_of(first, nul != NULL ? (size_t)(nul - first) : length),
			begin);
		begin += length + 1;
	}
}

static void
read_file(struct reading *reading, const char *path)
{
	struct err err = {};
	struct span bytes;

	reading->path = path;
	reading->line = 1;
	*reading->section = '\0'; /* a file ends the section */
	reading->in_global = false;
	reading->depth = 0;
	if (world_read(reading->reader->world, path, SERVICE_MAX_CONFIG_SIZE, &bytes, &err) < 0) {
		problem(reading, (struct locus){ .path = path },
			arena_printf(reading->reader->arena, "cannot be read: %s", err.message));
		return;
	}
	reading->reader->file(reading->reader->context, path);
	read_lines(reading, bytes);
	if (reading->depth > 0)
		problem(reading, reading->blocks[reading->depth - 1].where,
			".if without its .endif");
}

/* A directory stands for its files named *.cfg that are not hidden (management.txt 3). */
static void
read_directory(struct reading *reading, const char *path)
{
	const char *const *names;
	size_t count;
	struct err err = {};

	if (world_list(reading->reader->world, path, &names, &count, &err) < 0) {
		problem(reading, (struct locus){ .path = path }, "the directory cannot be read");
		return;
	}
	for (size_t i = 0; i < count && i < SERVICE_MAX_CONFIG_FILES; i++) {
		const char *file;
		struct file_identity identity;

		if (*names[i] == '.' || !text_ends(names[i], ".cfg") || reading->exhausted)
			continue;
		file = path_join(reading->reader->arena, path, names[i]);
		if (world_stat(reading->reader->world, file, &identity, &err) == 0 &&
			identity.type == FILE_REGULAR)
			read_file(reading, file);
	}
}

void
haproxy_read(const struct haproxy_reader *reader, const char *const *paths, size_t count)
{
	CLEANUP(mem_freep) struct reading *reading = mem_zalloc(sizeof(*reading));

	reading->reader = reader;
	reading->words.context = reading;
	reading->words.variable = variable_value;
	for (size_t i = 0; i < count && i < SERVICE_MAX_CONFIG_FILES && !reading->exhausted; i++) {
		const char *path = path_normalize(
			reader->arena, path_join(reader->arena, reader->directory, paths[i]));
		struct file_identity identity;

		if (world_stat(reader->world, path, &identity, NULL) == 0 &&
			identity.type == FILE_DIRECTORY)
			read_directory(reading, path);
		else
			read_file(reading, path);
	}
	reading_end(reading);
}
