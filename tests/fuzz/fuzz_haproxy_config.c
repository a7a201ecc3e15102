/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as HAProxy's configuration and as the crt-list that it may name: read, and nothing else. */
#include "services/product.h"

extern const struct product product_haproxy;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	/* A directory in which no name means anything. */
	CLEANUP(world_freep) struct world *base = world_below("/proc/self/fdinfo", NULL);
	CLEANUP(world_freep) struct world *world = NULL;
	struct service service = { .product = &product_haproxy, .config = "/haproxy.cfg" };

	if (base == NULL)
		return 0;
	world = world_overlay(base);
	overlay_write(world, "/haproxy.cfg", span_of(data, size));
	overlay_write(world, "/list", span_of(data, size));
	service.world = world;
	product_haproxy.read(arena, &service);
	return 0;
}
