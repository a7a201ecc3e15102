/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership: whatever has an end is declared with CLEANUP and handed on with TAKE.
 *
 *	CLEANUP(store_closep) struct store *store = store_open(…);
 *	if (store == NULL)
 *		return NULL;
 *	return TAKE(store);
 *
 * These few macros are the only clever ones of the tree.
 */
#pragma once

#include <stddef.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Defines function##p, which ends what the pointer holds, unless it is NULL. */
#define DEFINE_CLEANUP(type, function)                 \
	static inline void function##p(type **pointer) \
	{                                              \
		if (*pointer != NULL)                  \
			function(*pointer);            \
	}

/* Hands the pointer on: its CLEANUP then finds NULL. */
#define TAKE(pointer)                               \
	({                                          \
		typeof(pointer) taken_ = (pointer); \
		(pointer) = NULL;                   \
		taken_;                             \
	})

/* Says which function ends the returned object; the end must be declared before. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(CONSTRUCTS)
#define ALLOCATES(end) __attribute__((malloc, malloc(end, 1), warn_unused_result))
#else
#define ALLOCATES(end) __attribute__((warn_unused_result))
#endif

/* Says that the function returns or ends the process: who calls need not ask. */
#define NEVER_NULL __attribute__((returns_nonnull))

#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* The one control-flow macro: an error of the call is an error of ours. */
#define TRY(call)                  \
	do {                       \
		if ((call) < 0)    \
			return -1; \
	} while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* For descriptors: CLEANUP(fd_close) int fd = open(…); */
static inline void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}
