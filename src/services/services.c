/* SPDX-License-Identifier: Apache-2.0 */
#include "services/services.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "services/library.h"
#include "services/roster.h"

/*
 * A mount namespace of its own need not matter: systemd's PrivateTmp gives one to most services of
 * a machine. Where every path that the service reads is the same file in both, ours will do, and
 * its paths are those that the operator knows.
 */
static bool
sees_what_we_see(const struct service *service, struct world *ours)
{
	if (strcmp(service->main.root, "/") != 0)
		return false;
	for (size_t i = 0; i < service->config_file_count; i++) {
		const char *path = service->config_files[i];

		if (!roster_is_same_file(service->world, path, ours, path))
			return false;
	}
	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < service->verifiers[i].source_count; j++) {
			const char *path = service->verifiers[i].sources[j].path;

			if (!roster_is_same_file(service->world, path, ours, path))
				return false;
		}
	return service->config_file_count > 0;
}

static void
service_load(struct roster *roster, struct service *service, enum severity other_path)
{
	struct arena *arena = roster->arena;

	service->product->read(arena, service);
	library_set_security(arena, service);
	if (service->world_is_process && sees_what_we_see(service, roster->world)) {
		service->world = roster->world;
		service->world_is_process = false;
	}
	if (service->running)
		service->product->observe(arena, service, roster->processes, roster->process_count);
	roster_check_endpoints(roster, service, other_path);
}

static void
services_add(struct arena *arena, struct services *services, struct service *service)
{
	for (size_t i = 0; i < services->count; i++)
		if (strcmp(services->list[i]->target, service->target) == 0 &&
			strcmp(services->list[i]->name, service->name) == 0)
			return;
	services->list = arena_grow(arena, services->list, services->count, &services->capacity,
		sizeof(struct service *));
	services->list[services->count++] = service;
}

int
services_discover(
	struct arena *arena, struct world *world, struct services *services, struct err *err)
{
	struct roster roster;

	TRY(roster_make(arena, world, &roster, err));
	for (size_t i = 0; i < roster.count; i++) {
		/* Nobody asked for this one: it may be a left-over that its owner forgot. */
		service_load(&roster, roster.list[i], SEVERITY_WARNING);
		services_add(arena, services, roster.list[i]);
	}
	return 0;
}

static int
unknown_product(struct arena *arena, const char *name, struct err *err)
{
	const char *names[64];
	size_t count = 0;
	const char *nearest, *shown = text_sanitize(arena, name, strlen(name));

	while (count < COUNT_OF(names) && product_get(count) != NULL) {
		names[count] = product_get(count)->name;
		count++;
	}
	nearest = text_nearest(name, names, count);
	if (nearest != NULL)
		return err_set(err, ERR_USAGE, "no product is called \"%s\": did you mean \"%s\"?",
			shown, nearest);
	return err_set(err, ERR_USAGE, "no product is called \"%s\"", shown);
}

/* The service whose configuration is read from this file too: an include, or one of several. */
static struct service *
find_reader(struct roster *roster, const struct product *product, const char *config)
{
	for (size_t i = 0; i < roster->count; i++) {
		struct service *service = roster->list[i];

		if (service->product != product)
			continue;
		service_load(roster, service, SEVERITY_CRITICAL);
		for (size_t j = 0; j < service->config_file_count; j++)
			if (roster_is_same_file(service->world, service->config_files[j],
				    roster->world, config))
				return service;
	}
	return NULL;
}

static int
find_by_config(struct arena *arena, struct world *world, const struct product *product,
	const char *config, struct services *services, struct err *err)
{
	struct roster roster;
	struct service *service;
	char directory[PATH_MAX];
	struct file_identity identity;

	if (*config == '\0')
		return err_set(err, ERR_USAGE, "a path must follow \"%s:\"", product->name);
	if (*config != '/' && getcwd(directory, sizeof(directory)) != NULL)
		config = path_join(arena, directory, config);
	config = path_normalize(arena, config);
	TRY(roster_make(arena, world, &roster, err));
	if (roster_find(&roster, product, config) == NULL) {
		service = find_reader(&roster, product, config);
		if (service != NULL) {
			services_add(arena, services, service);
			return 0;
		}
		roster_want(&roster, product, config);
	}
	service = roster_find(&roster, product, config);
	if (service == NULL) {
		const char *shown = text_sanitize(arena, config, strlen(config));

		if (world_stat(world, config, &identity, err) < 0)
			return err_prefix(err, "%s", shown);
		return err_set(err, ERR_NO_INPUT, "%s is no file", shown);
	}
	service_load(&roster, service, SEVERITY_CRITICAL);
	services_add(arena, services, service);
	return 0;
}

