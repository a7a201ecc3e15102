/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/signature_memory.h"

#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

/* The file: this line, and the fingerprints behind it, the latest first. */
static const char mark[] = "trustmend self-signatures 1\n";

enum { MARK = sizeof(mark) - 1, FIRST_SLOTS = 1024 };

struct signature_memory {
	char *path;
	bool is_read;
	struct digest *slots; /* open addressing; all zero is free */
	size_t mask, count;
	struct buffer old, new; /* fingerprints of the file, and those to come before them */
};

struct signature_memory *
signature_memory_new(const char *path)
{
	struct signature_memory *memory = mem_zalloc(sizeof(*memory));

	memory->path = mem_strdup(path);
	return memory;
}

void
signature_memory_free(struct signature_memory *memory)
{
	if (memory == NULL)
		return;
	mem_free(memory->path);
	mem_free(memory->slots);
	buffer_free(&memory->old);
	buffer_free(&memory->new);
	mem_free(memory);
}

/* Where it is, or the free slot where it belongs. */
static struct digest *
slot_of(const struct signature_memory *memory, const struct digest *digest)
{
	static const struct digest none;
	size_t slot;

	memcpy(&slot, digest->bytes, sizeof(slot));
	for (slot &= memory->mask; !digest_equal(&memory->slots[slot], &none) &&
				   !digest_equal(&memory->slots[slot], digest);
		slot = (slot + 1) & memory->mask)
		;
	return &memory->slots[slot];
}

static void
slots_grow(struct signature_memory *memory, size_t count)
{
	struct signature_memory grown = { .mask = FIRST_SLOTS - 1 };
	static const struct digest none;

	while (grown.mask < count * 2)
		grown.mask = grown.mask * 2 + 1;
	if (memory->slots != NULL && grown.mask <= memory->mask)
		return;
	grown.slots = mem_zalloc((grown.mask + 1) * sizeof(*grown.slots));
	for (size_t i = 0; memory->slots != NULL && i <= memory->mask; i++)
		if (!digest_equal(&memory->slots[i], &none))
			*slot_of(&grown, &memory->slots[i]) = memory->slots[i];
	mem_free(memory->slots);
	memory->slots = grown.slots;
	memory->mask = grown.mask;
}

void
signature_memory_read(struct signature_memory *memory)
{
	enum { LIMIT = MARK + SIGNATURE_MEMORY_MAX * sizeof(struct digest) };
	CLEANUP(buffer_free) struct buffer file = {};
	struct err ignored = {};

	if (memory->is_read)
		return;
	memory->is_read = true;
	slots_grow(memory, 0);
	if (file_read(memory->path, LIMIT, &file, &ignored) < 0 || file.length < MARK ||
		memcmp(file.data, mark, MARK) != 0)
		return;
	memory->count = (file.length - MARK) / sizeof(struct digest);
	slots_grow(memory, memory->count);
	buffer_add(&memory->old, file.data + MARK, memory->count * sizeof(struct digest));
	for (size_t i = 0; i < memory->count; i++) {
		struct digest digest;

		memcpy(&digest, memory->old.data + i * sizeof(digest), sizeof(digest));
		*slot_of(memory, &digest) = digest;
	}
}

bool
signature_memory_has(const struct signature_memory *memory, const struct digest *digest)
{
	return memory->is_read && digest_equal(slot_of(memory, digest), digest);
}

void
signature_memory_add(struct signature_memory *memory, const struct digest *digest)
{
	if (!memory->is_read || signature_memory_has(memory, digest))
		return;
	slots_grow(memory, ++memory->count);
	*slot_of(memory, digest) = *digest;
	buffer_add(&memory->new, digest->bytes, sizeof(*digest));
}

int
signature_memory_save(struct signature_memory *memory, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = NULL;
	CLEANUP(buffer_free) struct buffer file = {};
	size_t limit = MARK + SIGNATURE_MEMORY_MAX * sizeof(struct digest);

	if (memory->new.length < SIGNATURE_MEMORY_WORTH * sizeof(struct digest))
		return 0;
	arena = arena_new();
	buffer_add(&file, mark, MARK);
	buffer_add(&file, memory->new.data, memory->new.length);
	buffer_add(&file, memory->old.data, memory->old.length);
	if (file.length > limit)
		file.length = limit;
	TRY(directory_make(path_parent(arena, memory->path), 0700, err));
	TRY(file_replace(memory->path, buffer_span(&file), 0600, err));
	memory->new.length = 0;
	return 0;
}
