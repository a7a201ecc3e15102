/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as Apache's configuration, as a file that it may include and as its envvars: read, and
 * every place that is cited lies in its file. */
#include <string.h>

#include "fuzz.h"
#include "services/product.h"

extern const struct product product_apache;

static void
require_inside(struct world *world, struct locus where)
{
	struct span bytes;

	if (where.path == NULL || where.length == 0)
		return;
	fuzz_require(world_read(world, where.path, SERVICE_MAX_CONFIG_SIZE, &bytes, NULL) == 0);
	fuzz_require(where.offset <= bytes.length && where.length <= bytes.length - where.offset);
}

static void
read_as_config(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(world_freep) struct world *base = world_below("/proc/self/fdinfo", NULL);
	CLEANUP(world_freep) struct world *world = NULL;
	struct service service = { .product = &product_apache, .config = "/apache2.conf" };

	if (base == NULL)
		return;
	world = world_overlay(base);
	overlay_write(world, "/apache2.conf", bytes);
	overlay_write(world, "/etc/apache2/a", bytes);
	overlay_write(world, "/envvars", bytes);
	service.world = world;
	product_apache.read(arena, &service);
	for (size_t i = 0; i < service.problem_count; i++)
		require_inside(world, service.problems[i].where);
	for (size_t i = 0; i < service.verifier_count; i++) {
		const struct verifier *verifier = &service.verifiers[i];

		require_inside(world, verifier->mode_where);
		require_inside(world, verifier->depth.where);
		require_inside(world, verifier->depth.insert);
		for (size_t j = 0; j < verifier->source_count; j++)
			require_inside(world, verifier->sources[j].where);
	}
}

FUZZ(read_as_config(bytes))
