/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services: who judges by the stores. A service is one configured or running instance of a server
 * product. Its product's reader turns the configuration into verifiers; every value keeps file,
 * line and byte span, so that findings cite it and repairs splice it.
 *
 * Discovery looks at running processes first, then at the usual configuration paths. A service
 * belongs to the arena that found it.
 */
#pragma once

#include "base/rehearsal.h"
#include "processes/process.h"
#include "verify/verify.h"

enum {
	SERVICE_MAX = 1'000,
	SERVICE_MAX_VERIFIERS = 10'000,
	SERVICE_MAX_CONFIG_FILES = 5'000,
	SERVICE_MAX_CONFIG_SIZE = 16 << 20, /* of one file */
	SERVICE_MAX_INCLUDE_DEPTH = 32,
};

struct product;

/* Something in the configuration that is wrong by itself: a syntax error, an include that loops, a
 * file that is missing. */
struct config_problem {
	struct locus where;
	const char *text;
};

/* A cause that the configuration alone shows: reader's own knowledge of its product, by code. */
struct config_finding {
	enum cause_code cause;
	enum severity severity;
	const struct verifier *verifier; /* or NULL */
	struct locus where;
	const char *text;
};

struct service {
	const struct product *product;
	const char *name;   /* short: "nginx", or "nginx-2" where that is taken */
	const char *target; /* "nginx:/etc/nginx/nginx.conf" */
	const char *config; /* main file, absolute in world */
	const char *prefix; /* what relative paths of the configuration are relative to, or NULL */
	struct world *world;
	bool world_is_process; /* its paths are those of a process with another root or mount
				  namespace */

	/* Of the command line that started it, what must be given again to test, reload or start
	 * it. NULL-terminated. */
	const char *const *arguments;
	const char *executable; /* the product's program, absolute; of a running one its own */
	/* "NAME=value" of the environment, as far as its configuration asks for it: to test or
	 * start it, when its process may have ended. NULL-terminated, or NULL. */
	const char *const *environment;

	const char *const *config_files; /* all that were read, the main one first */
	size_t config_file_count;
	struct verifier *verifiers;
	size_t verifier_count;
	const struct config_problem *problems;
	size_t problem_count;
	const struct config_finding *findings;
	size_t finding_count;

	/* While its own test is to see files that are only proposed; else NULL. */
	const struct rehearsal *rehearsal;

	bool running;
	struct process main; /* the one that reloads; where running */
	const pid_t *workers;
	size_t worker_count;
	struct timestamp
		loaded; /* when what now runs was read: the start of the newest worker generation */
	const char *chroot;     /* configured, or NULL */
	struct readers readers; /* at_load: the main process; at_handshake: the workers, or what the
				   configuration says they become */
	const char *log;        /* error log file, or NULL */
	const char *pid_file;   /* or NULL */
};

struct services {
	struct service **list;
	size_t count, capacity;
};

/* Every service that runs here or is configured at a usual path. The world must be the host for
 * running ones to be found. */
[[nodiscard]] int services_discover(
	struct arena *, struct world *, struct services *, struct err *err);
/*
 * One target: PRODUCT:CONFIG, or a short name among those found. A service that runs with that
 * configuration is recognised by its process. -1 with ERR_USAGE (and the nearest right product or
 * name) or ERR_NO_INPUT.
 */
[[nodiscard]] int services_find(
	struct arena *, struct world *, const char *target, struct services *, struct err *err);
/* Reads a service's configuration again, through another world (an overlay of its own): verifiers
 * and problems anew. */
struct service *service_reread(struct arena *, const struct service *, struct world *);
