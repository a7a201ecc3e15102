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
	struct credentials credentials;
	struct timestamp started; /* the end of the clock tick (10 ms) in which it started */
	uint64_t start_ticks;     /* as the kernel counts them since boot: with the pid, its
				     identity */
	char state;               /* of /proc/PID/stat: 'R', 'S', 'Z' … */
};

/* All that run a program, sorted by pid. */
[[nodiscard]] int processes_read(
	struct arena *, const struct process **ret, size_t *ret_count, struct err *err);
/*
 * The same, at a third of the cost: only those that interest the caller are read in full. Of the
 * others, and of each when it is asked about, there are pid, parent, name, state, start, executable
 * (as we see it) and arguments; the rest is zero.
 */
[[nodiscard]] int processes_survey(struct arena *, bool (*interests)(const struct process *),
	const struct process **ret, size_t *ret_count, struct err *err);
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
	uint64_t inode;
	pid_t pid; /* one that holds it; 0 where that is not known */
};

/* TCP sockets in state LISTEN of the network namespace of this process, held by nobody yet. */
struct listener *process_listeners(struct arena *, pid_t, size_t *ret_count);
/* Says which of these processes hold them, the first of several: all their descriptors are read. */
void process_listeners_claim(struct listener *, size_t count, const pid_t *pids, size_t pid_count);
