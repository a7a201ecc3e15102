/* SPDX-License-Identifier: Apache-2.0 */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

enum { LIMIT = 1 << 20 };

/* A shell of our own for the tests: run.h itself never starts one by itself. */
static int
run_script(const char *script, struct run_result *ret, struct run run)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	run.argv = argv;
	run.output_limit = run.output_limit > 0 ? run.output_limit : LIMIT;
	run.timeout = run.timeout > 0 ? run.timeout : 20;
	return run_program(&run, ret, NULL);
}

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST(output, "output and error come in the order of their writing, with the status")
{
	CLEANUP(run_result_free) struct run_result result = {};

	CHECK(run_script("echo a; echo b >&2; echo c; exit 7", &result, (struct run){}) == 0);
	CHECK(result.status == 7 && !result.timed_out);
	CHECK_TEXT((const char *)result.output.data, "a\nb\nc\n");
}

TEST(signal_status, "a signal's end is 128 and its number")
{
	CLEANUP(run_result_free) struct run_result result = {};

	CHECK(run_script("kill -TERM $$", &result, (struct run){}) == 0);
	CHECK(result.status == 128 + SIGTERM && result.output.length == 0);
}

/* As glibc's posix_spawn leaves its own two signals; its sigaction refuses them. */
static void
ignore_as_spawned(int number)
{
	unsigned long action[32] = { (unsigned long)(uintptr_t)SIG_IGN };

	(void)syscall(SYS_rt_sigaction, number, action, NULL, NSIG / CHAR_BIT);
}

TEST(surroundings, "a program gets no input, our PATH, no descriptor and no signal state of ours")
{
	CLEANUP(run_result_free) struct run_result result = {};
	CLEANUP(fd_close) int fd = open("/dev/null", O_RDONLY);
	sigset_t all, before;
	int started;

	CHECK(fd >= 0);
	(void)setenv("SECRET", "x", 1);
	(void)signal(SIGHUP, SIG_IGN);
	ignore_as_spawned(32);
	ignore_as_spawned(33);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	started = run_script(
		"cat; echo $SECRET.$PATH; ls /proc/self/fd | tr -d '\\n'; echo;"
		"grep -E 'Sig(Ign|Blk)' /proc/self/status | grep -cv '0000000000000000$'",
		&result, (struct run){});
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGHUP, SIG_DFL);
	CHECK(started == 0);
	/* 3 is the directory that ls itself reads. */
	CHECK_TEXT((const char *)result.output.data,
		"./usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0123\n0\n");
}

TEST(environment, "an environment and a directory are taken as given")
{
	static const char *const environment[] = { "A=1", "B=2", NULL };
	CLEANUP(run_result_free) struct run_result result = {};

	CHECK(run_script("echo $A$B; pwd", &result,
		      (struct run){ .environment = environment, .directory = "/usr" }) == 0);
	CHECK_TEXT((const char *)result.output.data, "12\n/usr\n");
}

