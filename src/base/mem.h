/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. mem_* never returns NULL: a machine without memory ends the process, so each size that
 * comes from outside meets a named bound first.
 *
 * What lives as long as one examination comes from its arena and is not freed piece by piece.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>

#include "base/own.h"

struct arena; /* opaque */

void mem_free(void *);
void mem_freep(void *pointer_to_pointer);                     /* for CLEANUP */
ALLOCATES(mem_free) NEVER_NULL void *mem_alloc(size_t size);  /* uninitialised */
ALLOCATES(mem_free) NEVER_NULL void *mem_zalloc(size_t size); /* zeroed */
ALLOCATES(mem_free) NEVER_NULL char *mem_strdup(const char *text);
ALLOCATES(mem_free) NEVER_NULL void *mem_dup(const void *bytes, size_t size);
[[nodiscard]] void *mem_resize(void *old, size_t size);
/* An array that must hold one more than used: doubles capacity when full. Ends the process on
 * overflow. */
[[nodiscard]] void *mem_grow(void *array, size_t used, size_t *capacity, size_t element_size);

void arena_free(struct arena *);
ALLOCATES(arena_free) NEVER_NULL struct arena *arena_new(void);
DEFINE_CLEANUP(struct arena, arena_free)

/* Ends the object with the arena, the last adopted first. */
void arena_adopt(struct arena *, void *object, void (*end)(void *object));
void *arena_alloc(struct arena *, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *, const char *text);
char *arena_strndup(struct arena *, const char *text, size_t length);
void *arena_dup(struct arena *, const void *bytes, size_t size);
char *arena_printf(struct arena *, const char *format, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *, const char *format, va_list) PRINTF(2, 0);
/* As mem_grow, from the arena: the old array stays where it was. */
void *arena_grow(struct arena *, void *array, size_t used, size_t *capacity, size_t element_size);

/*
 * From now on, memory that is freed stays with this process and its children, as far as some MiB:
 * for who has as much of it again and again, and would wait longer for the pages than for the work.
 */
void mem_retain(void);

/* Overwrites a secret in a way that the compiler keeps. */
void secret_wipe(void *secret, size_t size);
