/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "tap.h"

TEST(sanitize, "what acts is shown as what it is")
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82",
			"plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82" },
		{ "a\x1b[31mb\n", "a\\x1b[31mb\\x0a" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "\\u{0080}\\u{009f}\xc2\xa0" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}" },
		{ "\xe2\x80\xae"
		  "fdp",
			"\\u{202e}fdp" },
		{ "\xe2\x81\xa6", "\\u{2066}" },
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" },
		/* invalid UTF-8: alone, overlong, surrogate, too large, cut short */
		{ "\x80x\xff", "\\x80x\\xff" },
		{ "\xc0\xaf\xc1\xbf", "\\xc0\\xaf\\xc1\\xbf" },
		{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
		{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xe2\x82"
		  "a",
			"\\xe2\\x82a" },
		/* backslashes */
		{ "C:\\temp\\\\new\\", "C:\\temp\\\\new\\" },
		{ "\\x1", "\\x1" },
		{ "\\x1b", "\\\\x1b" },
		{ "\\\\x1b", "\\\\\\\\x1b" },
		{ "\\\x1b", "\\\\\\x1b" },
		{ "\\u{202e}", "\\\\u{202e}" },
		{ "\\u{}", "\\u{}" },
		{ "\\u{12345678}", "\\u{12345678}" },
		{ "\\u{20", "\\u{20" },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		CHECK_TEXT(text_sanitize(arena, cases[i][0], strlen(cases[i][0])), cases[i][1]);
	CHECK_TEXT(text_sanitize(arena, "a\0b", 3), "a\\x00b");
	CHECK_TEXT(text_sanitize(arena, NULL, 0), "");
}

TEST(sanitize_apart, "no two texts of up to five characters look the same")
{
	static const char letters[] = { '\\', 'x', '1', '\x11' };
	enum { COUNT = 4 + 16 + 64 + 256 + 1024 };
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char **texts = arena_alloc(arena, COUNT * sizeof(*texts));
	size_t count = 0;

	for (size_t length = 1, combinations = 4; length <= 5; length++, combinations *= 4) {
		for (size_t i = 0; i < combinations; i++) {
			char text[5];

			for (size_t j = 0; j < length; j++)
				text[j] = letters[i >> 2 * j & 3];
			texts[count++] = text_sanitize(arena, text, length);
		}
	}
	CHECK(count == COUNT);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++)
			CHECK(strcmp(texts[i], texts[j]) != 0);
	}
}

TEST(starts_and_ends, "prefixes and suffixes")
{
	CHECK(text_starts("abc", "ab") && text_starts("abc", "") && text_starts("abc", "abc"));
	CHECK(!text_starts("abc", "abcd") && !text_starts("abc", "b"));
	CHECK(text_ends("abc", "bc") && text_ends("abc", "") && text_ends("abc", "abc"));
	CHECK(!text_ends("abc", "xabc") && !text_ends("abc", "b"));
}

TEST(nearest, "the nearest word is suggested, a far one is not")
{
	static const char *const words[] = { "diagnose", "repair", "rollback", "verify",
		"inventory", "diff" };
	char endless[200];

	CHECK_TEXT(text_nearest("daignose", words, COUNT_OF(words)), "diagnose");
	CHECK_TEXT(text_nearest("diagnosis", words, COUNT_OF(words)), "diagnose");
	CHECK_TEXT(text_nearest("repiar", words, COUNT_OF(words)), "repair");
	CHECK_TEXT(text_nearest("dif", words, COUNT_OF(words)), "diff");
	CHECK_TEXT(text_nearest("verify", words, COUNT_OF(words)), "verify");
	CHECK(text_nearest("banana", words, COUNT_OF(words)) == NULL);
	CHECK(text_nearest("x", words, COUNT_OF(words)) == NULL);
	CHECK(text_nearest("", words, COUNT_OF(words)) == NULL);
	CHECK(text_nearest("diff", words, 0) == NULL);
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	CHECK(text_nearest(endless, words, COUNT_OF(words)) == NULL);
	endless[63] = '\0';
	CHECK(text_nearest(endless, words, COUNT_OF(words)) == NULL);
}

TEST(numbers, "decimal numbers within their bound, and nothing else")
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1a", "11",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t number = 7;

	CHECK(text_number("0", 10, &number) == 0 && number == 0);
	CHECK(text_number("010", 10, &number) == 0 && number == 10);
	CHECK(text_number("18446744073709551615", UINT64_MAX, &number) == 0);
	CHECK(number == UINT64_MAX);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(text_number(bad[i], 10, &number) == -1);
	CHECK(text_number("18446744073709551616", UINT64_MAX, &number) == -1);
	CHECK(number == UINT64_MAX);
}

TAP_MAIN()
