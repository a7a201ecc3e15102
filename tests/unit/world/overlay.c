/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "place.h"
#include "tap.h"
#include "world/access.h"

static struct span
text(const char *content)
{
	return span_of(content, strlen(content));
}

static size_t
edit_count(const struct world *world)
{
	const struct edit *edits;

	return overlay_edits(world, &edits);
}

/* The names of a directory, joined by blanks. */
static const char *
names_of(struct world *world, const char *path)
{
	static char joined[512];
	const char *const *names;
	size_t count;

	joined[0] = '\0';
	if (world_list(world, path, &names, &count, NULL) < 0)
		return "(error)";
	for (size_t i = 0; i < count; i++) {
		strcat(joined, i > 0 ? " " : "");
		strcat(joined, names[i]);
	}
	return joined;
}

TEST(staged_bytes,
	"what is written is read, through links too; the base and the disk do not change")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity before, after;
	const struct edit *edits;

	place_open(&place);
	place_file(&place, "ca.pem", "broken");
	place_must(chmod(place_path(&place, "ca.pem"), 0640) == 0, "chmod");
	place_link(&place, "link", "/ca.pem");
	base = place_world(&place);
	world = world_overlay(base);
	CHECK(world_stat(world, "/ca.pem", &before, NULL) == 0);
	overlay_write(world, "/link", text("mended now"));
	CHECK(reads_as(world, "/ca.pem", "mended now") && reads_as(world, "/link", "mended now"));
	CHECK(read_errno(world, "/ca.pem", 3) == EFBIG);
	CHECK(reads_as(base, "/link", "broken"));
	CHECK(world_stat(world, "/link", &after, NULL) == 0);
	CHECK(after.size == 10 && after.mode == 0640 && after.type == FILE_REGULAR);
	CHECK(after.modified.seconds > before.modified.seconds ||
		(after.modified.seconds == before.modified.seconds &&
			after.modified.nanoseconds > before.modified.nanoseconds));
	CHECK(world_lstat(world, "/link", &after, NULL) == 0 && after.type == FILE_LINK);
	CHECK(overlay_edits(world, &edits) == 1);
	CHECK(edits[0].kind == EDIT_WRITE && !edits[0].creates && edits[0].mode == 0640);
	CHECK_TEXT(edits[0].path, "/ca.pem");
	CHECK(span_equal(edits[0].bytes, text("mended now")));
}

TEST(names, "a listing shows what was added and not what was removed")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity before, after;
	const char *const *paths;
	const char *target;
	size_t count;

	place_open(&place);
	place_directory(&place, "certs");
	place_file(&place, "certs/b.pem", "b");
	place_link(&place, "certs/11111111.0", "b.pem");
	base = place_world(&place);
	world = world_overlay(base);
	CHECK(world_stat(world, "/certs", &before, NULL) == 0);
	overlay_write(world, "/certs/a.pem", text("a"));
	overlay_link(world, "/certs/22222222.0", "a.pem");
	overlay_remove(world, "/certs/11111111.0");
	CHECK_TEXT(names_of(world, "/certs"), "22222222.0 a.pem b.pem");
	CHECK_TEXT(names_of(base, "/certs"), "11111111.0 b.pem");
	CHECK(world_glob(world, "/certs/*.pem", &paths, &count, NULL) == 0 && count == 2);
	CHECK(reads_as(world, "/certs/22222222.0", "a"));
	CHECK(world_readlink(world, "/certs/22222222.0", &target, NULL) == 0);
	CHECK_TEXT(target, "a.pem");
	CHECK(read_errno(world, "/certs/11111111.0", 10) == ENOENT);
	CHECK(world_lstat(world, "/certs/b.pem", &after, NULL) == 0);
	CHECK_TEXT(world_resolve(world, "/certs/22222222.0"), "/certs/a.pem");
	CHECK(world_stat(world, "/certs", &after, NULL) == 0);
	CHECK(after.modified.seconds != before.modified.seconds ||
		after.modified.nanoseconds != before.modified.nanoseconds);
}

