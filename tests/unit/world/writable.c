/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include "tap.h"
#include "world/access.h"

enum { OWNER = 40001, OWNERS_GROUP = 40011, STRANGER = 40002 };

struct arrangement {
	const char *what;
	const char *name; /* of the object that is arranged */
	mode_t mode;
	uid_t owner;
	gid_t group;
	const char *path;   /* that is asked for */
	const char *blamed; /* part of the text; NULL: nobody else can change it */
};

static const struct arrangement arrangements[] = {
	{ "all well", "d/ca", 0644, 0, 0, "/d/ca", NULL },
	{ "root's group", "d/ca", 0664, 0, 0, "/d/ca", NULL },
	{ "owner and primary group", "d/ca", 0660, OWNER, OWNERS_GROUP, "/d/ca", NULL },
	{ "another group", "d/ca", 0664, 0, STRANGER, "/d/ca", "group 40002" },
	{ "another group without w", "d/ca", 0644, 0, STRANGER, "/d/ca", NULL },
	{ "everyone", "d/ca", 0666, 0, 0, "/d/ca", "everyone" },
	{ "another owner", "d/ca", 0400, STRANGER, 0, "/d/ca", "user 40002" },
	{ "directory of everyone", "d", 0777, 0, 0, "/d/ca", "directory /d is" },
	{ "sticky directory", "d", 01777, 0, 0, "/d/ca", NULL },
	{ "sticky, nothing there yet", "d", 01777, 0, 0, "/d/new", "directory /d is" },
	{ "sticky store", "d", 01777, 0, 0, "/d", "directory /d is" },
	{ "directory of another", "d", 0755, STRANGER, 0, "/d/ca", "user 40002" },
	{ "sticky directory of another", "d", 01755, STRANGER, 0, "/d/ca", "user 40002" },
	{ "directory of a link", "way", 0775, 0, STRANGER, "/way/link", "directory /way is" },
	{ "directory behind a link", "d", 0777, 0, 0, "/way/link", "directory /d is" },
	{ "closed way", "way", 0700, 0, 0, "/way/link", NULL },
};

static void
build(struct place *place)
{
	place_open(place);
	place_directory(place, "etc");
	place_file(place, "etc/passwd", "root:x:0:0::/:\nbroken\nowner:x:40001:40011::/:\n");
	place_directory(place, "d");
	place_directory(place, "way");
	place_file(place, "d/ca", "x");
	place_link(place, "way/link", "/d/ca");
}

TEST(others, "others who can change the file or the way to it are found and named")
{
	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < COUNT_OF(arrangements); i++) {
		const struct arrangement *now = &arrangements[i];
		CLEANUP(place_close) struct place place;
		CLEANUP(world_freep) struct world *world = NULL;
		const char *text = NULL;
		bool found;

		build(&place);
		place_access(&place, now->name, now->mode, now->owner, now->group);
		world = place_world(&place);
		found = world_is_writable_by_others(world, now->path, OWNER, &text);
		if (found != (now->blamed != NULL) ||
			(found && strstr(text, now->blamed) == NULL)) {
			printf("# %s: %s\n", now->what, text != NULL ? text : "nobody");
			*failed = true;
		}
	}
}

TEST(redirection, "of the way to a file the directories alone count, not the file itself")
{
	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < COUNT_OF(arrangements); i++) {
		const struct arrangement *now = &arrangements[i];
		CLEANUP(place_close) struct place place;
		CLEANUP(world_freep) struct world *world = NULL;
		const char *text = NULL;
		bool is_last = strcmp(now->path + 1, now->name) == 0;
		bool wanted = now->blamed != NULL && !is_last;

		/* Where the link leads is another path. */
		if (strcmp(now->what, "directory behind a link") == 0)
			continue;
		build(&place);
		place_access(&place, now->name, now->mode, now->owner, now->group);
		world = place_world(&place);
		if (world_is_redirectable_by_others(world, now->path, OWNER, &text) != wanted) {
			printf("# %s: %s\n", now->what, text != NULL ? text : "nobody");
			*failed = true;
		}
	}
}

TEST(by_acl, "an ACL entry that lets a stranger write counts as far as the mask lets it")
{
	CLEANUP(place_close) struct place place;
	struct place_acl list[] = { { 1, 6, ~0U }, { 2, 6, STRANGER }, { 4, 4, ~0U },
		{ 0x10, 4, ~0U }, { 0x20, 4, ~0U } };
	const char *text;

	build(&place);
	if (geteuid() != 0 || !place_set_acl(&place, "d/ca", list, COUNT_OF(list)))
		return;
	for (unsigned mask = 4; mask <= 6; mask += 2) {
		CLEANUP(world_freep) struct world *world = place_world(&place);

		list[3].permissions = mask;
		CHECK(place_set_acl(&place, "d/ca", list, COUNT_OF(list)));
		CHECK(world_is_writable_by_others(world, "/d/ca", 0, &text) == (mask == 6));
		CHECK(mask == 4 || strstr(text, "user 40002 can change it, by its ACL") != NULL);
	}
}

TEST(links_in_sticky, "a link of another in a sticky directory can be replaced by them")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const char *text;

	build(&place);
	if (geteuid() != 0)
		return;
	place_access(&place, "way", 01777, 0, 0);
	place_must(lchown(place_path(&place, "way/link"), STRANGER, 0) == 0, "lchown");
	world = place_world(&place);
	CHECK(world_is_writable_by_others(world, "/way/link", OWNER, &text));
	CHECK(strstr(text, "symbolic link /way/link") != NULL);
}

TAP_MAIN()
