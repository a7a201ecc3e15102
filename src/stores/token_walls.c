/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module writes where it likes: SoftHSM touches a file of each token that it only reads. To look
 * must change nothing, so that the child that loads modules sees all file systems read-only. It may
 * still read, and talk to the daemons that some modules need.
 */
#include "stores/token.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

static bool
put_line(const char *path, const char *line)
{
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
}

static bool
map_itself(const char *path, unsigned id)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "%u %u 1", id, id);
	return put_line(path, line);
}

/* Who is not root has mounts of his own in a user namespace, as himself. */
static bool
unshare_mounts(void)
{
	unsigned user = geteuid(), group = getegid();

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	return errno == EPERM && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       put_line("/proc/self/setgroups", "deny") && map_itself("/proc/self/uid_map", user) &&
	       map_itself("/proc/self/gid_map", group);
}

bool
token_forbid_changes(void)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

	return unshare_mounts() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) == 0;
}
