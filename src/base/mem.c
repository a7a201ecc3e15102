/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "base/mem.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* 16 bytes hold any type of x86-64 and arm64, long double and the vector types included. */
enum { ARENA_ALIGNMENT = 16, ARENA_CHUNK_SIZE = 64 * 1024, ARENA_BIG = ARENA_CHUNK_SIZE / 4 };
enum { GROW_FIRST = 8 };
enum { RETAINED = 8 << 20 /* bytes of each heap of the allocator's, and of one object */ };
enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 2 * LARGE_PAGE };

struct chunk {
	struct chunk *next;
	_Alignas(ARENA_ALIGNMENT) uint8_t data[];
};

/* An object that is no memory of the arena's, and ends with it. */
struct adopted {
	struct adopted *next;
	void *object;
	void (*end)(void *object);
};

/* The first chunk is the one that is being filled; those of big objects stand behind it. */
struct arena {
	struct adopted *adopted;
	struct chunk *chunks;
	size_t used; /* of the first chunk */
};

static_assert(_Alignof(max_align_t) <= ARENA_ALIGNMENT);
static_assert(offsetof(struct chunk, data) % ARENA_ALIGNMENT == 0);

_Noreturn static void
mem_exhausted(const char *reason)
{
	static const char start[] = "trustmend: fatal: ", end[] = "\n";

	/* stdio may itself want memory: write(2) does not. */
	if (write(STDERR_FILENO, start, sizeof(start) - 1) < 0 ||
		write(STDERR_FILENO, reason, strlen(reason)) < 0 ||
		write(STDERR_FILENO, end, sizeof(end) - 1) < 0)
		abort();
	abort();
}

static size_t
size_add(size_t a, size_t b)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		mem_exhausted("a size overflows");
	return sum;
}

static size_t
size_multiply(size_t a, size_t b)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		mem_exhausted("a size overflows");
	return product;
}

static void *
checked(void *pointer)
{
	if (pointer == NULL)
		mem_exhausted("out of memory");
	return pointer;
}

/* Megabytes that are filled from end to end cost less in large pages: to have each of 4 KiB given
 * takes longer than to fill it. Advice alone, which a kernel may leave. */
static void
advise_large(void *memory, size_t size)
{
	uintptr_t from = ((uintptr_t)memory + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1);
	uintptr_t to = ((uintptr_t)memory + size) & ~(uintptr_t)(LARGE_PAGE - 1);

	if (size >= LARGE_FROM && to > from)
		(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void
mem_free(void *pointer)
{
	free(pointer);
}

void
mem_freep(void *pointer_to_pointer)
{
	void *pointer;

	/* By memcpy, for what is pointed to may be a pointer of any type. */
	memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
	free(pointer);
	memset(pointer_to_pointer, 0, sizeof(pointer));
}

void *
mem_alloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *
mem_zalloc(size_t size)
{
	return checked(calloc(1, size > 0 ? size : 1));
}

char *
mem_strdup(const char *text)
{
	return mem_dup(text, strlen(text) + 1);
}

void *
mem_dup(const void *bytes, size_t size)
{
	void *copy = mem_alloc(size);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

void *
mem_resize(void *old, size_t size)
{
	void *memory = checked(realloc(old, size > 0 ? size : 1));

	advise_large(memory, size);
	return memory;
}

void *
mem_grow(void *array, size_t used, size_t *capacity, size_t element_size)
{
	if (used < *capacity)
		return array;
	*capacity = *capacity > 0 ? size_multiply(*capacity, 2) : GROW_FIRST;
	return mem_resize(array, size_multiply(*capacity, element_size));
}

struct arena *
arena_new(void)
{
	return mem_zalloc(sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
	struct chunk *next;

	if (arena == NULL)
		return;
	for (struct adopted *adopted = arena->adopted; adopted != NULL; adopted = adopted->next)
		adopted->end(adopted->object);
	for (struct chunk *chunk = arena->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *chunk = mem_zalloc(size_add(sizeof(struct chunk), size));

	advise_large(chunk, size);
	return chunk;
}

/* A chunk of its own, put behind the one that is being filled. */
static void *
arena_alloc_big(struct arena *arena, size_t size)
{
	struct chunk *chunk = chunk_new(size);

	if (arena->chunks == NULL) {
		arena->chunks = chunk;
		arena->used = ARENA_CHUNK_SIZE;
		return chunk->data;
	}
	chunk->next = arena->chunks->next;
	arena->chunks->next = chunk;
	return chunk->data;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded =
		size_add(size > 0 ? size : 1, ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
	struct chunk *chunk;
	void *object;

	if (rounded > ARENA_BIG)
		return arena_alloc_big(arena, rounded);
	if (arena->chunks == NULL || rounded > ARENA_CHUNK_SIZE - arena->used) {
		chunk = chunk_new(ARENA_CHUNK_SIZE);
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	object = arena->chunks->data + arena->used;
	arena->used += rounded;
	return object;
}

void
arena_adopt(struct arena *arena, void *object, void (*end)(void *object))
{
	struct adopted *adopted = arena_alloc(arena, sizeof(*adopted));

	adopted->next = arena->adopted;
	adopted->object = object;
	adopted->end = end;
	arena->adopted = adopted;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, size_add(length, 1));

	if (length > 0)
		memcpy(copy, text, length);
	return copy;
}

void *
arena_dup(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int length;

	assert(format != NULL);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		mem_exhausted("a text cannot be formatted");
	text = arena_alloc(arena, (size_t)length + 1);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	return text;
}

void *
arena_grow(struct arena *arena, void *array, size_t used, size_t *capacity, size_t element_size)
{
	void *grown;

	if (used < *capacity)
		return array;
	*capacity = *capacity > 0 ? size_multiply(*capacity, 2) : GROW_FIRST;
	grown = arena_alloc(arena, size_multiply(*capacity, element_size));
	if (used > 0)
		memcpy(grown, array, size_multiply(used, element_size));
	return grown;
}

void
mem_retain(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, RETAINED);
	(void)mallopt(M_MMAP_THRESHOLD, RETAINED);
}

void
secret_wipe(void *secret, size_t size)
{
	if (size > 0)
		explicit_bzero(secret, size);
}
