/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "processes/processes.h"

/* A child that waits for signals, with a name and credentials of its own, until it is ended. */
static pid_t
child_start(bool unprivileged)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_NAME, "a) b (c", 0, 0, 0) < 0)
		_exit(1);
	if (unprivileged) {
		gid_t groups[] = { 1234, 1235 };

		if (setgroups(COUNT_OF(groups), groups) < 0 || setgid(1236) < 0 || setuid(1237) < 0)
			_exit(1);
	}
	for (;;)
		(void)pause();
}

static void
child_end(pid_t *pid)
{
	if (*pid > 0 && kill(*pid, SIGKILL) == 0)
		(void)waitpid(*pid, NULL, 0);
}

static void
wait_a_bit(void)
{
	const struct timespec time = { 0, 100'000'000L };

	(void)nanosleep(&time, NULL);
}

TEST(self, "this process is read as it is")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct process process;
	struct timespec now;

	CHECK(process_read(arena, getpid(), &process) == 0);
	CHECK(process.parent == getppid() && process.argument_count > 0);
	CHECK(process.executable != NULL && !process.executable_deleted);
	CHECK(process.credentials.user == geteuid() && !process.foreign_namespace);
	CHECK_TEXT(process.root, "/");
	(void)clock_gettime(CLOCK_REALTIME, &now);
	CHECK(process.started.seconds <= now.tv_sec + 1);
	CHECK(now.tv_sec - process.started.seconds < 60);
	CHECK(process_is_alive(&process));
}

TEST(name, "a name with brackets and blanks does not shift the fields behind it")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(child_end) pid_t pid = child_start(false);
	struct process process;

	wait_a_bit();
	CHECK(process_read(arena, pid, &process) == 0);
	CHECK_TEXT(process.name, "a) b (c");
	CHECK(process.parent == getpid() && process.state == 'S');
}

TEST(credentials, "user, group, groups and capabilities of a process that gave up root")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct process process;

	if (geteuid() != 0)
		return;
	CLEANUP(child_end) pid_t pid = child_start(true);

	wait_a_bit();
	CHECK(process_read(arena, pid, &process) == 0);
	CHECK(process.credentials.user == 1237 && process.credentials.group == 1236);
	CHECK(process.credentials.group_count == 2);
	CHECK(process.credentials.groups[0] == 1234 && process.credentials.groups[1] == 1235);
	CHECK(process.credentials.capabilities == 0);
	CHECK(process_read(arena, getpid(), &process) == 0);
	CHECK((process.credentials.capabilities & CREDENTIALS_DAC_OVERRIDE) != 0);
}

enum { FIRST_ID = 40001, IDS = 2 };

/* In the child: says when it needs its ids mapped, becomes root of its namespace, and answers each
 * path with the errno of opening it. */
static void
serve_in_namespace(int asked, int answers)
{
	char path[64], errnum = 0;

	if (unshare(CLONE_NEWUSER) < 0 || write(answers, &errnum, 1) != 1 ||
		read(asked, path, sizeof(path)) <= 0 || setgroups(0, NULL) < 0 || setgid(0) < 0 ||
		setuid(0) < 0 || write(answers, &errnum, 1) != 1)
		_exit(1);
	while (read(asked, path, sizeof(path)) == sizeof(path)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		errnum = (char)(fd < 0 ? errno : 0);
		(void)close(fd);
		if (write(answers, &errnum, 1) != 1)
			break;
	}
	_exit(0);
}

static bool
map_ids(pid_t pid, const char *name)
{
	char path[64];
	CLEANUP(fd_close) int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && dprintf(fd, "0 %d %d", FIRST_ID, IDS) > 0;
}

/* What the kernel and what we say of a file with this owner and group; -1 where they differ. */
static int
ask_both(const struct process *process, uid_t owner, gid_t group, int ask, int answers)
{
	CLEANUP(world_freep) struct world *world = world_host();
	char path[64] = "/tmp/trustmend-ids-XXXXXX", errnum = 0;
	int fd = mkstemp(path);
	bool granted;

	if (fd < 0 || fchown(fd, owner, group) < 0 || fchmod(fd, 0) < 0 ||
		write(ask, path, sizeof(path)) != sizeof(path) || read(answers, &errnum, 1) != 1)
		return -1;
	granted = world_may_read(world, path, &process->credentials).stop == ACCESS_GRANTED;
	(void)close(fd);
	(void)unlink(path);
	return granted == (errnum == 0) ? granted : -1;
}

