/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "tap.h"

TEST(parts, "a path falls into its last component and what is before it")
{
	static const char *const cases[][3] = {
		{ "/a/b", "/a", "b" },
		{ "a", ".", "a" },
		{ "/a", "/", "a" },
		{ "//a", "/", "a" },
		{ "a//b", "a", "b" },
		{ "a/b/", "a", "b/" },
		{ "/", "/", "/" },
		{ "", ".", "" },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CHECK_TEXT(path_parent(arena, cases[i][0]), cases[i][1]);
		CHECK_TEXT(path_base(cases[i][0]), cases[i][2]);
	}
}

TEST(join, "an absolute path stands alone")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	CHECK_TEXT(path_join(arena, "/a", "b"), "/a/b");
	CHECK_TEXT(path_join(arena, "/", "b"), "/b");
	CHECK_TEXT(path_join(arena, "/a", "/b"), "/b");
	CHECK_TEXT(path_join(arena, "a", "../b"), "a/../b");
}

TEST(normalize, "a path is made plain by its text alone")
{
	static const char *const cases[][2] = {
		{ "/", "/" },
		{ "//", "/" },
		{ "", "." },
		{ ".", "." },
		{ "./", "." },
		{ "/a//b/./c", "/a/b/c" },
		{ "/a/../b", "/b" },
		{ "/..", "/" },
		{ "/../../a", "/a" },
		{ "a/..", "." },
		{ "a/../..", ".." },
		{ "../../a", "../../a" },
		{ "../a/../..", "../.." },
		{ "a/b/../../c/", "c" },
		{ "/a/b/", "/a/b" },
		{ "/a/.../..b/c..", "/a/.../..b/c.." },
		{ "..a/..", "." },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		CHECK_TEXT(path_normalize(arena, cases[i][0]), cases[i][1]);
}

TAP_MAIN()
