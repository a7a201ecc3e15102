/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as nginx's configuration and as a file that it includes: read, and nothing else. */
#include "services/product.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(world_freep) struct world *base = world_below("/proc/self/fdinfo", NULL);
	CLEANUP(world_freep) struct world *world = NULL;
	struct service service = { .product = product_find("nginx"), .config = "/nginx.conf" };

	if (base == NULL)
		return 0;
	world = world_overlay(base);
	overlay_write(world, "/nginx.conf", span_of(data, size));
	overlay_write(world, "/x", span_of(data, size));
	service.world = world;
	service.product->read(arena, &service);
	return 0;
}
