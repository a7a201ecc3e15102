/* SPDX-License-Identifier: Apache-2.0 */
/* libcrypto's and libssl's own words for what went wrong. */
#pragma once

#include "base/base.h"

/* Of the first and of the last error in this thread's queue. Never NULL; from the arena. */
const char *words_first(struct arena *);
const char *words_last(struct arena *);
