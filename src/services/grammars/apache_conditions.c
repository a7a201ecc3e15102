/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/apache_conditions.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATTERN_MAX = 100,
	STATUS_MAX_SIZE = 32 << 20, /* of dpkg's status file */
};

/* "apache2 -l" of Debian 12. */
static const struct apache_module compiled_in[] = {
	{ "core_module", "core.c" },
	{ "so_module", "mod_so.c" },
	{ "watchdog_module", "mod_watchdog.c" },
	{ "http_module", "http_core.c" },
	{ "log_config_module", "mod_log_config.c" },
	{ "logio_module", "mod_logio.c" },
	{ "version_module", "mod_version.c" },
	{ "unixd_module", "mod_unixd.c" },
};

/* Where the package cannot be asked: bookworm's first one. */
static const unsigned usual_version[3] = { 2, 4, 57 };

static struct apache_variable *
variable_find(struct apache_state *state, const char *name, bool defined)
{
	for (size_t i = 0; i < state->variable_count; i++) {
		struct apache_variable *variable = &state->variables[i];

		if (variable->defined == defined && strcmp(variable->name, name) == 0)
			return variable;
	}
	return NULL;
}

static struct apache_variable *
variable_add(struct apache_state *state, const char *name, const char *value, bool defined)
{
	struct arena *arena = state->source->arena;

	if (state->variable_count == APACHE_MAX_VARIABLES)
		return NULL;
	state->variables = arena_grow(arena, state->variables, state->variable_count,
		&state->variable_capacity, sizeof(*state->variables));
	state->variables[state->variable_count] = (struct apache_variable){
		.name = arena_strdup(arena, name),
		.value = value != NULL ? arena_strdup(arena, value) : NULL,
		.defined = defined,
	};
	return &state->variables[state->variable_count++];
}

void
apache_define(struct apache_state *state, const char *name, const char *value)
{
	struct apache_variable *variable = variable_find(state, name, true);

	state->work += state->variable_count;
	if (variable == NULL)
		(void)variable_add(state, name, value, true);
	else if (value != NULL)
		variable->value = arena_strdup(state->source->arena, value);
}

void
apache_undefine(struct apache_state *state, const char *name)
{
	struct apache_variable *variable = variable_find(state, name, true);

	state->work += state->variable_count;
	if (variable != NULL)
		*variable = state->variables[--state->variable_count];
}

const char *
apache_variable_value(struct apache_state *state, const char *name)
{
	const struct apache_variable *variable = variable_find(state, name, true);
	const char *value;

	state->work += 2 * state->variable_count + 1;
	if (variable != NULL && variable->value != NULL)
		return variable->value;
	variable = variable_find(state, name, false);
	if (variable != NULL)
		return variable->value;
	value = state->source->environment(state->source->context, name);
	variable = variable_add(state, name, value, false);
	return variable != NULL ? variable->value : NULL;
}

void
apache_load_module(struct apache_state *state, const char *identifier, const char *file)
{
	struct arena *arena = state->source->arena;
	const char *base = path_base(file);
	size_t length = strcspn(base, ".");

	state->work += 1;
	if (state->module_count == APACHE_MAX_MODULES || apache_module_is_loaded(state, identifier))
		return;
	state->modules = arena_grow(arena, state->modules, state->module_count,
		&state->module_capacity, sizeof(*state->modules));
	/* A module knows the name of its own source file, which is as a rule that of the object;
	 * but mod_mpm_event.so is made of event.c. */
	if (text_starts(base, "mod_mpm_")) {
		base += strlen("mod_mpm_");
		length -= strlen("mod_mpm_");
	}
	state->modules[state->module_count++] = (struct apache_module){
		.identifier = arena_strdup(arena, identifier),
		.file = arena_printf(arena, "%.*s.c", (int)length, base),
	};
}

static bool
module_matches(const struct apache_module *module, const char *name)
{
	return strcmp(module->identifier, name) == 0 || strcmp(module->file, name) == 0;
}

bool
apache_module_is_loaded(struct apache_state *state, const char *name)
{
	state->work += state->module_count + COUNT_OF(compiled_in);
	for (size_t i = 0; i < COUNT_OF(compiled_in); i++)
		if (module_matches(&compiled_in[i], name))
			return true;
	for (size_t i = 0; i < state->module_count; i++)
		if (module_matches(&state->modules[i], name))
			return true;
	return false;
}

/* -D NAME and -DNAME define names as Define does. */
static void
define_arguments(struct apache_state *state, const char *const *arguments)
{
	for (; arguments != NULL && *arguments != NULL; arguments++) {
		if (!text_starts(*arguments, "-D"))
			continue;
		if ((*arguments)[2] != '\0')
			apache_define(state, *arguments + 2, NULL);
		else if (arguments[1] != NULL)
			apache_define(state, *++arguments, NULL);
	}
}

void
apache_state_begin(struct apache_state *state, const struct apache_source *source)
{
	*state = (struct apache_state){ .source = source, .root = source->root };
	define_arguments(state, source->arguments);
}

