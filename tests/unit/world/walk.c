/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "place.h"
#include "tap.h"

TEST(links_inside, "links are followed inside the root, absolute and relative ones")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const char *target;

	place_open(&place);
	place_directory(&place, "etc");
	place_directory(&place, "etc/ssl");
	place_file(&place, "etc/ssl/ca.pem", "anchor");
	place_link(&place, "absolute", "/etc/ssl/ca.pem");
	place_link(&place, "relative", "etc/./ssl//ca.pem");
	place_link(&place, "etc/up", "../etc/ssl");
	world = place_world(&place);
	CHECK(reads_as(world, "/absolute", "anchor"));
	CHECK(reads_as(world, "/relative", "anchor"));
	CHECK(reads_as(world, "/etc/up/ca.pem", "anchor"));
	CHECK(reads_as(world, "/etc/up/../ssl/ca.pem", "anchor"));
	CHECK_TEXT(world_resolve(world, "/etc/up/ca.pem"), "/etc/ssl/ca.pem");
	CHECK_TEXT(world_resolve(world, "//etc/up//new.pem"), "/etc/ssl/new.pem");
	CHECK(world_resolve(world, "/etc/none/new.pem") == NULL);
	CHECK(world_readlink(world, "/etc/up", &target, NULL) == 0);
	CHECK_TEXT(target, "../etc/ssl");
	CHECK(world_readlink(world, "/etc/ssl", &target, NULL) < 0);
}

TEST(links_outside, "no link leads out of the root")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	char outside[128];
	struct place inner;

	place_open(&place);
	place_file(&place, "secret", "outside");
	place_directory(&place, "image");
	place_directory(&place, "image/deep");
	inner = place;
	strcat(inner.root, "/image");
	(void)snprintf(outside, sizeof(outside), "%s/secret", place.root);
	place_link(&inner, "absolute", outside);
	place_link(&inner, "deep/dots", "../../../../../../../../secret");
	place_link(&inner, "root", "/");
	world = place_world(&inner);
	CHECK(read_errno(world, "/absolute", 100) == ENOENT);
	CHECK(read_errno(world, "/deep/dots", 100) == ENOENT);
	CHECK(read_errno(world, "/../secret", 100) == ENOENT);
	CHECK(read_errno(world, "/root/../../secret", 100) == ENOENT);
	CHECK_TEXT(world_resolve(world, "/deep/../../.."), "/");
	CHECK_TEXT(world_resolve(world, "/deep/dots"), "/secret");
	place_file(&inner, "secret", "inside");
	CHECK(reads_as(world, "/deep/dots", "inside"));
	CHECK_TEXT(world_host_path(world, "/deep/dots"), place_path(&inner, "secret"));
	CHECK_TEXT(world_host_path(world, "/root"), inner.root);
	CHECK(world_host_path(world, "/none") == NULL);
}

TEST(link_loops, "loops and chains of links end at the bound")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	char name[16], target[16];

	place_open(&place);
	place_link(&place, "self", "self");
	place_link(&place, "ping", "pong");
	place_link(&place, "pong", "ping");
	place_link(&place, "grow", "grow/grow");
	place_file(&place, "l0", "end");
	for (unsigned i = 1; i <= WORLD_MAX_LINKS + 1; i++) {
		(void)snprintf(name, sizeof(name), "l%u", i);
		(void)snprintf(target, sizeof(target), "l%u", i - 1);
		place_link(&place, name, target);
	}
	world = place_world(&place);
	CHECK(read_errno(world, "/self", 10) == ELOOP);
	CHECK(read_errno(world, "/ping", 10) == ELOOP);
	CHECK(read_errno(world, "/grow", 10) == ELOOP);
	CHECK(reads_as(world, "/l40", "end"));
	CHECK(read_errno(world, "/l41", 10) == ELOOP);
}

TEST(wrong_paths, "what is no directory, too long or empty is told apart")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity identity;
	char name[400];

	place_open(&place);
	place_file(&place, "file", "x");
	place_link(&place, "link", "file");
	place_directory(&place, "directory");
	place_link(&place, "way", "directory");
	world = place_world(&place);
	memset(name, 'n', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	CHECK(read_errno(world, name, 10) == ENAMETOOLONG);
	CHECK(read_errno(world, "", 10) == ENOENT);
	CHECK(read_errno(world, "/file/below", 10) == ENOTDIR);
	CHECK(read_errno(world, "/file/", 10) == ENOTDIR);
	CHECK(read_errno(world, "/link/", 10) == ENOTDIR);
	CHECK(read_errno(world, "/file/..", 10) == ENOTDIR);
	CHECK(read_errno(world, "/directory", 10) == EISDIR);
	CHECK(world_lstat(world, "/way", &identity, NULL) == 0 && identity.type == FILE_LINK);
	CHECK(world_lstat(world, "/way/", &identity, NULL) == 0 && identity.type == FILE_DIRECTORY);
	CHECK(world_stat(world, "/way", &identity, NULL) == 0 && identity.type == FILE_DIRECTORY);
}

TEST(messages, "messages hold no control characters of names")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const char *const *names;
	struct err err = { 0 };
	struct span bytes;
	size_t count;

	place_open(&place);
	place_file(&place, "ev\033[31mil\nca", "x");
	world = place_world(&place);
	CHECK(world_list(world, "/", &names, &count, &err) == 0 && count == 1);
	CHECK_TEXT(names[0], "ev\033[31mil\nca");
	CHECK(reads_as(world, "/ev\033[31mil\nca", "x"));
	CHECK(world_read(world, "/no\033[31m\n", 10, &bytes, &err) < 0);
	CHECK(strchr(err.message, '\033') == NULL && strchr(err.message, '\n') == NULL);
	CHECK(err.code == ERR_NO_INPUT && err.sys == ENOENT);
}

TAP_MAIN()
