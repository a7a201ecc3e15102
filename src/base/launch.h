/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's half of run.h: from fork to execve. After fork in a process that may have threads
 * only async-signal-safe functions are allowed (POSIX fork), so all that needs memory is made ready
 * before.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/run.h"

enum launch_step {
	LAUNCH_NAMESPACE,
	LAUNCH_ROOT,
	LAUNCH_CAPABILITIES,
	LAUNCH_STREAMS,
	LAUNCH_REHEARSAL,
	LAUNCH_DIRECTORY,
	LAUNCH_EXECUTE,
	LAUNCH__COUNT
};

/* What the child writes to the status pipe where it cannot become the program. */
struct launch_failure {
	enum launch_step step;
	int sys;
};

struct launch {
	const struct run *run;
	const char *const *paths;       /* NULL-terminated; tried in turn */
	const char *const *environment; /* NULL-terminated */
	int input, output, status;      /* descriptors above standard error */
	uint64_t capabilities;          /* the bounding set to keep, a bit for each */
	int namespace, root;            /* -1: ours */
};

/* In the child, with all signals blocked. Never returns. */
_Noreturn void launch_program(const struct launch *);
