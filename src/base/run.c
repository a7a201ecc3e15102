/* SPDX-License-Identifier: Apache-2.0 */
#include "base/run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/launch.h"
#include "base/mem.h"

enum {
	READ_SIZE = 64 * 1024,
	READS_MAX = 16,
	SLICE_MS = 20,
	DEFAULT_TIMEOUT = 60,
	PATHS_MAX = 8,
	STATUS_MAX_SIZE = 64 * 1024
};

/* The same for everyone: never that of the caller, which may hold anything. */
static const char *const search_directories[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
	"/usr/bin", "/sbin", "/bin" };
static_assert(COUNT_OF(search_directories) < PATHS_MAX);

static const char *const minimal_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
};

/* A started program, and our ends of its pipes. */
struct child {
	pid_t pid;
	int output, status, handle; /* handle: a pidfd, or -1 where the kernel has none */
	int64_t deadline;           /* milliseconds of the monotonic clock */
	size_t output_limit;
	bool detached;
};

/* The ends of its pipes that the program gets, and the world that it enters. */
struct ends {
	int input, output, status, namespace, root;
	uint64_t capabilities;
};

static void
child_end(struct child *child)
{
	fd_close(&child->output);
	fd_close(&child->status);
	fd_close(&child->handle);
}

static void
ends_close(struct ends *ends)
{
	fd_close(&ends->input);
	fd_close(&ends->output);
	fd_close(&ends->status);
	fd_close(&ends->namespace);
	fd_close(&ends->root);
}

