/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/locate.h"

#include <string.h>

enum {
	PREFIX = 40,    /* bytes: lengths are alike in many objects, a serial number comes soon */
	LOOKED_AT = 64, /* of objects with the same hash */
};

struct locator {
	struct span bytes;
	uint32_t *heads, *next; /* number of a position, from 1; 0 ends */
	uint32_t *positions;
	size_t count, mask;
};

/* Of an object of 256 bytes to 64 KiB: SEQUENCE, and a length in two octets. */
static size_t
next_position(struct span bytes, size_t from)
{
	while (from + PREFIX <= bytes.length) {
		const uint8_t *found =
			memchr(bytes.data + from, DER_SEQUENCE, bytes.length - PREFIX + 1 - from);

		if (found == NULL)
			return SIZE_MAX;
		from = (size_t)(found - bytes.data);
		if (found[1] == 0x82)
			return from;
		from++;
	}
	return SIZE_MAX;
}

static size_t
hash_of(const uint8_t *data)
{
	size_t hash = 5381;

	for (size_t i = 0; i < PREFIX; i++)
		hash = hash * 33 + data[i];
	return hash;
}

struct locator *
locator_new(struct store_builder *builder)
{
	struct locator *locator = arena_alloc(builder->arena, sizeof(*locator));
	struct span bytes = builder->bytes;
	size_t size = 16, number = 0;

	locator->bytes = bytes;
	for (size_t at = next_position(bytes, 0); at != SIZE_MAX; at = next_position(bytes, at + 1))
		locator->count++;
	while (size < locator->count)
		size *= 2;
	locator->mask = size - 1;
	locator->heads = arena_alloc(builder->arena, size * sizeof(*locator->heads));
	locator->next = arena_alloc(builder->arena, (locator->count + 1) * sizeof(*locator->next));
	locator->positions =
		arena_alloc(builder->arena, (locator->count + 1) * sizeof(*locator->positions));
	for (size_t at = next_position(bytes, 0); at != SIZE_MAX;
		at = next_position(bytes, at + 1)) {
		size_t slot = hash_of(bytes.data + at) & locator->mask;

		locator->positions[++number] = (uint32_t)at;
		locator->next[number] = locator->heads[slot];
		locator->heads[slot] = (uint32_t)number;
	}
	return locator;
}

struct place
locator_find(const struct locator *locator, struct span der)
{
	struct place whole = { .length = locator->bytes.length, .is_enclosing = true };
	size_t found = SIZE_MAX, looked = 0;

	if (der.length < PREFIX)
		return whole;
	for (uint32_t number = locator->heads[hash_of(der.data) & locator->mask]; number != 0;
		number = locator->next[number]) {
		size_t at = locator->positions[number];

		if (looked++ == LOOKED_AT)
			return whole;
		if (der.length > locator->bytes.length - at ||
			memcmp(locator->bytes.data + at, der.data, der.length) != 0)
			continue;
		if (found != SIZE_MAX)
			return whole;
		found = at;
	}
	return found == SIZE_MAX ? whole : (struct place){ found, der.length, found, false };
}
