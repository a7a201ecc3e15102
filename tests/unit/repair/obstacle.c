/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/obstacle.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "repair/step.h"
#include "tap.h"

enum { STRANGER = 40'002 };

/* A store in a directory, and a step that would write it. */
struct place {
	char root[64];
	struct arena *arena;
	const char *directory, *store;
	struct world *world;
	struct service service;
	struct diagnosis diagnosis;
	struct step step;
};

static void
put(const char *path)
{
	if (file_replace(path, span_of("x", 1), 0644, NULL) < 0)
		abort();
}

static void
place_open(struct place *place)
{
	*place = (struct place){ .root = "/tmp/obstacle-XXXXXX", .arena = arena_new() };
	if (mkdtemp(place->root) == NULL || chmod(place->root, 0755) < 0)
		abort();
	place->directory = path_join(place->arena, place->root, "etc");
	place->store = path_join(place->arena, place->directory, "ca.pem");
	if (mkdir(place->directory, 0755) < 0)
		abort();
	put(place->store);
	place->diagnosis.arena = place->arena;
}

static void
place_close(struct place *place)
{
	world_free(place->world);
	(void)chmod(place->directory, 0700);
	(void)unlink(path_join(place->arena, place->directory, "new.pem"));
	(void)unlink(path_join(place->arena, place->root, "other.pem"));
	(void)unlink(path_join(place->arena, place->directory, "other.pem"));
	(void)unlink(place->store);
	(void)rmdir(place->directory);
	(void)rmdir(place->root);
	arena_free(place->arena);
}

/* What stands in the way of this kind of step on this path. */
static const char *
look(struct place *place, enum step_kind kind, const char *path)
{
	struct span none;

	world_free(place->world);
	place->world = world_host();
	place->service.world = place->world;
	place->step = (struct step){ .kind = kind, .path = path };
	if (version_take(place->arena, path, &place->step.before, &none, NULL) < 0)
		abort();
	return obstacle_find(&place->diagnosis, &place->service, &place->step, path);
}

TEST(none, "nothing stands in the way of what is in order")
{
	CLEANUP(place_close) struct place place;

	place_open(&place);
	CHECK(look(&place, STEP_WRITE, place.store) == NULL);
	CHECK(look(&place, STEP_MODE, place.store) == NULL);
	CHECK(look(&place, STEP_WRITE, path_join(place.arena, place.directory, "new.pem")) == NULL);
}

TEST(hard_links, "a second name is found beside it, and named")
{
	CLEANUP(place_close) struct place place;
	static const enum step_kind kinds[] = { STEP_WRITE, STEP_SPLICE, STEP_MODE, STEP_OWNER };
	const char *text;

	place_open(&place);
	CHECK(link(place.store, path_join(place.arena, place.directory, "other.pem")) == 0);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		text = look(&place, kinds[i], place.store);
		CHECK(text != NULL && strstr(text, "2 names") != NULL);
		CHECK(strstr(text, "/etc/other.pem") != NULL && strstr(text, "cp -a") != NULL);
	}
}

TEST(hard_link_elsewhere, "one that is not found is told how to find")
{
	CLEANUP(place_close) struct place place;
	const char *text;

	place_open(&place);
	CHECK(link(place.store, path_join(place.arena, place.root, "other.pem")) == 0);
	text = look(&place, STEP_WRITE, place.store);
	CHECK(text != NULL && strstr(text, "find / -xdev -samefile") != NULL);
}

TEST(everyone, "a directory that everyone may write is refused, unless it is sticky")
{
	CLEANUP(place_close) struct place place;
	const char *text;

	place_open(&place);
	CHECK(chmod(place.directory, 0777) == 0);
	text = look(&place, STEP_WRITE, place.store);
	CHECK(text != NULL && strstr(text, "everyone can change it") != NULL);
	CHECK(chmod(place.directory, 01777) == 0);
	CHECK(look(&place, STEP_WRITE, place.store) == NULL);
	/* There anyone could make what is not there yet. */
	CHECK(look(&place, STEP_WRITE, path_join(place.arena, place.directory, "new.pem")) != NULL);
}

TEST(writable_store, "that others may write the store itself is to be mended, not an obstacle")
{
	CLEANUP(place_close) struct place place;

	place_open(&place);
	CHECK(chmod(place.store, 0666) == 0);
	CHECK(look(&place, STEP_MODE, place.store) == NULL);
}

TEST(owner, "a directory may be root's or that of the file's owner, and nobody else's")
{
	CLEANUP(place_close) struct place place;

	place_open(&place);
	if (geteuid() != 0)
		return;
	CHECK(chown(place.directory, STRANGER, 0) == 0);
	CHECK(look(&place, STEP_WRITE, place.store) != NULL);
	CHECK(chown(place.store, STRANGER, 0) == 0);
	CHECK(look(&place, STEP_WRITE, place.store) == NULL);
	CHECK(look(&place, STEP_WRITE, path_join(place.arena, place.directory, "new.pem")) == NULL);
}

TEST(mounted, "a mount point cannot be replaced, and a read-only file system not be written")
{
	CLEANUP(place_close) struct place place;
	const char *text;

	place_open(&place);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return;
	CHECK(mount(place.store, place.store, NULL, MS_BIND, NULL) == 0);
	text = look(&place, STEP_WRITE, place.store);
	CHECK(umount2(place.store, MNT_DETACH) == 0);
	CHECK(text != NULL && strstr(text, "mount point") != NULL);
	CHECK(mount(place.directory, place.directory, NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, place.directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
	text = look(&place, STEP_WRITE, place.store);
	CHECK(umount2(place.directory, MNT_DETACH) == 0);
	CHECK(text != NULL && strstr(text, "read-only") != NULL);
	CHECK(look(&place, STEP_WRITE, place.store) == NULL);
}

TAP_MAIN()
