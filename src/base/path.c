/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

/* The offset of the last component; slashes behind it belong to it. */
static size_t
base_offset(const char *path)
{
	size_t end = strlen(path);

	while (end > 0 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	return end;
}

const char *
path_base(const char *path)
{
	return path + base_offset(path);
}

char *
path_parent(struct arena *arena, const char *path)
{
	size_t end = base_offset(path);

	while (end > 1 && path[end - 1] == '/')
		end--;
	if (end == 0)
		return arena_strdup(arena, *path == '/' ? "/" : ".");
	return arena_strndup(arena, path, end);
}

char *
path_join(struct arena *arena, const char *base, const char *path)
{
	if (*path == '/')
		return arena_strdup(arena, path);
	return arena_printf(arena, "%s%s%s", base, text_ends(base, "/") ? "" : "/", path);
}

/* Takes the last component off what is written so far; false where there is none to take. */
static bool
component_drop(const char *out, size_t root, size_t *length)
{
	size_t start = *length;

	while (start > root && out[start - 1] != '/')
		start--;
	if (*length == root || (*length - start == 2 && memcmp(out + start, "..", 2) == 0))
		return false;
	*length = start > root ? start - 1 : root;
	return true;
}

char *
path_normalize(struct arena *arena, const char *path)
{
	size_t root = *path == '/', length = root, size;
	char *out = arena_alloc(arena, strlen(path) + 2);

	if (root > 0)
		out[0] = '/';
	for (const char *next = path; *next != '\0'; next += size) {
		size = strcspn(next, "/");
		if (size == 0) {
			size = 1;
			continue;
		}
		if (size == 1 && next[0] == '.')
			continue;
		if (size == 2 && memcmp(next, "..", 2) == 0) {
			/* Above "/" is "/". */
			if (component_drop(out, root, &length) || root > 0)
				continue;
		}
		if (length > root)
			out[length++] = '/';
		memcpy(out + length, next, size);
		length += size;
	}
	if (length == 0)
		out[length++] = '.';
	out[length] = '\0';
	return out;
}
