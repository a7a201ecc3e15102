/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pipeline.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "base/mem.h"

enum { SLOTS_MAX = PIPELINE_MAX_WORKERS * PIPELINE_PER_WORKER };

/* Items are numbered from 0; slot n % count holds item n from its coming to its end. */
struct flow {
	const struct pipeline *pipeline;
	void *items[SLOTS_MAX];
	size_t slot_count;
	pthread_mutex_t lock;
	pthread_cond_t brought, worked;
	/* Under the lock. */
	bool is_done[SLOTS_MAX];
	size_t taken, count; /* items that a worker took, and that were brought */
	bool is_over;        /* no more will be brought */
	/* The calling thread's. */
	size_t ended;
	pthread_t threads[PIPELINE_MAX_WORKERS];
	size_t thread_count;
};

struct labourer {
	struct flow *flow;
	void *worker;
};

static void *
labour(void *data)
{
	struct labourer *labourer = data;
	struct flow *flow = labourer->flow;

	(void)pthread_mutex_lock(&flow->lock);
	for (;;) {
		size_t slot;

		while (flow->taken == flow->count && !flow->is_over)
			(void)pthread_cond_wait(&flow->brought, &flow->lock);
		if (flow->taken == flow->count)
			break;
		slot = flow->taken++ % flow->slot_count;
		(void)pthread_mutex_unlock(&flow->lock);
		flow->pipeline->work(labourer->worker, flow->items[slot]);
		(void)pthread_mutex_lock(&flow->lock);
		flow->is_done[slot] = true;
		(void)pthread_cond_signal(&flow->worked);
	}
	(void)pthread_mutex_unlock(&flow->lock);
	return NULL;
}

/* Threads begin with the second item; false where there are none, and the caller works. */
static bool
hire(struct flow *flow, struct labourer labourers[static PIPELINE_MAX_WORKERS])
{
	const struct pipeline *pipeline = flow->pipeline;

	while (flow->thread_count < pipeline->worker_count) {
		struct labourer *labourer = &labourers[flow->thread_count];

		*labourer = (struct labourer){ flow, pipeline->workers[flow->thread_count] };
		if (pthread_create(&flow->threads[flow->thread_count], NULL, labour, labourer) != 0)
			break;
		flow->thread_count++;
	}
	return flow->thread_count > 0;
}

static void
bring(struct flow *flow, void *item)
{
	size_t slot = flow->count % flow->slot_count;

	flow->items[slot] = item;
	(void)pthread_mutex_lock(&flow->lock);
	flow->is_done[slot] = false;
	flow->count++;
	(void)pthread_cond_signal(&flow->brought);
	(void)pthread_mutex_unlock(&flow->lock);
}

/* The oldest item that is under way, once it is worked on; NULL: that would be to wait. */
static void *
take(struct flow *flow, bool wait)
{
	size_t slot = flow->ended % flow->slot_count;
	bool is_done;

	(void)pthread_mutex_lock(&flow->lock);
	while (wait && !flow->is_done[slot])
		(void)pthread_cond_wait(&flow->worked, &flow->lock);
	is_done = flow->is_done[slot];
	(void)pthread_mutex_unlock(&flow->lock);
	if (!is_done)
		return NULL;
	flow->ended++;
	return flow->items[slot];
}

/* Hands on what is done, until no more than so many are under way. */
static int
hand_on(struct flow *flow, size_t remaining)
{
	const struct pipeline *pipeline = flow->pipeline;

	while (flow->ended < flow->count) {
		void *item = take(flow, flow->count - flow->ended > remaining);

		if (item == NULL)
			return 0;
		TRY(pipeline->done(pipeline->owner, item));
	}
	return 0;
}

static int
run_threads(struct flow *flow, void *item)
{
	const struct pipeline *pipeline = flow->pipeline;

	for (; item != NULL; item = pipeline->next(pipeline->owner)) {
		bring(flow, item);
		TRY(hand_on(flow, flow->slot_count - 1));
	}
	return hand_on(flow, 0);
}

static int
run_alone(const struct pipeline *pipeline, void *item)
{
	for (; item != NULL; item = pipeline->next(pipeline->owner)) {
		pipeline->work(pipeline->workers[0], item);
		TRY(pipeline->done(pipeline->owner, item));
	}
	return 0;
}

/* What nobody took is dropped without being worked on. */
static void
dismiss(struct flow *flow)
{
	const struct pipeline *pipeline = flow->pipeline;

	(void)pthread_mutex_lock(&flow->lock);
	flow->is_over = true;
	flow->taken = flow->count;
	(void)pthread_cond_broadcast(&flow->brought);
	(void)pthread_mutex_unlock(&flow->lock);
	for (size_t i = 0; i < flow->thread_count; i++)
		(void)pthread_join(flow->threads[i], NULL);
	for (; flow->ended < flow->count; flow->ended++)
		pipeline->drop(pipeline->owner, flow->items[flow->ended % flow->slot_count]);
}

/* The second item, which was brought to see whether there is one, waits for the first. */
static int
run_pair(struct flow *flow, void *first, void *second)
{
	struct labourer labourers[PIPELINE_MAX_WORKERS];
	int status;

	if (!hire(flow, labourers)) {
		flow->pipeline->work(flow->pipeline->workers[0], first);
		if (flow->pipeline->done(flow->pipeline->owner, first) < 0) {
			flow->pipeline->drop(flow->pipeline->owner, second);
			return -1;
		}
		return run_alone(flow->pipeline, second);
	}
	bring(flow, first);
	status = run_threads(flow, second);
	dismiss(flow);
	return status;
}

int
pipeline_run(const struct pipeline *pipeline)
{
	void *first = pipeline->next(pipeline->owner), *second;
	CLEANUP(mem_freep) struct flow *flow = NULL;
	int status;

	if (first == NULL || pipeline->worker_count <= 1)
		return run_alone(pipeline, first);
	second = pipeline->next(pipeline->owner);
	if (second == NULL) {
		pipeline->work(pipeline->workers[0], first);
		return pipeline->done(pipeline->owner, first);
	}
	flow = mem_zalloc(sizeof(*flow));
	flow->pipeline = pipeline;
	flow->slot_count = pipeline->worker_count * PIPELINE_PER_WORKER;
	(void)pthread_mutex_init(&flow->lock, NULL);
	(void)pthread_cond_init(&flow->brought, NULL);
	(void)pthread_cond_init(&flow->worked, NULL);
	status = run_pair(flow, first, second);
	(void)pthread_cond_destroy(&flow->worked);
	(void)pthread_cond_destroy(&flow->brought);
	(void)pthread_mutex_destroy(&flow->lock);
	return status;
}

size_t
pipeline_workers(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return count < 1 ? 1 : count > PIPELINE_MAX_WORKERS ? PIPELINE_MAX_WORKERS : (size_t)count;
}
