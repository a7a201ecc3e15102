/* SPDX-License-Identifier: Apache-2.0 */
/* Chance from a seed, the same on every machine: xorshift64*. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/own.h"

static uint64_t seeded_state;

/* Any seed but 0, at which the generator stands still. */
static inline void
seeded_begin(uint64_t seed)
{
	seeded_state = seed;
}

static inline unsigned
below(unsigned limit)
{
	seeded_state ^= seeded_state >> 12;
	seeded_state ^= seeded_state << 25;
	seeded_state ^= seeded_state >> 27;
	return (unsigned)((seeded_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

static inline bool
chance(unsigned percent)
{
	return below(100) < percent;
}

#define ONE_OF(list) ((list)[below(COUNT_OF(list))])
