/* SPDX-License-Identifier: Apache-2.0 */
#include "services/control.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "unit/tap.h"

/* A service whose main process is a child of ours that does as it is told. */
struct hall {
	struct arena *arena;
	struct world *world;
	struct service service;
};

static void
hall_end(struct hall *hall)
{
	if (hall->service.running && kill(hall->service.main.pid, SIGKILL) == 0)
		(void)waitpid(hall->service.main.pid, NULL, 0);
	world_free(hall->world);
	arena_free(hall->arena);
}

static struct hall
hall_begin(void)
{
	struct hall hall = { .arena = arena_new(), .world = world_host() };

	hall.service = (struct service){ .product = product_find("nginx"),
		.name = "test",
		.executable = "/bin/sh",
		.world = hall.world };
	return hall;
}

#define HALL CLEANUP(hall_end) struct hall hall = hall_begin()

static void
worker(void)
{
	/* It does not outlive who started it, whatever becomes of the test. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)pause();
}

static volatile sig_atomic_t hung_up;

static void
hang_up(int)
{
	hung_up = 1;
}

/* Waits for SIGHUP in sigsuspend, as nginx does, and then starts a worker or does nothing. */
_Noreturn static void
main_process(bool starts_worker)
{
	sigset_t blocked, none;

	(void)sigemptyset(&none);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	(void)signal(SIGHUP, hang_up);
	for (;;) {
		(void)sigsuspend(&none);
		if (hung_up && starts_worker && fork() == 0)
			worker();
		hung_up = 0;
	}
}

static bool
start(struct hall *hall, bool starts_worker)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		main_process(starts_worker);
	}
	(void)usleep(100'000);
	hall->service.running = pid > 0 && process_read(hall->arena, pid, &hall->service.main) == 0;
	return hall->service.running;
}

TEST(runs,
	"a program's status and output come back; one that a signal ended has 128 and its number")
{
	static const char *const words[] = { "sh", "-c", "echo a; exit 3", NULL };
	static const char *const killed[] = { "sh", "-c", "kill -TERM $$", NULL };
	static const char *const missing[] = { "/no/such/program", NULL };
	const char *output;
	struct err err = { 0 };
	HALL;

	CHECK(control_run(hall.arena, &hall.service, words, false, &output, &err) == 3);
	CHECK_TEXT(output, "a\n");
	CHECK(control_run(hall.arena, &hall.service, killed, false, NULL, &err) == 128 + SIGTERM);
	CHECK(control_run(hall.arena, &hall.service, missing, false, &output, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
	CHECK_TEXT(output, "");
}

TEST(no_program, "where the server's program was not found, that is told")
{
	HALL;

	CHECK(control_unavailable(hall.arena, &hall.service) == NULL);
	hall.service.executable = NULL;
	CHECK(strstr(control_unavailable(hall.arena, &hall.service), "no program of nginx") !=
		NULL);
}

TEST(foreign, "nothing that lies below another root is run here")
{
	static const char *const words[] = { "true", NULL };
	struct err err = { 0 };
	HALL;

	world_free(hall.world);
	hall.world = hall.service.world = world_below("/usr", &err);
	CHECK(control_run(hall.arena, &hall.service, words, false, NULL, &err) == -1);
	CHECK(strstr(err.message, "another machine") != NULL);
}

TEST(signal, "a signal goes to the main process alone, and never to another one of its number")
{
	struct err err = { 0 };
	HALL;

	CHECK(control_signal(&hall.service, SIGTERM, &err) == -1);
	CHECK(strstr(err.message, "does not run") != NULL);
	CHECK(start(&hall, false));
	hall.service.main.start_ticks--;
	CHECK(control_signal(&hall.service, SIGKILL, &err) == -1);
	CHECK(strstr(err.message, "has ended") != NULL);
	hall.service.main.start_ticks++;
	CHECK(process_is_alive(&hall.service.main));
	CHECK(control_signal(&hall.service, SIGTERM, &err) == 0);
	CHECK(waitpid(hall.service.main.pid, NULL, 0) == hall.service.main.pid);
	CHECK(control_signal(&hall.service, SIGTERM, &err) == -1);
	hall.service.running = false;
}

TEST(generation, "a worker that is younger than the signal is a new generation")
{
	struct timestamp since;
	struct err err = { 0 };
	HALL;

	CHECK(start(&hall, true));
	since = control_now();
	CHECK(control_signal(&hall.service, SIGHUP, &err) == 0);
	CHECK(control_await_generation(hall.arena, &hall.service, since, hall.service.main.name) ==
		0);
}

TEST(no_generation, "a main process that goes back to waiting and starts nobody has none: 1")
{
	struct timestamp since;
	struct err err = { 0 };
	HALL;

	CHECK(start(&hall, false));
	since = control_now();
	CHECK(control_signal(&hall.service, SIGHUP, &err) == 0);
	CHECK(control_await_generation(hall.arena, &hall.service, since, hall.service.main.name) ==
		1);
}

TEST(died, "a main process that ends while it reloads is told at once: -1")
{
	HALL;

	CHECK(start(&hall, false));
	CHECK(kill(hall.service.main.pid, SIGKILL) == 0);
	CHECK(waitpid(hall.service.main.pid, NULL, 0) == hall.service.main.pid);
	CHECK(control_await_generation(hall.arena, &hall.service, control_now(), "x") == -1);
	hall.service.running = false;
}

TAP_MAIN()