TEST(not_started, "what cannot be started is an error with its reason")
{
	static const char *const absent[] = { "no-such-program-here", NULL };
	static const char *const no_program[] = { "/etc/passwd", NULL };
	static const char *const shell[] = { "/bin/sh", NULL };
	CLEANUP(run_result_free) struct run_result result = {};
	struct err err = {};

	CHECK(run_program(&(struct run){ .argv = absent, .timeout = 5 }, &result, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT && err.sys == ENOENT);
	CHECK(run_program(&(struct run){ .argv = no_program, .timeout = 5 }, &result, &err) == -1);
	CHECK(err.code == ERR_PERMISSION && err.sys == EACCES);
	CHECK(run_program(&(struct run){ .argv = shell, .timeout = 5, .directory = "/none" },
		      &result, &err) == -1);
	CHECK_TEXT(err.message, "run /bin/sh: enter its directory: No such file or directory");
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

TEST(timeout, "a program that does not end is killed with its children")
{
	CLEANUP(run_result_free) struct run_result result = {};
	double start = seconds_now();
	int grandchild;

	CHECK(run_script("sleep 60 & echo $!; wait", &result, (struct run){ .timeout = 1 }) == 0);
	CHECK(result.timed_out && result.status == 128 + SIGKILL);
	CHECK(seconds_now() - start < 10);
	grandchild = atoi((const char *)result.output.data);
	CHECK(grandchild > 0);
	for (int i = 0; i < 100 && kill(grandchild, 0) == 0; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 20'000'000 }, NULL);
	/* Gone, or a zombie whose new parent does not reap. */
	if (kill(grandchild, 0) == 0) {
		char path[64], state = 'Z';
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", grandchild);
		file = fopen(path, "re");
		if (file != NULL) {
			(void)!fscanf(file, "%*d %*s %c", &state);
			(void)fclose(file);
		}
		CHECK(state == 'Z');
	}
}

TEST(flood, "endless output is dropped behind the limit and still ends at the timeout")
{
	CLEANUP(run_result_free) struct run_result result = {};
	double start = seconds_now();

	CHECK(run_script("exec cat /dev/zero", &result,
		      (struct run){ .timeout = 1, .output_limit = 1000 }) == 0);
	CHECK(result.timed_out && result.output.length == 1000);
	CHECK(seconds_now() - start < 10);
}

TEST(much, "all output below the limit is kept")
{
	CLEANUP(run_result_free) struct run_result result = {};

	CHECK(run_script("head -c 700000 /dev/zero", &result, (struct run){}) == 0);
	CHECK(result.status == 0 && result.output.length == 700'000);
}

TEST(detached, "a detached program's child may live on with the output open")
{
	CLEANUP(run_result_free) struct run_result result = {};
	double start = seconds_now();
	int grandchild;

	CHECK(run_script("sleep 30 & echo $!; ps -o pid= -o sid= -p $$ | awk '{ print $1 == $2 }'",
		      &result, (struct run){ .detach = true }) == 0);
	CHECK(seconds_now() - start < 10);
	CHECK(result.status == 0 && !result.timed_out);
	grandchild = atoi((const char *)result.output.data);
	CHECK(grandchild > 0 && kill(grandchild, 0) == 0);
	CHECK(strstr((const char *)result.output.data, "\n1\n") != NULL);
	(void)kill(grandchild, SIGKILL);
}

TEST(closed_streams, "our own standard streams may be closed")
{
	CLEANUP(run_result_free) struct run_result result = {};
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), started;

	(void)close(STDIN_FILENO);
	started = run_script("echo a; echo b >&2", &result, (struct run){});
	(void)dup2(saved, STDIN_FILENO);
	(void)close(saved);
	CHECK(started == 0);
	CHECK_TEXT((const char *)result.output.data, "a\nb\n");
}

/* A process that lives in a mount namespace where /mnt is a file system of its own. */
static pid_t
live_elsewhere(int more_namespaces)
{
	int fds[2];
	char byte;
	pid_t pid;

	if (pipe(fds) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS | more_namespaces) < 0 ||
			mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("none", "/mnt", "tmpfs", 0, NULL) < 0 ||
			(more_namespaces == 0 && mkdir("/mnt/here", 0700) < 0))
			_exit(1);
		(void)prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0);
		(void)!write(fds[1], "x", 1);
		(void)pause();
		_exit(0);
	}
	(void)close(fds[1]);
	if (read(fds[0], &byte, 1) != 1) {
		(void)waitpid(pid, NULL, 0);
		pid = -1;
	}
	(void)close(fds[0]);
	return pid;
}

TEST(elsewhere, "a program runs in the mount namespace of another process (needs root)")
{
	CLEANUP(run_result_free) struct run_result there = {}, here = {};
	pid_t pid = geteuid() == 0 ? live_elsewhere(0) : -1;
	uint64_t capabilities;
	int started;

	if (pid < 0) {
		printf("# skipped: no mount namespace can be made here\n");
		return;
	}
	started = run_script("ls /mnt; grep CapBnd /proc/self/status", &there,
		(struct run){ .namespace_pid = pid });
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	CHECK(started == 0);
	CHECK(strncmp((const char *)there.output.data, "here\nCapBnd:\t", 13) == 0);
	/* No more power than the process there has. */
	capabilities = strtoull((const char *)there.output.data + 13, NULL, 16);
	CHECK(capabilities != 0 && (capabilities >> CAP_SYS_TIME & 1) == 0);
	CHECK(run_script("test ! -e /mnt/here", &here, (struct run){}) == 0 && here.status == 0);
}

TEST(foreign_root, "nothing is run for a process that is root in its own user namespace only")
{
	CLEANUP(run_result_free) struct run_result result = {};
	pid_t pid = geteuid() == 0 ? live_elsewhere(CLONE_NEWUSER) : -1;
	const char *argv[] = { "true", NULL };
	struct run run = { .argv = argv, .timeout = 20, .namespace_pid = pid };
	struct err err = {};
	int started;

	if (pid < 0) {
		printf("# skipped: no user namespace can be made here\n");
		return;
	}
	started = run_program(&run, &result, &err);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	CHECK(started == -1 && err.code == ERR_PERMISSION);
}

TEST(ourselves, "the namespace of a process like us needs no privilege")
{
	CLEANUP(run_result_free) struct run_result result = {};

	CHECK(run_script("echo a", &result, (struct run){ .namespace_pid = getpid() }) == 0);
	CHECK_TEXT((const char *)result.output.data, "a\n");
	run_result_free(&result);
	CHECK(run_script("echo a", &result, (struct run){ .namespace_pid = INT32_MAX }) == -1);
}

TAP_MAIN()
