/* SPDX-License-Identifier: Apache-2.0 */
/* Each role tries what it must not do, and what it must. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/mem.h"
#include "tap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif

/* Made before the walls: what could be in the hands of a child by a mistake. */
static int inherited_socket, inherited_file, inherited_directory;
static pid_t victim;
static char inside[64], outside[64], elsewhere[64];

enum {
	READER = 1 << SANDBOX_READER,
	NETWORK = 1 << SANDBOX_NETWORK,
	WRITER = 1 << SANDBOX_WRITER,
};

#define ANY_ADDRESS                                                                   \
	(const struct sockaddr *)&(const struct sockaddr_in){                         \
		.sin_family = AF_INET, .sin_port = 0x0900, .sin_addr = { 0x0100007f } \
	},                                                                            \
		sizeof(struct sockaddr_in)

static char *const arguments[] = { NULL };
static uint64_t clone_arguments[8] = { 0, 0, 0, 0, SIGCHLD, 0, 0, 0 };
static char page[16384];

/* Who may do it all the same, what is tried, and an expression that is negative where it fails.
 * Where a wall has fallen these do no harm: what is not refused fails in another way, or in our own
 * files. */
#define ATTEMPTS(TRY_)                                                                             \
	TRY_(0, "read /etc/shadow", open("/etc/shadow", O_RDONLY))                                 \
	TRY_(0, "read /etc/passwd", open("/etc/passwd", O_RDONLY))                                 \
	TRY_(0, "read /proc/self/mem", open("/proc/self/mem", O_RDWR))                             \
	TRY_(0, "list /", open("/", O_RDONLY | O_DIRECTORY))                                       \
	TRY_(0, "open by a directory that is open",                                                \
		openat(inherited_directory, "passwd", O_RDONLY))                                   \
	TRY_(0, "openat2", syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", page, 24))                \
	TRY_(0, "write outside", open(outside, O_WRONLY))                                          \
	TRY_(0, "cut off a file outside", truncate(outside, 0))                                    \
	TRY_(0, "unlink outside", unlink(outside))                                                 \
	TRY_(0, "rename outside", rename(outside, elsewhere))                                      \
	TRY_(0, "hard link outside", link("/etc/passwd", elsewhere))                               \
	TRY_(0, "symbolic link outside", symlink("/etc/passwd", elsewhere))                        \
	TRY_(0, "mkdir outside", mkdir(elsewhere, 0700))                                           \
	TRY_(0, "mknod", mknod(elsewhere, S_IFIFO | 0600, 0))                                      \
	TRY_(0, "chmod by path", chmod(outside, 0644))                                             \
	TRY_(0, "chown by path", chown(outside, 1, 1))                                             \
	TRY_(0, "set the owner of a link", lchown(outside, 1, 1))                                  \
	TRY_(WRITER, "write a file inside", open(inside, O_WRONLY | O_CREAT, 0600))                \
	TRY_(WRITER, "unlink inside", unlink(inside))                                              \
	TRY_(READER | WRITER, "read a part of a file that is open",                                \
		pread(inherited_file, page, 1, 1))                                                 \
	TRY_(WRITER, "fsync", fsync(inherited_file))                                               \
	TRY_(0, "ioctl", syscall(SYS_ioctl, inherited_file, 0x5401, page))                         \
	TRY_(0, "memfd", syscall(SYS_memfd_create, "x", 0))                                        \
	TRY_(0, "pipe", syscall(SYS_pipe2, page, 0))                                               \
	TRY_(0, "dup", dup(inherited_file))                                                        \
	TRY_(0, "inotify", inotify_init())                                                         \
	TRY_(NETWORK, "internet socket", socket(AF_INET, SOCK_STREAM, 0))                          \
	TRY_(NETWORK, "unix socket", socket(AF_UNIX, SOCK_STREAM, 0))                              \
	TRY_(0, "pair of sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)page))               \
	TRY_(NETWORK, "send", send(inherited_socket, page, 1, MSG_NOSIGNAL))                       \
	TRY_(0, "bind", bind(inherited_socket, ANY_ADDRESS))                                       \
	TRY_(0, "listen", listen(inherited_socket, 1))                                             \
	TRY_(0, "accept", accept(inherited_socket, NULL, NULL))                                    \
	TRY_(0, "fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))                                   \
	TRY_(0, "clone with the same memory",                                                      \
		syscall(SYS_clone, SIGCHLD | CLONE_VM, page + 8192, 0, 0, 0))                      \
	TRY_(0, "clone3", syscall(SYS_clone3, clone_arguments, sizeof(clone_arguments)))           \
	TRY_(0, "execve", execve("/bin/true", arguments, arguments))                               \
	TRY_(0, "execveat",                                                                        \
		syscall(SYS_execveat, inherited_file, "", arguments, arguments, AT_EMPTY_PATH))    \
	TRY_(0, "kill another", kill(victim, SIGKILL))                                             \
	TRY_(0, "kill the group", kill(0, SIGKILL))                                                \
	TRY_(0, "kill oneself", kill(getpid(), 0))                                                 \
	TRY_(0, "tgkill", syscall(SYS_tgkill, victim, victim, SIGKILL))                            \
	TRY_(0, "rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, victim, SIGKILL, page))            \
	TRY_(0, "pidfd", syscall(SYS_pidfd_open, victim, 0))                                       \
	TRY_(0, "ptrace attach", ptrace(PTRACE_SEIZE, victim, 0, 0))                               \
	TRY_(0, "ptrace of oneself", ptrace(PTRACE_TRACEME, 0, 0, 0))                              \
	TRY_(0, "read another's memory",                                                           \
		syscall(SYS_process_vm_readv, victim, page, 1, page, 1, 0))                        \
	TRY_(0, "setuid", setuid(0))                                                               \
	TRY_(0, "setresgid", syscall(SYS_setresgid, 0, 0, 0))                                      \
	TRY_(0, "setgroups", syscall(SYS_setgroups, 0, NULL))                                      \
	TRY_(0, "capset", syscall(SYS_capset, page, page + 64))                                    \
	TRY_(0, "prctl", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))                                       \
	TRY_(0, "another filter", syscall(SYS_seccomp, 1, 0, page))                                \
	TRY_(0, "setrlimit", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 9, 9 }))                   \
	TRY_(0, "mount", mount("none", "/nonexistent", "tmpfs", 0, NULL))                          \
	TRY_(0, "umount", umount("/nonexistent"))                                                  \
	TRY_(0, "chroot", chroot("/"))                                                             \
	TRY_(0, "chdir", chdir("/"))                                                               \
	TRY_(0, "unshare", unshare(CLONE_NEWUSER))                                                 \
	TRY_(0, "setns", setns(inherited_file, 0))                                                 \
	TRY_(0, "executable memory",                                                               \
		(long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) \
	TRY_(0, "memory made executable",                                                          \
		mprotect((void *)((uintptr_t)(page + 4095) & ~UINT64_C(4095)), 4096,               \
			PROT_READ | PROT_EXEC))                                                    \
	TRY_(0, "bpf", syscall(SYS_bpf, 0, page, 64))                                              \
	TRY_(0, "perf_event_open", syscall(SYS_perf_event_open, page, 0, -1, -1, 0))               \
	TRY_(0, "io_uring", syscall(SYS_io_uring_setup, 8, page))                                  \
	TRY_(0, "userfaultfd", syscall(SYS_userfaultfd, 0))                                        \
	TRY_(0, "keyctl", syscall(SYS_keyctl, 0, 0, 0))                                            \
	TRY_(0, "init_module", syscall(SYS_init_module, page, 64, ""))                             \
	TRY_(0, "reboot", syscall(SYS_reboot, 0, 0, 0, 0))                                         \
	TRY_(0, "sethostname", syscall(SYS_sethostname, NULL, 1))                                  \
	TRY_(0, "set the clock", syscall(SYS_clock_settime, 0, NULL))                              \
	TRY_(0, "open by handle",                                                                  \
		syscall(SYS_open_by_handle_at, inherited_directory, page, O_RDONLY))

struct attempt {
	unsigned allowed;
	const char *name;
};

#define TRY_ROW(roles, name, expression) { roles, name },
static const struct attempt attempts[] = { ATTEMPTS(TRY_ROW) };

/* For each attempt 0 where it was done, else the errno. */
static void
try_all(uint8_t *results)
{
	size_t i = 0;

#define TRY_NOW(roles, name, expression) \
	errno = 0;                       \
	results[i++] = (long)(expression) < 0 ? (uint8_t)errno : 0;
	ATTEMPTS(TRY_NOW)
#undef TRY_NOW
}

static bool
is_refusal(uint8_t result)
{
	return result == EPERM || result == EACCES || result == ENOSYS;
}

static void
hide_landlock(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL ||
		seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) < 0 ||
		seccomp_load(filter) < 0)
		_exit(3);
	seccomp_release(filter);
}

