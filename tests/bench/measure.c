/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and says on descriptor 3 what it took: wall, user and system seconds, peak KiB,
 * exit status. A program of its own, for the peak of a process counts from before it executes its
 * program: below Python's it would never be seen.
 *
 *     measure COMMAND [ARGUMENT…] 3>FILE
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPORT = 3, NOT_FOUND = 127, SIGNALLED = 128, MICROSECONDS = 1'000'000 };

static double
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / MICROSECONDS;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	double begun = now(), wall;
	int status;
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid == 0) {
		(void)close(REPORT);
		(void)execvp(argv[1], argv + 1);
		_exit(NOT_FOUND);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	wall = now() - begun;
	(void)dprintf(REPORT, "%.6f %.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime),
		seconds(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status));
	return 0;
}
