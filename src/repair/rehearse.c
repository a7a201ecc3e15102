/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/rehearse.h"

#include <stdlib.h>
#include <string.h>

#include "services/product.h"

enum { MOUNTS_MAX_SIZE = 16 << 20 };

/* What is being made ready for one rehearsal. */
struct stage {
	struct arena *arena;
	struct buffer mounts; /* mountinfo of this process */
	const char *directories[REHEARSAL_MAX_DIRECTORIES];
	size_t directory_count;
};

static bool
is_at_or_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* proc(5): blanks and backslashes of a mount point are written as octal numbers. */
static void
unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		bool is_octal = from[0] == '\\' && strspn(from + 1, "01234567") >= 3;

		*to = is_octal ? (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
					 (from[3] - '0'))
			       : *from;
		from += is_octal ? 4 : 1;
	}
	*to = '\0';
}

/* An overlay shows nothing of what is mounted below its directory. */
static const char *
mount_below(const struct stage *stage, const char *directory)
{
	char *copy =
		arena_strndup(stage->arena, (const char *)stage->mounts.data, stage->mounts.length);
	char *line;

	while ((line = strsep(&copy, "\n")) != NULL) {
		char *point = NULL;

		/* 36 35 98:0 /root /mount/point … */
		for (int field = 0; field < 5; field++)
			point = strsep(&line, " ");
		if (point == NULL)
			continue;
		unescape(point);
		if (strcmp(point, directory) != 0 && is_at_or_below(point, directory))
			return point;
	}
	return NULL;
}

static bool
is_covered(const struct stage *stage, const char *directory)
{
	for (size_t i = 0; i < stage->directory_count; i++)
		if (is_at_or_below(directory, stage->directories[i]))
			return true;
	return false;
}

/* One directory, and no other that is below it. */
static int
add_directory(struct stage *stage, const char *directory)
{
	size_t kept = 0;

	if (is_covered(stage, directory))
		return 0;
	for (size_t i = 0; i < stage->directory_count; i++)
		if (!is_at_or_below(stage->directories[i], directory))
			stage->directories[kept++] = stage->directories[i];
	stage->directory_count = kept;
	if (kept == REHEARSAL_MAX_DIRECTORIES)
		return -1;
	stage->directories[stage->directory_count++] = directory;
	return 0;
}

/* Where the test would make a log or a pid file that is not there; it is no loss where it may. */
static void
shield(struct stage *stage, const char *file)
{
	CLEANUP(mem_freep) char *real = NULL;
	const char *directory;

	if (file == NULL || file[0] != '/')
		return;
	real = realpath(path_parent(stage->arena, file), NULL);
	if (real == NULL || strcmp(real, "/") == 0)
		return;
	directory = arena_strdup(stage->arena, real);
	if (mount_below(stage, directory) == NULL)
		(void)add_directory(stage, directory);
}

static const struct rehearsal_change *
changes_of(struct stage *stage, const struct transaction *transaction, size_t *ret_count)
{
	static const enum rehearsal_act acts[STEP__COUNT] = { [STEP_WRITE] = REHEARSAL_RENAME,
		[STEP_SPLICE] = REHEARSAL_RENAME,
		[STEP_MODE] = REHEARSAL_MODE,
		[STEP_OWNER] = REHEARSAL_OWNER,
		[STEP_LINK] = REHEARSAL_LINK,
		[STEP_REMOVE] = REHEARSAL_REMOVE };
	struct rehearsal_change *changes =
		arena_alloc(stage->arena, (transaction->step_count + 1) * sizeof(*changes));

	*ret_count = 0;
	for (size_t i = 0; i < transaction->step_count; i++) {
		const struct step *step = &transaction->steps[i];

		if (step->kind < STEP_WRITE || step->kind > STEP_REMOVE)
			continue;
		changes[(*ret_count)++] = (struct rehearsal_change){
			.act = acts[step->kind],
			.path = step->path,
			.source = step->kind == STEP_LINK
					  ? arena_strndup(stage->arena,
						    (const char *)step->new_bytes.data,
						    step->new_bytes.length)
					  : step->staged,
			.mode = step->mode,
			.owner = step->owner,
			.group = step->group,
		};
	}
	return changes;
}

/* The directories of all changes; why not, or NULL. */
static const char *
lay_out(struct stage *stage, const struct rehearsal_change *changes, size_t count)
{
	struct err err = { 0 };

	if (file_read("/proc/self/mountinfo", MOUNTS_MAX_SIZE, &stage->mounts, &err) < 0)
		return arena_strdup(stage->arena, err.message);
	for (size_t i = 0; i < count; i++) {
		const char *directory = path_parent(stage->arena, changes[i].path), *below;

		if (add_directory(stage, directory) < 0)
			return "the files are in too many directories";
		below = mount_below(stage, directory);
		if (below != NULL)
			return arena_printf(stage->arena, "%s is mounted below %s",
				text_sanitize(stage->arena, below, strlen(below)),
				text_sanitize(stage->arena, directory, strlen(directory)));
	}
	return NULL;
}

/* Nothing is run here out of a root that is not ours: the test after the swap enters the service's
 * own namespace instead, with no more power than the service has. */
static bool
is_elsewhere(const struct service *service)
{
	return service->world_is_process || strcmp(world_root(service->world), "/") != 0 ||
	       (service->running &&
		       (service->main.foreign_namespace || strcmp(service->main.root, "/") != 0));
}

static int
run_test(struct diagnosis *diagnosis, const struct service *actor, const char **ret_text,
	struct err *err)
{
	struct err failed = { 0 };
	const char *output = NULL;
	int result = actor->product->test(diagnosis->arena, actor, &output, &failed);

	if (result < 0) {
		*ret_text = arena_strdup(diagnosis->arena, failed.message);
		return 0;
	}
	if (result == 0)
		return 1;
	return err_set(err, ERR_UNKNOWN,
		"%s's own test of its configuration fails on the mended files: %.600s",
		actor->product->title,
		output != NULL ? text_sanitize(diagnosis->arena, output, strlen(output))
			       : "no output");
}

int
rehearse(struct diagnosis *diagnosis, const struct plan *plan,
	const struct transaction *transaction, const char *scratch, const char **ret_text,
	struct err *err)
{
	CLEANUP(mem_freep) char *real = realpath(scratch, NULL);
	struct stage stage = { .arena = diagnosis->arena };
	struct rehearsal rehearsal = { .scratch = real, .directories = stage.directories };
	struct service actor = *plan->service;

	*ret_text = NULL;
	rehearsal.changes = changes_of(&stage, transaction, &rehearsal.change_count);
	if (rehearsal.change_count == 0)
		return 0;
	if (is_elsewhere(plan->service) || real == NULL) {
		*ret_text = "the service has a root of its own";
		return 0;
	}
	*ret_text = lay_out(&stage, rehearsal.changes, rehearsal.change_count);
	shield(&stage, plan->service->log);
	shield(&stage, plan->service->pid_file);
	buffer_free(&stage.mounts);
	if (*ret_text != NULL)
		return 0;
	rehearsal.directory_count = stage.directory_count;
	actor.rehearsal = &rehearsal;
	return run_test(diagnosis, &actor, ret_text, err);
}
