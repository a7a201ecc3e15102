/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths, as glob(3) without flags matches them in the C locale: a leading dot is
 * matched by a dot alone, a backslash takes the meaning from what follows it.
 *
 * glob(3) itself would open the host's directories, and fnmatch(3) can take exponential time.
 */
#include "world/node.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct matches {
	const char **paths;
	size_t count, capacity;
};

/* Behind the bracket expression that starts at pattern ("["), or NULL where it is not closed. */
static const char *
bracket_end(const char *pattern)
{
	const char *at = pattern + 1;

	at += *at == '!' || *at == '^';
	at += *at == ']';
	for (; *at != '\0' && *at != ']'; at++)
		at += *at == '\\' && at[1] != '\0';
	return *at == ']' ? at + 1 : NULL;
}

static bool
bracket_holds(const char *pattern, const char *end, unsigned char byte)
{
	const char *at = pattern + 1;
	bool negated = *at == '!' || *at == '^', holds = false;

	for (at += negated; at < end - 1; at++) {
		unsigned char low, high;

		at += *at == '\\';
		low = high = (unsigned char)*at;
		if (at[1] == '-' && at + 2 < end - 1) {
			at += 2;
			at += *at == '\\';
			high = (unsigned char)*at;
		}
		holds |= low <= byte && byte <= high;
	}
	return holds != negated;
}

/* One element of the pattern, no star, against one byte: what follows it, or NULL. */
static const char *
element_match(const char *pattern, char byte)
{
	const char *end = *pattern == '[' ? bracket_end(pattern) : NULL;

	if (end != NULL)
		return bracket_holds(pattern, end, (unsigned char)byte) ? end : NULL;
	if (*pattern == '?')
		return pattern + 1;
	pattern += *pattern == '\\' && pattern[1] != '\0';
	return *pattern == byte ? pattern + 1 : NULL;
}

/* To go back to the last star alone is enough, so the time is at most the product of the lengths.
 */
static bool
name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	if (name[0] == '.' && pattern[0] != '.' && strncmp(pattern, "\\.", 2) != 0)
		return false;
	while (*name != '\0') {
		const char *next = *pattern == '*' ? NULL : element_match(pattern, *name);

		if (*pattern == '*') {
			star = ++pattern;
			resume = name;
		} else if (next != NULL) {
			pattern = next;
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

static bool
is_pattern(const char *component)
{
	for (const char *at = component; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '*' || *at == '?' || (*at == '[' && bracket_end(at) != NULL))
			return true;
	}
	return false;
}

static void
unescape(char *component)
{
	char *to = component;

	for (const char *from = component; *from != '\0'; from++) {
		from += *from == '\\' && from[1] != '\0';
		*to++ = *from;
	}
	*to = '\0';
}

static int
matches_add(struct arena *arena, struct matches *matches, const char *directory, const char *name)
{
	if (matches->count == WORLD_MAX_GLOB)
		return EFBIG;
	matches->paths = arena_grow(
		arena, matches->paths, matches->count, &matches->capacity, sizeof(*matches->paths));
	matches->paths[matches->count++] = real_join(arena, directory, name);
	return 0;
}

static bool
is_directory(struct world *world, const char *path)
{
	struct file_identity identity;

	return world_stat(world, path, &identity, NULL) == 0 && identity.type == FILE_DIRECTORY;
}

/* The names in one directory that match one component. What may not be listed matches nothing. */
static int
directory_match(struct world *world, const char *directory, char *component, struct matches *out)
{
	struct file_identity identity;
	const char *const *names;
	size_t count;

	if (!is_pattern(component)) {
		CLEANUP(mem_freep) char *name = mem_strdup(component);
		size_t before = out->count;
		int sys;

		unescape(name);
		sys = matches_add(world->arena, out, directory, name);
		if (sys == 0 && world_lstat(world, out->paths[before], &identity, NULL) < 0)
			out->count = before;
		return sys;
	}
	if (!is_directory(world, directory) ||
		world_list(world, directory, &names, &count, NULL) < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		int sys = name_matches(component, names[i])
				  ? matches_add(world->arena, out, directory, names[i])
				  : 0;

		if (sys != 0)
			return sys;
	}
	return 0;
}

static int
glob_expand(struct world *world, char *pattern, struct matches *ret)
{
	char *save = NULL;
	size_t length = strlen(pattern);
	bool directories = length > 0 && pattern[length - 1] == '/';
	int sys = matches_add(world->arena, ret, "/", "");

	for (char *component = strtok_r(pattern, "/", &save); component != NULL;
		component = strtok_r(NULL, "/", &save)) {
		struct matches next = { 0 };

		for (size_t i = 0; i < ret->count && sys == 0; i++)
			sys = directory_match(world, ret->paths[i], component, &next);
		*ret = next;
	}
	for (size_t i = 0; directories && i < ret->count;) {
		if (is_directory(world, ret->paths[i]))
			i++;
		else
			memmove(&ret->paths[i], &ret->paths[i + 1],
				(--ret->count - i) * sizeof(*ret->paths));
	}
	return sys;
}

int
world_glob(struct world *world, const char *pattern, const char *const **ret_paths,
	size_t *ret_count, struct err *err)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(pattern);
	struct matches matches = { 0 };
	int sys = strlen(pattern) < PATH_MAX ? glob_expand(world, copy, &matches) : ENAMETOOLONG;

	*ret_paths = NULL;
	*ret_count = 0;
	if (sys != 0)
		return world_errno(world, sys, "expand", pattern, err);
	if (matches.count > 0)
		qsort(matches.paths, matches.count, sizeof(*matches.paths), names_compare);
	*ret_paths = matches.paths;
	*ret_count = matches.count;
	return 0;
}