TEST(no_edits, "what leaves everything as it is, is no edit")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity identity;

	place_open(&place);
	place_file(&place, "ca", "same");
	place_link(&place, "link", "ca");
	base = place_world(&place);
	world = world_overlay(base);
	CHECK(world_stat(base, "/ca", &identity, NULL) == 0);
	overlay_write(world, "/ca", text("same"));
	overlay_set_mode(world, "/ca", identity.mode);
	overlay_set_owner(world, "/ca", identity.owner, identity.group);
	overlay_link(world, "/link", "ca");
	overlay_remove(world, "/none");
	overlay_set_mode(world, "/none", 0600);
	overlay_write(world, "/ca/below", text("x"));
	CHECK(edit_count(world) == 0);
	/* There and back again. */
	overlay_write(world, "/ca", text("other"));
	overlay_write(world, "/ca", text("same"));
	overlay_set_mode(world, "/ca", 0600);
	overlay_set_mode(world, "/ca", identity.mode);
	overlay_write(world, "/new", text("x"));
	overlay_remove(world, "/new");
	overlay_remove(world, "/link");
	overlay_link(world, "/link", "ca");
	overlay_remove(world, "/ca");
	overlay_write(world, "/ca", text("same"));
	CHECK(edit_count(world) == 0);
	CHECK(reads_as(world, "/link", "same"));
	CHECK_TEXT(names_of(world, "/"), "ca link");
}

TEST(merging, "edits of one path are merged, in the order of their first appearance")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity identity;
	const struct edit *edits;

	place_open(&place);
	place_file(&place, "b", "b");
	place_file(&place, "gone", "g");
	base = place_world(&place);
	world = world_overlay(base);
	overlay_set_mode(world, "/b", 0600);
	overlay_write(world, "/a", text("1"));
	overlay_write(world, "/b", text("2"));
	overlay_remove(world, "/gone");
	overlay_set_owner(world, "/b", 12, 34);
	overlay_write(world, "/a", text("3"));
	overlay_set_mode(world, "/b", 0400);
	overlay_set_mode(world, "/a", 0640);
	overlay_link(world, "/l", "a");
	CHECK(overlay_edits(world, &edits) == 7);
	CHECK(edits[0].kind == EDIT_MODE && edits[0].mode == 0400);
	CHECK_TEXT(edits[0].path, "/b");
	CHECK(edits[1].kind == EDIT_WRITE && edits[1].creates && edits[1].mode == 0640);
	CHECK(span_equal(edits[1].bytes, text("3")));
	CHECK(edits[2].kind == EDIT_WRITE && !edits[2].creates);
	CHECK(edits[3].kind == EDIT_REMOVE && !edits[3].creates);
	CHECK(edits[4].kind == EDIT_OWNER && edits[4].owner == 12 && edits[4].group == 34);
	CHECK(edits[5].kind == EDIT_MODE && edits[5].mode == 0640);
	CHECK(edits[6].kind == EDIT_LINK && edits[6].creates);
	CHECK_TEXT(edits[6].target, "a");
	CHECK(world_stat(world, "/b", &identity, NULL) == 0);
	CHECK(identity.mode == 0400 && identity.owner == 12 && identity.group == 34);
}

TEST(new_directories, "a new file brings the directories that it lacks; what was below is hidden")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	struct file_identity identity;
	const struct edit *edits;

	place_open(&place);
	place_directory(&place, "old");
	place_file(&place, "old/inner", "x");
	place_link(&place, "dangling", "/far/off");
	base = place_world(&place);
	world = world_overlay(base);
	overlay_write(world, "/new/deep/ca", text("ca"));
	CHECK(reads_as(world, "/new/deep/../deep/ca", "ca"));
	CHECK_TEXT(names_of(world, "/"), "dangling new old");
	CHECK_TEXT(names_of(world, "/new"), "deep");
	CHECK(world_stat(world, "/new", &identity, NULL) == 0);
	CHECK(identity.type == FILE_DIRECTORY && identity.mode == 0755);
	CHECK(overlay_edits(world, &edits) == 1 && edits[0].creates);
	overlay_write(world, "/old/added", text("y"));
	overlay_remove(world, "/old");
	CHECK(read_errno(world, "/old/inner", 10) == ENOENT);
	overlay_write(world, "/old/other", text("z"));
	CHECK_TEXT(names_of(world, "/old"), "other");
	CHECK(read_errno(world, "/old/inner", 10) == ENOENT);
	CHECK(read_errno(world, "/old/added", 10) == ENOENT);
	overlay_write(world, "/dangling", text("through"));
	CHECK(reads_as(world, "/far/off", "through"));
}

