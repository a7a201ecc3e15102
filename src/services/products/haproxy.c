/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy 2.6 and its neighbours: OpenSSL, files read when it loads and never later, one verifier a
 * bind line or crt-list line.
 *
 * With a master (-W, -Ws) SIGUSR2 makes the master execute itself anew, under the same pid and the
 * same start time: a reload shows as a younger worker. Where the new configuration does not load,
 * the master waits beside its old worker, with HAPROXY_MWORKER_WAIT_ONLY in its environment.
 * Without a master a new process is started that takes over from the old one (-sf).
 */
#include "services/products/haproxy.h"

#include <string.h>

static bool
is_haproxy(const struct process *process)
{
	if (process->state == 'Z')
		return false;
	return strcmp(process->name, "haproxy") == 0 ||
	       (process->executable != NULL &&
		       strcmp(path_base(process->executable), "haproxy") == 0);
}

static const struct process *
process_by_pid(const struct process *all, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].pid == pid)
			return &all[i];
	return NULL;
}

/* What relative paths are relative to: -C, or where it was started. A process in a chroot has lost
 * the latter. */
static const char *
directory_of(struct arena *arena, const struct process *process, const char *const *arguments)
{
	const char *changed = haproxy_option_value(arguments, "-C");
	const char *started = process->directory != NULL && strcmp(process->root, "/") == 0
				      ? process->directory
				      : "/";

	return changed == NULL ? started
			       : path_normalize(arena, path_join(arena, started, changed));
}

bool
haproxy_recognise(struct arena *arena, const struct process *process, const struct process *all,
	size_t count, struct instance *ret)
{
	static const char *const dropped[] = { "-C", "-sf", "-st", "-x", NULL };
	const struct process *parent = process_by_pid(all, count, process->parent);
	const char *const *files;
	size_t kept, file_count;

	if (!is_haproxy(process) || process->argument_count < 2 ||
		haproxy_is_no_server(process->arguments + 1))
		return false;
	if (parent != NULL && is_haproxy(parent))
		return false;
	/* One that has been taken over from is finishing what it began. */
	for (size_t i = 0; i < count; i++)
		if (all[i].parent != process->pid && all[i].pid != process->pid &&
			is_haproxy(&all[i]) && haproxy_takes_over_from(&all[i], process->pid))
			return false;
	files = haproxy_files(arena, process->arguments + 1, &file_count);
	if (file_count == 0)
		return false;
	ret->prefix = directory_of(arena, process, process->arguments + 1);
	ret->config = path_normalize(arena, path_join(arena, ret->prefix, files[0]));
	ret->arguments = haproxy_arguments_without(arena, process->arguments + 1, dropped, &kept);
	return true;
}

static bool
same_arguments(const struct process *a, const struct process *b)
{
	if (a->argument_count != b->argument_count)
		return false;
	for (size_t i = 0; i < a->argument_count; i++)
		if (strcmp(a->arguments[i], b->arguments[i]) != 0)
			return false;
	return true;
}

static bool
is_worker_of(const struct process *process, const struct process *master)
{
	return process->parent == master->pid && is_haproxy(process);
}

const struct process *
haproxy_newest_worker(const struct process *master, const struct process *all, size_t count)
{
	const struct process *newest = NULL;

	for (size_t i = 0; i < count; i++)
		if (is_worker_of(&all[i], master) &&
			(newest == NULL || timestamp_is_before(newest->started, all[i].started)))
			newest = &all[i];
	return newest;
}

static bool
has_master_option(const struct service *service)
{
	static const char *const options[] = { "-W", "-Ws", NULL };
	const char *const *argument = service->arguments;

	for (; argument != NULL && *argument != NULL; argument++)
		if (haproxy_argument_is(*argument, options))
			return true;
	return false;
}

void
haproxy_observe(
	struct arena *arena, struct service *service, const struct process *all, size_t count)
{
	const struct process *newest = haproxy_newest_worker(&service->main, all, count);
	pid_t *workers = arena_alloc(arena, (count + 1) * sizeof(*workers));

	service->workers = workers;
	service->worker_count = 0;
	service->loaded = service->main.started;
	service->readers.at_handshake = &service->main.credentials;
	if (newest == NULL) {
		if (!has_master_option(service))
			workers[service->worker_count++] = service->main.pid;
		return;
	}
	/* The workers of one generation were started alike; older ones, which are named behind its
	 * -sf, only finish what they began. */
	service->loaded = newest->started;
	for (size_t i = 0; i < count; i++) {
		if (!is_worker_of(&all[i], &service->main) || !same_arguments(&all[i], newest))
			continue;
		workers[service->worker_count++] = all[i].pid;
		if (timestamp_is_before(all[i].started, service->loaded))
			service->loaded = all[i].started;
	}
	service->readers.at_load = &service->main.credentials;
	service->readers.at_handshake =
		arena_dup(arena, &newest->credentials, sizeof(newest->credentials));
}

bool
haproxy_has_master(const struct service *service)
{
	/* By "master-worker" in the configuration. */
	return has_master_option(service) || (service->running && service->worker_count > 0 &&
						     service->workers[0] != service->main.pid);
}

static void
haproxy_read_service(struct arena *arena, struct service *service)
{
	bool drops_user;

	haproxy_read_config(arena, service, &drops_user);
	/* Without a master, who is left is not who read the files: it was root. */
	if (service->running && !haproxy_has_master(service))
		service->readers.at_load = drops_user ? NULL : &service->main.credentials;
}

static const char *const usual_configs[] = { HAPROXY_USUAL_CONFIG,
	"/usr/local/etc/haproxy/haproxy.cfg", NULL };
static const char *const usual_programs[] = { "/usr/sbin/haproxy", "/usr/local/sbin/haproxy",
	NULL };

const struct product product_haproxy = {
	.name = "haproxy",
	.title = "HAProxy",
	.usual_configs = usual_configs,
	.usual_programs = usual_programs,
	.takes_directories = true,
	.runs = is_haproxy,
	.recognise = haproxy_recognise,
	.observe = haproxy_observe,
	.read = haproxy_read_service,
	.test = haproxy_test,
	.reload = haproxy_reload,
	.reload_failure = haproxy_reload_failure,
	.start = haproxy_start,
};
