/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rehearsal.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/text.h"
#include "tap.h"

enum { LIMIT = 1 << 16 };

/* Two directories with files, and one of our own; away at the end of the test. */
struct stage {
	struct arena *arena;
	char root[64];
	const char *scratch;
	const char *directories[2];
	const char *store, *staged, *config;
};

static void
put(const char *path, const char *text)
{
	if (file_replace(path, span_of(text, strlen(text)), 0644, NULL) < 0)
		abort();
}

static void
stage_open(struct stage *stage)
{
	stage->arena = arena_new();
	(void)stpcpy(stage->root, "/tmp/rehearsal-XXXXXX");
	if (mkdtemp(stage->root) == NULL)
		abort();
	stage->scratch = path_join(stage->arena, stage->root, "own");
	stage->directories[0] = path_join(stage->arena, stage->root, "a,b:c\\d");
	stage->directories[1] = path_join(stage->arena, stage->root, "etc");
	stage->store = path_join(stage->arena, stage->directories[0], "store");
	stage->staged = path_join(stage->arena, stage->directories[0], ".staged");
	stage->config = path_join(stage->arena, stage->directories[1], "config");
	if (mkdir(stage->scratch, 0700) < 0 || mkdir(stage->directories[0], 0751) < 0 ||
		mkdir(stage->directories[1], 0755) < 0)
		abort();
	put(stage->store, "old");
	put(stage->staged, "new");
	put(stage->config, "config");
}

static void
stage_close(struct stage *stage)
{
	const char *argv[] = { "rm", "-rf", stage->root, NULL };
	const struct run run = { .argv = argv };
	struct run_result result;

	if (run_program(&run, &result, NULL) < 0 || result.status != 0)
		abort();
	run_result_free(&result);
	arena_free(stage->arena);
}

/* A shell script that sees the directories with these changes; its output. */
static int
rehearse(struct stage *stage, const struct rehearsal_change *changes, size_t count,
	const char *script, struct run_result *ret)
{
	const char *argv[] = { "sh", "-c", script, "sh", stage->directories[0],
		stage->directories[1], stage->scratch, NULL };
	const struct rehearsal rehearsal = {
		.scratch = stage->scratch,
		.directories = stage->directories,
		.directory_count = 2,
		.changes = changes,
		.change_count = count,
	};
	const struct run run = {
		.argv = argv, .rehearsal = &rehearsal, .output_limit = LIMIT, .directory = NULL
	};

	return run_program(&run, ret, NULL);
}

static bool
holds(const char *path, const char *text)
{
	CLEANUP(buffer_free) struct buffer buffer = { 0 };

	return file_read(path, LIMIT, &buffer, NULL) == 0 && buffer.length == strlen(text) &&
	       memcmp(buffer.data, text, buffer.length) == 0;
}

static bool
can_mount(void)
{
	return geteuid() == 0;
}

TEST(renamed, "the program sees the new file in the place of the old one, and nobody else does")
{
	CLEANUP(stage_close) struct stage stage;
	CLEANUP(run_result_free) struct run_result result = {};
	struct rehearsal_change change;

	stage_open(&stage);
	change = (struct rehearsal_change){
		.act = REHEARSAL_RENAME, .path = stage.store, .source = stage.staged
	};
	if (!can_mount())
		return;
	CHECK(rehearse(&stage, &change, 1,
		      "cd \"$1\"; cat store; test -e .staged || echo -gone; stat -c %a .",
		      &result) == 0);
	CHECK_TEXT((const char *)result.output.data, "new-gone\n751\n");
	CHECK(holds(stage.store, "old") && holds(stage.staged, "new"));
}

TEST(written, "what the program writes, makes and removes there goes nowhere")
{
	CLEANUP(stage_close) struct stage stage;
	CLEANUP(run_result_free) struct run_result result = {};
	CLEANUP(buffer_free) struct buffer mounts = {};
	CLEANUP(buffer_free) struct buffer after = {};

	stage_open(&stage);
	if (!can_mount())
		return;
	CHECK(file_read("/proc/self/mountinfo", LIMIT * 16, &mounts, NULL) == 0);
	CHECK(rehearse(&stage, NULL, 0,
		      "echo x >\"$1/store\"; echo x >\"$2/pid\"; rm \"$2/config\"; ls -A \"$3\" | "
		      "wc -l; "
		      "touch \"$3/x\"",
		      &result) == 0);
	CHECK(result.status == 0);
	CHECK(holds(stage.store, "old") && holds(stage.config, "config"));
	CHECK(access(path_join(stage.arena, stage.directories[1], "pid"), F_OK) < 0);
	CHECK(access(path_join(stage.arena, stage.scratch, "x"), F_OK) < 0);
	CHECK(file_read("/proc/self/mountinfo", LIMIT * 16, &after, NULL) == 0);
	CHECK(after.length == mounts.length && memcmp(after.data, mounts.data, after.length) == 0);
}

TEST(others, "mode, owner, links and removal are shown as planned")
{
	CLEANUP(stage_close) struct stage stage;
	CLEANUP(run_result_free) struct run_result result = {};
	struct rehearsal_change changes[4];

	stage_open(&stage);
	changes[0] = (struct rehearsal_change){
		.act = REHEARSAL_MODE, .path = stage.store, .mode = 0640
	};
	changes[1] = (struct rehearsal_change){
		.act = REHEARSAL_OWNER, .path = stage.store, .owner = 4001, .group = 4002
	};
	changes[2] = (struct rehearsal_change){ .act = REHEARSAL_LINK,
		.path = path_join(stage.arena, stage.directories[1], "link.0"),
		.source = "config" };
	changes[3] = (struct rehearsal_change){ .act = REHEARSAL_REMOVE, .path = stage.staged };
	if (!can_mount())
		return;
	CHECK(rehearse(&stage, changes, 4,
		      "stat -c '%a %u:%g' \"$1/store\"; cat \"$2/link.0\"; ls -A \"$1\"",
		      &result) == 0);
	CHECK_TEXT((const char *)result.output.data, "640 4001:4002\nconfigstore\n");
	CHECK(access(changes[2].path, F_OK) < 0 && holds(stage.staged, "new"));
}

TEST(impossible, "what cannot be laid out so is an error, and the program does not run")
{
	CLEANUP(stage_close) struct stage stage;
	CLEANUP(run_result_free) struct run_result result = {};
	struct rehearsal_change change;

	stage_open(&stage);
	change = (struct rehearsal_change){ .act = REHEARSAL_RENAME,
		.path = stage.store,
		.source = path_join(stage.arena, stage.directories[0], "missing") };
	CHECK(rehearse(&stage, &change, 1, "touch \"$0.ran\"; echo ran", &result) < 0);
	CHECK(result.output.length == 0 && holds(stage.store, "old"));
}

TAP_MAIN()
