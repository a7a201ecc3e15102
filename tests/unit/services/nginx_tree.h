/* SPDX-License-Identifier: Apache-2.0 */
/* A directory taken as root, with an nginx configuration in it. */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "services/grammars/nginx.h"
#include "services/services.h"

static const char tree_config_path[] = "/etc/nginx/nginx.conf";

struct tree {
	char directory[32];
	struct arena *arena;
	struct world *world;
	struct service service;
};

static void
tree_begin(struct tree *tree)
{
	struct err err = { 0 };

	*tree = (struct tree){ .arena = arena_new() };
	strcpy(tree->directory, "/tmp/unit-nginx-XXXXXX");
	if (mkdtemp(tree->directory) == NULL)
		abort();
	tree->world = world_below(tree->directory, &err);
	if (tree->world == NULL)
		abort();
}

static void
tree_end(struct tree *tree)
{
	const char *const remove[] = { "rm", "-rf", tree->directory, NULL };
	struct run run = { .argv = remove };
	struct run_result result = { 0 };
	struct err err = { 0 };

	world_free(tree->world);
	if (run_program(&run, &result, &err) < 0)
		abort();
	run_result_free(&result);
	arena_free(tree->arena);
}

static void
tree_put_bytes(struct tree *tree, const char *path, const void *bytes, size_t length)
{
	struct err err = { 0 };
	const char *host = arena_printf(tree->arena, "%s%s", tree->directory, path);

	if (directory_make(path_parent(tree->arena, host), 0755, &err) < 0 ||
		file_replace(host, span_of(bytes, length), 0644, &err) < 0)
		abort();
}

[[maybe_unused]] static void
tree_put(struct tree *tree, const char *path, const char *text)
{
	tree_put_bytes(tree, path, text, strlen(text));
}

static void
tree_read(struct tree *tree)
{
	static const char *const no_arguments[] = { NULL };

	tree->service = (struct service){ .product = product_find("nginx"),
		.name = "nginx",
		.target = "nginx:/etc/nginx/nginx.conf",
		.config = tree_config_path,
		.arguments = no_arguments,
		.world = tree->world };
	tree->service.product->read(tree->arena, &tree->service);
}

[[maybe_unused]] static void
tree_config(struct tree *tree, const char *text)
{
	tree_put(tree, tree_config_path, text);
	tree_read(tree);
}

/* What stands at a place. */
[[maybe_unused]] static const char *
tree_cited(struct tree *tree, struct locus where)
{
	struct span bytes;
	struct err err = { 0 };

	if (where.path == NULL || world_read(tree->world, where.path, 64 << 20, &bytes, &err) < 0 ||
		where.offset + where.length > bytes.length)
		return "(nowhere)";
	return arena_strndup(tree->arena, (const char *)bytes.data + where.offset, where.length);
}

[[maybe_unused]] static size_t
tree_findings(const struct tree *tree, enum cause_code cause, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < tree->service.finding_count; i++)
		count += tree->service.findings[i].cause == cause &&
			 tree->service.findings[i].severity == severity;
	return count;
}

/* Findings that would wake somebody. */
[[maybe_unused]] static size_t
tree_alarms(const struct tree *tree)
{
	size_t count = 0;

	for (size_t i = 0; i < tree->service.finding_count; i++)
		count += tree->service.findings[i].severity > SEVERITY_NOTE;
	return count;
}
