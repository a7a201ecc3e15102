/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items without number, worked on by all processors and handed on in their order.
 *
 * The calling thread brings items and takes results; the workers do what is between. Few items are
 * under way at once, so what they hold is bounded however many there are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PIPELINE_MAX_WORKERS = 64, PIPELINE_PER_WORKER = 2 /* items under way */ };

struct pipeline {
	void *owner;
	/* The next item, or NULL after the last one. In the calling thread. */
	void *(*next)(void *owner);
	/* In the worker's thread alone. */
	void (*work)(void *worker, void *item);
	/* In the calling thread, in the order of next, as soon as all before it are done; it ends
	 * the item. -1: nothing more is brought, and what is under way is dropped. */
	int (*done)(void *owner, void *item);
	void (*drop)(void *owner, void *item);
	void *const *workers;
	size_t worker_count;
};

/* 0, or -1 where done said so. One item alone is worked on in the calling thread. */
[[nodiscard]] int pipeline_run(const struct pipeline *);
/* The processors that this process may use, up to PIPELINE_MAX_WORKERS. */
size_t pipeline_workers(void);
