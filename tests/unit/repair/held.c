/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/held.h"

#include "tap.h"

TEST(none, "nothing has come")
{
	struct held held;
	struct err err = { 0 };

	held_begin(&held);
	CHECK(held_check(&held, &err) == 0);
	CHECK(held_end(&held) == 0);
}

TEST(come, "a signal that came is told, taken, and ends nobody")
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct held held;
		struct err err = { 0 };

		held_begin(&held);
		CHECK(raise(numbers[i]) == 0);
		CHECK(held_check(&held, &err) < 0);
		CHECK(err.code == ERR_UNKNOWN && strstr(err.message, "interrupted by SIG") != NULL);
		CHECK(held_check(&held, &err) < 0);
		CHECK(held_end(&held) == numbers[i]);
	}
}

TEST(ignored, "one that is ignored, as under nohup, stops nothing")
{
	struct held held;
	struct err err = { 0 };

	(void)signal(SIGHUP, SIG_IGN);
	held_begin(&held);
	CHECK(raise(SIGHUP) == 0);
	CHECK(held_check(&held, &err) == 0);
	CHECK(held_end(&held) == 0);
	(void)signal(SIGHUP, SIG_DFL);
}

TEST(restored, "what was blocked before stays blocked, and nothing else does")
{
	struct held held;
	sigset_t now, one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
	held_begin(&held);
	(void)held_end(&held);
	(void)sigprocmask(SIG_BLOCK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGTERM) == 0);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
}

TAP_MAIN()
