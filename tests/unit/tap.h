/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests: TEST(name, "what holds") { … } anywhere in a file, TAP_MAIN() as its last line. A
 * test fails by its first CHECK that does not hold; the others still run. Output is TAP.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
	const char *name, *claim;
	void (*run)(bool *failed);
	struct tap_test *next;
};

static struct tap_test *tap_first, **tap_last = &tap_first;

#define TEST(test_name, test_claim)                                                          \
	static void test_##test_name(bool *failed);                                          \
	static struct tap_test tap_##test_name = { #test_name, test_claim, test_##test_name, \
		NULL };                                                                      \
	__attribute__((constructor)) static void tap_add_##test_name(void)                   \
	{                                                                                    \
		*tap_last = &tap_##test_name;                                                \
		tap_last = &tap_##test_name.next;                                            \
	}                                                                                    \
	static void test_##test_name([[maybe_unused]] bool *failed)

/* Leaves the test where the condition does not hold. */
#define CHECK(condition)                                                         \
	do {                                                                     \
		if (!(condition)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			*failed = true;                                          \
			return;                                                  \
		}                                                                \
	} while (0)

#define CHECK_TEXT(got, wanted)                                                            \
	do {                                                                               \
		const char *got_ = (got), *wanted_ = (wanted);                             \
		if (got_ == NULL || strcmp(got_, wanted_) != 0) {                          \
			printf("# %s:%d: got \"%s\", wanted \"%s\"\n", __FILE__, __LINE__, \
				got_ == NULL ? "(null)" : got_, wanted_);                  \
			*failed = true;                                                    \
			return;                                                            \
		}                                                                          \
	} while (0)

static inline int
tap_run_all(void)
{
	unsigned number = 0, bad = 0;

	for (struct tap_test *test = tap_first; test != NULL; test = test->next) {
		bool failed = false;

		test->run(&failed);
		printf("%s %u - %s: %s\n", failed ? "not ok" : "ok", ++number, test->name,
			test->claim);
		bad += failed;
	}
	printf("1..%u\n", number);
	return bad > 0;
}

#define TAP_MAIN()                    \
	int main(void)                \
	{                             \
		return tap_run_all(); \
	}
