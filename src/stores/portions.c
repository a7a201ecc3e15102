/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/portions.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stores/token.h"
#include "world/stream.h"

enum { BYTES_EACH = 1 << 10 /* of a certificate as PEM, about */ };

struct name {
	const char *text;
	bool is_file; /* it was a regular one when the directory was read */
};

/* A directory that is gone through. */
struct level {
	struct arena *arena;
	const char *path;
	uint64_t device, inode;
	struct name *names; /* sorted */
	size_t count, next;
	const char *problem; /* why it cannot be listed */
};

struct portions {
	int root;
	const char *const *paths;
	size_t count, argument;
	bool files_are_whole;
	bool is_open; /* the path of this argument was opened */
	struct cutter cutter;
	struct level levels[PORTIONS_MAX_DEPTH];
	size_t depth;
};

static void
level_end(struct level *level)
{
	mem_free(level->names);
	arena_free(level->arena);
}

void
portions_free(struct portions *portions)
{
	if (portions == NULL)
		return;
	while (portions->depth > 0)
		level_end(&portions->levels[--portions->depth]);
	cutter_end(&portions->cutter);
	fd_close(&portions->root);
	mem_free(portions);
}

struct portions *
portions_new(struct world *world, const char *const *paths, size_t count, bool files_are_whole,
	struct err *err)
{
	CLEANUP(portions_freep) struct portions *portions = mem_zalloc(sizeof(*portions));

	portions->root = portions->cutter.fd = -1;
	portions->paths = paths;
	portions->count = count;
	portions->files_are_whole = files_are_whole;
	if (world_open_root(world, &portions->root, err) < 0)
		return NULL;
	return TAKE(portions);
}

void
portion_free(struct portion *portion)
{
	if (portion != NULL)
		arena_free(portion->arena);
}

static struct portion *
portion_new(const struct portions *portions)
{
	struct arena *arena = arena_new();
	struct portion *portion = arena_alloc(arena, sizeof(*portion));

	portion->arena = arena;
	portion->argument = portions->argument;
	portion->is_named = portions->depth == 0;
	return portion;
}

static struct portion_file *
portion_add(struct portion *portion, const char *path, const char *problem)
{
	struct portion_file *files = (struct portion_file *)portion->files;

	if (files == NULL)
		portion->files = files =
			arena_alloc(portion->arena, PORTION_MAX_FILES * sizeof(*files));
	files += portion->file_count++;
	files->path = arena_strdup(portion->arena, path);
	files->problem = problem != NULL ? arena_strdup(portion->arena, problem) : NULL;
	return files;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(((const struct name *)left)->text, ((const struct name *)right)->text);
}

static void
level_list(struct level *level, DIR *directory)
{
	size_t capacity = 0;
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (level->count == PORTIONS_MAX_NAMES) {
			level->problem = "it has more names than are read";
			return;
		}
		level->names =
			mem_grow(level->names, level->count, &capacity, sizeof(level->names[0]));
		level->names[level->count++] =
			(struct name){ arena_strdup(level->arena, entry->d_name),
				entry->d_type == DT_REG };
	}
	if (errno != 0)
		level->problem = arena_strdup(level->arena, strerror(errno));
	if (level->count > 0)
		qsort(level->names, level->count, sizeof(level->names[0]), compare_names);
}

/* A directory that holds itself, by a link, is not entered again. */
static bool
is_entered(const struct portions *portions, const struct file_identity *identity)
{
	for (size_t i = 0; i < portions->depth; i++)
		if (portions->levels[i].inode == identity->inode &&
			portions->levels[i].device == identity->device)
			return true;
	return false;
}

/* Takes the descriptor. */
static void
level_begin(struct portions *portions, struct portion *portion, const char *path, int fd,
	const struct file_identity *identity)
{
	struct level *level = &portions->levels[portions->depth];
	DIR *directory;

	if (portions->depth == PORTIONS_MAX_DEPTH || is_entered(portions, identity)) {
		if (portions->depth == PORTIONS_MAX_DEPTH)
			(void)portion_add(
				portion, path, "too many directories lie within each other");
		fd_close(&fd);
		return;
	}
	portions->depth++;
	*level = (struct level){ .arena = arena_new() };
	level->path = arena_strdup(level->arena, path);
	level->device = identity->device;
	level->inode = identity->inode;
	directory = fdopendir(fd);
	if (directory == NULL) {
		level->problem = arena_strdup(level->arena, strerror(errno));
		fd_close(&fd);
		return;
	}
	level_list(level, directory);
	(void)closedir(directory);
}

