/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forks beside threads. A child that goes on without executing a program has the locks of libraries
 * as they were, and no thread to give back those that another one held. So whoever calls a library
 * in a thread of his own holds the quiet back meanwhile, for one piece of work at a time, and a
 * process forks only while nobody does.
 */
#pragma once

#include <sys/types.h>

/* Not twice in one thread, and not around a fork, nor around waiting for who may hold: whoever
 * wants to fork goes before him. */
void quiet_hold(void);
void quiet_release(void);

/* As fork(2), once nobody holds. */
pid_t quiet_fork(void);