/* "2.4.71" into three numbers; false where it is none. */
static bool
version_parse(const char *text, unsigned ret[3])
{
	int end = 0;

	ret[0] = ret[1] = ret[2] = 0;
	if (sscanf(text, "%5u%n", &ret[0], &end) < 1)
		return false;
	text += end;
	for (int i = 1; i < 3 && *text == '.'; i++) {
		if (sscanf(text, ".%5u%n", &ret[i], &end) < 1)
			return false;
		text += end;
	}
	return *text == '\0' || *text == '-' || *text == '+' || *text == '~';
}

/* The version of the package that is installed in this world. */
static void
version_find(struct apache_state *state)
{
	static const char package[] = "\nPackage: apache2-bin\n", field[] = "\nVersion: ";
	struct span status;
	size_t start, end, version;
	char text[32];

	memcpy(state->version, usual_version, sizeof(state->version));
	if (world_read(state->source->world, "/var/lib/dpkg/status", STATUS_MAX_SIZE, &status,
		    NULL) < 0)
		return;
	start = span_find(status, package, 0);
	if (start == SIZE_MAX)
		return;
	end = span_find(status, "\n\n", start + 1);
	version = span_find(status, field, start);
	if (version == SIZE_MAX || (end != SIZE_MAX && version > end))
		return;
	version += strlen(field);
	(void)snprintf(text, sizeof(text), "%.*s",
		(int)(status.length - version < 20 ? status.length - version : 20),
		(const char *)status.data + version);
	text[strcspn(text, "-+~\n")] = '\0';
	if (!version_parse(text, state->version))
		memcpy(state->version, usual_version, sizeof(state->version));
}

static bool
version_matches(const struct apache_state *state, const char *pattern)
{
	char expression[PATTERN_MAX], version[32];
	size_t length = strlen(pattern);
	regex_t compiled;
	bool matches;

	if (length >= 2 && pattern[0] == '/' && pattern[length - 1] == '/') {
		pattern++;
		length -= 2;
	}
	/* Repetitions of repetitions can cost any amount of memory. */
	if (length >= sizeof(expression) || strchr(pattern, '{') != NULL)
		return false;
	(void)snprintf(expression, sizeof(expression), "%.*s", (int)length, pattern);
	(void)snprintf(version, sizeof(version), "%u.%u.%u", state->version[0], state->version[1],
		state->version[2]);
	if (regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	matches = regexec(&compiled, version, 0, NULL, 0) == 0;
	regfree(&compiled);
	return matches;
}

static int
version_compare(const unsigned a[3], const unsigned b[3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* mod_version: "[!]OPERATOR VERSION", "VERSION", and with = or ~ a regular expression. */
static bool
version_holds(struct apache_state *state, const struct apache_word *words, size_t count)
{
	const char *comparison = count > 1 ? words[0].text : "=", *text;
	unsigned wanted[3];
	bool negated, holds;
	int order;

	if (count == 0)
		return false;
	text = words[count > 1 ? 1 : 0].text;
	if (state->version[0] == 0)
		version_find(state);
	negated = *comparison == '!';
	comparison += negated;
	if (*comparison == '~' || (*comparison == '=' && *text == '/'))
		return version_matches(state, text) != negated;
	if (!version_parse(text, wanted))
		return false;
	order = version_compare(state->version, wanted);
	if (*comparison == '<')
		holds = order < 0 || (comparison[1] == '=' && order == 0);
	else if (*comparison == '>')
		holds = order > 0 || (comparison[1] == '=' && order == 0);
	else
		holds = order == 0;
	return holds != negated;
}

static bool
is_defined(struct apache_state *state, const char *name)
{
	state->work += state->variable_count;
	return variable_find(state, name, true) != NULL;
}

static bool
file_exists(struct apache_state *state, const char *path)
{
	struct arena *arena = state->source->arena;
	struct file_identity identity;

	path = path_normalize(arena, path_join(arena, state->root, path));
	return world_stat(state->source->world, path, &identity, NULL) == 0;
}

/* Which directives there are is known of mod_ssl's alone; the rest is taken to be there. */
static bool
directive_exists(struct apache_state *state, const char *name)
{
	return strncasecmp(name, "SSL", 3) != 0 || apache_module_is_loaded(state, "ssl_module");
}

static bool
section_exists(struct apache_state *, const char *)
{
	return true;
}

enum apache_truth
apache_condition(struct apache_state *state, const char *name, const struct apache_word *words,
	size_t word_count)
{
	static const struct {
		const char *name;
		bool (*holds)(struct apache_state *, const char *);
	} conditions[] = {
		{ "IfDefine", is_defined },
		{ "IfDirective", directive_exists },
		{ "IfFile", file_exists },
		{ "IfModule", apache_module_is_loaded },
		{ "IfSection", section_exists },
	};

	if (strcasecmp(name, "IfVersion") == 0)
		return version_holds(state, words, word_count) ? APACHE_TRUE : APACHE_FALSE;
	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		const char *text = word_count > 0 ? words[0].text : "";
		bool negated = *text == '!';

		if (strcasecmp(conditions[i].name, name) == 0)
			return conditions[i].holds(state, text + negated) != negated ? APACHE_TRUE
										     : APACHE_FALSE;
	}
	return APACHE_NO_CONDITION;
}
