/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes as facts: who runs, since when, as whom, in which root. Nothing here knows a product; a
 * product recognises its own.
 *
 * Everything is from /proc and belongs to the arena. A process that ends while it is read is left
 * out.
 */
#pragma once

#include "world/access.h"

enum { PROCESS_MAX = 65536, PROCESS_MAX_ARGUMENTS = 4096, PROCESS_MAX_SOCKETS = 65536 };

struct process {
	pid_t pid, parent;
	const char *name;             /* comm */
	const char *executable;       /* as its own root sees it, without " (deleted)"; NULL where
					 unreadable */
	bool executable_deleted;      /* replaced by an upgrade since it started */
	const char *const *arguments; /* NULL-terminated; a rewritten title is one argument */
	size_t argument_count;
	const char *directory; /* working directory, or NULL */
	const char *root;      /* "/" or where it was chrooted to */
	uint64_t mount_namespace;
	bool foreign_namespace; /* not our own mount namespace */
	uint64_t network_namespace;
	struct credentials credentials;
	struct timestamp started; /* the end of the clock tick (10 ms) in which it started */
	uint64_t start_ticks;     /* as the kernel counts them since boot: with the pid, its
				     identity */
	char state;               /* of /proc/PID/stat: 'R', 'S', 'Z' … */
};

/* All of them, sorted by pid. */
[[nodiscard]] int processes_read(
	struct arena *, const struct process **ret, size_t *ret_count, struct err *err);
/* One; -1 where it is gone. */
[[nodiscard]] int process_read(struct arena *, pid_t, struct process *ret);
/* The same process still runs: same pid, same start. */
bool process_is_alive(const struct process *);
/* Pids of its children, sorted. */
[[nodiscard]] int process_children(
	struct arena *, pid_t, const pid_t **ret, size_t *ret_count, struct err *err);
/* The number of the system call it is blocked in; -1 where it is not, or nobody tells. */
long process_blocked_in(pid_t);
/* One variable of its environment by name, or NULL. Others are never kept: they may be secrets. */
const char *process_environment(struct arena *, pid_t, const char *name);

struct listener {
	char address[64]; /* "127.0.0.1", "::", "0.0.0.0" */
	unsigned port;
	pid_t pid; /* one of the given processes that hold it; 0 where none does */
};

/* TCP sockets in state LISTEN of the network namespaces of these processes. */
[[nodiscard]] int process_listeners(struct arena *, const pid_t *pids, size_t count,
	const struct listener **ret, size_t *ret_count);
