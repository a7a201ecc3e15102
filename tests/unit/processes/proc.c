/* SPDX-License-Identifier: Apache-2.0 */
#include "processes/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "unit/tap.h"

#define ARENA CLEANUP(arena_freep) struct arena *arena = arena_new()
#define OURS  CLEANUP(fd_close) int self = proc_open(getpid())

TEST(read, "a file without a size is read whole, and ended by a NUL")
{
	size_t length;
	const char *text;
	ARENA;
	OURS;

	CHECK(self >= 0);
	text = proc_read(arena, self, "status", PROC_MAX_FILE, &length);
	CHECK(text != NULL && length > 100 && strlen(text) == length);
	CHECK(strncmp(text, "Name:", 5) == 0);
}

TEST(bounded, "no more than the limit is read, of a file without an end as well")
{
	size_t length = 0;
	const char *text;
	CLEANUP(fd_close) int devices = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ARENA;
	OURS;

	text = proc_read(arena, self, "status", 7, &length);
	CHECK(text != NULL && length == 7 && strlen(text) == 7);
	text = proc_read(arena, devices, "zero", 100'000, &length);
	CHECK(text != NULL && length == 100'000);
}

TEST(not_there, "what is not there, or is no file, is NULL")
{
	ARENA;
	OURS;

	CHECK(proc_read(arena, self, "no-such", 10, NULL) == NULL);
	CHECK(proc_read(arena, self, "fd", 10, NULL) == NULL);
	CHECK(proc_link(arena, self, "status") == NULL);
	CHECK(proc_link(arena, self, "no-such") == NULL);
	CHECK(proc_open(0) < 0 && proc_open(INT32_MAX) < 0);
}

TEST(link, "a link is read as it stands")
{
	char directory[4096];
	ARENA;
	OURS;

	CHECK(getcwd(directory, sizeof(directory)) != NULL);
	CHECK_TEXT(proc_link(arena, self, "cwd"), directory);
}

TEST(list, "all pids are listed once, in their order, ours among them")
{
	struct err err = { 0 };
	bool found = false;
	size_t count;
	pid_t *pids;
	ARENA;

	CHECK(proc_list(arena, &pids, &count, &err) == 0 && count > 0);
	for (size_t i = 0; i < count; i++) {
		CHECK(i == 0 || pids[i - 1] < pids[i]);
		found = found || pids[i] == getpid();
	}
	CHECK(found);
}

TEST(stat, "state, parent and start are those of the process")
{
	struct proc_stat stat;
	OURS;

	CHECK(proc_stat_read(self, &stat) == 0);
	CHECK(stat.parent == getppid() && stat.state == 'R' && !stat.of_kernel);
	CHECK(stat.start_ticks > 0);
}

TEST(stale, "a directory that is held goes stale with its process: no other is read by it")
{
	struct proc_stat stat;
	pid_t child = fork();
	ARENA;

	if (child == 0)
		for (;;)
			(void)pause();
	{
		CLEANUP(fd_close) int directory = proc_open(child);

		CHECK(directory >= 0 && proc_stat_read(directory, &stat) == 0);
		CHECK(stat.parent == getpid());
		CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
		CHECK(proc_stat_read(directory, &stat) == -1);
		CHECK(proc_read(arena, directory, "cmdline", 10, NULL) == NULL);
	}
}

TAP_MAIN()
