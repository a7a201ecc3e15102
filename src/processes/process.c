/* SPDX-License-Identifier: Apache-2.0 */
#include "processes/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "processes/id_map.h"
#include "processes/proc.h"

enum { STATUS_SIZE = 1 << 20, NAME_SIZE = 4096, PATH_SIZE = 64, PASSWORD_ENTRY_SIZE = 16 << 10 };
enum { NANOSECONDS = 1'000'000'000 };
/* Columns of "Uid:" and "Gid:": real, effective, saved, file system (proc(5)). */
enum { STATUS_FILE_SYSTEM_ID = 3 };

static const char deleted_mark[] = " (deleted)";

/* When the machine booted, on the clock of file times; asked once, so that two processes are
 * compared by the same. */
static int64_t
boot_time(void)
{
	static int64_t boot;
	struct timespec real, since_boot;

	if (boot != 0)
		return boot;
	(void)clock_gettime(CLOCK_REALTIME, &real);
	(void)clock_gettime(CLOCK_BOOTTIME, &since_boot);
	boot = (int64_t)(real.tv_sec - since_boot.tv_sec) * NANOSECONDS + real.tv_nsec -
	       since_boot.tv_nsec;
	return boot;
}

/*
 * The kernel gives whole ticks, rounded down. A file that was changed in the same tick, before a
 * reload, must not look newer than the workers that have read it: so the end of the tick is taken.
 */
static struct timestamp
start_time(uint64_t ticks)
{
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	int64_t moment;

	if (per_second == 0 || ticks > (uint64_t)INT64_MAX / NANOSECONDS)
		return (struct timestamp){ 0 };
	moment = boot_time() + (int64_t)((ticks + 1) / per_second) * NANOSECONDS +
		 (int64_t)((ticks + 1) % per_second * (NANOSECONDS / per_second));
	return (struct timestamp){ .seconds = moment / NANOSECONDS,
		.nanoseconds = (uint32_t)(moment % NANOSECONDS) };
}

/* The value of a line of /proc/PID/status. */
static const char *
status_value(const char *status, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = status; line != NULL && *line != '\0';) {
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			return line + length + 1;
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return NULL;
}

static uint32_t
status_id(const char *status, const char *key)
{
	const char *value = status_value(status, key);
	char *end;
	unsigned long id = 0;

	for (int column = 0; value != NULL && column <= STATUS_FILE_SYSTEM_ID; column++) {
		id = strtoul(value, &end, 10);
		value = end;
	}
	return (uint32_t)id;
}

static void
status_groups(struct arena *arena, const char *status, struct credentials *ret)
{
	const char *value = status_value(status, "Groups");
	gid_t *groups = NULL;
	size_t count = 0, capacity = 0;

	while (value != NULL && count < CREDENTIALS_MAX_GROUPS) {
		value += strspn(value, " \t");
		if (*value < '0' || *value > '9')
			break;
		groups = arena_grow(arena, groups, count, &capacity, sizeof(*groups));
		groups[count++] = (gid_t)strtoul(value, (char **)&value, 10);
	}
	ret->groups = groups;
	ret->group_count = count;
}

static const char *
user_name(struct arena *arena, uid_t user)
{
	char space[PASSWORD_ENTRY_SIZE];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(user, &entry, space, sizeof(space), &found) != 0 || found == NULL)
		return NULL;
	return text_sanitize(arena, found->pw_name, strlen(found->pw_name));
}

/* SELinux gives a context, AppArmor "profile (mode)", of which a mode that only complains stops
 * nothing. */
static const char *
security_label(struct arena *arena, int directory)
{
	char *label = proc_read(arena, directory, "attr/current", NAME_SIZE, NULL);
	const char *mode;

	if (label == NULL)
		return NULL;
	label[strcspn(label, "\n")] = '\0';
	mode = strstr(label, " (");
	if (mode != NULL && strcmp(mode, " (enforce)") != 0)
		return NULL;
	return *label == '\0' || strcmp(label, "unconfined") == 0 ? NULL : label;
}

static uint64_t
namespace_number(struct arena *arena, int directory, const char *name)
{
	const char *link = proc_link(arena, directory, name);
	const char *number = link != NULL ? strchr(link, '[') : NULL;

	return number != NULL ? strtoull(number + 1, NULL, 10) : 0;
}

/* Their numbers; 0 where they cannot be read. */
struct namespaces {
	uint64_t mount, user;
};

