/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/answer.h"

#include "tap.h"

static struct answer
read_text(struct arena *arena, const char *text)
{
	struct answer answer;

	answer_read(arena, span_of(text, strlen(text)), &answer);
	return answer;
}

TEST(statuses, "a status is read once its line is whole, and only from HTTP")
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ "", 0 },
		{ "HTTP/1.1 200 OK", 0 },
		{ "HTTP/1.1 200 OK\r\n", 200 },
		{ "HTTP/1.0 404\r\n", 404 },
		{ "HTTP/2 400 \n", 400 },
		{ "HTTP/1.1 20x OK\r\n", 0 },
		{ "HTTP/1.1  200 OK\r\n", 0 },
		{ "HTTP/1.1\r\n", 0 },
		{ "HTTP/1.1 \r\n", 0 },
		{ "HTTP/1.1 099 No\r\n", 0 },
		{ "220 mail\r\n", 0 },
		{ "HTTP/1.1 100 Continue\r\n", 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\n", 0 },
		{ "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 403 No\r\n", 403 },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		printf("# %zu\n", i);
		CHECK(read_text(arena, rows[i].text).status == rows[i].status);
	}
}

TEST(words, "the title without its number, or else the reason; sanitised")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct answer answer = read_text(arena,
		"HTTP/1.1 400 Bad Request\r\n\r\n<title>400 No required SSL certificate was "
		"sent</title>");

	CHECK(answer.refuses && answer.names_certificate);
	CHECK_TEXT(answer.words, "No required SSL certificate was sent");
	answer = read_text(arena, "HTTP/1.1 403 For\x1b[31mbidden\r\n\r\nno");
	CHECK(answer.refuses && !answer.names_certificate);
	CHECK_TEXT(answer.words, "For\\x1b[31mbidden");
	answer = read_text(arena, "HTTP/1.1 200 OK\r\n\r\n<title>40</title>");
	CHECK_TEXT(answer.words, "40");
	CHECK(!answer.refuses);
}

TEST(cut_anywhere, "an answer cut at any octet is read without looking beyond it")
{
	static const char text[] =
		"HTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 400 Bad\r\n\r\n<title>400 x</title>";
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t length = 0; length < sizeof(text); length++) {
		CLEANUP(mem_freep) void *copy = mem_dup(text, length);
		struct answer answer;

		answer_read(arena, span_of(copy, length), &answer);
		CHECK(answer.status == 0 || answer.status == 400);
	}
}

TAP_MAIN()
