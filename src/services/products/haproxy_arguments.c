/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy's command line (management.txt 3): options are words of their own, and so are values. */
#include <stdlib.h>
#include <string.h>

#include "services/products/haproxy.h"

enum { MAX_FILES = 1'000 };

bool
haproxy_argument_is(const char *argument, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(argument, *names) == 0)
			return true;
	return false;
}

/* Options that take one value; -sf and -st take any number. */
static const char *const valued_options[] = { "-C", "-L", "-N", "-S", "-cc", "-f", "-m", "-n", "-p",
	"-x", NULL };
static const char *const pid_options[] = { "-sf", "-st", NULL };

/* Past the option at *arguments and its values. */
static const char *const *
option_end(const char *const *arguments)
{
	const char *option = *arguments++;

	if (haproxy_argument_is(option, valued_options))
		return *arguments != NULL ? arguments + 1 : arguments;
	if (haproxy_argument_is(option, pid_options))
		while (*arguments != NULL && **arguments != '-')
			arguments++;
	return arguments;
}

/* Whether -sf or -st of these arguments names the process. */
bool
haproxy_takes_over_from(const struct process *process, pid_t pid)
{
	const char *const *at = process->arguments;

	if (*at == NULL)
		return false;
	for (at++; *at != NULL && strcmp(*at, "--") != 0;) {
		const char *const *end = option_end(at);

		if (haproxy_argument_is(*at, pid_options))
			for (const char *const *value = at + 1; value < end; value++)
				if (strtol(*value, NULL, 10) == pid)
					return true;
		at = end;
	}
	return false;
}

/* The arguments without those named; "--" and what follows stays. */
const char *const *
haproxy_arguments_without(struct arena *arena, const char *const *arguments,
	const char *const *dropped, size_t *count)
{
	const char **kept;
	size_t total = 0;

	while (arguments[total] != NULL)
		total++;
	kept = arena_alloc(arena, (total + 1) * sizeof(*kept));
	*count = 0;
	while (*arguments != NULL && strcmp(*arguments, "--") != 0) {
		const char *const *end = option_end(arguments);

		bool is_kept = !haproxy_argument_is(*arguments, dropped);

		for (; arguments < end; arguments++)
			if (is_kept)
				kept[(*count)++] = *arguments;
	}
	while (*arguments != NULL)
		kept[(*count)++] = *arguments++;
	return kept;
}

const char *
haproxy_option_value(const char *const *arguments, const char *name)
{
	while (*arguments != NULL && strcmp(*arguments, "--") != 0) {
		if (strcmp(*arguments, name) == 0)
			return arguments[1];
		arguments = option_end(arguments);
	}
	return NULL;
}

/* A process that only prints or checks something. */
bool
haproxy_is_no_server(const char *const *arguments)
{
	static const char *const others[] = { "-c", "-cc", "-h", "-v", "-vv", NULL };

	while (*arguments != NULL && strcmp(*arguments, "--") != 0) {
		if (haproxy_argument_is(*arguments, others))
			return true;
		arguments = option_end(arguments);
	}
	return false;
}

const char *const *
haproxy_files(struct arena *arena, const char *const *arguments, size_t *ret_count)
{
	const char **list = arena_alloc(arena, MAX_FILES * sizeof(*list));
	bool all = false;

	*ret_count = 0;
	for (; arguments != NULL && *arguments != NULL && *ret_count < MAX_FILES; arguments++) {
		if (all)
			list[(*ret_count)++] = *arguments;
		else if (strcmp(*arguments, "--") == 0)
			all = true;
		else if (strcmp(*arguments, "-f") == 0 && arguments[1] != NULL)
			list[(*ret_count)++] = *++arguments;
	}
	return list;
}
