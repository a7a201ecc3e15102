/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a block of Lua goes within a configuration: no more of the language is known than what
 * can hold a brace that closes nothing.
 */
#pragma once

#include <stddef.h>

/* The length of the Lua up to and with the brace that closes the block it stands in; 0 where none
 * does. */
size_t nginx_lua_length(const char *data, size_t size);
