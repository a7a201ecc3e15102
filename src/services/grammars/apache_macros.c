/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros of httpd (mod_macro): the lines between <Macro> and </Macro> are read anew at each Use,
 * with the arguments in the place of the parameters. What is repaired in them is repaired for all
 * uses.
 */
#include <string.h>

#include "services/grammars/apache_reading.h"

struct macro *
apache_macro_add(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count)
{
	struct macro *macro;

	if (count == 0) {
		apache_reading_problem(reading, lines->where, "<Macro> lacks a name");
		return NULL;
	}
	if (reading->macro_count == APACHE_MAX_MODULES)
		return NULL;
	macro = arena_alloc(reading->arena, sizeof(*macro));
	*macro = (struct macro){
		.name = words[0].text,
		.parameters = words + 1,
		.parameter_count = count - 1,
		.file = lines->file,
		.begin = { .path = lines->path, .line = lines->next_line, .offset = lines->offset },
	};
	reading->macros = arena_grow(reading->arena, reading->macros, reading->macro_count,
		&reading->macro_capacity, sizeof(*reading->macros));
	reading->macros[reading->macro_count++] = macro;
	return macro;
}

/* The one defined last; names are the same in any case. */
static struct macro *
macro_find(const struct reading *reading, const char *name)
{
	for (size_t i = reading->macro_count; i > 0; i--)
		if (strcasecmp(reading->macros[i - 1]->name, name) == 0 &&
			reading->macros[i - 1]->end > 0)
			return reading->macros[i - 1];
	return NULL;
}

struct macro *
apache_macro_use(struct reading *reading, const struct apache_lines *lines,
	const struct apache_word *words, size_t count, const struct apache_argument **ret)
{
	struct macro *macro = macro_find(reading, words[0].text);
	struct apache_argument *arguments;

	if (macro == NULL) {
		apache_reading_problem(
			reading, lines->where, "the macro %s is not defined", words[0].text);
		return NULL;
	}
	if (macro->in_use || reading->macro_depth == SERVICE_MAX_INCLUDE_DEPTH) {
		apache_reading_problem(
			reading, lines->where, "the macro %s uses itself", macro->name);
		return NULL;
	}
	if (count - 1 != macro->parameter_count) {
		apache_reading_problem(reading, lines->where,
			"the macro %s takes %zu arguments, and is given %zu", macro->name,
			macro->parameter_count, count - 1);
		return NULL;
	}
	arguments = arena_alloc(reading->arena, (count + 1) * sizeof(*arguments));
	for (size_t i = 1; i < count; i++)
		arguments[i - 1] = (struct apache_argument){ .name = macro->parameters[i - 1].text,
			.value = words[i].text };
	*ret = arguments;
	return macro;
}