/* What is neither a file nor a directory holds no certificate. */
static void
visit_odd(struct portions *portions, struct portion *portion, const char *path)
{
	CLEANUP(fd_close) int fd = -1;
	struct file_identity identity;
	struct err err = {};

	if (stream_open(portions->root, path, &fd, &identity, &err) < 0) {
		if (err.sys != EINVAL)
			(void)portion_add(portion, path, err.message);
	} else if (identity.type == FILE_DIRECTORY) {
		level_begin(portions, portion, path, fd, &identity);
		fd = -1;
	} else {
		(void)portion_add(portion, path, NULL);
	}
}

/* The next names of the directories that are gone through; the innermost first. */
static void
gather(struct portions *portions, struct portion *portion)
{
	while (portions->depth > 0 && portion->file_count < PORTION_MAX_FILES) {
		struct level *level = &portions->levels[portions->depth - 1];
		const struct name *name;
		const char *path;

		if (level->problem != NULL) {
			(void)portion_add(portion, level->path, level->problem);
			level->problem = NULL;
			continue;
		}
		if (level->next == level->count) {
			level_end(level);
			portions->depth--;
			continue;
		}
		name = &level->names[level->next++];
		path = path_join(portion->arena, level->path, name->text);
		if (name->is_file)
			portion_add(portion, path, NULL)->is_file = true;
		else
			visit_odd(portions, portion, path);
	}
	portion->ends_argument = portions->depth == 0;
}

/* Opens the path of this argument; what cannot be had is a file with a problem. */
static void
begin_argument(struct portions *portions, struct portion *portion)
{
	const char *path = portions->paths[portions->argument];
	struct file_identity identity;
	struct err err = {};
	int fd;

	portions->is_open = true;
	portion->path = path;
	if (stream_open(portions->root, path, &fd, &identity, &err) < 0) {
		(void)portion_add(portion, path, err.message);
		portion->ends_argument = true;
	} else if (identity.type == FILE_DIRECTORY) {
		level_begin(portions, portion, path, fd, &identity);
	} else {
		portions->cutter = cutter_of(fd, identity.size, portions->files_are_whole);
	}
}

static void
cut_piece(struct portions *portions, struct portion *portion)
{
	struct err err = {};
	int more = cutter_next(&portions->cutter, &portion->piece, &err);

	portion->path = portions->paths[portions->argument];
	if (more > 0)
		portion->piece.bytes.data = arena_dup(
			portion->arena, portion->piece.bytes.data, portion->piece.bytes.length);
	if (more < 0)
		(void)portion_add(portion, portion->path, err.message);
	portion->ends_argument = more <= 0 || cutter_is_over(&portions->cutter);
	if (portion->ends_argument)
		cutter_end(&portions->cutter);
}

struct portion *
portions_next(struct portions *portions)
{
	struct portion *portion;

	/* Objects of a token are in no file. */
	while (portions->argument < portions->count &&
		token_is_name(portions->paths[portions->argument]))
		portions->argument++;
	if (portions->argument == portions->count)
		return NULL;
	portion = portion_new(portions);
	if (!portions->is_open)
		begin_argument(portions, portion);
	if (portions->depth > 0) {
		portion->is_named = false;
		gather(portions, portion);
	} else if (portions->cutter.fd >= 0) {
		cut_piece(portions, portion);
	} else {
		portion->ends_argument = true;
	}
	if (portion->ends_argument) {
		portions->argument++;
		portions->is_open = false;
	}
	return portion;
}

size_t
portions_left(const struct portions *portions)
{
	size_t left = cutter_left(&portions->cutter) / BYTES_EACH;

	for (size_t i = 0; i < portions->depth; i++)
		left += portions->levels[i].count - portions->levels[i].next;
	/* Arguments of which nothing is known yet. */
	if (portions->argument < portions->count)
		left += portions->count - portions->argument - portions->is_open;
	return left;
}

int
portions_open(const struct portions *portions, const struct portion_file *file, struct cutter *ret,
	struct err *err)
{
	struct file_identity identity;
	int fd = -1;

	*ret = cutter_of(-1, 0, portions->files_are_whole);
	if (file->problem != NULL)
		return err_set(err, ERR_IO, "%s", file->problem);
	TRY(file->is_file ? stream_open_file(portions->root, file->path, &fd, &identity, err)
			  : stream_open(portions->root, file->path, &fd, &identity, err));
	*ret = cutter_of(fd, identity.size, portions->files_are_whole);
	if (identity.type == FILE_REGULAR)
		return 0;
	cutter_end(ret);
	return err_set(err, ERR_IO, "it is a directory");
}
