/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What products share in testing, reloading and starting: running their program as the service was
 * started, signals, waiting for a new generation.
 */
#pragma once

#include "services/product.h"

enum { CONTROL_TIMEOUT = 30 /* seconds until a reload or start has failed */ };

/* Why none of the service's programs can be run from here, or NULL: they are another machine's, or
 * there is none. A file system below a directory can be mended all the same. From the arena. */
const char *control_unavailable(struct arena *, const struct service *);
/* Runs argv in the service's own mount namespace and root. The program's exit status, or 128 +
 * signal; -1 where it could not be run, or did not end in time. Output from the arena. */
int control_run(struct arena *, const struct service *, const char *const *argv, bool detach,
	const char **ret_output, struct err *err);
/* Sends a signal to the service's main process, if it is still the same. */
[[nodiscard]] int control_signal(const struct service *, int signal, struct err *err);
/*
 * Waits until a child of the main process that matches is younger than since and listening is back.
 * worker_name is a process name (comm): then one young child is enough; or a whole title, with a
 * blank in it, that old workers give up when they retire: then no old one may bear it any more.
 * 0: there is a new generation; 1: the main process is alive and has no new generation; -1: it
 * died.
 */
int control_await_generation(
	struct arena *, const struct service *, struct timestamp since, const char *worker_name);
/* Now, on the clock that process starts are measured by. */
struct timestamp control_now(void);
