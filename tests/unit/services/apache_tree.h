/* SPDX-License-Identifier: Apache-2.0 */
/* A file tree with an Apache configuration, for tests of the reader. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "services/product.h"

extern const struct product product_apache;

struct tree {
	char directory[64];
	struct arena *arena;
	struct world *world;
	struct service service;
};

static int
tree_remove_one(const char *path, const struct stat *, int, struct FTW *)
{
	return remove(path);
}

static inline void
tree_end(struct tree *tree)
{
	world_freep(&tree->world);
	arena_freep(&tree->arena);
	if (*tree->directory != '\0')
		(void)nftw(tree->directory, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file of the tree with all directories above it. */
static inline void
tree_write(const struct tree *tree, const char *path, const char *bytes, size_t length)
{
	char host[512];
	FILE *file;

	(void)snprintf(host, sizeof(host), "%s%s", tree->directory, path);
	for (char *slash = host + strlen(tree->directory) + 1; (slash = strchr(slash, '/'));
		slash++) {
		*slash = '\0';
		(void)mkdir(host, 0755);
		*slash = '/';
	}
	file = fopen(host, "w");
	if (file == NULL || fwrite(bytes, 1, length, file) != length)
		abort();
	(void)fclose(file);
}

static inline void
tree_text(const struct tree *tree, const char *path, const char *text)
{
	tree_write(tree, path, text, strlen(text));
}

static inline void
tree_begin(struct tree *tree)
{
	*tree = (struct tree){ .directory = "/tmp/trustmend-apache-XXXXXX" };
	if (mkdtemp(tree->directory) == NULL)
		abort();
	tree->arena = arena_new();
	tree->service = (struct service){
		.product = &product_apache,
		.name = "apache",
		.config = "/etc/apache2/apache2.conf",
		.executable = "/usr/sbin/apache2",
	};
}

static inline void
tree_read(struct tree *tree)
{
	world_freep(&tree->world);
	tree->world = world_below(tree->directory, NULL);
	tree->service.world = tree->world;
	product_apache.read(tree->arena, &tree->service);
}

/* One file with this text. */
static inline void
tree_config(struct tree *tree, const char *text)
{
	tree_text(tree, tree->service.config, text);
	tree_read(tree);
}

/* The usual case: one virtual host with SSL, and these lines of its own; before stands above it. */
static inline void
tree_host(struct tree *tree, const char *before, const char *lines)
{
	char text[8192];

	(void)snprintf(text, sizeof(text),
		"LoadModule ssl_module mod_ssl.so\nListen 443\n%s<VirtualHost *:443>\nServerName "
		"www.example.org\nSSLEngine on\n%s</VirtualHost>\n",
		before, lines);
	tree_config(tree, text);
}

/* How many findings of that cause there are with that severity. */
static inline size_t
tree_findings(const struct tree *tree, enum cause_code cause, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < tree->service.finding_count; i++)
		count += tree->service.findings[i].cause == cause &&
			 tree->service.findings[i].severity == severity;
	return count;
}

/* The bytes that a place in the configuration covers. */
static inline const char *
tree_cited(struct tree *tree, struct locus where)
{
	struct span bytes;

	if (where.path == NULL ||
		world_read(tree->world, where.path, SERVICE_MAX_CONFIG_SIZE, &bytes, NULL) < 0 ||
		where.offset + where.length > bytes.length)
		return NULL;
	return arena_strndup(tree->arena, (const char *)bytes.data + where.offset, where.length);
}

/* The source of a verifier that names this path, or NULL. */
static inline const struct trust_source *
tree_source(const struct tree *tree, size_t verifier, const char *path)
{
	if (verifier >= tree->service.verifier_count)
		return NULL;
	for (size_t i = 0; i < tree->service.verifiers[verifier].source_count; i++)
		if (strcmp(tree->service.verifiers[verifier].sources[i].path, path) == 0)
			return &tree->service.verifiers[verifier].sources[i];
	return NULL;
}
