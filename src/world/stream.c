/* SPDX-License-Identifier: Apache-2.0 */
#include "world/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "world/node.h"

enum { DESCRIPTOR_PATH_SIZE = 32 };

int
world_open_root(const struct world *world, int *ret_fd, struct err *err)
{
	*ret_fd = open(world->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(err, ERR_IO, "open %s", world->root) : 0;
}

/* What the path leads to, as an O_PATH descriptor: to open a device can act on it, to open a fifo
 * can wait for ever. */
static int
object_open(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static int
content_open(int object, bool is_directory)
{
	char path[DESCRIPTOR_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", object);
	return open(path,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_directory ? O_DIRECTORY : 0));
}

int
stream_open(int root, const char *path, int *ret_fd, struct file_identity *ret, struct err *err)
{
	CLEANUP(fd_close) int object = object_open(root, path);
	struct stat status;

	if (object < 0 || fstat(object, &status) < 0)
		return err_sys(err, errno == EACCES ? ERR_PERMISSION : ERR_IO, "open %s", path);
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, "open, as a regular file, %s", path);
	}
	*ret = (struct file_identity){
		.type = S_ISDIR(status.st_mode) ? FILE_DIRECTORY : FILE_REGULAR,
		.device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
	};
	*ret_fd = content_open(object, S_ISDIR(status.st_mode));
	if (*ret_fd < 0)
		return err_sys(err, errno == EACCES ? ERR_PERMISSION : ERR_IO, "open %s", path);
	return 0;
}
