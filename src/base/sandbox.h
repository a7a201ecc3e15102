/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: what a process of a role may still do once it has entered it. Each role is one row
 * of a table in sandbox.c. There are four walls, and each holds where another one has a hole:
 * another user without capabilities, limits of resources, no file system (Landlock), and no system
 * calls but those of the role (seccomp). There is no way back, for a child of the process neither.
 *
 * A call that the role has not is refused with EPERM. A library that tries its luck, for a
 * configuration file say, goes on without it.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Sanitizers reserve terabytes of address space, and say what they found on standard error. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
	__has_feature(thread_sanitizer)
#define SANDBOX_IS_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_IS_SANITIZED
#define SANDBOX_IS_SANITIZED 0
#endif

/* What a process does in there. */
enum sandbox_role {
	SANDBOX_PARSER,  /* reads bytes that it is given: no file, no network, no new descriptor */
	SANDBOX_READER,  /* the same, and of the files that it has open any part */
	SANDBOX_NETWORK, /* talks to peers: no file */
	SANDBOX_WRITER,  /* changes files below the paths that it is given, of any owner: no network
			  */
	SANDBOX__COUNT
};

enum { SANDBOX_MAX_PATHS = 64 };

struct sandbox {
	enum sandbox_role role;
	size_t memory;            /* bytes of address space; 0: no limit */
	unsigned processor;       /* seconds of processor time; 0: no limit */
	const char *const *paths; /* directories of a writer */
	size_t path_count;
};

/* For a process with one thread, its descriptors closed. Without Landlock in the kernel the other
 * walls stand alone; where any of these cannot be raised, it is an error, and the process must end.
 */
[[nodiscard]] int sandbox_enter(const struct sandbox *, struct err *err);

/* Whether this kernel has Landlock. */
bool sandbox_has_landlock(void);
