/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/apache_reading.h"

#include <string.h>

void
apache_reading_problem(struct reading *reading, struct locus where, const char *format, ...)
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

bool
apache_in_skipped(const struct reading *reading)
{
	return reading->depth > 0 && reading->sections[reading->depth - 1].use >= SECTION_SKIPPED;
}

void
apache_emit(struct reading *reading, const struct apache_lines *lines, struct apache_item item)
{
	struct apache_config *config = reading->config;

	if (config->item_count == APACHE_MAX_ITEMS) {
		reading->exhausted = true;
		apache_reading_problem(
			reading, item.where, "the configuration is too large to be read further");
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
const struct apache_word *
apache_words(struct reading *reading, const struct apache_lines *lines, size_t position,
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
	if (apache_in_skipped(reading))
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

void
apache_section_open(
	struct reading *reading, struct apache_lines *lines, const char *name, size_t position)
{
	struct section *section = &reading->sections[reading->depth];
	const struct apache_word *words;
	size_t count;

	if (reading->depth == APACHE_MAX_NESTING) {
		apache_reading_problem(reading, lines->where, "sections are nested too deeply");
		reading->exhausted = true;
		return;
	}
	if (!apache_lines_close_bracket(lines, position) && !apache_in_skipped(reading) &&
		*name != '\0')
		apache_reading_problem(reading, lines->where, "<%s> lacks its closing \">\"", name);
	words = apache_words(reading, lines, position, &count);
	*section = (struct section){
		.name = name,
		.use = use_of(reading, name, words, count),
		.is_code = strcasecmp(name, "Perl") == 0,
		.where = lines->where,
	};
	if (section->use == SECTION_MACRO)
		section->macro = apache_macro_add(reading, lines, words, count);
	reading->depth++;
	if (section->use == SECTION_KEPT)
		apache_emit(reading, lines,
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

	if (section->macro != NULL && lines != NULL)
		section->macro->end = lines->where.offset;
	if (section->use == SECTION_KEPT)
		apache_emit(reading, lines,
			(struct apache_item){ .kind = APACHE_CLOSE,
				.name = section->name,
				.where = lines != NULL ? lines->where : section->where });
}

void
apache_section_close(struct reading *reading, const struct file_reading *file, const char *name)
{
	const struct apache_lines *lines = &file->lines;
	size_t depth = reading->depth;

	while (depth > file->floor && strcasecmp(reading->sections[depth - 1].name, name) != 0)
		depth--;
	if (depth == file->floor) {
		apache_reading_problem(
			reading, lines->where, "</%s> without matching <%s>", name, name);
		return;
	}
	while (reading->depth > depth) {
		apache_reading_problem(reading, lines->where,
			"</%s> where </%s> of line %u is expected", name,
			reading->sections[reading->depth - 1].name,
			reading->sections[reading->depth - 1].where.line);
		section_pop(reading, lines);
	}
	section_pop(reading, lines);
}

void
apache_sections_end(struct reading *reading, const struct file_reading *file)
{
	while (reading->depth > file->floor) {
		const struct section *section = &reading->sections[reading->depth - 1];

		if (!reading->exhausted)
			apache_reading_problem(
				reading, section->where, "<%s> was not closed", section->name);
		section_pop(reading, NULL);
	}
}
