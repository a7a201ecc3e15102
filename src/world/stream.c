/* SPDX-License-Identifier: Apache-2.0 */
#include "world/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "world/node.h"

enum { DESCRIPTOR_PATH_SIZE = 32 };

int
world_open_root(const struct world *world, int *ret_fd, struct err *err)
{
	*ret_fd = open(world->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(err, ERR_IO, "open %s", world->root) : 0;
}

static bool
is_host_root(int root)
{
	struct stat ours, theirs;

	return fstat(root, &theirs) == 0 && stat("/", &ours) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* Step by step, and no step over a link: below a root that is not the host's, links would lead out
 * of it. */
static int
object_open_by_steps(int root, const char *path)
{
	CLEANUP(fd_close) int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char name[NAME_MAX + 1];
	int last = fd;

	if (is_host_root(root))
		return open(path, O_PATH | O_CLOEXEC);
	for (path += strspn(path, "/"); fd >= 0 && *path != '\0'; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");

		(void)snprintf(name, sizeof(name), "%.*s", (int)length, path);
		path += length;
		if (length > NAME_MAX || strcmp(name, "..") == 0) {
			errno = length > NAME_MAX ? ENAMETOOLONG : ELOOP;
			return -1;
		}
		last = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&fd);
		fd = last;
	}
	fd = -1;
	return last;
}

/* What the path leads to, as an O_PATH descriptor: to open a device can act on it, to open a fifo
 * can wait for ever. Linux before 5.6, and some sandboxes, know nothing of openat2. */
static int
object_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd < 0 && flags == O_PATH && (errno == ENOSYS || errno == EPERM))
		fd = object_open_by_steps(root, path);
	return fd;
}

static int
content_open(int object, bool is_directory)
{
	char path[DESCRIPTOR_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", object);
	return open(path,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_directory ? O_DIRECTORY : 0));
}

static struct file_identity
identity_of(const struct stat *status)
{
	return (struct file_identity){
		.type = S_ISDIR(status->st_mode) ? FILE_DIRECTORY : FILE_REGULAR,
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = (uint64_t)status->st_size,
	};
}

int
stream_open(int root, const char *path, int *ret_fd, struct file_identity *ret, struct err *err)
{
	CLEANUP(fd_close) int object = object_open(root, path, O_PATH);
	struct stat status;

	if (object < 0 || fstat(object, &status) < 0)
		return err_sys(err, ERR_IO, "open %s", path);
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, "open, as a regular file, %s", path);
	}
	*ret = identity_of(&status);
	*ret_fd = content_open(object, S_ISDIR(status.st_mode));
	return *ret_fd < 0 ? err_sys(err, ERR_IO, "open %s", path) : 0;
}

int
stream_open_file(
	int root, const char *path, int *ret_fd, struct file_identity *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = object_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return stream_open(root, path, ret_fd, ret, err);
	*ret = identity_of(&status);
	*ret_fd = fd;
	fd = -1;
	return 0;
}
