/* SPDX-License-Identifier: Apache-2.0 */
/* Testing, reloading and starting httpd. */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "services/control.h"
#include "services/products/apache.h"

enum {
	OUTPUT_MAX = 64 << 10,
	EXTRA_ARGUMENTS = 8,
	POLL_MILLISECONDS = 50,
	SETTLE_MILLISECONDS = 300,
	UNTOLD_MILLISECONDS = 2'000, /* for a parent without a log to end, if it must */
	ABSENT_MILLISECONDS = 3'000, /* without a process: it will not come any more */
};

static const char *const fixed_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"
};
/* What OpenSSL and the C library ask for, besides what the configuration does. */
static const char *const further_names[] = { "OPENSSL_CONF", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"TZ" };

static bool
has_name(const char *const *environment, size_t count, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
			return true;
	return false;
}

static const char *const *
full_environment(struct arena *arena, const struct service *service)
{
	size_t own = 0, count = 0;
	const char **list;

	while (service->environment != NULL && service->environment[own] != NULL)
		own++;
	list = arena_alloc(arena,
		(own + COUNT_OF(fixed_environment) + COUNT_OF(further_names) + 1) * sizeof(*list));
	for (size_t i = 0; i < own; i++)
		list[count++] = service->environment[i];
	for (size_t i = 0; i < COUNT_OF(fixed_environment); i++)
		if (strncmp(fixed_environment[i], "PATH=", 5) != 0 ||
			!has_name(list, count, "PATH"))
			list[count++] = fixed_environment[i];
	for (size_t i = 0; i < COUNT_OF(further_names); i++) {
		const char *value = service->running ? process_environment(arena, service->main.pid,
							       further_names[i])
						     : NULL;

		if (value != NULL && !has_name(list, count, further_names[i]))
			list[count++] = arena_printf(arena, "%s=%s", further_names[i], value);
	}
	return list;
}

/* "-DFOREGROUND", "-D FOREGROUND", "-X": it would not let go of us. How many arguments that is. */
static size_t
stays_in_foreground(const char *const *arguments)
{
	static const char *const names[] = { "FOREGROUND", "NO_DETACH", "ONE_PROCESS", "DEBUG" };

	if (strcmp(arguments[0], "-X") == 0)
		return 1;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (text_starts(arguments[0], "-D") && strcmp(arguments[0] + 2, names[i]) == 0)
			return 1;
		if (strcmp(arguments[0], "-D") == 0 && arguments[1] != NULL &&
			strcmp(arguments[1], names[i]) == 0)
			return 2;
	}
	return 0;
}

static const char *const *
command_line(struct arena *arena, const struct service *service, const char *const *last)
{
	const char *const *arguments = service->arguments;
	size_t count = 0, used = 0;
	const char **argv;

	while (arguments != NULL && arguments[count] != NULL)
		count++;
	argv = arena_alloc(arena, (count + EXTRA_ARGUMENTS) * sizeof(*argv));
	argv[used++] = service->executable;
	for (size_t i = 0; i < count;) {
		size_t dropped = stays_in_foreground(arguments + i);

		if (dropped == 0)
			argv[used++] = arguments[i++];
		i += dropped;
	}
	/* One that never ran, or that was started without any. */
	if (count == 0) {
		argv[used++] = "-d";
		argv[used++] = service->prefix;
		argv[used++] = "-f";
		argv[used++] = service->config;
	}
	while (*last != NULL)
		argv[used++] = *last++;
	return argv;
}

/* Its own program, with its own arguments and environment; the exit status, or -1. */
static int
run_httpd(struct arena *arena, const struct service *service, const char *const *last, bool detach,
	const char **ret_output, struct err *err)
{
	bool is_foreign = service->running &&
			  (service->main.foreign_namespace || strcmp(service->main.root, "/") != 0);
	struct run_result result = {};
	struct run run = {
		.argv = command_line(arena, service, last),
		.environment = full_environment(arena, service),
		.timeout = CONTROL_TIMEOUT,
		.output_limit = OUTPUT_MAX,
		.detach = detach,
		.rehearsal = service->rehearsal,
	};
	int status;

	*ret_output = "";
	if (service->executable == NULL)
		return err_set(err, ERR_UNKNOWN, "the program of %s is not known", service->name);
	if (is_foreign ? !process_is_alive(&service->main)
		       : !service->running && strcmp(world_root(service->world), "/") != 0)
		return err_set(err, ERR_UNKNOWN,
			"its program belongs to another root, and no process leads there");
	if (is_foreign)
		run.namespace_pid = (int)service->main.pid;
	TRY(run_program(&run, &result, err));
	if (result.output.length > 0)
		*ret_output = arena_strndup(
			arena, (const char *)result.output.data, result.output.length);
	status = result.timed_out ? err_set(err, ERR_UNKNOWN, "%s did not end within %d seconds",
					    run.argv[0], CONTROL_TIMEOUT)
				  : result.status;
	run_result_free(&result);
	return status;
}

