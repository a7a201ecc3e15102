/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy's own ways to be tested, reloaded and started. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/control.h"
#include "services/products/haproxy.h"

enum {
	EXTRA_ARGUMENTS = 16, /* what is added to those of the service */
	OUTPUT_MAX = 64 << 10,
	STATUS_MAX = 64 << 10,
	POLL_MILLISECONDS = 50,
	CALM_MILLISECONDS = 2'000,
	SETTLE_MILLISECONDS = 300, /* for the old worker to let go of its sockets */
	START_SLACK = 1,           /* seconds between two clocks, one of which ticks slowly */
};

/* What it printed, each line without what could act on a terminal. */
static const char *
clean_output(struct arena *arena, const struct buffer *output)
{
	const char *text = output->length > 0 ? (const char *)output->data : "";
	char *copy = arena_strndup(arena, text, output->length), *line;
	struct buffer lines = {};
	const char *clean;

	while ((line = strsep(&copy, "\n")) != NULL) {
		buffer_add_text(&lines, text_sanitize(arena, line, strlen(line)));
		if (copy != NULL)
			buffer_add(&lines, "\n", 1);
	}
	clean = arena_strndup(arena, (const char *)lines.data, lines.length);
	buffer_free(&lines);
	return clean;
}

/* One run of the service's own program: with its arguments but those dropped, behind those given;
 * and with what its configuration asks of its environment. */
struct launch_plan {
	const char *const *first, *const *dropped; /* NULL-terminated */
	bool detach;
};

/* Those it was started with; of what never ran, its configuration alone. */
static const char *const *
arguments_of(struct arena *arena, const struct service *service)
{
	const char **list;
	size_t count = 0;

	if (service->arguments != NULL)
		(void)haproxy_files(arena, service->arguments, &count);
	if (count > 0)
		return service->arguments;
	list = arena_alloc(arena, 3 * sizeof(*list));
	list[0] = "-f";
	list[1] = service->config;
	return list;
}

/* Whether its program may be run from here. */
static int
check_reachable(const struct service *service, struct err *err)
{
	if (service->executable == NULL)
		return err_set(err, ERR_NO_INPUT, "%s: its program is not there", service->name);
	if (!service->running && strcmp(world_root(service->world), "/") != 0)
		return err_set(err, ERR_UNKNOWN,
			"programs below %s are not run: they belong to another machine",
			world_root(service->world));
	if (service->world_is_process && !process_is_alive(&service->main))
		return err_set(err, ERR_UNKNOWN, "process %d has ended, and its root with it",
			(int)service->main.pid);
	return 0;
}

/* Its exit status, or -1. */
static int
run_haproxy(struct arena *arena, const struct service *service, const struct launch_plan *plan,
	const char **ret_output, struct err *err)
{
	size_t count, used = 0;
	const char *const *arguments = haproxy_arguments_without(
		arena, arguments_of(arena, service), plan->dropped, &count);
	const char **argv = arena_alloc(arena, (count + EXTRA_ARGUMENTS) * sizeof(*argv));
	struct run_result result;
	const struct run run = {
		.argv = argv,
		.environment = haproxy_environment(arena, service),
		.timeout = CONTROL_TIMEOUT,
		.namespace_pid =
			service->running && service->world_is_process ? service->main.pid : 0,
		.output_limit = OUTPUT_MAX,
		.detach = plan->detach,
		.rehearsal = service->rehearsal,
	};
	int status;

	TRY(check_reachable(service, err));
	argv[used++] = service->executable;
	if (service->prefix != NULL) {
		argv[used++] = "-C";
		argv[used++] = service->prefix;
	}
	for (const char *const *first = plan->first; *first != NULL; first++)
		argv[used++] = *first;
	memcpy(argv + used, arguments, count * sizeof(*argv));
	TRY(run_program(&run, &result, err));
	*ret_output = clean_output(arena, &result.output);
	status = result.timed_out ? 1 : result.status;
	run_result_free(&result);
	return status;
}

int
haproxy_test(struct arena *arena, const struct service *service, const char **ret_output,
	struct err *err)
{
	static const char *const first[] = { "-c", NULL };
	static const char *const dropped[] = { "-D", "-p", "-q", NULL };
	const struct launch_plan plan = { first, dropped, false };
	int status = run_haproxy(arena, service, &plan, ret_output, err);

	if (status < 0)
		return err_prefix(err, "test of %s", service->name);
	return status == 0 ? 0 : 1;
}

static void
wait_milliseconds(unsigned milliseconds)
{
	struct timespec time = { milliseconds / 1000, (long)(milliseconds % 1000) * 1'000'000 };

	while (nanosleep(&time, &time) < 0)
		continue;
}

/*
 * The master waits, and its last reload brought no worker. Once it has loaded or failed to, it runs
 * with its list of processes in its environment, "|type=w;fd=4;pid=12;reloads=0;…": workers that no
 * reload has aged are new.
 */
