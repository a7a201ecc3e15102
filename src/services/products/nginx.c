/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx: http, stream and mail servers. The master reads configuration, stores and CRLs as root
 * when it starts and at SIGHUP, and forks workers that keep what it had read; what it cannot read
 * leaves the old workers serving and one line in the error log.
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "services/control.h"
#include "services/products/nginx_log.h"
#include "services/products/nginx_read.h"
#include "services/products/nginx_title.h"

enum { ARGUMENTS_MAX = 16, START_INTERVAL = 50'000'000 /* nanoseconds between two looks */ };

/* Workers that retire say so in their title: "nginx: worker process is shutting down". */
static const char worker_title[] = "nginx: worker process";

static const char *const unit_files[] = {
	"/etc/systemd/system/nginx.service",
	"/run/systemd/system/nginx.service",
	"/usr/lib/systemd/system/nginx.service",
	"/lib/systemd/system/nginx.service",
};

static bool
nginx_recognise(struct arena *arena, const struct process *process, const struct process *all,
	size_t count, struct instance *ret)
{
	(void)all;
	(void)count;
	return nginx_title_read(arena, process, ret);
}

static bool
is_worker(const struct service *service, const struct process *process)
{
	return process->parent == service->main.pid && process->argument_count > 0 &&
	       process->state != 'Z' && strcmp(process->arguments[0], worker_title) == 0;
}

/* The oldest worker dates the generation: one that crashed and was forked anew holds what the
 * master had read before. */
static void
nginx_observe(struct arena *arena, struct service *service, const struct process *all, size_t count)
{
	pid_t *workers = NULL;
	size_t capacity = 0;

	service->worker_count = 0;
	service->loaded = service->main.started;
	service->readers = (struct readers){ .at_load = &service->main.credentials,
		.at_handshake = &service->main.credentials };
	for (size_t i = 0; i < count; i++) {
		if (!is_worker(service, &all[i]))
			continue;
		if (service->worker_count == 0 ||
			timestamp_is_before(all[i].started, service->loaded))
			service->loaded = all[i].started;
		workers = arena_grow(
			arena, workers, service->worker_count, &capacity, sizeof(*workers));
		workers[service->worker_count++] = all[i].pid;
		service->readers.at_handshake = &all[i].credentials;
	}
	service->workers = workers;
}

/* The program with the options that it runs with, and those given here. */
static int
command_line(const struct service *service, const char *const *extra,
	const char *argv[static ARGUMENTS_MAX], struct err *err)
{
	size_t count = 0;
	bool has_config = false;

	if (service->executable == NULL)
		return err_set(err, ERR_UNKNOWN, "no program of nginx was found");
	argv[count++] = service->executable;
	for (; extra != NULL && *extra != NULL; extra++)
		argv[count++] = *extra;
	for (const char *const *argument = service->arguments;
		*argument != NULL && count < ARGUMENTS_MAX - 3; argument++) {
		has_config = has_config || strcmp(*argument, "-c") == 0;
		argv[count++] = *argument;
	}
	if (!has_config) {
		argv[count++] = "-c";
		argv[count++] = service->config;
	}
	argv[count] = NULL;
	return 0;
}

/* The test makes the pid file, empty, where there is none (ngx_create_pidfile): then it goes again.
 */
static void
remove_empty(const char *path)
{
	struct stat status;

	if (path != NULL && lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
		status.st_size == 0)
		(void)unlink(path);
}

static int
nginx_test(struct arena *arena, const struct service *service, const char **ret_output,
	struct err *err)
{
	static const char *const options[] = { "-t", "-q", NULL };
	const char *argv[ARGUMENTS_MAX];
	struct file_identity identity;
	struct err ignored = { 0 };
	bool had_pid_file =
		service->pid_file == NULL ||
		world_lstat(service->world, service->pid_file, &identity, &ignored) == 0;
	int status;

	*ret_output = "";
	TRY(command_line(service, options, argv, err));
	status = control_run(arena, service, argv, false, ret_output, err);
	if (!had_pid_file && strcmp(world_root(service->world), "/") == 0)
		remove_empty(service->pid_file);
	return status < 0 ? -1 : status != 0;
}

static void
observe_again(struct arena *arena, struct service *service)
{
	const struct process *all;
	size_t count;
	struct err err = { 0 };

	if (processes_read(arena, &all, &count, &err) == 0)
		nginx_observe(arena, service, all, count);
}

