/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/passwords.h"

#include <stdlib.h>

#include "tap.h"

static bool
is_text(const struct passwords *passwords, size_t index, const char *text)
{
	struct password password;

	return passwords_get(passwords, index, &password) &&
	       span_equal(password.text, span_of(text, strlen(text)));
}

TEST(order, "those given come first, in their order, then the known ones")
{
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	struct password password;

	CHECK(!passwords_given(passwords) && !passwords_given(NULL));
	CHECK(is_text(NULL, 0, "changeit") && is_text(NULL, 1, "") && is_text(NULL, 2, "changeme"));
	CHECK(!passwords_get(NULL, 3, &password));
	CHECK(passwords_add(passwords, span_of("one", 3), "a", NULL) == 0);
	CHECK(passwords_add(passwords, span_of("two", 3), "b", NULL) == 0);
	CHECK(passwords_given(passwords) && is_text(passwords, 0, "one") &&
		is_text(passwords, 1, "two") && is_text(passwords, 2, "changeit"));
	CHECK(passwords_get(passwords, 1, &password) && password.given);
	CHECK_TEXT(password.source, "b");
}

TEST(sources, "a file's first line, a descriptor, a variable; a missing one is an error")
{
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	char path[] = "/tmp/trustmend-password-XXXXXX";
	int fd = mkstemp(path), ends[2];
	struct err err = {};

	CHECK(fd >= 0 && write(fd, "se cret\r\nnext\n", 14) == 14 && close(fd) == 0);
	CHECK(passwords_add_file(passwords, path, &err) == 0 && unlink(path) == 0);
	CHECK(pipe(ends) == 0 && write(ends[1], "piped", 5) == 5 && close(ends[1]) == 0);
	CHECK(passwords_add_descriptor(passwords, ends[0], &err) == 0 && close(ends[0]) == 0);
	CHECK(setenv("TRUSTMEND_TEST", "varied", 1) == 0);
	CHECK(passwords_add_environment(passwords, "TRUSTMEND_TEST", &err) == 0);
	CHECK(is_text(passwords, 0, "se cret") && is_text(passwords, 1, "piped") &&
		is_text(passwords, 2, "varied"));
	CHECK(passwords_add_file(passwords, path, &err) < 0 && err.code == ERR_NO_INPUT);
	CHECK(passwords_add_environment(passwords, "TRUSTMEND_NONE", &err) < 0);
}

TEST(bounds, "one too long and one too many are refused")
{
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	static char text[PASSWORD_MAX_SIZE];
	struct err err = {};

	memset(text, 'x', sizeof(text));
	CHECK(passwords_add(passwords, span_of(text, sizeof(text)), "a", &err) < 0 &&
		err.code == ERR_LIMIT && !passwords_given(passwords));
	CHECK(passwords_add(passwords, span_of(text, sizeof(text) - 1), "a", &err) == 0);
	for (size_t i = 1; i < PASSWORDS_MAX; i++)
		CHECK(passwords_add(passwords, span_of("y", 1), "b", &err) == 0);
	CHECK(passwords_add(passwords, span_of("z", 1), "c", &err) < 0 && err.code == ERR_LIMIT);
}

TEST(utf16, "units are Java's; what is no UTF-8 is taken for Latin-1")
{
	uint8_t out[32];

	CHECK(password_utf16(span_of("a\xc3\xa9\xe2\x82\xac", 6), out) == 6 &&
		memcmp(out, "\0a\0\xe9\x20\xac", 6) == 0);
	CHECK(password_utf16(span_of("\xf0\x9f\x94\x91", 4), out) == 4 &&
		memcmp(out, "\xd8\x3d\xdd\x11", 4) == 0);
	CHECK(password_utf16(span_of("a\xe9", 2), out) == 4 && memcmp(out, "\0a\0\xe9", 4) == 0);
	CHECK(password_utf16(span_of("", 0), out) == 0);
}

TAP_MAIN()
