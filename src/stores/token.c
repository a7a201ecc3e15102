/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/base.h"
#include "base/sandbox.h"

enum { CHILD_MEMORY_MIB = 2048, FAILED = 1 };

bool
token_is_name(const char *name)
{
	return text_starts(name, "pkcs11:");
}

static void
limit(int resource, rlim_t most)
{
	const struct rlimit limit = { most, most };

	(void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Ends with an error's words on the pipe, or the listing. */
static _Noreturn void
child(const char *name, int out, pid_t parent)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *fault;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent || nothing < 0)
		_exit(FAILED);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, TOKEN_SECONDS);
	if (!SANDBOX_IS_SANITIZED)
		limit(RLIMIT_AS, (rlim_t)CHILD_MEMORY_MIB << 20);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(nothing, fd);
	out = dup2(out, STDERR_FILENO + 1);
	file_close_from(STDERR_FILENO + 2);
	fault = token_forbid_changes()
			? token_write_objects(name, out)
			: "modules are loaded by nobody who cannot keep them from writing "
			  "(user namespaces are off): ask as root";
	if (fault != NULL)
		(void)!write(out, fault, strlen(fault));
	_exit(fault != NULL ? FAILED : 0);
}

static int64_t
milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

/* Until the end of what it says, or of its time, or of what is read. */
static const char *
read_answer(int in, struct buffer *out)
{
	int64_t end = milliseconds() + TOKEN_SECONDS * 1000;
	uint8_t bytes[1 << 16];

	for (;;) {
		struct pollfd waiting = { in, POLLIN, 0 };
		int64_t left = end - milliseconds();
		ssize_t count;

		if (left <= 0 || out->length > TOKEN_MAX_LISTING)
			return left <= 0 ? "the modules of p11-kit did not answer in time"
					 : "it has more objects than are read";
		if (poll(&waiting, 1, (int)left) < 0 && errno != EINTR)
			return "poll fails";
		if ((waiting.revents & (POLLIN | POLLHUP)) == 0)
			continue;
		count = read(in, bytes, sizeof(bytes));
		if (count <= 0)
			return count < 0 ? "the modules of p11-kit cannot be heard" : NULL;
		buffer_add(out, bytes, (size_t)count);
	}
}

static int
ask(const char *name, struct buffer *out, struct err *err)
{
	int ends[2], status = 0;
	pid_t parent = getpid(), pid;
	const char *fault;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_INTERNAL, "pipe");
	pid = quiet_fork();
	if (pid == 0)
		child(name, ends[1], parent);
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return err_sys(err, ERR_INTERNAL, "fork");
	}
	fault = read_answer(ends[0], out);
	(void)close(ends[0]);
	if (fault != NULL)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fault != NULL)
		return err_set(err, ERR_UNKNOWN, "%s", fault);
	if (!WIFEXITED(status))
		return err_set(err, ERR_UNKNOWN, "a module of p11-kit brought its process down");
	if (WEXITSTATUS(status) != 0)
		return err_set(err, ERR_NO_INPUT, "%.200s",
			out->length > 0 ? (const char *)out->data : "p11-kit could not be asked");
	return 0;
}

int
token_list(struct arena *arena, struct world *world, const char *name, struct span *ret,
	struct err *err)
{
	CLEANUP(buffer_free) struct buffer listing = {}, objects = {};
	bool is_here = strcmp(world_root(world), "/") == 0;

	/* What follows "?" would name a module to load, or a PIN. */
	if (strchr(name, '?') != NULL || strlen(name) > TOKEN_MAX_NAME)
		return err_set(err, ERR_USAGE,
			"of a pkcs11: name the path is taken, and no module or PIN behind a "
			"question mark");
	buffer_add_text(&listing, TOKEN_LISTING_HEAD);
	token_check_modules(arena, world, &listing);
	if (is_here && ask(name, &objects, err) < 0)
		return -1;
	if (!is_here && listing.length == sizeof(TOKEN_LISTING_HEAD) - 1)
		return err_set(err, ERR_PERMISSION,
			"a token is asked on the machine that has it, and %s is none",
			world_root(world));
	buffer_add(&listing, objects.data, objects.length);
	*ret = span_of(arena_dup(arena, listing.data, listing.length), listing.length);
	return 0;
}