static int
unknown_name(struct roster *roster, const char *name, struct err *err)
{
	const char **names = arena_alloc(roster->arena, (roster->count + 1) * sizeof(*names));
	const char *nearest, *shown = text_sanitize(roster->arena, name, strlen(name));

	if (product_find(name) != NULL)
		return err_set(err, ERR_NO_INPUT,
			"no %s was found: neither a process nor a configuration at a usual path",
			name);
	for (size_t i = 0; i < roster->count; i++)
		names[i] = roster->list[i]->name;
	nearest = text_nearest(name, names, roster->count);
	if (nearest != NULL)
		return err_set(err, ERR_USAGE, "no service is called \"%s\": did you mean \"%s\"?",
			shown, nearest);
	return err_set(err, ERR_USAGE,
		"no service is called \"%s\"; a target is PRODUCT:CONFIG or a name that inventory "
		"prints",
		shown);
}

static int
find_by_name(struct arena *arena, struct world *world, const char *name, struct services *services,
	struct err *err)
{
	struct roster roster;

	TRY(roster_make(arena, world, &roster, err));
	for (size_t i = 0; i < roster.count; i++)
		if (strcmp(roster.list[i]->name, name) == 0) {
			service_load(&roster, roster.list[i], SEVERITY_CRITICAL);
			services_add(arena, services, roster.list[i]);
			return 0;
		}
	return unknown_name(&roster, name, err);
}

int
services_find(struct arena *arena, struct world *world, const char *target,
	struct services *services, struct err *err)
{
	const char *colon = strchr(target, ':');
	const struct product *product;
	const char *name;

	if (strcmp(target, "all") == 0)
		return services_discover(arena, world, services, err);
	if (colon == NULL)
		return find_by_name(arena, world, target, services, err);
	name = arena_strndup(arena, target, (size_t)(colon - target));
	product = product_find(name);
	if (product == NULL)
		return unknown_product(arena, name, err);
	return find_by_config(arena, world, product, colon + 1, services, err);
}

static const struct verifier *
verifier_by_name(const struct service *service, const struct verifier *wanted)
{
	for (size_t i = 0; wanted != NULL && i < service->verifier_count; i++)
		if (strcmp(service->verifiers[i].name, wanted->name) == 0)
			return &service->verifiers[i];
	return NULL;
}

/* What was learned from processes, and so not from the configuration, stays true. */
static void
keep_findings(struct arena *arena, const struct service *original, struct service *copy)
{
	struct config_finding *findings = arena_alloc(
		arena, (original->finding_count + copy->finding_count + 1) * sizeof(*findings));
	size_t count = copy->finding_count;

	if (count > 0)
		memcpy(findings, copy->findings, count * sizeof(*findings));
	for (size_t i = 0; i < original->finding_count; i++) {
		if (original->findings[i].cause != CAUSE_PROCESS_OTHER_PATH)
			continue;
		findings[count] = original->findings[i];
		findings[count].verifier = verifier_by_name(copy, findings[count].verifier);
		count++;
	}
	copy->findings = findings;
	copy->finding_count = count;
}

struct service *
service_reread(struct arena *arena, const struct service *original, struct world *world)
{
	struct service *copy = arena_dup(arena, original, sizeof(*original));

	copy->world = world;
	copy->config_files = NULL;
	copy->verifiers = NULL;
	copy->problems = NULL;
	copy->findings = NULL;
	copy->config_file_count = copy->verifier_count = copy->problem_count = 0;
	copy->finding_count = 0;
	copy->product->read(arena, copy);
	library_set_security(arena, copy);
	if (original->running)
		copy->readers = original->readers;
	keep_findings(arena, original, copy);
	return copy;
}
