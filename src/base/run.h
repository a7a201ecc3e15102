/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running other programs: a server's own config test, its reload. Never through a shell, never a
 * program that an input named: the first word is one of our own tables or the executable of a
 * process that already runs.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "base/rehearsal.h"

struct run {
	const char *const
		*argv; /* NULL-terminated; argv[0] is a path, or a name found in the fixed PATH */
	const char *const *environment; /* NULL-terminated "NAME=value"; NULL: a minimal one */
	const char *directory;          /* working directory, or NULL */
	int timeout;                    /* seconds; the program is killed then; 0: a minute */
	int namespace_pid; /* run in the mount namespace and root of this process, with no more
			      capabilities than it can have; 0: ours */
	const struct rehearsal *rehearsal; /* files that it is to see as they would be; or NULL */
	size_t output_limit; /* bytes kept of standard output and error together; the rest is
				dropped */
	bool detach; /* starts a server: new session, do not wait for its children's pipes */
};

struct run_result {
	int status; /* exit status, or 128 + signal */
	bool timed_out;
	struct buffer output; /* standard output and error, interleaved */
};

/* -1 only where the program could not be started at all. *ret is filled anew: free an older one
 * first. */
[[nodiscard]] int run_program(const struct run *, struct run_result *ret, struct err *err);
void run_result_free(struct run_result *);
