/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the filter of system calls of each role of the sandbox, as it is compiled into sandbox.c:
 * libseccomp makes them when we are built, so that no process has to be that enters one.
 *
 *     sandbox_filters ARCHITECTURE OUT
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/own.h"

/* What any process needs to compute and to end; memory is never executable (see memory_calls), and
 * clone makes threads alone. */
static const int compute_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
};

static const int reader_calls[] = {
	SCMP_SYS(pread64),
};

static const int network_calls[] = {
	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(fcntl),
	SCMP_SYS(close),
};

/* Landlock does not look at chmod, chown and their like: by descriptor alone, then, for these come
 * from an open that it has looked at. */
static const int writer_calls[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(fcntl),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(getdents64),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(symlink),
	SCMP_SYS(symlinkat),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(fgetxattr),
	SCMP_SYS(flistxattr),
	SCMP_SYS(fsetxattr),
};

struct role {
	const char *name;
	const int *calls; /* beside those of compute_calls */
	size_t call_count;
};

static const struct role roles[] = {
	{ "parser", NULL, 0 },
	{ "reader", reader_calls, COUNT_OF(reader_calls) },
	{ "network", network_calls, COUNT_OF(network_calls) },
	{ "writer", writer_calls, COUNT_OF(writer_calls) },
};

/* All of libseccomp answers with -errno. */
static int
allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* A call that this architecture has not, such as open(2) of arm64. */
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

		if (result < 0 && result != -EDOM)
			return result;
	}
	return 0;
}

/* Memory that is never executable, and threads but no processes. clone3 keeps its flags where a
 * filter cannot look; the C library falls back to clone where there is no such call. */
static int
allow_some(scmp_filter_ctx filter)
{
	const scmp_datum_t thread = CLONE_THREAD | CLONE_VM;
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return result;
}

/* For the architecture that we are built for, which need not be this one. */
static int
set_architecture(scmp_filter_ctx filter, const char *name)
{
	uint32_t wanted = seccomp_arch_resolve_name(name);
	int result;

	if (wanted == 0)
		return -EINVAL;
	if (wanted == seccomp_arch_native())
		return 0;
	result = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	return result == 0 ? seccomp_arch_add(filter, wanted) : result;
}

static int
write_filter(scmp_filter_ctx filter, const char *name, FILE *out)
{
	FILE *made = tmpfile();
	struct sock_filter step;
	int result = made == NULL ? -errno : seccomp_export_bpf(filter, fileno(made));

	if (made == NULL)
		return result;
	rewind(made);
	(void)fprintf(out, "static const struct sock_filter %s_filter[] = {\n", name);
	while (result == 0 && fread(&step, sizeof(step), 1, made) == 1)
		(void)fprintf(
			out, "\t{ %#x, %u, %u, %#x },\n", step.code, step.jt, step.jf, step.k);
	(void)fprintf(out, "};\n");
	(void)fclose(made);
	return result;
}

static int
make_filter(const struct role *role, const char *architecture, FILE *out)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter == NULL ? -ENOMEM : set_architecture(filter, architecture);

	if (result == 0)
		result = allow(filter, compute_calls, COUNT_OF(compute_calls));
	if (result == 0)
		result = allow(filter, role->calls, role->call_count);
	if (result == 0)
		result = allow_some(filter);
	if (result == 0)
		result = write_filter(filter, role->name, out);
	seccomp_release(filter);
	return result;
}

int
main(int count, char **arguments)
{
	FILE *out = count == 3 ? fopen(arguments[2], "w") : NULL;
	int result = out == NULL ? -EINVAL : 0;

	for (size_t i = 0; i < COUNT_OF(roles) && result == 0; i++)
		result = make_filter(&roles[i], arguments[1], out);
	if (out != NULL && fclose(out) != 0 && result == 0)
		result = -EIO;
	if (result != 0)
		(void)fprintf(stderr, "sandbox_filters: %s\n", strerror(-result));
	return result == 0 ? 0 : 1;
}
