/* SPDX-License-Identifier: Apache-2.0 */
#include "base/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

enum {
	STATUS_FD = STDERR_FILENO + 1,
	CAPABILITIES_MAX = 64,
	DEFAULT_UMASK = 022,
	KERNEL_ACTION_WORDS = 32,
	EXIT_NOT_STARTED = 127
};

_Noreturn static void
fail(int status_fd, enum launch_step step)
{
	struct launch_failure failure = { step, errno };

	if (write(status_fd, &failure, sizeof(failure)) < 0)
		_exit(EXIT_NOT_STARTED);
	_exit(EXIT_NOT_STARTED);
}

/*
 * Handlers end with execve, ignored signals and the mask do not: a server that inherits either
 * would not hear its own signals. The kernel is asked itself: glibc's sigaction refuses the two
 * signals that glibc keeps for its threads, and its posix_spawn (so make, system and popen) leaves
 * just these ignored in all that it starts.
 */
static void
reset_signals(void)
{
	/* The kernel's struct sigaction differs between machines, and is on each all zeros for
	 * SIG_DFL. */
	static const unsigned long action[KERNEL_ACTION_WORDS];
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)syscall(SYS_rt_sigaction, number, action, NULL, NSIG / CHAR_BIT);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
enter_world(const struct launch *launch)
{
	if (launch->namespace >= 0 && setns(launch->namespace, CLONE_NEWNS) < 0)
		fail(launch->status, LAUNCH_NAMESPACE);
	if (launch->root >= 0 && (fchdir(launch->root) < 0 || chroot(".") < 0))
		fail(launch->status, LAUNCH_ROOT);
}

/* A program out of a container's root gets no more power than the process that lives there has. */
static void
keep_capabilities(const struct launch *launch)
{
	for (unsigned long number = 0; number < CAPABILITIES_MAX; number++) {
		if ((launch->capabilities >> number & 1) != 0 ||
			prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
			fail(launch->status, LAUNCH_CAPABILITIES);
	}
}

/* Standard streams and the status pipe become 0 to 3; nothing else stays open. */
static void
set_streams(const struct launch *launch)
{
	if (dup2(launch->input, STDIN_FILENO) < 0 || dup2(launch->output, STDOUT_FILENO) < 0 ||
		dup2(launch->output, STDERR_FILENO) < 0)
		fail(launch->status, LAUNCH_STREAMS);
	if (launch->status != STATUS_FD && dup3(launch->status, STATUS_FD, O_CLOEXEC) < 0)
		fail(launch->status, LAUNCH_STREAMS);
	file_close_from(STATUS_FD + 1);
}

static void
execute(const struct launch *launch)
{
	int sys = ENOENT;

	for (const char *const *path = launch->paths; *path != NULL; path++) {
		/* execve declares its arguments as char *const for old callers; it changes
		 * nothing. */
		(void)execve(*path, (char *const *)launch->run->argv,
			(char *const *)launch->environment);
		/* A name that is no file here may be one in the next directory; what is there but
		 * may not be executed is the better reason to give. */
		if (errno != ENOENT && errno != ENOTDIR)
			sys = errno;
	}
	errno = sys;
}

void
launch_program(const struct launch *launch)
{
	/* A group of its own, so that a timeout ends the program with all that it started. */
	if (launch->run->detach)
		(void)setsid();
	else
		(void)setpgid(0, 0);
	reset_signals();
	(void)umask(DEFAULT_UMASK);
	enter_world(launch);
	keep_capabilities(launch);
	set_streams(launch);
	if (launch->run->rehearsal != NULL && rehearsal_enter(launch->run->rehearsal) < 0)
		fail(STATUS_FD, LAUNCH_REHEARSAL);
	if (launch->run->directory != NULL && chdir(launch->run->directory) < 0)
		fail(STATUS_FD, LAUNCH_DIRECTORY);
	execute(launch);
	fail(STATUS_FD, LAUNCH_EXECUTE);
}