static bool
waits_without_new(struct arena *arena, pid_t master, const char *list)
{
	char *copy, *entry;

	if (process_environment(arena, master, "HAPROXY_MWORKER_WAIT_ONLY") == NULL)
		return false;
	copy = arena_strdup(arena, list);
	while ((entry = strsep(&copy, "|")) != NULL)
		if (text_starts(entry, "type=w;") && strstr(entry, ";reloads=0;") != NULL)
			return false;
	return true;
}

/* It has executed itself anew without a new worker. before: the list as it was. */
static bool
master_refused(struct arena *arena, const struct service *service, const char *before)
{
	const pid_t pid = service->main.pid;
	const char *list = process_environment(arena, pid, "HAPROXY_PROCESSES");

	return list != NULL && (before == NULL || strcmp(list, before) != 0) &&
	       waits_without_new(arena, pid, list);
}

const char *
haproxy_reload_failure(struct arena *arena, const struct service *service)
{
	const pid_t pid = service->main.pid;
	const char *list;

	if (!service->running || !haproxy_has_master(service))
		return NULL;
	list = process_environment(arena, pid, "HAPROXY_PROCESSES");
	if (list == NULL || !waits_without_new(arena, pid, list))
		return NULL;
	return arena_printf(arena,
		"master process %d was told to reload after its workers had started, and has no "
		"newer ones",
		(int)pid);
}

/* 0: there is a worker that was not there before; 1: there is none. */
static int
look_for_worker(struct arena *arena, const struct service *service, pid_t before)
{
	const struct process *all, *newest;
	size_t count;
	struct err err;

	if (processes_read(arena, &all, &count, &err) < 0)
		return 1;
	newest = haproxy_newest_worker(&service->main, all, count);
	return newest != NULL && newest->pid != before ? 0 : 1;
}

/* Whether the process has a handler for the signal. A master that has just executed itself has none
 * yet, and ends of SIGUSR2; one that is blocked meanwhile is let through too early. */
static bool
takes_signal(pid_t pid, int signal)
{
	static const char mark[] = "SigCgt:";
	CLEANUP(buffer_free) struct buffer status = {};
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *mask;
	struct err err;

	if (file_read(arena_printf(arena, "/proc/%d/status", (int)pid), STATUS_MAX, &status, &err) <
			0 ||
		status.length == 0)
		return false;
	mask = strstr((const char *)status.data, mark);
	return mask != NULL && (strtoull(mask + strlen(mark), NULL, 16) >> (signal - 1) & 1) != 0;
}

/* From 2.5 on the master executes itself once more when all is loaded, to wait: until then it would
 * end of the next signal. Older ones do not, and are given a moment. */
static void
await_calm(struct arena *arena, const struct service *service)
{
	for (unsigned waited = 0; waited < CALM_MILLISECONDS; waited += POLL_MILLISECONDS) {
		if (takes_signal(service->main.pid, SIGUSR2) &&
			process_environment(
				arena, service->main.pid, "HAPROXY_MWORKER_WAIT_ONLY") != NULL)
			return;
		wait_milliseconds(POLL_MILLISECONDS);
	}
}

/*
 * As control_await_generation, but knows at once where the master refused. worker: the newest one
 * before, or 0; list: what the master said of its processes.
 */
static int
await_worker(const struct service *service, pid_t worker, const char *list)
{
	for (unsigned waited = 0; waited < CONTROL_TIMEOUT * 1000U; waited += POLL_MILLISECONDS) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		bool refused = master_refused(arena, service, list);

		if (!process_is_alive(&service->main))
			return -1;
		if (look_for_worker(arena, service, worker) == 0) {
			wait_milliseconds(SETTLE_MILLISECONDS);
			await_calm(arena, service);
			/* A worker that dies at once takes the master with it. */
			if (!process_is_alive(&service->main))
				return -1;
			return look_for_worker(arena, service, worker);
		}
		if (refused)
			return 1;
		wait_milliseconds(POLL_MILLISECONDS);
	}
	return 1;
}

static int
observe_anew(struct arena *arena, struct service *service, struct err *err)
{
	const struct process *all;
	size_t count;

	TRY(processes_read(arena, &all, &count, err));
	haproxy_observe(arena, service, all, count);
	return 0;
}

static int
await_signal_handler(const struct service *service, struct err *err)
{
	for (unsigned waited = 0; !takes_signal(service->main.pid, SIGUSR2);
		waited += POLL_MILLISECONDS) {
		if (waited >= CONTROL_TIMEOUT * 1000U || !process_is_alive(&service->main))
			return err_set(
				err, ERR_UNKNOWN, "%s: its master takes no SIGUSR2", service->name);
		wait_milliseconds(POLL_MILLISECONDS);
	}
	return 0;
}

static int
reload_master(struct arena *arena, struct service *service, struct err *err)
{
	const struct process *all, *newest;
	const char *list;
	size_t count;
	int outcome;

	TRY(await_signal_handler(service, err));
	TRY(processes_read(arena, &all, &count, err));
	newest = haproxy_newest_worker(&service->main, all, count);
	list = process_environment(arena, service->main.pid, "HAPROXY_PROCESSES");
	TRY(control_signal(service, SIGUSR2, err));
	outcome = await_worker(service, newest != NULL ? newest->pid : 0, list);
	if (outcome < 0)
		return err_set(
			err, ERR_UNKNOWN, "%s: the master ended while it reloaded", service->name);
	TRY(observe_anew(arena, service, err));
	return outcome;
}

