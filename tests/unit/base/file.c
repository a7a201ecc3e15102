/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "tap.h"

struct place {
	struct arena *arena;
	char directory[64];
};

static struct place
place_new(void)
{
	struct place place = { .arena = arena_new(), .directory = "/tmp/unit-file-XXXXXX" };

	if (mkdtemp(place.directory) == NULL)
		abort();
	return place;
}

static int
remove_one(const char *path, const struct stat *, int, struct FTW *)
{
	return remove(path);
}

static void
place_end(struct place *place)
{
	(void)nftw(place->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(place->arena);
}

static const char *
at(const struct place *place, const char *name)
{
	return path_join(place->arena, place->directory, name);
}

static unsigned
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;

	while (directory != NULL && readdir(directory) != NULL)
		count++;
	if (directory != NULL)
		(void)closedir(directory);
	return count;
}

TEST(replace, "new content with its mode, whatever the umask, and no temporary left")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer read = {};
	const char *path = at(&place, "f");
	mode_t before = umask(077);
	struct err err = {};
	struct stat status;
	int first, second;

	first = file_replace(path, span_of("one", 3), 0644, &err);
	second = file_replace(path, span_of("two!", 4), 0640, &err);
	(void)umask(before);
	CHECK(first == 0 && second == 0);
	CHECK(file_read(path, 4, &read, &err) == 0);
	CHECK(span_equal(buffer_span(&read), span_of("two!", 4)));
	CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0640);
	CHECK(count_entries(place.directory) == 3);
}

