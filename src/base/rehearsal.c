/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rehearsal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

/* Names relative to the scratch directory, where the child stands meanwhile; two digits in each. */
enum { TENS = 5, ONES = 6, LOWER_FD = STDERR_FILENO + 2 };
/* By descriptor: a path may hold what mount options cannot. */
#define LOWER "/proc/self/fd/4"

/* The upper layer's own mode and owner are those that the overlay shows of the directory. */
static int
layer_make(const char *name, const struct stat *like)
{
	if (mkdir(name, 0700) < 0 || chown(name, like->st_uid, like->st_gid) < 0)
		return -1;
	return chmod(name, like->st_mode & 07777);
}

static int
directory_open(const char *path, struct stat *ret)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret) < 0)
		return -1;
	if (fd == LOWER_FD)
		return 0;
	if (dup3(fd, LOWER_FD, O_CLOEXEC) < 0)
		return -1;
	return close(fd);
}

static int
overlay_mount(const char *path, size_t number)
{
	char upper[] = "upper00", work[] = "work-00";
	char options[] = "lowerdir=" LOWER ",upperdir=upper00,workdir=work-00";
	const char tens = (char)('0' + number / 10), ones = (char)('0' + number % 10);
	const size_t end = sizeof(options) - 1, comma = end - (sizeof(",workdir=work-00") - 1);
	struct stat status;

	static_assert(REHEARSAL_MAX_DIRECTORIES <= 100 && LOWER_FD == 4);
	upper[TENS] = work[TENS] = options[end - 2] = options[comma - 2] = tens;
	upper[ONES] = work[ONES] = options[end - 1] = options[comma - 1] = ones;
	if (directory_open(path, &status) < 0 || layer_make(upper, &status) < 0 ||
		mkdir(work, 0700) < 0)
		return -1;
	return mount("overlay", path, "overlay", 0, options);
}

static int
link_make(const struct rehearsal_change *change)
{
	if (unlink(change->path) < 0 && errno != ENOENT)
		return -1;
	return symlink(change->source, change->path);
}

static int
change_make(const struct rehearsal_change *change)
{
	switch (change->act) {
	case REHEARSAL_RENAME:
		return rename(change->source, change->path);
	case REHEARSAL_MODE:
		return chmod(change->path, change->mode);
	case REHEARSAL_OWNER:
		return lchown(change->path, change->owner, change->group);
	case REHEARSAL_LINK:
		return link_make(change);
	case REHEARSAL_REMOVE:
		return unlink(change->path);
	}
	errno = EINVAL;
	return -1;
}

int
rehearsal_enter(const struct rehearsal *rehearsal)
{
	char before[PATH_MAX];

	/* Private first: what is mounted here must not appear in the namespace that this one was
	 * copied from (mount_namespaces(7), shared subtrees). */
	if (getcwd(before, sizeof(before)) == NULL || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", rehearsal->scratch, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			"mode=0700") < 0 ||
		chdir(rehearsal->scratch) < 0)
		return -1;
	for (size_t i = 0; i < rehearsal->directory_count; i++)
		if (overlay_mount(rehearsal->directories[i], i) < 0)
			return -1;
	for (size_t i = 0; i < rehearsal->change_count; i++)
		if (change_make(&rehearsal->changes[i]) < 0)
			return -1;
	return chdir(before);
}