/* Where the process has another user namespace than we have. */
static void
read_id_maps(struct arena *arena, int directory, uint64_t own, struct credentials *ret)
{
	uint64_t number = namespace_number(arena, directory, "ns/user");

	if (number == 0 || own == 0 || number == own)
		return;
	ret->in_user_namespace = true;
	ret->mapped_users = id_map_read(arena, directory, "uid_map");
	ret->mapped_groups = id_map_read(arena, directory, "gid_map");
}

static int
read_credentials(struct arena *arena, int directory, uint64_t own, struct credentials *ret)
{
	const char *status = proc_read(arena, directory, "status", STATUS_SIZE, NULL);
	const char *capabilities;

	if (status == NULL)
		return -1;
	ret->user = status_id(status, "Uid");
	ret->group = status_id(status, "Gid");
	status_groups(arena, status, ret);
	capabilities = status_value(status, "CapEff");
	ret->capabilities = capabilities != NULL ? strtoull(capabilities, NULL, 16) : 0;
	ret->label = security_label(arena, directory);
	ret->user_name = user_name(arena, ret->user);
	read_id_maps(arena, directory, own, ret);
	return 0;
}

static void
read_arguments(struct arena *arena, int directory, const char *path, struct process *ret)
{
	size_t length = 0, capacity = 0, count = 0;
	const char *text = proc_read(arena, directory, path, PROC_MAX_FILE, &length);
	const char **arguments = arena_alloc(arena, sizeof(*arguments));

	for (size_t offset = 0; text != NULL && offset < length && count < PROCESS_MAX_ARGUMENTS;) {
		arguments = arena_grow(
			arena, count > 0 ? arguments : NULL, count, &capacity, sizeof(*arguments));
		arguments[count++] = text + offset;
		offset += strlen(text + offset) + 1;
	}
	/* A program that writes a title over its arguments leaves NUL bytes behind it. */
	while (count > 1 && *arguments[count - 1] == '\0' && strchr(arguments[0], ' ') != NULL)
		count--;
	if (count > 0)
		arguments = arena_grow(arena, arguments, count, &capacity, sizeof(*arguments));
	arguments[count] = NULL;
	ret->arguments = arguments;
	ret->argument_count = count;
}

static void
read_executable(struct arena *arena, int directory, const char *name, struct process *ret)
{
	char *path = proc_link(arena, directory, name);

	if (path == NULL)
		return;
	if (text_ends(path, deleted_mark)) {
		path[strlen(path) - strlen(deleted_mark)] = '\0';
		ret->executable_deleted = true;
	}
	ret->executable = path;
}

/* /proc/PID/exe is as we would see it: below the process's root, when it has one of its own. */
static void
strip_root(struct process *process)
{
	size_t root = strlen(process->root);

	if (process->executable != NULL && root > 1 &&
		text_starts(process->executable, process->root) && process->executable[root] == '/')
		process->executable += root;
}

static struct namespaces
own_namespaces(struct arena *arena)
{
	CLEANUP(fd_close) int directory = proc_open(getpid());

	return (struct namespaces){ namespace_number(arena, directory, "ns/mnt"),
		namespace_number(arena, directory, "ns/user") };
}

static const char *
process_name(struct arena *arena, int directory)
{
	char *name = proc_read(arena, directory, "comm", NAME_SIZE, NULL);

	if (name != NULL)
		name[strcspn(name, "\n")] = '\0';
	return name;
}

static void
set_stat(struct process *process, const struct proc_stat *stat)
{
	process->parent = stat->parent;
	process->state = stat->state;
	process->start_ticks = stat->start_ticks;
	process->started = start_time(stat->start_ticks);
}

/* own: those of this process. */
static int
read_process(struct arena *arena, pid_t pid, struct namespaces own, struct process *ret)
{
	CLEANUP(fd_close) int directory = proc_open(pid);
	struct proc_stat stat;
	struct process process = { .pid = pid };

	if (directory < 0 || proc_stat_read(directory, &stat) < 0)
		return -1;
	set_stat(&process, &stat);
	process.name = process_name(arena, directory);
	if (process.name == NULL ||
		read_credentials(arena, directory, own.user, &process.credentials) < 0)
		return -1;
	process.root = proc_link(arena, directory, "root");
	if (process.root == NULL)
		process.root = "/";
	process.directory = proc_link(arena, directory, "cwd");
	read_arguments(arena, directory, "cmdline", &process);
	read_executable(arena, directory, "exe", &process);
	strip_root(&process);
	process.mount_namespace = namespace_number(arena, directory, "ns/mnt");
	process.foreign_namespace = process.mount_namespace != 0 && own.mount != 0 &&
				    process.mount_namespace != own.mount;
	*ret = process;
	return 0;
}

