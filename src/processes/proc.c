/* SPDX-License-Identifier: Apache-2.0 */
#include "processes/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes/process.h"

enum { PROC_PATH_SIZE = 64, PROC_CHUNK = 16 << 10, STAT_SIZE = 4096 };
/* Of the fields behind the name: state is the 3rd of all, ppid the 4th, flags the 9th (PF_KTHREAD
 * of include/linux/sched.h among them), starttime the 22nd. */
enum { STAT_STATE = 3, STAT_PARENT = 4, STAT_FLAGS = 9, STAT_START = 22 };
enum { PROCESS_FLAG_KERNEL = 0x00200000 };

int
proc_open(pid_t pid)
{
	char path[PROC_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

char *
proc_read(struct arena *arena, int directory, const char *name, size_t limit, size_t *ret_length)
{
	CLEANUP(fd_close)
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP(buffer_free) struct buffer buffer = { 0 };
	char chunk[PROC_CHUNK];

	if (fd < 0)
		return NULL;
	while (buffer.length < limit) {
		size_t room = limit - buffer.length;
		ssize_t got = read(fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		if (got == 0)
			break;
		buffer_add(&buffer, chunk, (size_t)got);
	}
	if (ret_length != NULL)
		*ret_length = buffer.length;
	return arena_strndup(arena, (const char *)buffer.data, buffer.length);
}

char *
proc_link(struct arena *arena, int directory, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(directory, name, target, sizeof(target));

	if (length < 0 || (size_t)length == sizeof(target))
		return NULL;
	return arena_strndup(arena, target, (size_t)length);
}

static int
pid_compare(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void
close_directory(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

int
proc_list(struct arena *arena, pid_t **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(close_directory) DIR *directory = opendir("/proc");
	struct dirent *entry;
	pid_t *pids = NULL;
	size_t count = 0, capacity = 0;

	if (directory == NULL)
		return err_sys(err, ERR_IO, "open /proc");
	while ((entry = readdir(directory)) != NULL) {
		uint64_t pid;

		if (text_number(entry->d_name, INT_MAX, &pid) < 0)
			continue;
		if (count >= PROCESS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d processes run", PROCESS_MAX);
		pids = arena_grow(arena, pids, count, &capacity, sizeof(*pids));
		pids[count++] = (pid_t)pid;
	}
	if (count > 0)
		qsort(pids, count, sizeof(*pids), pid_compare);
	*ret = pids;
	*ret_count = count;
	return 0;
}

/* The name may hold blanks and brackets: what follows the last bracket is ours. */
static int
parse_stat(const char *text, struct proc_stat *ret)
{
	const char *name = strchr(text, '('), *field = strrchr(text, ')');

	if (name == NULL || field == NULL || field < name)
		return -1;
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(field - name - 1), name + 1);
	for (int number = STAT_STATE; number <= STAT_START; number++) {
		field = strchr(field, ' ');
		if (field == NULL)
			return -1;
		field++;
		if (number == STAT_STATE)
			ret->state = *field;
		else if (number == STAT_PARENT)
			ret->parent = (pid_t)strtol(field, NULL, 10);
		else if (number == STAT_FLAGS)
			ret->of_kernel = (strtoul(field, NULL, 10) & PROCESS_FLAG_KERNEL) != 0;
	}
	ret->start_ticks = strtoull(field, NULL, 10);
	return 0;
}

/* The kernel hands out the whole line at the first read (fs/seq_file.c, single_open). */
static int
read_stat(int directory, const char *path, struct proc_stat *ret)
{
	CLEANUP(fd_close) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	char text[STAT_SIZE];
	ssize_t got;

	if (fd < 0)
		return -1;
	do
		got = read(fd, text, sizeof(text) - 1);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return -1;
	text[got] = '\0';
	return parse_stat(text, ret);
}

int
proc_stat_read(int directory, struct proc_stat *ret)
{
	return read_stat(directory, "stat", ret);
}

int
proc_stat_of(pid_t pid, struct proc_stat *ret)
{
	char path[PROC_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return read_stat(AT_FDCWD, path, ret);
}
