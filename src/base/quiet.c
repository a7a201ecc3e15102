/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quiet.h"

#include <pthread.h>
#include <unistd.h>

/* Who wants to fork comes before those that begin their next piece of work. */
#define FREE PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP

static pthread_rwlock_t lock = FREE;

void
quiet_hold(void)
{
	(void)pthread_rwlock_rdlock(&lock);
}

void
quiet_release(void)
{
	(void)pthread_rwlock_unlock(&lock);
}

pid_t
quiet_fork(void)
{
	pid_t pid;

	(void)pthread_rwlock_wrlock(&lock);
	pid = fork();
	/* To the child its owner is a thread of another process. */
	if (pid == 0)
		lock = (pthread_rwlock_t)FREE;
	else
		(void)pthread_rwlock_unlock(&lock);
	return pid;
}