int
apache_test(struct arena *arena, const struct service *service, const char **ret_output,
	struct err *err)
{
	static const char *const last[] = { "-t", NULL };
	int status = run_httpd(arena, service, last, false, ret_output, err);

	if (status < 0)
		return err_prefix(err, "test of %s", service->name);
	return status == 0 ? 0 : 1;
}

static void
wait_milliseconds(unsigned milliseconds)
{
	struct timespec time = { milliseconds / 1'000, (long)(milliseconds % 1'000) * 1'000'000 };

	while (nanosleep(&time, &time) < 0)
		continue;
}

static int
observe_anew(struct arena *arena, struct service *service, struct err *err)
{
	const struct process *all;
	size_t count;

	TRY(processes_read(arena, &all, &count, err));
	service->product->observe(arena, service, all, count);
	return 0;
}

static const char *
where_to_look(struct arena *arena, const struct service *service)
{
	if (service->log == NULL)
		return "";
	return arena_printf(
		arena, "; %s says why", text_sanitize(arena, service->log, strlen(service->log)));
}

/*
 * 0: the parent has said anew that it has loaded, and at what moment; 1: it has not, in all the
 * time; -1: it ended.
 */
static int
await_resumption(const struct service *service, struct timestamp before, struct timestamp *ret)
{
	for (unsigned waited = 0; waited < CONTROL_TIMEOUT * 1'000U; waited += POLL_MILLISECONDS) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		struct timestamp moment;

		if (!process_is_alive(&service->main))
			return -1;
		if (apache_resumed(arena, service, &moment) &&
			(moment.seconds != before.seconds ||
				moment.nanoseconds != before.nanoseconds)) {
			*ret = moment;
			return 0;
		}
		wait_milliseconds(POLL_MILLISECONDS);
	}
	return 1;
}

/*
 * A young child proves nothing by itself: httpd starts some whenever it is short of idle ones, and
 * so too in the moment between the signal and the end of a parent whose new configuration does not
 * load. What the log says decides; without one, that the parent stays.
 *
 * A child that was started before the parent had loaded ends with the others, and httpd may then be
 * without any for a second (server/mpm/event, server_main_loop): so the first one after that moment
 * is waited for. A moment that is not between the signal and now is of another time zone.
 */
static int
await_reload(struct arena *arena, const struct service *service, bool tells,
	struct timestamp before, struct timestamp since)
{
	struct timestamp resumed = since;
	int outcome = tells ? await_resumption(service, before, &resumed) : 0;

	if (timestamp_is_before(since, resumed) && timestamp_is_before(resumed, control_now()))
		since = resumed;
	if (outcome == 0)
		outcome = control_await_generation(arena, service, since, service->main.name);
	if (outcome != 0)
		return outcome;
	wait_milliseconds(tells ? SETTLE_MILLISECONDS : UNTOLD_MILLISECONDS);
	return process_is_alive(&service->main) ? 0 : -1;
}

/* Whoever was told to reload has children in the end; it may be a while without (above). 1: it has
 * none, in all the time. */
static int
observe_children(struct arena *arena, struct service *service, struct err *err)
{
	for (unsigned waited = 0; waited < CONTROL_TIMEOUT * 1'000U; waited += POLL_MILLISECONDS) {
		TRY(observe_anew(arena, service, err));
		if (service->worker_count > 0 || !process_is_alive(&service->main))
			return 0;
		wait_milliseconds(POLL_MILLISECONDS);
	}
	return 1;
}

