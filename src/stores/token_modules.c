/* SPDX-License-Identifier: Apache-2.0 */
/* Which modules p11-kit is configured to load, read from its files (pkcs11.conf(5)); none of them
 * is loaded here. */
#include "stores/token.h"

#include <string.h>

enum { MODULES_MAX = 256, CONFIG_MAX = 64 << 10 };

#ifndef P11KIT_MODULES
#error "where p11-kit looks for modules is told by the build"
#endif

static const char *const folders[] = { "/usr/share/p11-kit/modules", "/etc/pkcs11/modules" };

/* The value of "name: value", or NULL. */
static const char *
value_of(struct arena *arena, struct span text, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; at < text.length;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.length - at);
		size_t to = end == NULL ? text.length : (size_t)(end - text.data), next = to + 1;

		while (at < to && text.data[at] <= ' ')
			at++;
		if (to - at > length && memcmp(text.data + at, name, length) == 0 &&
			text.data[at + length] == ':') {
			at += length + 1;
			while (at < to && text.data[at] <= ' ')
				at++;
			while (to > at && text.data[to - 1] <= ' ')
				to--;
			return arena_strndup(arena, (const char *)text.data + at, to - at);
		}
		at = next;
	}
	return NULL;
}

/* Its path is relative to where p11-kit was built to look. */
static void
check_module(struct arena *arena, struct world *world, const char *config, struct buffer *out)
{
	struct file_identity identity;
	struct err err = {};
	struct span text;
	const char *module;

	if (world_read(world, config, CONFIG_MAX, &text, &err) < 0)
		return;
	module = value_of(arena, text, "module");
	if (module == NULL || module[0] == '\0' || strchr(module, '\n') != NULL)
		return;
	module = path_join(arena, P11KIT_MODULES, module);
	err = (struct err){};
	if (world_stat(world, module, &identity, &err) == 0 && identity.type == FILE_REGULAR)
		return;
	buffer_addf(out, TOKEN_LISTING_MARK TOKEN_MARK_MODULE "%s, of %s\n",
		text_sanitize(arena, module, strlen(module)),
		text_sanitize(arena, config, strlen(config)));
}

void
token_check_modules(struct arena *arena, struct world *world, struct buffer *out)
{
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		const char *const *names;
		struct err ignored = {};
		size_t count;

		if (world_list(world, folders[i], &names, &count, &ignored) < 0)
			continue;
		for (size_t j = 0; j < count && j < MODULES_MAX; j++)
			if (text_ends(names[j], ".module"))
				check_module(
					arena, world, path_join(arena, folders[i], names[j]), out);
	}
}
