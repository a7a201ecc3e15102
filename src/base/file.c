/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	READ_SIZE = 64 * 1024,
	TEMPORARY_ATTEMPTS = 16,
	PERMISSION_BITS = 07777,
	CLOSE_MAX = 65'536
};

int
file_read_fd(int fd, const char *path, size_t limit, struct buffer *ret, struct err *err)
{
	struct stat status;

	buffer_clear(ret);
	if (fstat(fd, &status) < 0)
		return err_sys(err, ERR_IO, "examine %s", path);
	if (S_ISDIR(status.st_mode))
		return err_set(err, ERR_IO, "read %s: it is a directory", path);
	/* What it says of its size is believed as far as it may be read, and one more read finds
	 * its end. */
	if (S_ISREG(status.st_mode) && status.st_size > 0 && (uintmax_t)status.st_size <= limit)
		buffer_reserve(ret, (size_t)status.st_size);
	for (;;) {
		size_t room = ret->capacity > ret->length ? ret->capacity - ret->length - 1 : 0;
		ssize_t count;

		if (room == 0) {
			buffer_reserve(ret, READ_SIZE);
			room = ret->capacity - ret->length - 1;
		}
		count = read(fd, ret->data + ret->length, room);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(err, ERR_IO, "read %s", path);
		if ((size_t)count > limit - ret->length)
			return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, limit);
		ret->length += (size_t)count;
		ret->data[ret->length] = '\0';
		if (count == 0)
			return 0;
	}
}

int
file_read(const char *path, size_t limit, struct buffer *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, ERR_IO, "open %s", path);
	return file_read_fd(fd, path, limit, ret, err);
}

int
file_write_fd(int fd, const char *path, struct span bytes, struct err *err)
{
	for (size_t written = 0; written < bytes.length;) {
		ssize_t count = write(fd, bytes.data + written, bytes.length - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(err, ERR_IO, "write %s", path);
		written += (size_t)count;
	}
	return 0;
}

/* fsync; a file system that has none for this kind of file says EINVAL. */
static int
sync_fd(int fd, const char *path, struct err *err)
{
	if (fsync(fd) < 0 && errno != EINVAL)
		return err_sys(err, ERR_IO, "sync %s", path);
	return 0;
}

int
file_sync_parent(const char *path, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *parent = path_parent(arena, path);
	CLEANUP(fd_close) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, ERR_IO, "open %s", parent);
	return sync_fd(fd, parent, err);
}

int
file_staging_name(struct arena *arena, const char *path, const char **ret, struct err *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, ERR_CREATE, "find a name beside %s", path);
	*ret = path_join(arena, path_parent(arena, path),
		arena_printf(arena, ".trustmend-%016" PRIx64 ".tmp", random));
	return 0;
}

/* Creates a file that was not there, beside path, and says its name. */
static int
temporary_create(struct arena *arena, const char *path, const char **ret_name, struct err *err)
{
	const char *parent = path_parent(arena, path);
	int fd = -1;

	for (int i = 0; i < TEMPORARY_ATTEMPTS && fd < 0; i++) {
		TRY(file_staging_name(arena, path, ret_name, err));
		assert(*ret_name != NULL);
		fd = open(*ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? err_sys(err, ERR_CREATE, "create a file in %s", parent) : fd;
}

static int
temporary_fill(int fd, const char *path, struct span bytes, mode_t mode, struct err *err)
{
	TRY(file_write_fd(fd, path, bytes, err));
	/* By fchmod, for the umask has no say in it. */
	if (fchmod(fd, mode & PERMISSION_BITS) < 0)
		return err_sys(err, ERR_CREATE, "set the mode of %s", path);
	return sync_fd(fd, path, err);
}

/* Not every file system can rename without replacing; those that cannot have hard links. */
static int
move_unless_there(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if ((errno == EINVAL || errno == ENOSYS) && link(from, to) == 0)
		return unlink(from);
	return errno == EEXIST ? unlink(from) : -1;
}

/* Whole under a name that nobody knows, then moved to its own. */
static int
file_write_by(int (*move)(const char *from, const char *to), const char *path, struct span bytes,
	mode_t mode, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *name = NULL;
	CLEANUP(fd_close) int fd = temporary_create(arena, path, &name, err);
	int result;

	if (fd < 0)
		return err_prefix(err, "write %s", path);
	assert(name != NULL);
	result = temporary_fill(fd, path, bytes, mode, err);
	if (result == 0 && move(name, path) < 0)
		result = err_sys(err, ERR_CREATE, "write %s", path);
	if (result < 0)
		(void)unlink(name);
	return result;
}

int
file_replace(const char *path, struct span bytes, mode_t mode, struct err *err)
{
	TRY(file_write_by(rename, path, bytes, mode, err));
	return file_sync_parent(path, err);
}

int
file_create(const char *path, struct span bytes, mode_t mode, struct err *err)
{
	return file_write_by(move_unless_there, path, bytes, mode, err);
}

int
directory_begin(const char *path, mode_t mode, struct err *err)
{
	int directory;

	if (mkdir(path, mode) < 0)
		return err_sys(err, ERR_CREATE, "create directory %s", path);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory >= 0 && fchmod(directory, mode) == 0)
		return directory;
	(void)err_sys(err, ERR_CREATE, "open directory %s", path);
	fd_close(&directory);
	return -1;
}

int
file_create_at(int directory, const char *name, struct span bytes, mode_t mode, struct err *err)
{
	CLEANUP(fd_close)
	int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(err, ERR_CREATE, "create %s", name);
	TRY(file_write_fd(fd, name, bytes, err));
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return err_sys(err, ERR_CREATE, "write %s", name);
	return 0;
}

static int
directory_make_one(const char *path, mode_t mode, struct err *err)
{
	struct stat status;
	int sys;

	if (mkdir(path, mode) == 0)
		return 0;
	/* A directory that is there may be refused for many reasons besides EEXIST. */
	sys = errno;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	errno = sys;
	return err_sys(err, ERR_CREATE, "create directory %s", path);
}

int
directory_make(const char *path, mode_t mode, struct err *err)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(path);

	for (char *slash = copy; *slash != '\0'; slash++) {
		if (*slash != '/' || slash == copy)
			continue;
		*slash = '\0';
		TRY(directory_make_one(copy, mode, err));
		*slash = '/';
	}
	return directory_make_one(copy, mode, err);
}

int
directory_put(const char *staged, const char *path, bool replace, struct err *err)
{
	struct stat status;
	bool is_there = lstat(path, &status) == 0;

	if (is_there && !replace)
		return err_set(err, ERR_CREATE, "%s is there already", path);
	if (is_there && !S_ISDIR(status.st_mode))
		return err_set(err, ERR_CREATE, "%s is no directory", path);
	if (renameat2(AT_FDCWD, staged, AT_FDCWD, path,
		    is_there ? RENAME_EXCHANGE : RENAME_NOREPLACE) < 0)
		return err_sys(err, ERR_CREATE, "put %s in its place", path);
	return file_sync_parent(path, err);
}

void
directory_remove(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory != NULL)
		(void)closedir(directory);
	(void)rmdir(path);
}

void
file_close_from(int first)
{
	struct rlimit limit;
	int end = CLOSE_MAX;

	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
	/* Linux before 5.9 */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < CLOSE_MAX)
		end = (int)limit.rlim_cur;
	for (int fd = first; fd < end; fd++)
		(void)close(fd);
}
