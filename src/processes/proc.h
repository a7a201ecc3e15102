/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading below /proc/PID: files without a size, links without a bound. All is read below one
 * directory descriptor, which goes stale when the process ends, so that a pid that is given anew
 * cannot mix two processes.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

enum {
	PROC_MAX_FILE = 4 << 20,   /* bytes of a command line, an environment */
	PROC_MAX_TABLE = 64 << 20, /* bytes of a table of sockets: 150 a line */
	PROC_NAME_SIZE = 65        /* TASK_COMM_LEN is 16; names of kernel threads may be longer */
};

/* The directory of a process, or -1. */
int proc_open(pid_t);
/* The first limit bytes of a file below it, NUL-terminated, from the arena; NULL where it cannot be
 * read. */
char *proc_read(struct arena *, int directory, const char *name, size_t limit, size_t *ret_length);
/* Where a link below it leads; NULL where it cannot be read. */
char *proc_link(struct arena *, int directory, const char *name);
/* All pids, sorted. */
[[nodiscard]] int proc_list(struct arena *, pid_t **ret, size_t *ret_count, struct err *err);

/* The fields of /proc/PID/stat that we use (proc(5)). */
struct proc_stat {
	char name[PROC_NAME_SIZE]; /* with its backslashes and newlines escaped */
	pid_t parent;
	char state;
	uint64_t start_ticks;
	bool of_kernel; /* no program runs in it */
};
/* From the process's directory; 0, or -1 where it is gone. */
[[nodiscard]] int proc_stat_read(int directory, struct proc_stat *ret);
/* The same without a directory of it: fewer system calls, where nothing else is read. */
[[nodiscard]] int proc_stat_of(pid_t, struct proc_stat *ret);
