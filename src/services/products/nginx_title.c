/* SPDX-License-Identifier: Apache-2.0 */
#include "services/products/nginx_title.h"

#include <string.h>

/* Of the master, the workers, the cache manager and loader (ngx_setproctitle). */
static const char any_title[] = "nginx: ";
static const char master_title[] = "nginx: master process";

/* What a build takes where its command line says nothing (nginx -V: --prefix, --conf-path). */
struct build {
	const char *executable, *prefix, *config;
};

static const struct build builds[] = {
	{ "/usr/sbin/nginx", "/usr/share/nginx", "/etc/nginx/nginx.conf" }, /* Debian */
	{ "/usr/local/nginx/sbin/nginx", "/usr/local/nginx", "/usr/local/nginx/conf/nginx.conf" },
	{ "/usr/local/sbin/nginx", "/usr/local/nginx", "/usr/local/etc/nginx/nginx.conf" },
	{ "/usr/local/openresty/nginx/sbin/nginx", "/usr/local/openresty/nginx",
		"/usr/local/openresty/nginx/conf/nginx.conf" },
};

enum option { OPTION_CONFIG, OPTION_PREFIX, OPTION_LOG, OPTION_GIVEN, OPTION__COUNT };

static const char option_letters[] = "cpeg";      /* with a value; in the order of enum option */
static const char all_letters[] = "cpeg?hvVtTqs"; /* ngx_get_options */

static bool
is_option(const char *text)
{
	return text[0] == ' ' && text[1] == '-' && text[2] != '\0' &&
	       strchr(all_letters, text[2]) != NULL;
}

/* Where the next option stands, behind a blank. The title has lost quotes: a value of several words
 * goes on up to there. */
static const char *
next_option(const char *text)
{
	while (*text != '\0' && !is_option(text))
		text++;
	return text;
}

static const char *
trim(struct arena *arena, const char *start, const char *end)
{
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	return arena_strndup(arena, start, (size_t)(end - start));
}

static void
read_options(struct arena *arena, const char *title, const char *values[static OPTION__COUNT])
{
	for (const char *option = next_option(title); *option != '\0';) {
		const char *end = next_option(option + 1);
		const char *letter = strchr(option_letters, option[2]);

		if (letter != NULL && option + 3 <= end)
			values[letter - option_letters] = trim(arena, option + 3, end);
		option = end;
	}
}

static const struct build *
build_of(const struct process *process)
{
	for (size_t i = 0; process->executable != NULL && i < COUNT_OF(builds); i++)
		if (strcmp(builds[i].executable, process->executable) == 0)
			return &builds[i];
	return &builds[0];
}

static void
set_arguments(struct arena *arena, const char *values[static OPTION__COUNT], struct instance *ret)
{
	const char **arguments = arena_alloc(arena, (2 * OPTION__COUNT + 1) * sizeof(*arguments));
	size_t count = 0;

	for (size_t i = 0; i < OPTION__COUNT; i++) {
		if (values[i] == NULL)
			continue;
		arguments[count++] = arena_printf(arena, "-%c", option_letters[i]);
		arguments[count++] = values[i];
	}
	ret->arguments = arguments;
}

/* What it was asked to do, and then ends: test, say its version, signal another one. */
static bool
is_errand(const char *options)
{
	for (const char *option = next_option(options); *option != '\0';
		option = next_option(option + 1))
		if (strchr("?hvVtTs", option[2]) != NULL)
			return true;
	return false;
}

/* Its options in one line, as a title has them; NULL where this is no main process. With
 * "master_process off" there is one process, which keeps its command line. */
static const char *
options_of(struct arena *arena, const struct process *process)
{
	const char *options = "";

	if (process->argument_count == 0)
		return NULL;
	if (text_starts(process->arguments[0], master_title))
		return process->arguments[0] + strlen(master_title);
	if (strcmp(path_base(process->arguments[0]), "nginx") != 0 || process->executable == NULL ||
		strcmp(path_base(process->executable), "nginx") != 0)
		return NULL;
	for (size_t i = 1; i < process->argument_count; i++)
		options = arena_printf(arena, "%s %s", options, process->arguments[i]);
	return is_errand(options) ? NULL : options;
}

bool
nginx_title_is(const struct process *process)
{
	return process->argument_count > 0 &&
	       (text_starts(process->arguments[0], any_title) ||
		       strcmp(path_base(process->arguments[0]), "nginx") == 0);
}

bool
nginx_title_read(struct arena *arena, const struct process *process, struct instance *ret)
{
	const char *values[OPTION__COUNT] = { NULL };
	const struct build *build = build_of(process);
	const char *options = options_of(arena, process);

	if (options == NULL)
		return false;
	read_options(arena, options, values);
	/* A relative prefix was one of the directory where it was started (ngx_process_options). */
	if (values[OPTION_PREFIX] != NULL)
		values[OPTION_PREFIX] = path_normalize(arena,
			path_join(arena, process->directory != NULL ? process->directory : "/",
				values[OPTION_PREFIX]));
	ret->prefix = values[OPTION_PREFIX] != NULL ? values[OPTION_PREFIX] : build->prefix;
	ret->config = values[OPTION_CONFIG] != NULL
			      ? path_join(arena, ret->prefix, values[OPTION_CONFIG])
			      : build->config;
	ret->config = path_normalize(arena, ret->config);
	values[OPTION_CONFIG] = ret->config;
	set_arguments(arena, values, ret);
	return true;
}