struct trial {
	enum sandbox_role role;
	bool without_landlock;
	bool as_user; /* not root from the start */
	uint8_t results[COUNT_OF(attempts)];
};

static void
in_child(struct trial *trial, int out)
{
	const char *paths[] = { inside };
	struct sandbox sandbox = { .role = trial->role };
	char directory[64];
	struct err err = {};

	if (trial->without_landlock)
		hide_landlock();
	if (trial->as_user && setresuid(12345, 12345, 12345) < 0)
		_exit(4);
	if (trial->role == SANDBOX_WRITER) {
		(void)snprintf(directory, sizeof(directory), "%s", inside);
		*strrchr(directory, '/') = '\0';
		paths[0] = directory;
		sandbox.paths = paths;
		sandbox.path_count = 1;
	}
	if (sandbox_enter(&sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		(void)fflush(stdout);
		_exit(5);
	}
	try_all(trial->results);
	if (write(out, trial->results, sizeof(trial->results)) < 0)
		_exit(6);
	_exit(0);
}

static bool
run_trial(struct trial *trial)
{
	int ends[2], status = -1;
	ssize_t count;
	pid_t pid;

	if (pipe(ends) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		in_child(trial, ends[1]);
	(void)close(ends[1]);
	count = read(ends[0], trial->results, sizeof(trial->results));
	(void)close(ends[0]);
	return waitpid(pid, &status, 0) == pid && status == 0 &&
	       count == (ssize_t)sizeof(trial->results);
}

static unsigned
count_wrong(const struct trial *trial)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < COUNT_OF(attempts); i++) {
		bool may = (attempts[i].allowed >> trial->role & 1) != 0;

		if (may ? !is_refusal(trial->results[i]) : is_refusal(trial->results[i]))
			continue;
		printf("# role %d, %s: %s\n", trial->role, attempts[i].name,
			strerror(trial->results[i]));
		wrong++;
	}
	return wrong;
}