static int
nginx_reload(struct arena *arena, struct service *service, struct err *err)
{
	struct timestamp since;
	uint64_t logged = nginx_log_size(arena, service);
	const char *line;
	int generation;

	observe_again(arena, service);
	if (service->worker_count == 0)
		return err_set(err, ERR_UNKNOWN,
			"this nginx has no workers: whether it reloads cannot be seen");
	since = control_now();
	TRY(control_signal(service, SIGHUP, err));
	generation = control_await_generation(arena, service, since, worker_title);
	if (generation < 0)
		return err_set(err, ERR_UNKNOWN, "nginx ended when it was to reload");
	if (generation == 0) {
		observe_again(arena, service);
		return 0;
	}
	line = nginx_log_failure(arena, service, logged);
	(void)err_set(err, ERR_UNKNOWN, "nginx did not reload and runs on as before%s%s",
		line != NULL ? ": " : "", line != NULL ? line : "");
	return 1;
}

/* A failure that a later reload mended is older than the workers. */
static const char *
nginx_reload_failure(struct arena *arena, const struct service *service)
{
	const char *line = service->running ? nginx_log_failure(arena, service, 0) : NULL;

	return line != NULL && nginx_log_moment(line) >= service->loaded.seconds ? line : NULL;
}

/* systemd runs here and has a unit for the usual configuration. */
static bool
has_unit(const struct service *service)
{
	struct stat status;

	if (strcmp(service->config, "/etc/nginx/nginx.conf") != 0 ||
		strcmp(world_root(service->world), "/") != 0 ||
		stat("/run/systemd/system", &status) < 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(unit_files); i++)
		if (stat(unit_files[i], &status) == 0)
			return true;
	return false;
}

static bool
find_main(struct arena *arena, struct service *service)
{
	const struct process *all;
	size_t count;
	struct err err = { 0 };

	if (processes_read(arena, &all, &count, &err) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct instance instance = { 0 };

		if (!nginx_title_read(arena, &all[i], &instance) ||
			strcmp(instance.config, service->config) != 0 || all[i].foreign_namespace)
			continue;
		service->main = all[i];
		service->running = true;
		service->arguments = instance.arguments;
		service->prefix = instance.prefix;
		nginx_observe(arena, service, all, count);
		return service->worker_count > 0;
	}
	return false;
}

static int
await_start(struct arena *arena, struct service *service, struct err *err)
{
	struct timespec pause = { .tv_nsec = START_INTERVAL };
	struct timespec begin, now;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		if (find_main(arena, service))
			return 0;
		(void)nanosleep(&pause, NULL);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < CONTROL_TIMEOUT);
	return err_set(err, ERR_UNKNOWN, "nginx was started and does not run");
}

static int
nginx_start(struct arena *arena, struct service *service, struct err *err)
{
	static const char *const unit_command[] = { "systemctl", "start", "nginx.service", NULL };
	const char *argv[ARGUMENTS_MAX];
	const char *output;
	bool by_unit = has_unit(service);
	int status;

	TRY(command_line(service, NULL, argv, err));
	if (!by_unit && nginx_stays_in_foreground(arena, service))
		return err_set(err, ERR_UNKNOWN,
			"%s says \"daemon off\": what supervises it must start it",
			service->config);
	/* What it was is over: its namespace with it. */
	service->running = false;
	status = control_run(arena, service, by_unit ? unit_command : argv, !by_unit, &output, err);
	if (status < 0)
		return -1;
	if (status > 0)
		return err_set(err, ERR_UNKNOWN, "nginx does not start: %s",
			text_sanitize(arena, output, strlen(output)));
	return await_start(arena, service, err);
}

static const char *const usual_configs[] = {
	"/etc/nginx/nginx.conf",
	"/usr/local/nginx/conf/nginx.conf",
	"/usr/local/etc/nginx/nginx.conf",
	"/usr/local/openresty/nginx/conf/nginx.conf",
	NULL,
};

static const char *const usual_programs[] = {
	"/usr/sbin/nginx",
	"/usr/local/nginx/sbin/nginx",
	"/usr/local/sbin/nginx",
	"/usr/local/openresty/nginx/sbin/nginx",
	NULL,
};

const struct product product_nginx = {
	.name = "nginx",
	.title = "nginx",
	.usual_configs = usual_configs,
	.usual_programs = usual_programs,
	.runs = nginx_title_is,
	.recognise = nginx_recognise,
	.observe = nginx_observe,
	.read = nginx_read,
	.test = nginx_test,
	.reload = nginx_reload,
	.reload_failure = nginx_reload_failure,
	.start = nginx_start,
};