int
process_read(struct arena *arena, pid_t pid, struct process *ret)
{
	return read_process(arena, pid, own_namespaces(arena), ret);
}

/*
 * What tells a program from another one; -1 where there is none. Paths below /proc do instead of a
 * directory of the process: what is mixed here of two processes of one pid interests nobody, or is
 * read anew.
 */
static int
read_brief(struct arena *arena, int proc, pid_t pid, struct process *ret)
{
	struct process process = { .pid = pid };
	struct proc_stat stat;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%d/exe", (int)pid);
	read_executable(arena, proc, path, &process);
	/* fs/proc/base.c, proc_exe_link: threads of the kernel and zombies have none. */
	if (process.executable == NULL && errno == ENOENT)
		return -1;
	if (proc_stat_of(pid, &stat) < 0 || stat.of_kernel)
		return -1;
	set_stat(&process, &stat);
	process.name = arena_strdup(arena, stat.name);
	(void)snprintf(path, sizeof(path), "%d/cmdline", (int)pid);
	read_arguments(arena, proc, path, &process);
	*ret = process;
	return 0;
}

/* Threads of the kernel are no processes that anybody serves with, and most machines have more of
 * them than of all others. */
int
processes_survey(struct arena *arena, bool (*interests)(const struct process *),
	const struct process **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(fd_close) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process *list;
	pid_t *pids;
	size_t count, kept = 0;
	struct namespaces own = own_namespaces(arena);

	TRY(proc_list(arena, &pids, &count, err));
	list = arena_alloc(arena, (count + 1) * sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		if (read_brief(arena, proc, pids[i], &list[kept]) < 0)
			continue;
		if (!interests(&list[kept]) || read_process(arena, pids[i], own, &list[kept]) == 0)
			kept++;
	}
	*ret = list;
	*ret_count = kept;
	return 0;
}

static bool
interests_always(const struct process *)
{
	return true;
}

int
processes_read(struct arena *arena, const struct process **ret, size_t *ret_count, struct err *err)
{
	return processes_survey(arena, interests_always, ret, ret_count, err);
}

int
process_children(
	struct arena *arena, pid_t parent, const pid_t **ret, size_t *ret_count, struct err *err)
{
	pid_t *pids, *children;
	size_t count, kept = 0;

	TRY(proc_list(arena, &pids, &count, err));
	children = arena_alloc(arena, (count + 1) * sizeof(*children));
	for (size_t i = 0; i < count; i++) {
		struct proc_stat stat;

		if (proc_stat_of(pids[i], &stat) == 0 && stat.parent == parent)
			children[kept++] = pids[i];
	}
	*ret = children;
	*ret_count = kept;
	return 0;
}

bool
process_is_alive(const struct process *process)
{
	struct proc_stat stat;

	/* 'Z' and 'X': ended, and waiting for its parent (proc(5)). */
	return proc_stat_of(process->pid, &stat) == 0 && stat.start_ticks == process->start_ticks &&
	       stat.state != 'Z' && stat.state != 'X';
}

long
process_blocked_in(pid_t pid)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(fd_close) int directory = proc_open(pid);
	const char *text =
		directory >= 0 ? proc_read(arena, directory, "syscall", NAME_SIZE, NULL) : NULL;

	return text != NULL && *text >= '0' && *text <= '9' ? strtol(text, NULL, 10) : -1;
}

const char *
process_environment(struct arena *arena, pid_t pid, const char *name)
{
	/* What is not asked for may be secret: it is overwritten before this returns. */
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	CLEANUP(fd_close) int directory = proc_open(pid);
	size_t length = 0, wanted = strlen(name);
	char *text = directory >= 0
			     ? proc_read(scratch, directory, "environ", PROC_MAX_FILE, &length)
			     : NULL;
	const char *value = NULL;

	for (size_t offset = 0; text != NULL && offset < length && value == NULL;) {
		if (strncmp(text + offset, name, wanted) == 0 && text[offset + wanted] == '=')
			value = arena_strdup(arena, text + offset + wanted + 1);
		offset += strlen(text + offset) + 1;
	}
	if (text != NULL)
		secret_wipe(text, length);
	return value;
}
