/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/apache.h"

#include <string.h>

#include "services/grammars/apache_reading.h"

static void read_path(struct reading *, const char *path, struct locus where, bool optional);
static void read_macro(struct reading *, struct macro *, const struct apache_argument *arguments);

/* False from when the bound is met. */
static bool
spend(struct reading *reading, size_t amount, struct locus where)
{
	reading->state.work += amount;
	if (reading->exhausted || reading->state.work < APACHE_MAX_WORK)
		return !reading->exhausted;
	reading->exhausted = true;
	apache_reading_problem(reading, where, "the configuration is too large to be read further");
	return false;
}

static const char *
lookup(void *context, const char *name)
{
	struct reading *reading = context;

	return apache_variable_value(&reading->state, name);
}

/* Every file below a directory, in order (ap_process_resource_config). */
static void
read_directory(struct reading *reading, const char *path, struct locus where)
{
	const char *const *names;
	size_t count;

	if (reading->open_count == SERVICE_MAX_INCLUDE_DEPTH) {
		apache_reading_problem(reading, where, "%s: includes are nested too deeply", path);
		return;
	}
	if (world_list(reading->source->world, path, &names, &count, NULL) < 0) {
		apache_reading_problem(reading, where, "the directory %s cannot be read", path);
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
		apache_reading_problem(reading, lines->where, "Include takes one argument");
		return;
	}
	path = path_normalize(arena, path_join(arena, reading->state.root, words[0].text));
	if (!has_wildcard(path)) {
		read_path(reading, path, words[0].where, optional);
		return;
	}
	if (world_glob(reading->source->world, path, &matches, &match_count, &err) < 0) {
		apache_reading_problem(reading, words[0].where, "%s: %s", path, err.message);
		return;
	}
	if (match_count == 0 && !optional)
		apache_reading_problem(reading, words[0].where,
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
		apache_reading_problem(reading, lines->where, "Define takes one or two arguments");
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
		apache_reading_problem(reading, lines->where, "LoadModule takes two arguments");
		return;
	}
	apache_load_module(&reading->state, words[0].text, words[1].text);
}

static void
do_server_root(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	if (count != 1 || *words[0].text != '/') {
		apache_reading_problem(reading, lines->where, "ServerRoot takes one absolute path");
		return;
	}
	reading->state.root = path_normalize(reading->arena, words[0].text);
}

static void
do_use(struct reading *reading, const struct apache_lines *lines, const struct apache_word *words,
	size_t count)
{
	const struct apache_argument *arguments;
	struct macro *macro;

	if (count == 0 || !spend(reading, reading->macro_count, lines->where))
		return;
	macro = apache_macro_use(reading, lines, words, count, &arguments);
	if (macro != NULL)
		read_macro(reading, macro, arguments);
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
		words = apache_words(reading, lines, position, &count);
		immediate[i].run(reading, lines, words, count);
		return;
	}
	if (!reading->source->wanted(name))
		return;
	words = apache_words(reading, lines, position, &count);
	apache_emit(reading, lines,
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

	if (*line != '<' || length < 2)
		return;
	if (line[1] == '/') {
		name = arena_strndup(reading->arena, line + 2, length - 2);
		if (!section->is_code || strcasecmp(name, section->name) == 0)
			apache_section_close(reading, file, name);
	} else if (!section->is_code) {
		apache_section_open(reading, lines,
			arena_strndup(reading->arena, line + 1, length - 1), length);
	}
}

static void
read_line(struct reading *reading, struct file_reading *file)
{
	struct apache_lines *lines = &file->lines;
	struct apache_word first;
	size_t position = 0, length;

	if (apache_in_skipped(reading)) {
		skipped_line(reading, file);
		return;
	}
	if (lines->has_nul)
		apache_reading_problem(
			reading, lines->where, "a NUL byte hides the rest of the line");
	apache_lines_expand(lines, lookup, reading);
	if (lines->too_long)
		apache_reading_problem(
			reading, lines->where, "the line is too long to be read whole");
	if (!apache_lines_word(lines, reading->arena, &position, &first))
		return;
	if (first.text[0] != '<') {
		directive(reading, lines, first.text, position);
		return;
	}
	length = strcspn(first.text, ">");
	if (first.text[1] == '/')
		apache_section_close(reading, file,
			arena_strndup(reading->arena, first.text + 2, length > 2 ? length - 2 : 0));
	else if (length < 2)
		apache_reading_problem(reading, lines->where, "\"<\" without a name");
	else
		apache_section_open(reading, lines,
			arena_strndup(reading->arena, first.text + 1, length - 1),
			first.text[length] == '>' ? position - 1 : position);
}

static void
file_reading_end(struct file_reading *file)
{
	apache_lines_end(&file->lines);
}

static void
read_lines(struct reading *reading, struct file_reading *file)
{
	while (!reading->exhausted && apache_lines_next(&file->lines)) {
		size_t length = file->lines.where.length * (1 + file->argument_count);

		if (!spend(reading, length, file->lines.where))
			break;
		if (file->argument_count > 0)
			apache_lines_substitute(
				&file->lines, file->arguments, file->argument_count);
		read_line(reading, file);
		(void)spend(reading, file->lines.text->length, file->lines.where);
	}
	apache_sections_end(reading, file);
}

static void
read_bytes(struct reading *reading, const char *path, struct span bytes)
{
	CLEANUP(file_reading_end) struct file_reading file = { .floor = reading->depth };

	apache_lines_begin(&file.lines, path, bytes);
	read_lines(reading, &file);
}

/* Its lines, once more; sections that it opens it closes as well. */
static void
read_macro(struct reading *reading, struct macro *macro, const struct apache_argument *arguments)
{
	CLEANUP(file_reading_end)
	struct file_reading file = { .floor = reading->depth,
		.arguments = arguments,
		.argument_count = macro->parameter_count };

	macro->in_use = true;
	reading->macro_depth++;
	apache_lines_begin(&file.lines, macro->begin.path, macro->file);
	apache_lines_narrow(&file.lines, macro->begin, macro->end);
	read_lines(reading, &file);
	reading->macro_depth--;
	macro->in_use = false;
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
			apache_reading_problem(reading, where, "%s", err.message);
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
		apache_reading_problem(reading, where, "%s: too many includes", path);
		reading->exhausted = reading->includes > SERVICE_MAX_CONFIG_FILES;
		return;
	}
	for (size_t i = 0; i < reading->open_count; i++) {
		if (strcmp(reading->open_files[i], path) != 0)
			continue;
		apache_reading_problem(reading, where, "%s includes itself", path);
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
