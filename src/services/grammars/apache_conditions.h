/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds while httpd's configuration is read: names that are defined, modules that are loaded;
 * and the conditions on them.
 */
#pragma once

#include "services/grammars/apache.h"

struct apache_variable {
	const char *name, *value; /* value NULL: only defined, or an unset one of the environment */
	bool defined;             /* by Define or -D; else of the environment */
};

struct apache_state {
	const struct apache_source *source;
	const char *root;
	struct apache_variable *variables;
	size_t variable_count, variable_capacity;
	struct apache_module {
		const char *identifier, *file; /* "ssl_module", "mod_ssl.c" */
	} * modules;
	size_t module_count, module_capacity;
	unsigned version[3]; /* of httpd; all 0 as long as it was not asked for */
	size_t work;
};

void apache_state_begin(struct apache_state *, const struct apache_source *);
void apache_define(struct apache_state *, const char *name, const char *value);
void apache_undefine(struct apache_state *, const char *name);
/* The value of ${NAME}: of a Define, else of the environment; NULL where there is none. */
const char *apache_variable_value(struct apache_state *, const char *name);
void apache_load_module(struct apache_state *, const char *identifier, const char *file);
bool apache_module_is_loaded(struct apache_state *, const char *name);

enum apache_truth { APACHE_FALSE, APACHE_TRUE, APACHE_NO_CONDITION };
/* Decides "<name words>", where it is a section that is decided while reading. */
enum apache_truth apache_condition(struct apache_state *, const char *name,
	const struct apache_word *words, size_t word_count);
