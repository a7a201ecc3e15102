/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/pipeline.h"
#include "tap.h"

enum { WORKERS = 4 };

struct item {
	unsigned number;
	unsigned square;
};

struct order {
	unsigned brought, limit, stop_at; /* stop_at 0: never */
	unsigned done, dropped, out_of_order, wrong, most_under_way;
	unsigned counts[WORKERS];
};

static void *
order_next(void *owner)
{
	struct order *order = owner;
	struct item *item;

	if (order->brought == order->limit)
		return NULL;
	item = mem_zalloc(sizeof(*item));
	item->number = order->brought++;
	if (order->brought - order->done - order->dropped > order->most_under_way)
		order->most_under_way = order->brought - order->done - order->dropped;
	return item;
}

/* Later items are often ready before earlier ones. */
static void
order_work(void *worker, void *data)
{
	struct item *item = data;
	struct timespec pause = { .tv_nsec = (item->number * 7919 % 5) * 100'000 };

	(void)nanosleep(&pause, NULL);
	item->square = item->number * item->number;
	++*(unsigned *)worker;
}

static int
order_done(void *owner, void *data)
{
	struct order *order = owner;
	struct item *item = data;

	order->out_of_order += item->number != order->done;
	order->wrong += item->square != item->number * item->number;
	order->done++;
	mem_free(item);
	return order->done == order->stop_at ? -1 : 0;
}

static void
order_drop(void *owner, void *data)
{
	((struct order *)owner)->dropped++;
	mem_free(data);
}

static int
order_run(struct order *order, size_t worker_count)
{
	void *workers[WORKERS];
	struct pipeline pipeline = { order, order_next, order_work, order_done, order_drop, workers,
		worker_count };

	for (size_t i = 0; i < WORKERS; i++)
		workers[i] = &order->counts[i];
	return pipeline_run(&pipeline);
}

static unsigned
worked(const struct order *order)
{
	unsigned sum = 0;

	for (size_t i = 0; i < WORKERS; i++)
		sum += order->counts[i];
	return sum;
}

TEST(order, "results come in the order of the items, and few are under way at once")
{
	struct order order = { .limit = 500 };

	CHECK(order_run(&order, WORKERS) == 0);
	CHECK(order.done == 500 && order.out_of_order == 0 && order.wrong == 0);
	CHECK(worked(&order) == 500 && order.dropped == 0);
	CHECK(order.most_under_way <= WORKERS * PIPELINE_PER_WORKER + 1);
}

TEST(few, "none, one, two items, and one worker")
{
	for (unsigned limit = 0; limit <= 3; limit++)
		for (size_t count = 1; count <= 2; count++) {
			struct order order = { .limit = limit };

			CHECK(order_run(&order, count) == 0);
			CHECK(order.done == limit && worked(&order) == limit);
			CHECK(order.out_of_order == 0 && order.wrong == 0);
		}
}

TEST(stop, "who takes results can end it at any one, and nothing is lost")
{
	for (unsigned stop = 1; stop <= 20; stop++)
		for (size_t count = 1; count <= WORKERS; count += WORKERS - 1) {
			struct order order = { .limit = 50, .stop_at = stop };

			CHECK(order_run(&order, count) == -1);
			CHECK(order.done == stop && order.out_of_order == 0);
			CHECK(order.done + order.dropped == order.brought);
		}
}

TAP_MAIN()
