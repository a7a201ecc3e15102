/* SPDX-License-Identifier: Apache-2.0 */
#include "services/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <time.h>

enum {
	OUTPUT_LIMIT = 64 << 10,
	POLL_INTERVAL = 25,     /* milliseconds */
	QUIET_SAMPLES = 12,     /* of a main process that waits for signals: the reload is over */
	LISTENING_SAMPLES = 40, /* that a new generation has to open its sockets */
	MILLISECONDS = 1'000,
	NANOSECONDS_PER_MILLISECOND = 1'000'000,
	CLOCK_SLACK = 1, /* milliseconds between two readings of two clocks */
};

/* Its programs and files are in another root: only a process that runs there can lead us in. */
static bool
needs_its_namespace(const struct service *service)
{
	return service->running &&
	       (service->main.foreign_namespace || strcmp(service->main.root, "/") != 0);
}

const char *
control_unavailable(struct arena *arena, const struct service *service)
{
	if (service->running)
		return NULL;
	if (strcmp(world_root(service->world), "/") != 0)
		return arena_printf(arena,
			"programs below %s are not run: they belong to another machine",
			world_root(service->world));
	if (service->executable == NULL)
		return arena_printf(arena, "no program of %s was found", service->product->title);
	return NULL;
}

int
control_run(struct arena *arena, const struct service *service, const char *const *argv,
	bool detach, const char **ret_output, struct err *err)
{
	CLEANUP(run_result_free) struct run_result result = { 0 };
	const char *unavailable = control_unavailable(arena, service);
	struct run run = {
		.argv = argv,
		.timeout = CONTROL_TIMEOUT,
		.output_limit = OUTPUT_LIMIT,
		.detach = detach,
		.rehearsal = service->rehearsal,
	};

	if (ret_output != NULL)
		*ret_output = "";
	if (unavailable != NULL)
		return err_set(err, ERR_UNKNOWN, "%s", unavailable);
	if (needs_its_namespace(service)) {
		if (!process_is_alive(&service->main))
			return err_set(err, ERR_UNKNOWN,
				"process %d has ended, and its root with it",
				(int)service->main.pid);
		run.namespace_pid = (int)service->main.pid;
	}
	TRY(run_program(&run, &result, err));
	if (ret_output != NULL && result.output.length > 0)
		*ret_output = arena_strndup(
			arena, (const char *)result.output.data, result.output.length);
	if (result.timed_out)
		return err_set(err, ERR_UNKNOWN, "%s did not end within %d seconds", argv[0],
			CONTROL_TIMEOUT);
	return result.status;
}

int
control_signal(const struct service *service, int signal, struct err *err)
{
	CLEANUP(fd_close)
	int process = service->running ? pidfd_open(service->main.pid, 0) : -1;

	if (!service->running)
		return err_set(err, ERR_UNKNOWN, "%s does not run", service->name);
	/* Asked after the descriptor is held: the pid cannot be given to another one in between. */
	if (!process_is_alive(&service->main))
		return err_set(err, ERR_UNKNOWN, "process %d has ended", (int)service->main.pid);
	if (process >= 0 ? pidfd_send_signal(process, signal, NULL, 0) < 0
			 : kill(service->main.pid, signal) < 0)
		return err_sys(err, ERR_UNKNOWN, "signal %d to process %d", signal,
			(int)service->main.pid);
	return 0;
}

struct timestamp
control_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (struct timestamp){ now.tv_sec, (uint32_t)now.tv_nsec };
}

/* Whether the process started at that moment or later, but for what two clocks differ by. */
static bool
is_young(const struct process *process, const struct timestamp *since)
{
	int64_t seconds = process->started.seconds - since->seconds;
	int64_t slack = (int64_t)CLOCK_SLACK * NANOSECONDS_PER_MILLISECOND;

	if (seconds != 0)
		return seconds > 0;
	return process->started.nanoseconds + slack >= since->nanoseconds;
}

static bool
is_old_worker(const struct service *service, pid_t pid)
{
	for (size_t i = 0; i < service->worker_count; i++)
		if (service->workers[i] == pid)
			return true;
	return false;
}

struct generation {
	size_t young, old;
	pid_t youngest;
};

static void
count_generation(struct arena *arena, const struct service *service, const struct timestamp *since,
	const char *worker_name, struct generation *ret)
{
	const pid_t *children;
	size_t count;
	struct err err = { 0 };

	*ret = (struct generation){ 0 };
	if (process_children(arena, service->main.pid, &children, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct process child;

		if (process_read(arena, children[i], &child) < 0 || child.state == 'Z' ||
			(strcmp(child.name, worker_name) != 0 &&
				(child.argument_count == 0 ||
					strcmp(child.arguments[0], worker_name) != 0)))
			continue;
		if (is_young(&child, since) && !is_old_worker(service, child.pid)) {
			ret->young++;
			ret->youngest = child.pid;
			continue;
		}
		ret->old++;
	}
}

/* A new worker, or the main process for it, holds a listening socket. */
static bool
is_listening(struct arena *arena, const struct service *service, pid_t worker)
{
	pid_t pids[] = { service->main.pid, worker };
	struct listener *listeners;
	size_t count, ports = 0;

	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < service->verifiers[i].endpoint_count; j++)
			ports += service->verifiers[i].endpoints[j].port != 0;
	if (ports == 0)
		return true;
	listeners = process_listeners(arena, service->main.pid, &count);
	process_listeners_claim(listeners, count, pids, COUNT_OF(pids));
	for (size_t i = 0; i < count; i++)
		if (listeners[i].pid != 0)
			return true;
	return false;
}

static void
wait_a_little(void)
{
	struct timespec pause = { .tv_nsec = POLL_INTERVAL * NANOSECONDS_PER_MILLISECOND };

	(void)nanosleep(&pause, NULL);
}

int
control_await_generation(struct arena *arena, const struct service *service, struct timestamp since,
	const char *worker_name)
{
	bool by_title = strchr(worker_name, ' ') != NULL;
	int quiet = 0, deaf = 0;

	(void)arena;
	for (int waited = 0; waited < CONTROL_TIMEOUT * MILLISECONDS; waited += POLL_INTERVAL) {
		CLEANUP(arena_freep) struct arena *sample = arena_new();
		struct generation generation;

		if (!process_is_alive(&service->main))
			return -1;
		count_generation(sample, service, &since, worker_name, &generation);
		if (generation.young > 0 && (!by_title || generation.old == 0) &&
			(is_listening(sample, service, generation.youngest) ||
				++deaf > LISTENING_SAMPLES))
			return deaf > LISTENING_SAMPLES ? 1 : 0;
		/* It has gone back to waiting for signals, and started nobody. */
		quiet = generation.young == 0 &&
					process_blocked_in(service->main.pid) == SYS_rt_sigsuspend
				? quiet + 1
				: 0;
		if (quiet >= QUIET_SAMPLES)
			return 1;
		wait_a_little();
	}
	return 1;
}
