/* SPDX-License-Identifier: Apache-2.0 */
/* The step that makes a directory that is missing. */
#include <stdlib.h>
#include <sys/stat.h>

#include "repair/step.h"
#include "tap.h"

/* Where it is to be made; all is away at the end of the test. */
struct place {
	char root[64];
	struct arena *arena;
	struct step step;
};

static void
place_open(struct place *place)
{
	(void)stpcpy(place->root, "/tmp/make-directory-XXXXXX");
	if (mkdtemp(place->root) == NULL)
		abort();
	place->arena = arena_new();
	place->step = (struct step){
		.kind = STEP_MAKE_DIRECTORY,
		.path = path_join(place->arena, place->root, "lost"),
		.mode = 0750,
		.owner = geteuid(),
		.group = getegid(),
	};
	place->step.before.path = place->step.path;
}

static void
place_close(struct place *place)
{
	(void)unlink(path_join(place->arena, place->step.path, "mine"));
	(void)rmdir(place->step.path);
	(void)rmdir(place->root);
	arena_free(place->arena);
}

TEST(made, "it gets the mode and owner of the plan, whatever the umask, and is gone when undone")
{
	CLEANUP(place_close) struct place place;
	struct err err = { 0 };
	struct stat status;

	place_open(&place);
	(void)umask(077);
	CHECK(step_check(place.arena, &place.step, &err) == 0);
	CHECK(step_do(&place.step, &err) == 0);
	CHECK(stat(place.step.path, &status) == 0 && S_ISDIR(status.st_mode));
	CHECK((status.st_mode & 07777) == 0750 && status.st_uid == geteuid());
	CHECK(step_undo(place.arena, NULL, &place.step, &err) == 0);
	CHECK(lstat(place.step.path, &status) < 0);
	/* Undoing twice, or what was never done, is no error. */
	CHECK(step_undo(place.arena, NULL, &place.step, &err) == 0);
}

TEST(kept, "what somebody put into it stays, and so does the directory")
{
	CLEANUP(place_close) struct place place;
	struct err err = { 0 };
	const char *mine;

	place_open(&place);
	CHECK(step_do(&place.step, &err) == 0);
	mine = path_join(place.arena, place.step.path, "mine");
	CHECK(file_replace(mine, span_of("x", 1), 0644, &err) == 0);
	CHECK(step_undo(place.arena, NULL, &place.step, &err) == 0);
	CHECK(access(mine, F_OK) == 0);
}

TEST(there, "one that has appeared since stops the step, and is left as it is")
{
	CLEANUP(place_close) struct place place;
	struct err err = { 0 };
	struct stat status;

	place_open(&place);
	CHECK(mkdir(place.step.path, 0700) == 0);
	CHECK(step_check(place.arena, &place.step, &err) < 0 && err.code == ERR_BUSY);
	CHECK(step_do(&place.step, &err) < 0);
	CHECK(stat(place.step.path, &status) == 0 && (status.st_mode & 07777) == 0700);
}

TEST(link_there, "a link that somebody put there is not followed")
{
	CLEANUP(place_close) struct place place;
	struct err err = { 0 };

	place_open(&place);
	CHECK(symlink("/tmp", place.step.path) == 0);
	CHECK(step_do(&place.step, &err) < 0);
	CHECK(step_undo(place.arena, NULL, &place.step, &err) < 0);
	CHECK(unlink(place.step.path) == 0);
}

TAP_MAIN()