TEST(user_namespace, "root of a user namespace reads what its ids own, as the kernel says")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct process process;
	int ask[2], answers[2];
	char ready;

	if (geteuid() != 0)
		return;
	CHECK(pipe2(ask, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0);
	CLEANUP(child_end) pid_t pid = fork();

	if (pid == 0)
		serve_in_namespace(ask[0], answers[1]);
	(void)close(answers[1]);
	if (read(answers[0], &ready, 1) != 1)
		return; /* there are no user namespaces here */
	CHECK(map_ids(pid, "uid_map") && map_ids(pid, "gid_map"));
	CHECK(write(ask[1], "", 1) == 1 && read(answers[0], &ready, 1) == 1);
	CHECK(process_read(arena, pid, &process) == 0);
	CHECK(process.credentials.in_user_namespace && process.credentials.user == FIRST_ID);
	CHECK(process.credentials.mapped_users.count == 1);
	CHECK(ask_both(&process, FIRST_ID + 1, FIRST_ID + 1, ask[1], answers[0]) == 1);
	CHECK(ask_both(&process, FIRST_ID, FIRST_ID, ask[1], answers[0]) == 1);
	CHECK(ask_both(&process, 0, 0, ask[1], answers[0]) == 0);
	CHECK(ask_both(&process, FIRST_ID, 0, ask[1], answers[0]) == 0);
	CHECK(ask_both(&process, 0, FIRST_ID, ask[1], answers[0]) == 0);
	CHECK(ask_both(&process, FIRST_ID + IDS, FIRST_ID, ask[1], answers[0]) == 0);
	(void)close(ask[0]);
	(void)close(ask[1]);
	(void)close(answers[0]);
	CHECK(process_read(arena, getpid(), &process) == 0);
	CHECK(!process.credentials.in_user_namespace);
}

TEST(gone, "a process that ended is not alive, be it reaped or not, and cannot be read")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	pid_t pid = child_start(false);
	struct process process;

	CHECK(process_read(arena, pid, &process) == 0 && process_is_alive(&process));
	CHECK(kill(pid, SIGKILL) == 0);
	wait_a_bit();
	CHECK(!process_is_alive(&process));
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!process_is_alive(&process) && process_read(arena, pid, &process) < 0);
}

TEST(same_pid, "the same pid with another start is another process")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct process process;

	CHECK(process_read(arena, getpid(), &process) == 0);
	process.start_ticks--;
	CHECK(!process_is_alive(&process));
}

TEST(all, "all processes are listed by pid, this one among them")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct process *list;
	size_t count, found = 0;
	struct err err = { 0 };

	CHECK(processes_read(arena, &list, &count, &err) == 0);
	for (size_t i = 0; i < count; i++) {
		CHECK(i == 0 || list[i].pid > list[i - 1].pid);
		found += list[i].pid == getpid();
	}
	CHECK(found == 1);
}

static bool
is_awkward(const struct process *process)
{
	return strcmp(process->name, "a) b (c") == 0;
}

TEST(survey, "a survey has all, and more than a brief look at those that interest alone")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(child_end) pid_t pid = child_start(false);
	const struct process *list;
	size_t count, found = 0;
	struct err err = { 0 };

	wait_a_bit();
	CHECK(processes_survey(arena, is_awkward, &list, &count, &err) == 0);
	for (size_t i = 0; i < count; i++) {
		if (list[i].pid == getpid()) {
			found++;
			CHECK(list[i].argument_count > 0 && list[i].executable != NULL);
			CHECK(list[i].parent == getppid() && list[i].start_ticks > 0);
			CHECK(list[i].root == NULL && list[i].directory == NULL);
		}
		if (list[i].pid == pid) {
			found++;
			CHECK(list[i].parent == getpid() && list[i].directory != NULL);
			CHECK_TEXT(list[i].root, "/");
		}
	}
	CHECK(found == 2);
}

TEST(children, "children, and what they are blocked in")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(child_end) pid_t pid = child_start(false);
	const pid_t *children;
	size_t count;
	struct err err = { 0 };

	wait_a_bit();
	CHECK(process_children(arena, getpid(), &children, &count, &err) == 0);
	CHECK(count == 1 && children[0] == pid);
	CHECK(process_blocked_in(pid) == SYS_pause || process_blocked_in(pid) == -1);
	CHECK(process_blocked_in(1 << 30) == -1);
}

TEST(environment, "one variable by its whole name")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(child_end) pid_t pid = fork();
	char *const argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
	char *const environment[] = { (char[]){ "AB=1" }, (char[]){ "A=2=3" }, (char[]){ "C=" },
		NULL };

	if (pid == 0) {
		(void)execve("/bin/sleep", argv, environment);
		_exit(1);
	}
	wait_a_bit();
	CHECK_TEXT(process_environment(arena, pid, "A"), "2=3");
	CHECK_TEXT(process_environment(arena, pid, "C"), "");
	CHECK(process_environment(arena, pid, "B") == NULL);
	CHECK(process_environment(arena, 1 << 30, "A") == NULL);
}

TAP_MAIN()
