/* SPDX-License-Identifier: Apache-2.0 */
/* Globs inside a world: glob(3) without leaving it, component by component. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "world/internal.h"

struct matches {
	const char **list;
	size_t count, capacity;
};

static bool
has_magic(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr("*?[\\", text[i]) != NULL)
			return true;
	return false;
}

static int glob_below(struct world *world, const char *directory, const char *pattern,
	struct matches *matches, struct err *err);

/* One name that matched its component: either the end, or the directory to go on in. */
static int
glob_match(struct world *world, const char *path, const char *rest, struct matches *matches,
	struct err *err)
{
	struct file_identity identity;
	struct err ignored = { 0 };

	if (*rest != '\0')
		return world_stat(world, path, &identity, &ignored) < 0 ||
				       identity.type != FILE_DIRECTORY
			       ? 0
			       : glob_below(world, path, rest, matches, err);
	if (world_lstat(world, path, &identity, &ignored) < 0)
		return 0;
	if (matches->count >= WORLD_MAX_GLOB) {
		errno = EFBIG;
		return err_sys(err, ERR_LIMIT, "more than %d files match", WORLD_MAX_GLOB);
	}
	matches->list = arena_grow(world->arena, matches->list, matches->count, &matches->capacity,
		sizeof(*matches->list));
	matches->list[matches->count++] = path;
	return 0;
}

static int
glob_below(struct world *world, const char *directory, const char *pattern, struct matches *matches,
	struct err *err)
{
	size_t length = strcspn(pattern, "/");
	const char *rest = pattern + length + strspn(pattern + length, "/");
	const char *component = arena_strndup(world->arena, pattern, length);
	const char *base = strcmp(directory, "/") == 0 ? "" : directory;
	const char *const *names;
	struct err ignored = { 0 };
	size_t count;

	if (!has_magic(component, length))
		return glob_match(world, arena_printf(world->arena, "%s/%s", base, component), rest,
			matches, err);
	if (world_list(world, directory, &names, &count, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (fnmatch(component, names[i], FNM_PERIOD) == 0)
			TRY(glob_match(world, arena_printf(world->arena, "%s/%s", base, names[i]),
				rest, matches, err));
	return 0;
}

static int
paths_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
world_glob(struct world *world, const char *pattern, const char *const **ret_paths,
	size_t *ret_count, struct err *err)
{
	struct matches matches = { 0 };

	TRY(glob_below(world, "/", pattern + strspn(pattern, "/"), &matches, err));
	if (matches.count > 0)
		qsort(matches.list, matches.count, sizeof(*matches.list), paths_compare);
	*ret_paths = matches.list;
	*ret_count = matches.count;
	return 0;
}
