/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines: moments of a clock that nobody sets, in milliseconds. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t
deadline_in(int64_t milliseconds)
{
	struct timespec now = {};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1'000 + now.tv_nsec / 1'000'000 + milliseconds;
}

/* Milliseconds until then, for poll(2): never negative. */
static inline int
deadline_left(int64_t deadline)
{
	int64_t left = deadline - deadline_in(0);

	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}
