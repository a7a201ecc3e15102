/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quiet.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

enum { CHILD_SECONDS = 20 };

struct worker {
	sem_t is_inside;
	atomic_bool is_done;
};

static void *
work(void *data)
{
	static const struct timespec a_while = { .tv_nsec = 50'000'000 };
	struct worker *worker = data;

	quiet_hold();
	(void)sem_post(&worker->is_inside);
	(void)nanosleep(&a_while, NULL);
	atomic_store(&worker->is_done, true);
	quiet_release();
	return NULL;
}

/* In the child, which has one thread and the lock as it was. */
_Noreturn static void
hold_in_child(void)
{
	(void)alarm(CHILD_SECONDS);
	quiet_hold();
	quiet_release();
	_exit(quiet_fork() == 0 ? 0 : 7);
}

TEST(waits, "who forks waits for those that hold, and the child holds nothing")
{
	struct worker worker = {};
	pthread_t thread;
	int status = 0;
	pid_t pid;

	CHECK(sem_init(&worker.is_inside, 0, 0) == 0);
	CHECK(pthread_create(&thread, NULL, work, &worker) == 0);
	CHECK(sem_wait(&worker.is_inside) == 0);
	pid = quiet_fork();
	if (pid == 0)
		hold_in_child();
	CHECK(pid > 0 && atomic_load(&worker.is_done));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(pthread_join(thread, NULL) == 0);
	(void)sem_destroy(&worker.is_inside);
}

TAP_MAIN()
