/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/held.h"

#include <string.h>
#include <time.h>

static const int enders[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void
held_begin(struct held *held)
{
	(void)sigemptyset(&held->held);
	for (size_t i = 0; i < COUNT_OF(enders); i++) {
		struct sigaction action;

		/* As under nohup(1): a blocked one would be kept although nobody wants it. */
		if (sigaction(enders[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&held->held, enders[i]);
	}
	(void)pthread_sigmask(SIG_BLOCK, &held->held, &held->before);
}

/* One that has come meanwhile, or 0. */
static int
held_signal(const struct held *held)
{
	sigset_t waiting;

	(void)sigpending(&waiting);
	for (size_t i = 0; i < COUNT_OF(enders); i++)
		if (sigismember(&held->held, enders[i]) == 1 &&
			sigismember(&waiting, enders[i]) == 1)
			return enders[i];
	return 0;
}

int
held_check(const struct held *held, struct err *err)
{
	int number = held_signal(held);

	if (number == 0)
		return 0;
	return err_set(err, ERR_UNKNOWN, "interrupted by SIG%s", sigabbrev_np(number));
}

int
held_end(struct held *held)
{
	const struct timespec now = { 0 };
	int first = 0, number;

	while ((number = sigtimedwait(&held->held, NULL, &now)) > 0)
		first = first == 0 ? number : first;
	(void)pthread_sigmask(SIG_SETMASK, &held->before, NULL);
	return first;
}
