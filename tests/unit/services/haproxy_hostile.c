/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/haproxy_tree.h"

enum { LONG_LINE = 1 << 20, MANY = 100'000 };

#define GOOD "frontend ok\n\tbind :9 ssl crt /s ca-file /c verify required\n"

/* Reads bytes that are no text; what comes after them must still be understood. */
#define READ(bytes, length)                                           \
	CLEANUP(tree_end) struct tree tree;                           \
	const struct service *service = &tree.service;                \
	tree_begin(&tree);                                            \
	tree_write(&tree, "/etc/haproxy/haproxy.cfg", bytes, length); \
	tree_read(&tree)

#define READ_TEXT(text) READ(text, sizeof(text) - 1)

static bool
has_good(const struct service *service)
{
	return service->verifier_count > 0 &&
	       strcmp(service->verifiers[service->verifier_count - 1].name, ":9 ok") == 0;
}

TEST(nul, "a NUL byte ends the line and is a problem")
{
	READ_TEXT("frontend fe\n\tbind :1 ssl ca-file /a\0b verify required\n" GOOD);
	CHECK(service->problem_count == 1 && service->problems[0].where.line == 2);
	CHECK(service->problems[0].where.offset == 35);
	CHECK(has_good(service));
}

TEST(control_characters, "no control character reaches a name")
{
	READ_TEXT("frontend f\x1b[31m\x07\n"
		  "\tbind :1\x01 ssl crt /s ca-file /a verify required\n" GOOD);
	for (size_t i = 0; i < service->verifier_count; i++)
		for (const char *byte = service->verifiers[i].name; *byte != '\0'; byte++)
			CHECK((unsigned char)*byte >= ' ' && *byte != 0x7f);
	CHECK(has_good(service));
}

TEST(open_quotes, "a quote that is not closed is a problem of its line alone")
{
	READ_TEXT("frontend fe\n\tbind :1 ssl ca-file \"/a verify required\n"
		  "\tbind :2 ssl ca-file '/a\n\tbind :3 ssl ca-file \"${A\"\n"
		  "\tbind :4 ssl ca-file \"$9\"\n\tbind :5 ssl ca-file /a\\x4\n"
		  "\tbind :6 ssl ca-file \"${A[x]}\"\n\tbind :7 ssl ca-file \"${\n" GOOD);
	CHECK(service->problem_count == 7 && has_good(service));
	for (unsigned i = 0; i < 7; i++)
		CHECK(service->problems[i].where.line == i + 2);
}

TEST(long_line, "a line of a megabyte is one word")
{
	char *bytes = malloc(LONG_LINE + 64);
	size_t length = (size_t)sprintf(bytes, "frontend fe\n\tbind ");

	memset(bytes + length, 'a', LONG_LINE);
	length += LONG_LINE;
	length += (size_t)sprintf(bytes + length, "\n");
	{
		READ(bytes, length);
		CHECK(service->problem_count == 1 && service->verifier_count == 0);
	}
	free(bytes);
}

TEST(many_words, "more words than HAProxy takes are a problem")
{
	char bytes[1024] = "frontend fe\n\tbind :1";

	for (int i = 0; i < 100; i++)
		strcat(bytes, " ssl");
	strcat(bytes, "\n" GOOD);
	READ(bytes, strlen(bytes));
	CHECK(service->problem_count == 1 && has_good(service));
}

TEST(many_addresses, "a megabyte of addresses is bounded")
{
	char *bytes = malloc(8 * MANY + 128);
	size_t length = (size_t)sprintf(bytes, "frontend fe\n\tbind ");

	for (int i = 0; i < MANY; i++)
		length += (size_t)sprintf(bytes + length, ":1-99,");
	length += (size_t)sprintf(bytes + length, " ssl crt /s ca-file /a verify required\n" GOOD);
	{
		READ(bytes, length);
		CHECK(service->verifiers[0].endpoint_count == 32 && has_good(service));
	}
	free(bytes);
}

TEST(many_problems, "the number of problems is bounded")
{
	char *bytes = malloc(3 * MANY + 128);
	size_t length = 0;

	for (int i = 0; i < MANY; i++)
		length += (size_t)sprintf(bytes + length, "'\n");
	length += (size_t)sprintf(bytes + length, GOOD);
	{
		READ(bytes, length);
		CHECK(service->problem_count == 1'000 && has_good(service));
	}
	free(bytes);
}

TEST(nested_blocks, "blocks may not nest for ever")
{
	char *bytes = malloc(6 * MANY + 1);

	for (int i = 0; i < MANY; i++)
		memcpy(bytes + 6 * (size_t)i, ".if 1\n", 6);
	{
		READ(bytes, 6 * MANY);
		CHECK(service->problem_count > 0 && service->verifier_count == 0);
	}
	free(bytes);
}

TEST(deep_condition, "a condition of a thousand parentheses is no condition")
{
	char bytes[8192] = ".if ";

	for (int i = 0; i < 1000; i++)
		strcat(bytes, i % 2 == 0 ? "(" : "!");
	strcat(bytes, "\n.endif\n" GOOD);
	READ(bytes, strlen(bytes));
	CHECK(service->problem_count == 1 && has_good(service));
}

TEST(growing_variables, "variables that double each other end at a bound")
{
	char *bytes = malloc(64 * MANY);
	size_t length = (size_t)sprintf(bytes, "global\n\tsetenv A aaaaaaaaaaaaaaaa\n");

	for (int i = 0; i < MANY; i++)
		length += (size_t)sprintf(bytes + length, "\tsetenv A \"$A$A\"\n");
	length += (size_t)sprintf(bytes + length, GOOD);
	{
		READ(bytes, length);
		CHECK(service->config_file_count == 1);
	}
	free(bytes);
}

TEST(expanding_lines, "what variables make of a small file is bounded")
{
	char *bytes = malloc(64 * MANY);
	size_t length = (size_t)sprintf(bytes, "global\n\tsetenv A ");

	memset(bytes + length, 'a', 60'000);
	length += 60'000;
	length += (size_t)sprintf(bytes + length, "\n");
	for (int i = 0; i < MANY; i++)
		length += (size_t)sprintf(bytes + length, "\tx \"$A$A$A$A$A$A$A$A\"\n");
	{
		READ(bytes, length);
		CHECK(service->problem_count == 1);
	}
	free(bytes);
}

TEST(truncated, "a file without its last newline is refused by HAProxy")
{
	READ_TEXT("frontend fe\n\tbind :1 ssl crt /s ca-file /a verify required");
	CHECK(service->problem_count == 1 && service->verifier_count == 1);
}

TEST(carriage_returns, "a carriage return ends the line's meaning")
{
	READ_TEXT("frontend fe\r\n\tbind :1 ssl crt /s ca-file /a verify required\r\n");
	CHECK(service->problem_count == 0 && service->verifier_count == 1);
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/a");
	CHECK(service->verifiers[0].mode == MODE_REQUIRED);
}

TEST(outside, "a keyword outside of any section is a problem")
{
	READ_TEXT("bind :1 ssl crt /s ca-file /a verify required\n" GOOD);
	CHECK(service->problem_count == 1 && service->verifier_count == 1);
}

TEST(empty, "an empty file has nothing, and is no error")
{
	READ_TEXT("");
	CHECK(service->problem_count == 0 && service->verifier_count == 0);
}

TEST(random_bytes, "bytes of all values do no harm")
{
	char bytes[4096];

	for (unsigned seed = 1; seed < 64; seed++) {
		srand(seed);
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)rand();
		READ(bytes, sizeof(bytes));
		CHECK(service->config_file_count == 1);
	}
}

TAP_MAIN()