void
run_result_free(struct run_result *result)
{
	buffer_free(&result->output);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

/* A descriptor above standard error, or -1; takes the old one. launch.c puts others into 0 to 2. */
static int
fd_lift(int fd)
{
	int lifted, sys;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	sys = errno;
	(void)close(fd);
	errno = sys;
	return lifted;
}

static int
pipe_open(int *ret_read, int *ret_write)
{
	int fds[2];

	TRY(pipe2(fds, O_CLOEXEC));
	*ret_read = fd_lift(fds[0]);
	*ret_write = fd_lift(fds[1]);
	return *ret_read < 0 || *ret_write < 0 ? -1 : 0;
}

static int
streams_open(struct child *child, struct ends *ends, struct err *err)
{
	ends->input = fd_lift(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (ends->input < 0)
		return err_sys(err, ERR_INTERNAL, "open /dev/null");
	if (pipe_open(&child->output, &ends->output) < 0 ||
		pipe_open(&child->status, &ends->status) < 0)
		return err_sys(err, ERR_INTERNAL, "make a pipe");
	if (fcntl(child->output, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, ERR_INTERNAL, "set a pipe up");
	return 0;
}

/* Whether the two are open and one file. */
static bool
is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* The capabilities that a process and its children can ever have: proc(5), CapBnd. */
static int
bounding_set_read(int pid, uint64_t *ret, struct err *err)
{
	static const char label[] = "\nCapBnd:\t";
	CLEANUP(buffer_free) struct buffer status = {};
	char path[64];
	size_t offset;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	TRY(file_read(path, STATUS_MAX_SIZE, &status, err));
	offset = span_find(buffer_span(&status), label, 0);
	if (offset == SIZE_MAX)
		return err_set(err, ERR_UNKNOWN, "%s says nothing of capabilities", path);
	*ret = strtoull((const char *)status.data + offset + strlen(label), NULL, 16);
	return 0;
}

/*
 * What a foreign root holds may be hostile: its programs run with no more than the capabilities of
 * the process that lives there, and not at all where that process is root only in a user namespace
 * of its own, for it would be the real root here.
 */
static int
powers_limit(int pid, struct ends *ends, struct err *err)
{
	char path[64];
	CLEANUP(fd_close) int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_NO_INPUT, "open %s", path);
	if (!is_same_file(fd, "/proc/self/ns/user"))
		return err_set(err, ERR_PERMISSION,
			"process %d lives in a user namespace of its own: its programs are not run "
			"from outside",
			pid);
	return bounding_set_read(pid, &ends->capabilities, err);
}

/* Opened before fork: the process may end meanwhile, and errors can still be told. */
static int
world_open(int pid, struct ends *ends, struct err *err)
{
	char path[64];
	bool ours;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	ends->namespace = fd_lift(open(path, O_RDONLY | O_CLOEXEC));
	if (ends->namespace < 0)
		return err_sys(err, ERR_NO_INPUT, "open %s", path);
	(void)snprintf(path, sizeof(path), "/proc/%d/root", pid);
	ends->root = fd_lift(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (ends->root < 0)
		return err_sys(err, ERR_NO_INPUT, "open %s", path);
	/* To enter what is ours anyway would need privileges for nothing. */
	ours = is_same_file(ends->namespace, "/proc/self/ns/mnt");
	if (ours)
		fd_close(&ends->namespace);
	if (ours && is_same_file(ends->root, "/"))
		fd_close(&ends->root);
	return ends->root >= 0 ? powers_limit(pid, ends, err) : 0;
}

/* Where a program of this name may be: at its path, or in the directories of the fixed PATH. */
static void
paths_of(struct arena *arena, const char *name, const char *paths[static PATHS_MAX])
{
	size_t count = 0;

	if (strchr(name, '/') != NULL) {
		paths[count++] = name;
	} else {
		for (size_t i = 0; i < COUNT_OF(search_directories); i++)
			paths[count++] = arena_printf(arena, "%s/%s", search_directories[i], name);
	}
	paths[count] = NULL;
}

static pid_t
fork_quietly(const struct launch *launch)
{
	sigset_t all, before;
	pid_t pid;
	int sys;

	/* No handler of ours may run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		launch_program(launch);
	sys = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = sys;
	return pid;
}

static int
remaining_ms(const struct child *child)
{
	int64_t remaining = child->deadline - now_ms();

	if (remaining < 0)
		return 0;
	return remaining < INT32_MAX ? (int)remaining : INT32_MAX;
}

/* The group first: its number stays taken for as long as the leader is not reaped. */
static void
child_kill(const struct child *child)
{
	(void)kill(-child->pid, SIGKILL);
	(void)kill(child->pid, SIGKILL);
}

/* Takes the status of the ended program, so that its number is free. */
static int
child_reap(const struct child *child)
{
	int status;

	while (waitpid(child->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 128; /* somebody else reaped it: nothing is known */
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reads what there is, and never for ever: a pipe holds at most a MiB (fs.pipe-max-size), and who
 * writes faster than we read must not keep us from looking at the clock. False at its end. */
static bool
output_read(const struct child *child, struct buffer *output)
{
	uint8_t bytes[READ_SIZE];

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t count = read(child->output, bytes, sizeof(bytes));
		size_t room = child->output_limit - output->length;

		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		if (count == 0)
			return false;
		buffer_add(output, bytes, (size_t)count < room ? (size_t)count : room);
	}
	return true;
}

static bool
child_has_ended(const struct child *child)
{
	siginfo_t info = {};

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return errno == ECHILD;
	return info.si_pid != 0;
}

/* Waits until the program has ended and, unless it was detached, nobody holds its output any more;
 * false where the time is over. */
static bool
child_follow(const struct child *child, struct buffer *output)
{
	bool more = true, ended = false;

	while (!ended || (more && !child->detached)) {
		struct pollfd events[] = {
			{ .fd = more ? child->output : -1, .events = POLLIN },
			{ .fd = ended ? -1 : child->handle, .events = POLLIN },
		};
		int wait = remaining_ms(child);

		if (wait == 0)
			return false;
		if (child->handle < 0 && !ended && wait > SLICE_MS)
			wait = SLICE_MS;
		(void)poll(events, COUNT_OF(events), wait);
		/* In this order, so that what a program wrote before its end is read. */
		ended = ended || child_has_ended(child);
		more = more && output_read(child, output);
	}
	return true;
}

/* Waits for execve to close the status pipe, or for the reason why it did not happen. */
static int
child_check_start(const struct child *child, const char *name, struct err *err)
{
	static const char *const steps[] = {
		[LAUNCH_NAMESPACE] = "enter its mount namespace",
		[LAUNCH_ROOT] = "enter its root",
		[LAUNCH_CAPABILITIES] = "give its capabilities up",
		[LAUNCH_STREAMS] = "set its streams up",
		[LAUNCH_REHEARSAL] = "lay proposed files over those that are there",
		[LAUNCH_DIRECTORY] = "enter its directory",
		[LAUNCH_EXECUTE] = "execute it",
	};
	static_assert(COUNT_OF(steps) == LAUNCH__COUNT);
	struct pollfd event = { .fd = child->status, .events = POLLIN };
	struct launch_failure failure;
	ssize_t count;

	while (poll(&event, 1, remaining_ms(child)) < 0 && errno == EINTR)
		continue;
	if (event.revents == 0)
		return err_set(err, ERR_UNKNOWN, "run %s: it did not start in time", name);
	count = read(child->status, &failure, sizeof(failure));
	if (count == 0)
		return 0;
	if (count != sizeof(failure) || (unsigned)failure.step >= LAUNCH__COUNT)
		return err_set(err, ERR_INTERNAL, "run %s: it did not start", name);
	errno = failure.sys;
	return err_sys(err, ERR_IO, "run %s: %s", name, steps[failure.step]);
}

static int
child_start(struct child *child, const struct run *run, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(ends_close) struct ends ends = { -1, -1, -1, -1, -1, UINT64_MAX };
	const char *paths[PATHS_MAX];
	struct launch launch;

	TRY(streams_open(child, &ends, err));
	if (run->namespace_pid > 0)
		TRY(world_open(run->namespace_pid, &ends, err));
	paths_of(arena, run->argv[0], paths);
	launch = (struct launch){
		.run = run,
		.paths = paths,
		.environment = run->environment != NULL ? run->environment : minimal_environment,
		.input = ends.input,
		.output = ends.output,
		.status = ends.status,
		.capabilities = ends.capabilities,
		.namespace = ends.namespace,
		.root = ends.root,
	};
	child->pid = fork_quietly(&launch);
	if (child->pid < 0)
		return err_sys(err, ERR_INTERNAL, "run %s: fork", run->argv[0]);
	child->handle = pidfd_open(child->pid, 0);
	return 0;
}

int
run_program(const struct run *run, struct run_result *ret, struct err *err)
{
	CLEANUP(child_end)
	struct child child = {
		.output = -1,
		.status = -1,
		.handle = -1,
		.deadline = now_ms() +
			    1000 * (int64_t)(run->timeout > 0 ? run->timeout : DEFAULT_TIMEOUT),
		.output_limit = run->output_limit,
		.detached = run->detach,
	};

	*ret = (struct run_result){};
	TRY(child_start(&child, run, err));
	if (child_check_start(&child, run->argv[0], err) < 0) {
		child_kill(&child);
		(void)child_reap(&child);
		return -1;
	}
	ret->timed_out = !child_follow(&child, &ret->output);
	if (ret->timed_out)
		child_kill(&child);
	ret->status = child_reap(&child);
	return 0;
}
