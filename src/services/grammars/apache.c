/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/apache.h"

#include <string.h>

#include "services/grammars/apache_conditions.h"
#include "services/grammars/apache_lines.h"

/* What becomes of a section's contents. */
enum section_use {
	SECTION_KEPT,        /* the caller sees it */
	SECTION_TRANSPARENT, /* a condition that holds, or Limit: as if it were not there */
	SECTION_SKIPPED,     /* a condition that does not hold, or contents of no interest */
	SECTION_MACRO,       /* skipped, but looked at */
};

struct section {
	const char *name;
	enum section_use use;
	bool is_code; /* Perl: what looks like a section inside is none */
	struct locus where;
	struct macro *macro;
};

struct macro {
	const char *name;
	bool verifies; /* it has directives of client verification */
};

struct reading {
	const struct apache_source *source;
	struct arena *arena;
	struct apache_state state;
	struct apache_config *config;
	struct apache_item *items;
	size_t item_capacity;
	const char **files;
	size_t file_capacity, includes;
	struct config_problem *problems;
	size_t problem_capacity;
	struct section sections[APACHE_MAX_NESTING];
	size_t depth;
	struct macro *macros;
	size_t macro_count, macro_capacity;
	const char *open_files[SERVICE_MAX_INCLUDE_DEPTH];
	size_t open_count;
	bool exhausted;
};

/* One file that is being read. */
struct file_reading {
	struct apache_lines lines;
	size_t floor; /* sections that were open before it */
};

static void read_path(struct reading *, const char *path, struct locus where, bool optional);

