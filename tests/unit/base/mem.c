/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tap.h"

TEST(sizes, "zero is a size like any other, and zalloc zeroes")
{
	CLEANUP(mem_freep) void *nothing = mem_alloc(0);
	CLEANUP(mem_freep) uint8_t *zeroed = mem_zalloc(100);
	CLEANUP(mem_freep) void *copied = mem_dup(NULL, 0);

	CHECK(nothing != NULL && copied != NULL);
	for (size_t i = 0; i < 100; i++)
		CHECK(zeroed[i] == 0);
}

TEST(copies, "copies are equal and apart")
{
	char text[] = "abc";
	CLEANUP(mem_freep) char *copy = mem_strdup(text);

	text[0] = 'x';
	CHECK_TEXT(copy, "abc");
	mem_freep(&copy);
	CHECK(copy == NULL);
}

TEST(grow, "an array grows only when it is full, and keeps what it held")
{
	CLEANUP(mem_freep) int *numbers = NULL;
	size_t capacity = 0, changes = 0;

	for (size_t used = 0; used < 1000; used++) {
		size_t before = capacity;

		numbers = mem_grow(numbers, used, &capacity, sizeof(*numbers));
		CHECK(capacity > used);
		changes += capacity != before;
		numbers[used] = (int)used;
	}
	CHECK(changes < 12);
	for (int i = 0; i < 1000; i++)
		CHECK(numbers[i] == i);
}

static void
grow_beyond(void)
{
	size_t capacity = SIZE_MAX / 2;
	void *grown = mem_grow(NULL, capacity, &capacity, 16);

	mem_free(grown);
}

static void
arena_beyond(void)
{
	(void)arena_alloc(arena_new(), SIZE_MAX - 4);
}

static void
alloc_beyond(void)
{
	struct rlimit limit = { 64 << 20, 64 << 20 };
	void *volatile much;

	/* The sanitizer's allocator ends the process by itself; the limit is for the plain one. */
	(void)setrlimit(RLIMIT_DATA, &limit);
	much = mem_alloc((size_t)1 << 46);
	mem_free(much);
}

/* Runs it in a child; what it wrote to standard error in text. Its wait status. */
static int
run_apart(void (*function)(void), char *text, size_t size)
{
	struct rlimit none = {};
	size_t length = 0;
	ssize_t count;
	int fds[2], status = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		return 0;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)dup2(fds[1], STDERR_FILENO);
		function();
		_exit(0);
	}
	(void)close(fds[1]);
	while ((count = read(fds[0], text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	(void)close(fds[0]);
	(void)waitpid(pid, &status, 0);
	return status;
}

TEST(overflow_ends, "a size that overflows ends the process with one line")
{
	char text[256];
	int status = run_apart(grow_beyond, text, sizeof(text));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK_TEXT(text, "trustmend: fatal: a size overflows\n");
	status = run_apart(arena_beyond, text, sizeof(text));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK_TEXT(text, "trustmend: fatal: a size overflows\n");
}

#if !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#endif

TEST(exhaustion_ends, "a machine without memory ends the process")
{
	char text[4096];
	int status = run_apart(alloc_beyond, text, sizeof(text));

	CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
#ifndef __SANITIZE_ADDRESS__
	CHECK_TEXT(text, "trustmend: fatal: out of memory\n");
#endif
}

TEST(arena_objects, "objects of an arena are zeroed, aligned and apart")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	uint8_t *objects[3000];

	for (size_t i = 0; i < COUNT_OF(objects); i++) {
		size_t size = i % 100 == 99 ? 40000 : i % 67;

		objects[i] = arena_alloc(arena, size);
		CHECK((uintptr_t)objects[i] % 16 == 0);
		for (size_t j = 0; j < size; j++)
			CHECK(objects[i][j] == 0);
		memset(objects[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < COUNT_OF(objects); i++) {
		size_t size = i % 100 == 99 ? 40000 : i % 67;

		for (size_t j = 0; j < size; j++)
			CHECK(objects[i][j] == i % 251);
	}
}

TEST(arena_big_first, "an arena may begin with a big object")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	uint8_t *big = arena_alloc(arena, 1 << 20), *small = arena_alloc(arena, 1);

	memset(big, 1, 1 << 20);
	CHECK(*small == 0);
}

TEST(arena_texts, "texts are copied and formatted at their length")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	char *filled = arena_alloc(arena, 40);

	memset(filled, 'a', 39);
	CHECK_TEXT(arena_strdup(arena, ""), "");
	CHECK_TEXT(arena_strndup(arena, "abcdef", 3), "abc");
	CHECK_TEXT(arena_printf(arena, "%d-%s", 42, "x"), "42-x");
	CHECK(strlen(arena_printf(arena, "%100000d", 1)) == 100000);
	CHECK(memcmp(arena_dup(arena, "\0\1\2", 3), "\0\1\2", 3) == 0);
	CHECK(arena_dup(arena, NULL, 0) != NULL);
	CHECK(strlen(filled) == 39);
}

TEST(arena_arrays, "an array of an arena keeps what it held")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	size_t capacity = 0;
	int *numbers = NULL;

	for (int i = 0; i < 20000; i++) {
		numbers = arena_grow(arena, numbers, (size_t)i, &capacity, sizeof(*numbers));
		numbers[i] = i;
	}
	for (int i = 0; i < 20000; i++)
		CHECK(numbers[i] == i);
}

TEST(free_nothing, "the ends of things take NULL")
{
	void *nothing = NULL;

	mem_free(NULL);
	mem_freep(&nothing);
	arena_free(NULL);
	secret_wipe(NULL, 0);
	CHECK(nothing == NULL);
}

TEST(wipe, "a wiped secret is gone")
{
	char secret[] = "hunter2";

	secret_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		CHECK(secret[i] == 0);
}

TAP_MAIN()
