/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared library that is loaded when it is first asked. What few commands ask is not linked: the
 * relocations of libp11-kit and of libgnutls, with what those draw in, would take each command a
 * tenth of its time.
 */
#pragma once

#include <stddef.h>

struct library_call {
	const char *symbol;
	size_t offset; /* of the pointer to the function, in the table that is filled */
};

/*
 * Loads the library by its SONAME and fills the table. -1 where there is no library of that name,
 * or one that lacks a function; the table is then unusable. It stays loaded to the end of the
 * process: libraries have threads' keys and exit handlers of their own.
 */
int library_load(const char *soname, const struct library_call *calls, size_t count, void *table);