static void
prepare(void)
{
	static char directory[] = "/tmp/trustmend-sandbox-XXXXXX";

	if (victim != 0)
		return;
	if (mkdtemp(directory) == NULL || chmod(directory, 0777) < 0)
		return;
	(void)snprintf(inside, sizeof(inside), "%s/in", directory);
	(void)snprintf(outside, sizeof(outside), "%s-out", directory);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s-else", directory);
	inherited_socket = socket(AF_INET, SOCK_STREAM, 0);
	inherited_file = open("/etc/passwd", O_RDONLY);
	(void)close(open(outside, O_WRONLY | O_CREAT, 0666));
	inherited_directory = open("/etc", O_PATH | O_DIRECTORY);
	victim = fork();
	if (victim == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)pause();
		_exit(0);
	}
}

static bool
victim_lives(void)
{
	return victim > 0 && waitpid(victim, NULL, WNOHANG) == 0;
}

TEST(without_walls, "what is tried could be done by a process outside")
{
	prepare();
	CHECK(victim_lives());
	CHECK(inherited_socket >= 0 && inherited_file >= 0 && inherited_directory >= 0);
	CHECK(open(inside, O_WRONLY | O_CREAT, 0600) >= 0 && unlink(inside) == 0);
	CHECK(openat(inherited_directory, "passwd", O_RDONLY) >= 0);
	CHECK(access(outside, W_OK) == 0);
	CHECK(COUNT_OF(attempts) >= 60);
}

TEST(parser, "a parser does nothing but compute")
{
	struct trial trial = { .role = SANDBOX_PARSER };

	prepare();
	CHECK(run_trial(&trial));
	CHECK(count_wrong(&trial) == 0);
	CHECK(victim_lives());
}

