/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum {
	/* "nobody" of every Linux: the kernel's own overflowuid. */
	NOBODY = 65'534,
	NETWORK_MAX_FILES = 256,
	WRITER_MAX_FILES = 256,
};

/* Landlock of Linux 6.7 (network) and 6.12 (scopes), which headers of 6.1 do not know. */
enum {
	LANDLOCK_ABI_TRUNCATE = 3,
	LANDLOCK_ABI_NETWORK = 4,
	LANDLOCK_ABI_DEVICES = 5,
	LANDLOCK_ABI_SCOPES = 6,
};

struct landlock_rules {
	uint64_t handled_files, handled_network, scoped;
};

#define LANDLOCK_READ        (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* From EXECUTE (bit 0) to REFER (bit 13): all that version 2 has, and all of version 1 but REFER.
 */
#define LANDLOCK_FILES_1     (LANDLOCK_ACCESS_FS_REFER - 1)
#define LANDLOCK_FILES_2     (LANDLOCK_FILES_1 | LANDLOCK_ACCESS_FS_REFER)
#define LANDLOCK_TRUNCATE    (UINT64_C(1) << 14)
#define LANDLOCK_DEVICES     (UINT64_C(1) << 15)
#define LANDLOCK_BIND_TCP    (UINT64_C(1) << 0)
#define LANDLOCK_CONNECT_TCP (UINT64_C(1) << 1)
/* Abstract sockets and signals to processes outside. */
#define LANDLOCK_SCOPES      UINT64_C(3)

/* One filter a role, made when this is built (sandbox_filters.c). The kernel only reads it. */
#include "base/sandbox_filters.inc"
#define FILTER(name)                                                    \
	{                                                               \
		COUNT_OF(name), (struct sock_filter *)(uintptr_t)(name) \
	}

struct role {
	struct sock_fprog calls;
	uint64_t capabilities; /* kept by root, who then stays root */
	uint64_t beneath;      /* Landlock's rights below its paths */
	bool connects;         /* to TCP ports */
	unsigned files;        /* descriptors */
	bool writes_files;     /* else no file grows by it */
};

static const struct role roles[] = {
	[SANDBOX_PARSER] = { .calls = FILTER(parser_filter), .files = 0 },
	[SANDBOX_READER] = { .calls = FILTER(reader_filter), .files = 0 },
	[SANDBOX_NETWORK] = {
		.calls = FILTER(network_filter),
		.connects = true,
		.files = NETWORK_MAX_FILES,
	},
	[SANDBOX_WRITER] = {
		.calls = FILTER(writer_filter),
		.capabilities = UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_FOWNER |
			UINT64_C(1) << CAP_DAC_OVERRIDE,
		.beneath = LANDLOCK_FILES_2 & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE,
		.files = WRITER_MAX_FILES,
		.writes_files = true,
	},
};
static_assert(COUNT_OF(roles) == SANDBOX__COUNT);

static int
limit(int resource, rlim_t most, struct err *err)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return err_sys(err, ERR_INTERNAL, "getrlimit");
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return err_sys(err, ERR_INTERNAL, "setrlimit");
	return 0;
}

static int
limit_resources(const struct sandbox *sandbox, const struct role *role, struct err *err)
{
	TRY(limit(RLIMIT_CORE, 0, err)); /* a core file would hold what the process read */
	if (!role->writes_files)
		TRY(limit(RLIMIT_FSIZE, 0, err));
	if (sandbox->processor > 0)
		TRY(limit(RLIMIT_CPU, sandbox->processor, err));
	if (sandbox->memory > 0 && !SANDBOX_IS_SANITIZED)
		TRY(limit(RLIMIT_AS, sandbox->memory, err));
	return limit(RLIMIT_NOFILE, role->files, err);
}

static int
set_capabilities(uint64_t kept, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3], has[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, has) < 0)
		return err_sys(err, ERR_INTERNAL, "capget");
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t part = (uint32_t)(kept >> 32 * i) & has[i].permitted;

		data[i] = (struct __user_cap_data_struct){ .effective = part, .permitted = part };
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return err_sys(err, ERR_INTERNAL, "capset");
	return 0;
}

