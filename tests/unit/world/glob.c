/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glob.h>

#include "place.h"
#include "tap.h"

static const char *const patterns[] = { "/*", "/*.conf", "/conf.d/*.conf", "/*/*.conf", "/?.conf",
	"/[ab].conf", "/[!a].conf", "/[a-c].conf", "/.*.conf", "/conf.d/.h*", "/no*", "/a.conf",
	"/none.conf", "/[", "/[]]", "/x\\*y", "/x*y", "/dangl*", "/dangling", "//conf.d//*",
	"/conf.d/../*.conf", "/way/*.conf", "/*a*a*a*", "/\\a.conf", "/[^b].conf" };

TEST(as_glob, "patterns match what glob(3) matches")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;

	place_open(&place);
	place_directory(&place, "conf.d");
	place_file(&place, "conf.d/10.conf", "");
	place_file(&place, "conf.d/2.conf", "");
	place_file(&place, "conf.d/.hidden.conf", "");
	place_link(&place, "way", "conf.d");
	place_link(&place, "dangling", "nowhere");
	for (const char *const *name = (const char *const[]){ "a.conf", "b.conf", "]", "[", "x*y",
		     "xzy", "aaaa", ".dot.conf", NULL };
		*name != NULL; name++)
		place_file(&place, *name, "");
	world = place_world(&place);
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		const char *const *paths;
		size_t count, expected;
		glob_t wanted;

		place_must(setenv("LC_ALL", "C", 1) == 0, "setenv");
		expected = glob(place_path(&place, patterns[i] + 1), 0, NULL, &wanted) == 0
				   ? wanted.gl_pathc
				   : 0;
		CHECK(world_glob(world, patterns[i], &paths, &count, NULL) == 0);
		if (count != expected)
			printf("# %s: %zu, not %zu\n", patterns[i], count, expected);
		CHECK(count == expected);
		if (expected > 0)
			globfree(&wanted);
	}
}

TEST(sorted, "paths come sorted; a slash at the end wants directories")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const char *const *paths;
	size_t count;

	place_open(&place);
	place_directory(&place, "b");
	place_directory(&place, "a");
	place_file(&place, "c", "");
	place_file(&place, "b/x", "");
	place_file(&place, "a/x", "");
	world = place_world(&place);
	CHECK(world_glob(world, "/*/x", &paths, &count, NULL) == 0 && count == 2);
	CHECK_TEXT(paths[0], "/a/x");
	CHECK_TEXT(paths[1], "/b/x");
	CHECK(world_glob(world, "/*/", &paths, &count, NULL) == 0 && count == 2);
	CHECK_TEXT(paths[1], "/b");
	CHECK(world_glob(world, "/none/*", &paths, &count, NULL) == 0 && count == 0);
	CHECK(world_glob(world, "/c/*", &paths, &count, NULL) == 0 && count == 0);
}

TEST(hostile, "a pattern made to be slow is not; one that matches too much is refused")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	char name[256], pattern[256] = "/";
	const char *const *paths;
	struct err err = { 0 };
	size_t count;

	place_open(&place);
	memset(name, 'a', 250);
	name[250] = '\0';
	place_file(&place, name, "");
	for (unsigned i = 0; i < 60; i++)
		strcat(pattern, "*a");
	strcat(pattern, "b");
	place_directory(&place, "many");
	for (unsigned i = 0; i <= WORLD_MAX_GLOB; i++) {
		(void)snprintf(name, sizeof(name), "many/%u", i);
		place_file(&place, name, "");
	}
	world = place_world(&place);
	CHECK(world_glob(world, pattern, &paths, &count, NULL) == 0 && count == 0);
	CHECK(world_glob(world, "/many/*", &paths, &count, &err) < 0 && err.sys == EFBIG);
}

TAP_MAIN()
