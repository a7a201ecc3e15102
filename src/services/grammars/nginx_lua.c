/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/nginx_lua.h"

#include <stdbool.h>

struct lua {
	const char *data;
	size_t size, position;
};

static bool
at_end(const struct lua *lua)
{
	return lua->position >= lua->size;
}

static char
peek(const struct lua *lua)
{
	return lua->data[lua->position];
}

/* A long bracket ("[==[", "]==]") that starts here: its length; 0 where there is none. */
static size_t
bracket(const struct lua *lua, char kind)
{
	size_t end = lua->position + 1;

	if (at_end(lua) || peek(lua) != kind)
		return 0;
	while (end < lua->size && lua->data[end] == '=')
		end++;
	return end < lua->size && lua->data[end] == kind ? end + 1 - lua->position : 0;
}

/* A long string or comment, up to the bracket of the same level. */
static void
skip_long(struct lua *lua, size_t level)
{
	lua->position += level;
	while (!at_end(lua) && bracket(lua, ']') != level)
		lua->position++;
	lua->position += at_end(lua) ? 0 : level;
}

static void
skip_string(struct lua *lua)
{
	char quote = peek(lua);

	lua->position++;
	while (!at_end(lua) && peek(lua) != quote && peek(lua) != '\n')
		lua->position += peek(lua) == '\\' ? 2 : 1;
	lua->position++;
}

static void
skip_comment(struct lua *lua)
{
	size_t level;

	lua->position += 2;
	level = bracket(lua, '[');
	if (level > 0) {
		skip_long(lua, level);
		return;
	}
	while (!at_end(lua) && peek(lua) != '\n')
		lua->position++;
}

/* A comment, a string, or one character. */
static void
skip_token(struct lua *lua)
{
	size_t level = bracket(lua, '[');

	if (level > 0)
		skip_long(lua, level);
	else if (peek(lua) == '-' && lua->position + 1 < lua->size &&
		 lua->data[lua->position + 1] == '-')
		skip_comment(lua);
	else if (peek(lua) == '"' || peek(lua) == '\'')
		skip_string(lua);
	else
		lua->position++;
}

size_t
nginx_lua_length(const char *data, size_t size)
{
	struct lua lua = { .data = data, .size = size };

	for (size_t depth = 1; !at_end(&lua);) {
		char c = peek(&lua);

		skip_token(&lua);
		if (c == '{')
			depth++;
		if (c == '}' && --depth == 0)
			return lua.position;
	}
	return 0;
}
