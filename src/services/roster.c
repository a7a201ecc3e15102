/* SPDX-License-Identifier: Apache-2.0 */
#include "services/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
roster_is_same_file(struct world *a, const char *path_a, struct world *b, const char *path_b)
{
	struct file_identity left, right;
	struct err err = { 0 };
	bool has_left = world_stat(a, path_a, &left, &err) == 0;
	bool has_right = world_stat(b, path_b, &right, &err) == 0;

	if (!has_left || !has_right)
		return has_left == has_right && strcmp(path_a, path_b) == 0;
	return left.device == right.device && left.inode == right.inode;
}

struct service *
roster_find(struct roster *roster, const struct product *product, const char *config)
{
	for (size_t i = 0; i < roster->count; i++) {
		struct service *service = roster->list[i];

		if (service->product == product &&
			roster_is_same_file(service->world, service->config, roster->world, config))
			return service;
	}
	/* In no world but its own is there such a file: a container's. */
	for (size_t i = 0; i < roster->count; i++)
		if (roster->list[i]->product == product && roster->list[i]->world_is_process &&
			strcmp(roster->list[i]->config, config) == 0)
			return roster->list[i];
	return NULL;
}

static struct service *
roster_add(struct roster *roster, const struct product *product, const char *config)
{
	static const char *const no_arguments[] = { NULL };
	struct service *service = arena_alloc(roster->arena, sizeof(*service));

	service->product = product;
	service->config = config;
	service->world = roster->world;
	service->arguments = no_arguments;
	roster->list = arena_grow(roster->arena, roster->list, roster->count, &roster->capacity,
		sizeof(struct service *));
	roster->list[roster->count++] = service;
	return service;
}

static void
end_world(void *world)
{
	world_free(world);
}

/* It went into its jail after it had read its configuration, which is not in there. */
static bool
has_jailed_itself(struct roster *roster, struct service *service, struct world *jail)
{
	struct file_identity identity;

	return !service->main.foreign_namespace &&
	       world_stat(jail, service->config, &identity, NULL) < 0 &&
	       world_stat(roster->world, service->config, &identity, NULL) == 0;
}

/* Its own view of the file system, where that is not ours. */
static void
set_world(struct roster *roster, struct service *service)
{
	const struct process *main = &service->main;
	struct world *world;

	if (!main->foreign_namespace && strcmp(main->root, "/") == 0)
		return;
	world = world_of_process(main->pid, NULL);
	if (world == NULL)
		return;
	arena_adopt(roster->arena, world, end_world);
	if (has_jailed_itself(roster, service, world))
		return;
	service->world = world;
	service->world_is_process = true;
}

static void
add_running(struct roster *roster, const struct product *product, const struct process *process,
	const struct instance *instance)
{
	struct service *service = roster_add(roster, product, instance->config);

	service->prefix = instance->prefix;
	if (instance->arguments != NULL)
		service->arguments = instance->arguments;
	service->executable = process->executable;
	service->running = true;
	service->main = *process;
	set_world(roster, service);
}

/* A worker, or the new binary of an upgrade: its parent is a main process of the same
 * configuration. */
static bool
has_recognised_parent(struct roster *roster, const struct product *product,
	const struct process *process, const char *config)
{
	for (size_t i = 0; i < roster->process_count; i++) {
		const struct process *parent = &roster->processes[i];
		struct instance instance = { 0 };

		if (parent->pid == process->parent && parent->pid != process->pid)
			return product->recognise(roster->arena, parent, roster->processes,
				       roster->process_count, &instance) &&
			       strcmp(instance.config, config) == 0;
	}
	return false;
}

static void
find_running(struct roster *roster, const struct product *product)
{
	for (size_t i = 0; i < roster->process_count && roster->count < SERVICE_MAX; i++) {
		const struct process *process = &roster->processes[i];
		struct instance instance = { 0 };

		if (process->state != 'Z' &&
			product->recognise(roster->arena, process, roster->processes,
				roster->process_count, &instance) &&
			!has_recognised_parent(roster, product, process, instance.config))
			add_running(roster, product, process, &instance);
	}
}

static void
find_configured(struct roster *roster, const struct product *product, const char *config)
{
	struct file_identity identity;
	struct err err = { 0 };

	if (roster->count < SERVICE_MAX &&
		world_stat(roster->world, config, &identity, &err) == 0 &&
		(identity.type == FILE_REGULAR ||
			(product->takes_directories && identity.type == FILE_DIRECTORY)) &&
		roster_find(roster, product, config) == NULL)
		(void)roster_add(roster, product, config);
}

static void
set_executable(struct service *service)
{
	struct file_identity identity;
	struct err err = { 0 };

	for (const char *const *program = service->product->usual_programs;
		service->executable == NULL && *program != NULL; program++)
		if (world_stat(service->world, *program, &identity, &err) == 0)
			service->executable = *program;
}

static size_t
usual_rank(const struct service *service)
{
	size_t rank = 0;

	while (service->product->usual_configs[rank] != NULL &&
		strcmp(service->product->usual_configs[rank], service->config) != 0)
		rank++;
	return rank;
}

/* By product, the usual configurations first, this machine's own before a container's. */
static int
service_compare(const void *a, const void *b)
{
	const struct service *left = *(struct service *const *)a,
			     *right = *(struct service *const *)b;
	int order = strcmp(left->product->name, right->product->name);

	if (order == 0)
		order = (int)left->world_is_process - (int)right->world_is_process;
	if (order == 0)
		order = (usual_rank(left) > usual_rank(right)) -
			(usual_rank(left) < usual_rank(right));
	if (order == 0)
		order = strcmp(left->config, right->config);
	return order != 0 ? order
			  : (left->main.pid > right->main.pid) - (left->main.pid < right->main.pid);
}

static void
set_names(struct roster *roster)
{
	size_t number = 0;

	if (roster->count > 0)
		qsort(roster->list, roster->count, sizeof(struct service *), service_compare);
	for (size_t i = 0; i < roster->count; i++) {
		struct service *service = roster->list[i];

		if (i > 0 && roster->list[i - 1]->product != service->product)
			number = 0;
		number++;
		service->name = number == 1 ? service->product->name
					    : arena_printf(roster->arena, "%s-%zu",
						      service->product->name, number);
		service->target = arena_printf(
			roster->arena, "%s:%s", service->product->name, service->config);
	}
}

static void
complete(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		set_executable(roster->list[i]);
	set_names(roster);
}

int
roster_make(struct arena *arena, struct world *world, struct roster *ret, struct err *err)
{
	*ret = (struct roster){ .arena = arena, .world = world };
	ret->is_host = strcmp(world_root(world), "/") == 0;
	if (ret->is_host)
		TRY(processes_survey(
			arena, product_runs, &ret->processes, &ret->process_count, err));
	for (size_t i = 0; product_get(i) != NULL; i++) {
		const struct product *product = product_get(i);

		find_running(ret, product);
		for (const char *const *config = product->usual_configs; *config != NULL; config++)
			find_configured(ret, product, *config);
	}
	complete(ret);
	return 0;
}

void
roster_want(struct roster *roster, const struct product *product, const char *config)
{
	find_configured(roster, product, config);
	complete(roster);
}