/* Root becomes nobody, unless the role changes files of any owner. In a user namespace there may be
 * no other user: capabilities go all the same. The bounding set stays: it is for who executes a
 * program, which no role does, and which gives nobody anything after PR_SET_NO_NEW_PRIVS. */
static int
drop_privileges(const struct role *role, struct err *err)
{
	if (geteuid() == 0 && role->capabilities == 0) {
		if (setgroups(0, NULL) < 0 && errno != EPERM)
			return err_sys(err, ERR_INTERNAL, "setgroups");
		if ((setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			    setresuid(NOBODY, NOBODY, NOBODY) < 0) &&
			errno != EINVAL && errno != EPERM)
			return err_sys(err, ERR_INTERNAL, "setresuid");
	}
	TRY(set_capabilities(role->capabilities, err));
	/* A change of user takes the death signal back, so that it comes after. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, ERR_INTERNAL, "prctl");
	return 0;
}

static long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool
sandbox_has_landlock(void)
{
	return landlock_version() > 0;
}

static struct landlock_rules
landlock_rules(const struct role *role, long version)
{
	struct landlock_rules rules = { .handled_files = LANDLOCK_FILES_1 };

	/* Before version 2 nothing may be moved between directories at all. */
	if (version >= 2)
		rules.handled_files = LANDLOCK_FILES_2;
	if (version >= LANDLOCK_ABI_TRUNCATE)
		rules.handled_files |= LANDLOCK_TRUNCATE;
	if (version >= LANDLOCK_ABI_DEVICES)
		rules.handled_files |= LANDLOCK_DEVICES;
	if (version >= LANDLOCK_ABI_NETWORK)
		rules.handled_network =
			LANDLOCK_BIND_TCP | (role->connects ? 0 : LANDLOCK_CONNECT_TCP);
	if (version >= LANDLOCK_ABI_SCOPES)
		rules.scoped = LANDLOCK_SCOPES;
	return rules;
}

static int
landlock_allow(int ruleset, const char *path, uint64_t rights, struct err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = { .allowed_access = rights, .parent_fd = fd };

	if (fd < 0)
		return err_sys(err, ERR_IO, "open %s", path);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return err_sys(err, ERR_INTERNAL, "landlock_add_rule %s", path);
	return 0;
}

/* Raw system calls: the C library has no names for them. */
static int
wall_off_files(const struct sandbox *sandbox, const struct role *role, struct err *err)
{
	long version = landlock_version();
	struct landlock_rules rules;
	CLEANUP(fd_close) int ruleset = -1;

	/* ENOSYS: not built in; EOPNOTSUPP: not switched on at boot. */
	if (version <= 0)
		return 0;
	rules = landlock_rules(role, version);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules,
		version >= LANDLOCK_ABI_SCOPES ? sizeof(rules)
		: version >= LANDLOCK_ABI_NETWORK
			? offsetof(struct landlock_rules, scoped)
			: offsetof(struct landlock_rules, handled_network),
		0);
	if (ruleset < 0)
		return err_sys(err, ERR_INTERNAL, "landlock_create_ruleset");
	for (size_t i = 0; i < sandbox->path_count && i < SANDBOX_MAX_PATHS; i++)
		TRY(landlock_allow(ruleset, sandbox->paths[i],
			(role->beneath | LANDLOCK_TRUNCATE) & rules.handled_files, err));
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_sys(err, ERR_INTERNAL, "landlock_restrict_self");
	return 0;
}

static int
wall_off_calls(const struct role *role, struct err *err)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &role->calls) < 0)
		return err_sys(err, ERR_INTERNAL, "seccomp");
	return 0;
}

int
sandbox_enter(const struct sandbox *sandbox, struct err *err)
{
	const struct role *role = &roles[sandbox->role];

	TRY(drop_privileges(role, err));
	TRY(wall_off_files(sandbox, role, err));
	TRY(limit_resources(sandbox, role, err));
	return wall_off_calls(role, err);
}
