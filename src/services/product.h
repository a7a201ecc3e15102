/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server product: one file in products/, one row in products.def. It recognises its processes,
 * reads its configuration into verifiers, and knows its own way to be tested, reloaded and started.
 */
#pragma once

#include "services/service.h"

/* What a product tells of a process that is its own. */
struct instance {
	const char *config, *prefix;  /* absolute; prefix may be NULL */
	const char *const *arguments; /* as in struct service */
};

struct product {
	const char *name, *title;
	const char *const *usual_configs;  /* NULL-terminated */
	const char *const *usual_programs; /* absolute paths, NULL-terminated */
	bool takes_directories;            /* its configuration may be one */
	/* Whether the product's program runs in it, in whatever part: told from its name,
	 * executable and arguments alone. Nothing more is known of processes of which all products
	 * deny it. */
	bool (*runs)(const struct process *);
	/* Whether this process is the main one of an instance; fills ret then. all are the
	 * machine's processes. */
	bool (*recognise)(struct arena *, const struct process *, const struct process *all,
		size_t count, struct instance *ret);
	/* Fills workers, loaded, readers of a running service. */
	void (*observe)(struct arena *, struct service *, const struct process *all, size_t count);
	/* Reads service->config through service->world: config_files, verifiers, problems,
	 * findings, chroot, readers, log, pid_file. */
	void (*read)(struct arena *, struct service *);
	/*
	 * The server's own test of its configuration, run as it would be started; ret_output is
	 * what it printed. 0: it passes; 1: it does not; -1: it could not be run.
	 */
	int (*test)(
		struct arena *, const struct service *, const char **ret_output, struct err *err);
	/* Reloads in the product's own way and waits until a new generation serves; 1: the server
	 * refused, and runs on as before. */
	int (*reload)(struct arena *, struct service *, struct err *err);
	/* What says that the last reload failed: a line of its log, or what its processes tell,
	 * sanitised; NULL where it did not, or nothing tells. May be NULL. */
	const char *(*reload_failure)(struct arena *, const struct service *);
	/* Starts it by its unit or its own command line. */
	int (*start)(struct arena *, struct service *, struct err *err);
};

/* All products; NULL past the last. */
const struct product *product_get(size_t index);
const struct product *product_find(const char *name);
/* Whether any product runs in this process. */
bool product_runs(const struct process *);
