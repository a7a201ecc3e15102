/* SPDX-License-Identifier: Apache-2.0 */
/* The serials of the generated lists: those with an even number are on the list. */
#pragma once

#include <stdint.h>
#include <string.h>

enum { CRL_SERIAL_SIZE = 16 };

static inline uint64_t
crl_scatter(uint64_t state)
{
	state += 0x9e3779b97f4a7c15;
	state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
	state = (state ^ state >> 27) * 0x94d049bb133111eb;
	return state ^ state >> 31;
}

/* Content of an INTEGER: positive, in as few octets as it has. */
static inline void
crl_serial(uint64_t seed, uint64_t number, uint8_t serial[static CRL_SERIAL_SIZE])
{
	uint64_t high = crl_scatter(seed ^ number), low = crl_scatter(~seed ^ number);

	memcpy(serial, &high, sizeof(high));
	memcpy(serial + sizeof(high), &low, sizeof(low));
	serial[0] = (uint8_t)(serial[0] & 0x3f) | 0x40;
}