static void problem(struct reading *reading, struct locus where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
problem(struct reading *reading, struct locus where, const char *format, ...)
{
	struct apache_config *config = reading->config;
	va_list arguments;
	const char *text;

	if (config->problem_count == APACHE_MAX_PROBLEMS)
		return;
	va_start(arguments, format);
	text = arena_vprintf(reading->arena, format, arguments);
	va_end(arguments);
	reading->problems = arena_grow(reading->arena, reading->problems, config->problem_count,
		&reading->problem_capacity, sizeof(*reading->problems));
	reading->problems[config->problem_count++] = (struct config_problem){ where,
		text_sanitize(reading->arena, text, strnlen(text, 1'000)) };
	config->problems = reading->problems;
}

/* False from when the bound is met. */
static bool
spend(struct reading *reading, size_t amount, struct locus where)
{
	reading->state.work += amount;
	if (reading->exhausted || reading->state.work < APACHE_MAX_WORK)
		return !reading->exhausted;
	reading->exhausted = true;
	problem(reading, where, "the configuration is too large to be read further");
	return false;
}

static const char *
lookup(void *context, const char *name)
{
	struct reading *reading = context;

	return apache_variable_value(&reading->state, name);
}

static bool
in_skipped(const struct reading *reading)
{
	return reading->depth > 0 && reading->sections[reading->depth - 1].use >= SECTION_SKIPPED;
}

static void
emit(struct reading *reading, const struct apache_lines *lines, struct apache_item item)
{
	struct apache_config *config = reading->config;

	if (config->item_count == APACHE_MAX_ITEMS) {
		reading->exhausted = true;
		problem(reading, item.where, "the configuration is too large to be read further");
		return;
	}
	if (lines != NULL) {
		item.indent = arena_strndup(reading->arena,
			(const char *)lines->file.data + lines->where.offset, lines->indent);
		item.ending = lines->ending;
	}
	reading->items = arena_grow(reading->arena, reading->items, config->item_count,
		&reading->item_capacity, sizeof(*reading->items));
	reading->items[config->item_count++] = item;
	config->items = reading->items;
}

/* The words behind position; count at *ret_count. */
static const struct apache_word *
words_of(struct reading *reading, const struct apache_lines *lines, size_t position,
	size_t *ret_count)
{
	struct apache_word list[APACHE_MAX_WORDS];

	*ret_count = 0;
	while (*ret_count < APACHE_MAX_WORDS &&
		apache_lines_word(lines, reading->arena, &position, &list[*ret_count]))
		++*ret_count;
	return arena_dup(reading->arena, list, *ret_count * sizeof(*list));
}

static const struct {
	const char *name;
	enum section_use use;
} section_uses[] = {
	{ "Directory", SECTION_KEPT },
	{ "DirectoryMatch", SECTION_KEPT },
	{ "Files", SECTION_KEPT },
	{ "FilesMatch", SECTION_KEPT },
	{ "Limit", SECTION_TRANSPARENT },
	{ "LimitExcept", SECTION_TRANSPARENT },
	{ "Location", SECTION_KEPT },
	{ "LocationMatch", SECTION_KEPT },
	{ "Macro", SECTION_MACRO },
	{ "VirtualHost", SECTION_KEPT },
};

static enum section_use
use_of(struct reading *reading, const char *name, const struct apache_word *words, size_t count)
{
	if (in_skipped(reading))
		return SECTION_SKIPPED;
	switch (apache_condition(&reading->state, name, words, count)) {
	case APACHE_TRUE:
		return SECTION_TRANSPARENT;
	case APACHE_FALSE:
		return SECTION_SKIPPED;
	case APACHE_NO_CONDITION:
		break;
	}
	for (size_t i = 0; i < COUNT_OF(section_uses); i++)
		if (strcasecmp(section_uses[i].name, name) == 0)
			return section_uses[i].use;
	/* If, Proxy, RequireAll …: nothing in them changes how certificates are verified at the
	 * handshake of a virtual host, a directory or a location. */
	return SECTION_SKIPPED;
}

static struct macro *
macro_add(struct reading *reading, const char *name)
{
	if (reading->macro_count == APACHE_MAX_MODULES)
		return NULL;
	reading->macros = arena_grow(reading->arena, reading->macros, reading->macro_count,
		&reading->macro_capacity, sizeof(*reading->macros));
	reading->macros[reading->macro_count] = (struct macro){ .name = name };
	return &reading->macros[reading->macro_count++];
}

static void
section_open(struct reading *reading, struct apache_lines *lines, const char *name, size_t position)
{
	struct section *section = &reading->sections[reading->depth];
	const struct apache_word *words;
	size_t count;

	if (reading->depth == APACHE_MAX_NESTING) {
		problem(reading, lines->where, "sections are nested too deeply");
		reading->exhausted = true;
		return;
	}
	if (!apache_lines_close_bracket(lines, position) && !in_skipped(reading) && *name != '\0')
		problem(reading, lines->where, "<%s> lacks its closing \">\"", name);
	words = words_of(reading, lines, position, &count);
	*section = (struct section){
		.name = name,
		.use = use_of(reading, name, words, count),
		.is_code = strcasecmp(name, "Perl") == 0,
		.where = lines->where,
	};
	if (section->use == SECTION_MACRO)
		section->macro = macro_add(reading, count > 0 ? words[0].text : "");
	else if (reading->depth > 0 && in_skipped(reading))
		section->macro = reading->sections[reading->depth - 1].macro;
	reading->depth++;
	if (section->use == SECTION_KEPT)
		emit(reading, lines,
			(struct apache_item){ .kind = APACHE_OPEN,
				.name = name,
				.words = words,
				.word_count = count,
				.where = lines->where });
}

static void
section_pop(struct reading *reading, const struct apache_lines *lines)
{
	const struct section *section = &reading->sections[--reading->depth];

	if (section->use == SECTION_KEPT)
		emit(reading, lines,
			(struct apache_item){ .kind = APACHE_CLOSE,
				.name = section->name,
				.where = lines->where });
}

static void
section_close(struct reading *reading, const struct file_reading *file, const char *name)
{
	const struct apache_lines *lines = &file->lines;
	size_t depth = reading->depth;

	while (depth > file->floor && strcasecmp(reading->sections[depth - 1].name, name) != 0)
		depth--;
	if (depth == file->floor) {
		problem(reading, lines->where, "</%s> without matching <%s>", name, name);
		return;
	}
	while (reading->depth > depth) {
		problem(reading, lines->where, "</%s> where </%s> of line %u is expected", name,
			reading->sections[reading->depth - 1].name,
			reading->sections[reading->depth - 1].where.line);
		section_pop(reading, lines);
	}
	section_pop(reading, lines);
}

/* Every file below a directory, in order (ap_process_resource_config). */
static void
read_directory(struct reading *reading, const char *path, struct locus where)
{
	const char *const *names;
	size_t count;

	if (reading->open_count == SERVICE_MAX_INCLUDE_DEPTH) {
		problem(reading, where, "%s: includes are nested too deeply", path);
		return;
	}
	if (world_list(reading->source->world, path, &names, &count, NULL) < 0) {
		problem(reading, where, "the directory %s cannot be read", path);
		return;
	}
	reading->open_files[reading->open_count++] = path;
	for (size_t i = 0; i < count && !reading->exhausted; i++)
		read_path(reading, path_join(reading->arena, path, names[i]), where, false);
	reading->open_count--;
}

static bool
has_wildcard(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

static void
include(struct reading *reading, const struct apache_lines *lines, const struct apache_word *words,
	size_t count, bool optional)
{
	struct arena *arena = reading->arena;
	const char *const *matches;
	const char *path;
	size_t match_count;
	struct err err;

	if (count != 1) {
		problem(reading, lines->where, "Include takes one argument");
		return;
	}
	path = path_normalize(arena, path_join(arena, reading->state.root, words[0].text));
	if (!has_wildcard(path)) {
		read_path(reading, path, words[0].where, optional);
		return;
	}
	if (world_glob(reading->source->world, path, &matches, &match_count, &err) < 0) {
		problem(reading, words[0].where, "%s: %s", path, err.message);
		return;
	}
	if (match_count == 0 && !optional)
		problem(reading, words[0].where,
			"nothing matches %s: the server does not start (IncludeOptional would let "
			"it)",
			path);
	for (size_t i = 0; i < match_count && !reading->exhausted; i++)
		read_path(reading, matches[i], words[0].where, optional);
}

static void
do_include(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	include(reading, lines, words, count, false);
}

static void
do_include_optional(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	include(reading, lines, words, count, true);
}

static void
do_define(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	if (count < 1 || count > 2) {
		problem(reading, lines->where, "Define takes one or two arguments");
		return;
	}
	apache_define(&reading->state, words[0].text, count > 1 ? words[1].text : NULL);
}

static void
do_undefine(struct reading *reading, const struct apache_lines *, const struct apache_word *words,
	size_t count)
{
	if (count > 0)
		apache_undefine(&reading->state, words[0].text);
}

static void
do_load_module(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	if (count != 2) {
		problem(reading, lines->where, "LoadModule takes two arguments");
		return;
	}
	apache_load_module(&reading->state, words[0].text, words[1].text);
}

static void
do_server_root(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	if (count != 1 || *words[0].text != '/') {
		problem(reading, lines->where, "ServerRoot takes one absolute path");
		return;
	}
	reading->state.root = path_normalize(reading->arena, words[0].text);
}

static void
do_use(struct reading *reading, const struct apache_lines *lines, const struct apache_word *words,
	size_t count)
{
	if (count == 0 || !spend(reading, reading->macro_count, lines->where))
		return;
	for (size_t i = reading->macro_count; i > 0; i--) {
		const struct macro *macro = &reading->macros[i - 1];

		if (strcasecmp(macro->name, words[0].text) != 0)
			continue;
		if (macro->verifies)
			problem(reading, lines->where,
				"what the macro %s says of client certificates is not seen here",
				macro->name);
		return;
	}
}

/* Directives that httpd carries out while it reads (EXEC_ON_READ). */
static const struct {
	const char *name;
	void (*run)(
		struct reading *, const struct apache_lines *, const struct apache_word *, size_t);
} immediate[] = {
	{ "Define", do_define },
	{ "Include", do_include },
	{ "IncludeOptional", do_include_optional },
	{ "LoadModule", do_load_module },
	{ "ServerRoot", do_server_root },
	{ "UnDefine", do_undefine },
	{ "Use", do_use },
};

static void
directive(struct reading *reading, const struct apache_lines *lines, const char *name,
	size_t position)
{
	const struct apache_word *words;
	size_t count;

	for (size_t i = 0; i < COUNT_OF(immediate); i++) {
		if (strcasecmp(immediate[i].name, name) != 0)
			continue;
		words = words_of(reading, lines, position, &count);
		immediate[i].run(reading, lines, words, count);
		return;
	}
	if (!reading->source->wanted(name))
		return;
	words = words_of(reading, lines, position, &count);
	emit(reading, lines,
		(struct apache_item){ .kind = APACHE_DIRECTIVE,
			.name = name,
			.words = words,
			.word_count = count,
			.where = lines->where });
}

/* A line of a section whose contents do not count: only sections matter, to find its end. */
static void
skipped_line(struct reading *reading, struct file_reading *file)
{
	struct apache_lines *lines = &file->lines;
	const struct section *section = &reading->sections[reading->depth - 1];
	const char *line = lines->text->bytes;
	size_t length = strcspn(line, " \t>");
	const char *name;

	if (section->macro != NULL &&
		(strncasecmp(line, "SSLVerify", 9) == 0 || strncasecmp(line, "SSLCA", 5) == 0))
		section->macro->verifies = true;
	if (*line != '<' || length < 2)
		return;
	if (line[1] == '/') {
		name = arena_strndup(reading->arena, line + 2, length - 2);
		if (!section->is_code || strcasecmp(name, section->name) == 0)
			section_close(reading, file, name);
	} else if (!section->is_code) {
		section_open(reading, lines, arena_strndup(reading->arena, line + 1, length - 1),
			length);
	}
}

static void
read_line(struct reading *reading, struct file_reading *file)
{
	struct apache_lines *lines = &file->lines;
	struct apache_word first;
	size_t position = 0, length;

	if (in_skipped(reading)) {
		skipped_line(reading, file);
		return;
	}
	if (lines->has_nul)
		problem(reading, lines->where, "a NUL byte hides the rest of the line");
	apache_lines_expand(lines, lookup, reading);
	if (lines->too_long)
		problem(reading, lines->where, "the line is too long to be read whole");
	if (!apache_lines_word(lines, reading->arena, &position, &first))
		return;
	if (first.text[0] != '<') {
		directive(reading, lines, first.text, position);
		return;
	}
	length = strcspn(first.text, ">");
	if (first.text[1] == '/')
		section_close(reading, file,
			arena_strndup(reading->arena, first.text + 2, length > 2 ? length - 2 : 0));
	else if (length < 2)
		problem(reading, lines->where, "\"<\" without a name");
	else
		section_open(reading, lines,
			arena_strndup(reading->arena, first.text + 1, length - 1),
			first.text[length] == '>' ? position - 1 : position);
}

static void
file_reading_end(struct file_reading *file)
{
	apache_lines_end(&file->lines);
}

static void
read_bytes(struct reading *reading, const char *path, struct span bytes)
{
	CLEANUP(file_reading_end) struct file_reading file = { .floor = reading->depth };

	apache_lines_begin(&file.lines, path, bytes);
	while (!reading->exhausted && apache_lines_next(&file.lines)) {
		size_t length = file.lines.where.length;

		if (!spend(reading, length, file.lines.where))
			break;
		read_line(reading, &file);
		(void)spend(reading, file.lines.text->length, file.lines.where);
	}
	while (reading->depth > file.floor) {
		const struct section *section = &reading->sections[reading->depth - 1];

		if (!reading->exhausted)
			problem(reading, section->where, "<%s> was not closed", section->name);
		section_pop(reading, NULL);
	}
}

static void
note_file(struct reading *reading, const char *path)
{
	struct apache_config *config = reading->config;

	reading->state.work += config->file_count;
	for (size_t i = 0; i < config->file_count; i++)
		if (strcmp(config->files[i], path) == 0)
			return;
	reading->files = arena_grow(reading->arena, reading->files, config->file_count,
		&reading->file_capacity, sizeof(*reading->files));
	reading->files[config->file_count++] = path;
	config->files = reading->files;
}

static void
read_file(struct reading *reading, const char *path, struct locus where, bool optional)
{
	struct span bytes;
	struct err err = {};

	if (world_read(reading->source->world, path, SERVICE_MAX_CONFIG_SIZE, &bytes, &err) < 0) {
		if (!optional || err.code != ERR_NO_INPUT)
			problem(reading, where, "%s", err.message);
		return;
	}
	note_file(reading, path);
	reading->open_files[reading->open_count++] = path;
	read_bytes(reading, path, bytes);
	reading->open_count--;
}

static void
read_path(struct reading *reading, const char *path, struct locus where, bool optional)
{
	struct file_identity identity;

	path = arena_strdup(reading->arena, path);
	if (reading->open_count == SERVICE_MAX_INCLUDE_DEPTH ||
		reading->includes++ == SERVICE_MAX_CONFIG_FILES) {
		problem(reading, where, "%s: too many includes", path);
		reading->exhausted = reading->includes > SERVICE_MAX_CONFIG_FILES;
		return;
	}
	for (size_t i = 0; i < reading->open_count; i++) {
		if (strcmp(reading->open_files[i], path) != 0)
			continue;
		problem(reading, where, "%s includes itself", path);
		return;
	}
	if (world_stat(reading->source->world, path, &identity, NULL) == 0 &&
		identity.type == FILE_DIRECTORY)
		read_directory(reading, path, where);
	else
		read_file(reading, path, where, optional);
}

/* "-C directive" before the file, "-c directive" behind it: each is a line of its own. */
static void
read_arguments(struct reading *reading, const char *option)
{
	const char *const *arguments = reading->source->arguments;

	for (; arguments != NULL && arguments[0] != NULL; arguments++) {
		const char *line = *arguments + 2;

		if (strncmp(*arguments, option, 2) != 0)
			continue;
		if (*line == '\0')
			line = arguments[1];
		if (line != NULL)
			read_bytes(reading, NULL, span_of(line, strlen(line)));
	}
}

static const char *const *
environment_of(const struct reading *reading)
{
	const struct apache_state *state = &reading->state;
	const char **list =
		arena_alloc(reading->arena, (state->variable_count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < state->variable_count; i++) {
		const struct apache_variable *variable = &state->variables[i];

		if (!variable->defined && variable->value != NULL)
			list[count++] = arena_printf(
				reading->arena, "%s=%s", variable->name, variable->value);
	}
	return list;
}

const struct apache_config *
apache_read(const struct apache_source *source)
{
	struct apache_config *config = arena_alloc(source->arena, sizeof(*config));
	/* Of some kilobytes: not on a stack that includes go down. */
	struct reading *reading = arena_alloc(source->arena, sizeof(*reading));

	reading->source = source;
	reading->arena = source->arena;
	reading->config = config;
	apache_state_begin(&reading->state, source);
	read_arguments(reading, "-C");
	read_path(reading, source->config, (struct locus){ .path = source->config }, false);
	read_arguments(reading, "-c");
	config->root = reading->state.root;
	config->environment = environment_of(reading);
	config->loads_ssl = apache_module_is_loaded(&reading->state, "ssl_module");
	return config;
}