/* The process that was started to take over from pid; 0: from none, but since then. Or NULL. */
static const struct process *
successor_of(struct arena *arena, const struct service *service, pid_t pid, struct timestamp since,
	const struct process *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct instance instance = {};

		if (pid != 0 ? !haproxy_takes_over_from(&all[i], pid)
			     : all[i].started.seconds < since.seconds - START_SLACK)
			continue;
		if (haproxy_recognise(arena, &all[i], all, count, &instance) &&
			strcmp(instance.config, service->config) == 0)
			return &all[i];
	}
	return NULL;
}

/* Of what never ran, the arguments are learned now. */
static void
adopt_arguments(
	struct arena *arena, struct service *service, const struct process *all, size_t count)
{
	struct instance instance;

	if (arguments_of(arena, service) != service->arguments &&
		haproxy_recognise(arena, &service->main, all, count, &instance))
		service->arguments = instance.arguments;
}

/* Finds who has started, and makes it the service's main process. */
static int
adopt_successor(struct arena *arena, struct service *service, pid_t pid, struct timestamp since,
	struct err *err)
{
	for (unsigned waited = 0; waited < CONTROL_TIMEOUT * 1000U; waited += POLL_MILLISECONDS) {
		const struct process *all, *found;
		size_t count;

		TRY(processes_read(arena, &all, &count, err));
		found = successor_of(arena, service, pid, since, all, count);
		if (found != NULL) {
			service->main = *found;
			service->running = true;
			adopt_arguments(arena, service, all, count);
			wait_milliseconds(SETTLE_MILLISECONDS);
			return observe_anew(arena, service, err);
		}
		wait_milliseconds(POLL_MILLISECONDS);
	}
	return err_set(err, ERR_UNKNOWN, "%s: it ended as soon as it had started", service->name);
}

/* In the background, for nobody waits for it. -db and -d would keep it in the foreground. */
static int
launch_server(struct arena *arena, struct service *service, pid_t old, struct err *err)
{
	static const char *const dropped[] = { "-D", "-d", "-db", NULL };
	const char *const first[] = { "-D", old != 0 ? "-sf" : NULL,
		arena_printf(arena, "%d", (int)old), NULL };
	const struct launch_plan plan = { first, dropped, true };
	struct timestamp since = control_now();
	const char *output;
	int status = run_haproxy(arena, service, &plan, &output, err);

	if (status < 0)
		return err_prefix(err, "start %s", service->name);
	if (status > 0) {
		(void)err_set(err, ERR_UNKNOWN, "%s does not start: %s", service->name, output);
		return 1;
	}
	return adopt_successor(arena, service, old, since, err);
}

static int
reload_alone(struct arena *arena, struct service *service, struct err *err)
{
	struct service copy = *service;
	bool drops_user;

	haproxy_read_config(arena, &copy, &drops_user);
	/* Started by us it would run as us. */
	if (!drops_user && service->main.credentials.user != geteuid())
		return err_set(err, ERR_PERMISSION,
			"%s runs as user %u without a master: it must be started anew by that user",
			service->name, (unsigned)service->main.credentials.user);
	if (!process_is_alive(&service->main))
		return err_set(err, ERR_UNKNOWN, "%s does not run any more", service->name);
	return launch_server(arena, service, service->main.pid, err);
}

int
haproxy_reload(struct arena *arena, struct service *service, struct err *err)
{
	return haproxy_has_master(service) ? reload_master(arena, service, err)
					   : reload_alone(arena, service, err);
}

/* Debian's unit starts the usual configuration with -Ws; whatever else was started by other means
 * is none of systemd's business. */
static bool
belongs_to_unit(const struct service *service)
{
	static const char *const notify[] = { "-Ws", NULL };
	const char *const *argument = service->arguments;
	bool notifies = argument == NULL || *argument == NULL;

	for (; argument != NULL && *argument != NULL; argument++)
		notifies = notifies || haproxy_argument_is(*argument, notify);
	return notifies && !service->world_is_process &&
	       strcmp(world_root(service->world), "/") == 0 &&
	       strcmp(service->config, HAPROXY_USUAL_CONFIG) == 0 &&
	       access("/run/systemd/system", F_OK) == 0;
}

static int
start_unit(struct arena *arena, struct service *service, struct err *err)
{
	static const char *const argv[] = { "systemctl", "start", "haproxy.service", NULL };
	struct timestamp since = control_now();
	const char *output;
	int status = control_run(arena, service, argv, false, &output, err);

	if (status < 0)
		return -1;
	if (status > 0)
		return err_set(err, ERR_UNKNOWN, "%s does not start: %s", service->name,
			text_sanitize(arena, output, strlen(output)));
	return adopt_successor(arena, service, 0, since, err);
}

int
haproxy_start(struct arena *arena, struct service *service, struct err *err)
{
	if (belongs_to_unit(service))
		return start_unit(arena, service, err);
	return launch_server(arena, service, 0, err) == 0 ? 0 : -1;
}