int
apache_reload(struct arena *arena, struct service *service, struct err *err)
{
	struct timestamp since = control_now(), before = {};
	bool tells = apache_resumed(arena, service, &before);
	int outcome, children = 0;

	TRY(control_signal(service, SIGUSR1, err));
	outcome = await_reload(arena, service, tells, before, since);
	if (outcome >= 0)
		children = observe_children(arena, service, err);
	TRY(children);
	if (outcome < 0 || !process_is_alive(&service->main))
		return err_set(err, ERR_UNKNOWN,
			"%s ended when it was told to reload: its configuration or a store does "
			"not "
			"load%s",
			service->name, where_to_look(arena, service));
	return outcome != 0 ? outcome : children;
}

/* systemd's unit of Debian's instances, where systemd runs here and has it; else NULL. */
static const char *
unit_of(struct arena *arena, const struct service *service)
{
	static const char *const folders[] = { "/etc/systemd/system", "/run/systemd/system",
		"/usr/lib/systemd/system", "/lib/systemd/system" };
	struct file_identity identity;
	const char *directory, *unit, *file;

	if (service->world_is_process || strcmp(world_root(service->world), "/") != 0 ||
		world_stat(service->world, "/run/systemd/system", &identity, NULL) < 0)
		return NULL;
	directory = path_parent(arena, service->config);
	if (strcmp(service->config, "/etc/apache2/apache2.conf") == 0)
		unit = file = "apache2.service";
	else if (strcmp(service->config, "/etc/httpd/conf/httpd.conf") == 0)
		unit = file = "httpd.service";
	else if (text_starts(directory, "/etc/apache2-") && strchr(directory + 5, '/') == NULL) {
		unit = arena_printf(
			arena, "apache2@%s.service", directory + strlen("/etc/apache2-"));
		file = "apache2@.service";
	} else
		return NULL;
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (world_stat(service->world, path_join(arena, folders[i], file), &identity,
			    NULL) == 0)
			return unit;
	return NULL;
}

enum start { START_ABSENT, START_UNDERWAY, START_DONE };

/* The parent that has started with this configuration at since or later. */
static enum start
find_started(struct arena *arena, struct service *service, struct timestamp since)
{
	const struct process *all;
	size_t count;

	if (processes_read(arena, &all, &count, NULL) < 0)
		return START_ABSENT;
	for (size_t i = 0; i < count; i++) {
		struct instance instance;

		if (all[i].started.seconds + 1 < since.seconds ||
			!service->product->recognise(arena, &all[i], all, count, &instance) ||
			strcmp(instance.config, service->config) != 0)
			continue;
		service->main = all[i];
		service->running = true;
		service->product->observe(arena, service, all, count);
		return service->worker_count > 0 ? START_DONE : START_UNDERWAY;
	}
	return START_ABSENT;
}

/* Whether it is there, has children, and stays. It reads its stores only when it has let go of who
 * started it, whose exit status so tells nothing. */
static int
await_start(struct arena *arena, struct service *service, struct timestamp since, struct err *err)
{
	unsigned absent = 0;

	for (unsigned waited = 0; waited < CONTROL_TIMEOUT * 1'000U && absent < ABSENT_MILLISECONDS;
		waited += POLL_MILLISECONDS) {
		enum start start = find_started(arena, service, since);

		if (start == START_DONE) {
			wait_milliseconds(SETTLE_MILLISECONDS);
			if (process_is_alive(&service->main))
				return observe_anew(arena, service, err);
			break;
		}
		absent = start == START_ABSENT ? absent + POLL_MILLISECONDS : 0;
		wait_milliseconds(POLL_MILLISECONDS);
	}
	service->running = process_is_alive(&service->main);
	return err_set(err, ERR_UNKNOWN, "%s ended as soon as it had started%s", service->name,
		where_to_look(arena, service));
}

int
apache_start(struct arena *arena, struct service *service, struct err *err)
{
	static const char *const last[] = { "-k", "start", NULL };
	const char *unit = unit_of(arena, service), *output;
	const char *const by_unit[] = { "systemctl", "start", unit, NULL };
	struct timestamp since = control_now();
	int status = unit != NULL ? control_run(arena, service, by_unit, false, &output, err)
				  : run_httpd(arena, service, last, true, &output, err);

	if (status < 0)
		return err_prefix(err, "start %s", service->name);
	if (status > 0)
		return err_set(err, ERR_UNKNOWN, "%s does not start: %s%s", service->name,
			text_sanitize(arena, output, strnlen(output, 500)),
			where_to_look(arena, service));
	return await_start(arena, service, since, err);
}
