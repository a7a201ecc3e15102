/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/ahead.h"

#include "x509/der.h"

enum {
	BYTES_PER_ENTRY = 256, /* of a file, at least: memory that nobody writes to costs nothing */
};

void
ahead_begin(struct ahead *ahead, struct arena *arena, size_t bytes)
{
	size_t capacity = bytes / BYTES_PER_ENTRY;

	*ahead = (struct ahead){};
	ahead->capacity = capacity < STORE_MAX_ENTRIES ? capacity : STORE_MAX_ENTRIES;
	ahead->entries = arena_alloc(arena, (ahead->capacity + 1) * sizeof(*ahead->entries));
}

static void
forget(struct ahead *ahead)
{
	for (size_t i = 0; i < ahead->count; i++)
		ahead->entries[i].cert = (struct cert){};
	ahead->count = ahead->at = 0;
}

/* The next one, once it is there as a whole; false where there is none. */
static bool
read_next(struct ahead *ahead, struct span rest)
{
	struct der der = der_of(rest);
	struct cert *cert = &ahead->entries[ahead->count].cert;
	struct span whole = der_next(&der).whole;
	const char *fault;
	size_t offset;

	if (der.fault != NULL || whole.length == 0)
		return false;
	if (cert_read(whole, cert, &fault, &offset) < 0) {
		*cert = (struct cert){};
		ahead->is_over = true;
		return false;
	}
	ahead->at += whole.length;
	ahead->count++;
	return true;
}

void
ahead_read(struct ahead *ahead, struct span decoded)
{
	if (decoded.length == 0 || ahead->base != decoded.data) {
		forget(ahead);
		ahead->base = decoded.data;
		ahead->is_over = false;
	}
	while (!ahead->is_over && ahead->count < ahead->capacity && ahead->at < decoded.length)
		if (!read_next(
			    ahead, span_of(decoded.data + ahead->at, decoded.length - ahead->at)))
			return;
}

bool
ahead_has(const struct entry *entry)
{
	return entry->der.length > 0 && entry->cert.der.data == entry->der.data &&
	       entry->cert.der.length == entry->der.length;
}