TEST(above_another, "an overlay above an overlay tells its own edits alone")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *lower = NULL;
	CLEANUP(world_freep) struct world *upper = NULL;
	const struct edit *edits;

	place_open(&place);
	place_file(&place, "ca", "disk");
	base = place_world(&place);
	lower = world_overlay(base);
	overlay_write(lower, "/ca", text("lower"));
	overlay_write(lower, "/low", text("low"));
	upper = world_overlay(lower);
	CHECK(reads_as(upper, "/ca", "lower"));
	overlay_write(upper, "/ca", text("lower"));
	overlay_remove(upper, "/low");
	overlay_write(upper, "/up", text("up"));
	CHECK_TEXT(names_of(upper, "/"), "ca up");
	CHECK_TEXT(names_of(lower, "/"), "ca low");
	CHECK(overlay_edits(upper, &edits) == 2);
	CHECK(edits[0].kind == EDIT_REMOVE && edits[1].kind == EDIT_WRITE);
	overlay_write(upper, "/ca", text("disk"));
	CHECK(overlay_edits(upper, &edits) == 3 && !edits[2].creates);
	CHECK(edit_count(lower) == 2);
}

TEST(replacing, "a link is replaced as a name; a removed link does not lead on")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;

	place_open(&place);
	place_directory(&place, "v1");
	place_directory(&place, "v2");
	place_file(&place, "v1/ca", "one");
	place_file(&place, "v2/ca", "two");
	place_link(&place, "current", "v1");
	base = place_world(&place);
	world = world_overlay(base);
	overlay_link(world, "/current", "v2");
	CHECK(reads_as(world, "/current/ca", "two") && reads_as(base, "/current/ca", "one"));
	overlay_remove(world, "/current");
	CHECK(read_errno(world, "/current/ca", 10) == ENOENT);
	CHECK(reads_as(world, "/v1/ca", "one"));
	overlay_write(world, "/current/own", text("own"));
	CHECK_TEXT(names_of(world, "/current"), "own");
	overlay_link(world, "/v2", "v1");
	CHECK(reads_as(world, "/v2/ca", "two"));
}

TEST(access_follows, "who may read follows staged modes, owners and ACL masks")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *base = NULL;
	CLEANUP(world_freep) struct world *world = NULL;
	static const struct place_acl list[] = { { 1, 6, ~0U }, { 2, 4, 4711 }, { 4, 0, ~0U },
		{ 0x10, 4, ~0U }, { 0x20, 0, ~0U } };
	const struct credentials reader = { .user = 4711, .group = 4711 };
	const struct credentials other = { .user = 4712, .group = 4712 };
	const struct edit *edits;
	bool lists;

	place_open(&place);
	place_directory(&place, "d");
	place_file(&place, "d/ca", "x");
	place_file(&place, "d/listed", "x");
	place_must(chmod(place_path(&place, "d/ca"), 0600) == 0, "chmod");
	lists = place_set_acl(&place, "d/listed", list, COUNT_OF(list));
	base = place_world(&place);
	world = world_overlay(base);
	CHECK(world_may_read(world, "/d/ca", &other).stop == ACCESS_NOT_READABLE);
	overlay_set_mode(world, "/d/ca", 0640);
	overlay_set_owner(world, "/d/ca", 0, 4712);
	CHECK(world_may_read(world, "/d/ca", &other).stop == ACCESS_GRANTED);
	CHECK(world_may_read(base, "/d/ca", &other).stop == ACCESS_NOT_READABLE);
	overlay_write(world, "/d/ca", text("new content, same access"));
	CHECK(world_may_read(world, "/d/ca", &other).stop == ACCESS_GRANTED);
	overlay_set_mode(world, "/d", 0700);
	CHECK(world_may_read(world, "/d/ca", &other).stop == ACCESS_NOT_SEARCHABLE);
	overlay_set_mode(world, "/d", 0755);
	if (!lists)
		return;
	CHECK(world_may_read(world, "/d/listed", &reader).stop == ACCESS_GRANTED);
	CHECK(world_may_read(world, "/d/listed", &other).by_acl);
	overlay_set_mode(world, "/d/listed", 0610);
	CHECK(world_may_read(world, "/d/listed", &reader).stop == ACCESS_NOT_READABLE);
	CHECK(world_may_read(base, "/d/listed", &reader).stop == ACCESS_GRANTED);
	CHECK(overlay_edits(world, &edits) == 4);
}

TAP_MAIN()