TEST(reader, "who reads an open file in parts does nothing else beside computing")
{
	struct trial trial = { .role = SANDBOX_READER };

	prepare();
	CHECK(run_trial(&trial));
	CHECK(count_wrong(&trial) == 0);
	CHECK(victim_lives());
}

TEST(network, "who talks to peers opens no file")
{
	struct trial trial = { .role = SANDBOX_NETWORK };

	prepare();
	CHECK(run_trial(&trial));
	CHECK(count_wrong(&trial) == 0);
	CHECK(victim_lives());
}

TEST(writer, "a writer writes where it should, and nowhere else")
{
	struct trial trial = { .role = SANDBOX_WRITER };

	prepare();
	if (!sandbox_has_landlock()) {
		printf("# no Landlock here\n");
		return;
	}
	CHECK(run_trial(&trial));
	CHECK(count_wrong(&trial) == 0);
	CHECK(victim_lives());
}

TEST(no_landlock, "without Landlock the other walls hold as well")
{
	for (enum sandbox_role role = SANDBOX_PARSER; role <= SANDBOX_NETWORK; role++) {
		struct trial trial = { .role = role, .without_landlock = true };

		prepare();
		CHECK(run_trial(&trial));
		CHECK(count_wrong(&trial) == 0);
		CHECK(victim_lives());
	}
}

TEST(as_user, "it holds for a user who has no privilege to lose")
{
	struct trial trial = { .role = SANDBOX_PARSER, .as_user = geteuid() == 0 };

	prepare();
	CHECK(run_trial(&trial));
	CHECK(count_wrong(&trial) == 0);
}

static void *
thread(void *data)
{
	struct digest digest = digest_of(span_of("", 0));

	(void)memcpy(data, digest.bytes, sizeof(digest.bytes));
	return NULL;
}

/* The exit status of a parser with so much memory. */
static int
parser_status(int (*run)(void), size_t memory, unsigned processor)
{
	struct sandbox sandbox = {
		.role = SANDBOX_PARSER,
		.memory = memory,
		.processor = processor,
	};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_enter(&sandbox, NULL) < 0 ? 99 : run());
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int
work(void)
{
	uint8_t digest[DIGEST_SIZE] = {};
	pthread_t one;
	void *memory = mem_alloc(64 << 20);
	struct timespec now;

	memset(memory, 1, 64 << 20);
	mem_free(memory);
	if (pthread_create(&one, NULL, thread, digest) != 0 || pthread_join(one, NULL) != 0)
		return 1;
	return digest[0] == 0xe3 && clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? 0 : 2;
}

TEST(computes, "memory, threads and libcrypto work in there")
{
	(void)digest_of(span_of("", 0)); /* libcrypto reads its configuration outside */
	CHECK(parser_status(work, 0, 0) == 0);
}

/* Where all can see it: a compiler need not allocate what nobody looks at. */
static char *volatile grabbed;

static int
grab(void)
{
	enum { PIECE = 1 << 20, PIECES = 4096 };

	for (int i = 0; i < PIECES; i++) {
		char *piece = malloc(PIECE);

		if (piece == NULL)
			return i < 600 ? 7 : 8;
		memset(piece, i, PIECE);
		grabbed = piece;
	}
	return 9;
}

TEST(memory, "there is no more memory than was granted")
{
#if !defined(__SANITIZE_ADDRESS__)
	int status = parser_status(grab, (size_t)512 << 20, 0);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
#endif
}

static int
spin(void)
{
	for (volatile unsigned turn = 0;; turn++)
		;
	return 0;
}

TEST(processor, "and no more processor time")
{
	int status = parser_status(spin, 0, 1);

	CHECK(WIFSIGNALED(status));
}

static int
end_badly(void)
{
	abort();
}

TEST(abort, "who aborts ends, though no signal can be sent")
{
	int status = parser_status(end_badly, 0, 0);

	/* By a signal, or under a sanitizer by its exit. */
	CHECK(status > 0);
}

int
main(void)
{
	int status = tap_run_all();
	char directory[64];

	if (victim > 0) {
		(void)kill(victim, SIGKILL);
		(void)waitpid(victim, NULL, 0);
		(void)snprintf(directory, sizeof(directory), "%s", inside);
		*strrchr(directory, '/') = '\0';
		(void)unlink(inside);
		(void)unlink(outside);
		(void)rmdir(directory);
	}
	return status;
}