TEST(replace_refused, "a failed replacement leaves nothing behind")
{
	CLEANUP(place_end) struct place place = place_new();
	const char *path = at(&place, "d");
	struct err err = {};

	CHECK(directory_make(at(&place, "d/x"), 0700, &err) == 0);
	CHECK(file_replace(path, span_of("x", 1), 0600, &err) == -1);
	CHECK(err.code == ERR_CREATE && err.sys != 0);
	CHECK(count_entries(place.directory) == 3);
	CHECK(file_replace(at(&place, "none/f"), span_of("x", 1), 0600, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
}

TEST(replace_link, "a symbolic link is replaced, not followed")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer read = {};
	struct stat status;

	CHECK(file_replace(at(&place, "target"), span_of("old", 3), 0600, NULL) == 0);
	CHECK(symlink("target", at(&place, "link")) == 0);
	CHECK(file_replace(at(&place, "link"), span_of("new", 3), 0600, NULL) == 0);
	CHECK(lstat(at(&place, "link"), &status) == 0 && S_ISREG(status.st_mode));
	CHECK(file_read(at(&place, "target"), 100, &read, NULL) == 0);
	CHECK_TEXT((const char *)read.data, "old");
}

TEST(read_limit, "a file of the limit is read, one byte more is too much")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer read = {};
	CLEANUP(mem_freep) uint8_t *bytes = mem_zalloc(200'000);
	const char *path = at(&place, "f");
	struct err err = {};

	CHECK(file_replace(path, span_of(bytes, 200'000), 0600, &err) == 0);
	CHECK(file_read(path, 200'000, &read, &err) == 0 && read.length == 200'000);
	CHECK(file_read(path, 199'999, &read, &err) == -1 && err.code == ERR_LIMIT);
	CHECK(file_read(path, 0, &read, &err) == -1 && err.code == ERR_LIMIT);
	CHECK(file_replace(path, span_of(NULL, 0), 0600, &err) == 0);
	CHECK(file_read(path, 0, &read, &err) == 0 && read.length == 0);
}

TEST(read_refused, "directories and absent files are errors of their own")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer read = {};
	struct err err = {};

	CHECK(file_read(place.directory, 10, &read, &err) == -1 && err.code == ERR_IO);
	CHECK(file_read(at(&place, "none"), 10, &read, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT && err.sys == ENOENT);
}

TEST(write_all, "a long write through a pipe is complete")
{
	CLEANUP(mem_freep) uint8_t *bytes = mem_zalloc(4096);
	CLEANUP(buffer_free) struct buffer read = {};
	int fds[2];

	memset(bytes, 'x', 4096);
	CHECK(pipe(fds) == 0);
	CHECK(file_write_fd(fds[1], "pipe", span_of(bytes, 4096), NULL) == 0);
	(void)close(fds[1]);
	CHECK(file_read_fd(fds[0], "pipe", 4096, &read, NULL) == 0);
	CHECK(span_equal(buffer_span(&read), span_of(bytes, 4096)));
	(void)close(fds[0]);
	CHECK(file_write_fd(-1, "none", span_of("x", 1), NULL) == -1);
}

TEST(create, "a file is created whole, or what is there stays")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer content = {};
	const char *path = at(&place, "f");
	struct err err = {};
	struct stat status;

	CHECK(file_create(path, span_of("first", 5), 0640, &err) == 0);
	CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0640);
	CHECK(file_create(path, span_of("second", 6), 0600, &err) == 0);
	CHECK(file_read(path, 100, &content, &err) == 0 && content.length == 5);
	CHECK(memcmp(content.data, "first", 5) == 0);
	CHECK(count_entries(place.directory) == 3);
	CHECK(file_create(at(&place, "none/f"), span_of("x", 1), 0600, &err) == -1);
	CHECK(err.code == ERR_CREATE || err.code == ERR_NO_INPUT);
}

TEST(full, "a full disk is an error of ours")
{
	CLEANUP(fd_close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err err = {};

	CHECK(fd >= 0);
	CHECK(file_write_fd(fd, "/dev/full", span_of("x", 1), &err) == -1);
	CHECK(err.code == ERR_IO && err.sys == ENOSPC);
}

TEST(directories, "directories are made with their parents, and twice is once")
{
	CLEANUP(place_end) struct place place = place_new();
	const char *path = at(&place, "a//b/c/");
	struct err err = {};
	struct stat status;

	CHECK(directory_make(path, 0700, &err) == 0);
	CHECK(directory_make(path, 0755, &err) == 0);
	CHECK(stat(path, &status) == 0 && S_ISDIR(status.st_mode));
	CHECK((status.st_mode & 0777) == 0700);
	CHECK(directory_make("/", 0700, &err) == 0);
	CHECK(file_replace(at(&place, "f"), span_of("x", 1), 0600, &err) == 0);
	CHECK(directory_make(at(&place, "f"), 0700, &err) == -1 && err.code == ERR_CREATE);
	CHECK(directory_make(at(&place, "f/x"), 0700, &err) == -1);
	CHECK(directory_make("", 0700, &err) == -1);
}

TEST(sync_parent, "the directory of a path is synced, or said to be absent")
{
	CLEANUP(place_end) struct place place = place_new();
	struct err err = {};

	CHECK(file_sync_parent(at(&place, "f"), &err) == 0);
	CHECK(file_sync_parent(at(&place, "none/f"), &err) == -1 && err.code == ERR_NO_INPUT);
}

TEST(create_at, "a directory and its files are new, with their modes, or not ours")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer read = {};
	const char *path = at(&place, "d");
	mode_t before = umask(077);
	CLEANUP(fd_close) int directory = directory_begin(path, 0755, NULL);
	struct err err = {};
	struct stat status;
	int result = file_create_at(directory, "f", span_of("one", 3), 0644, NULL);

	(void)umask(before);
	CHECK(directory >= 0 && stat(path, &status) == 0 && (status.st_mode & 07777) == 0755);
	path = at(&place, "d/f");
	CHECK(result == 0 && stat(path, &status) == 0 && (status.st_mode & 07777) == 0644);
	CHECK(file_create_at(directory, "f", span_of("two", 3), 0644, &err) < 0);
	CHECK(err.sys == EEXIST);
	CHECK(file_read(path, 10, &read, NULL) == 0 && read.length == 3);
	CHECK(memcmp(read.data, "one", 3) == 0);
	CHECK(directory_begin(at(&place, "d"), 0755, &err) < 0 && err.sys == EEXIST);
}

TAP_MAIN()
