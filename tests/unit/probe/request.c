/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/request.h"

#include "tap.h"

TEST(server_names, "patterns, addresses and anything with a control are not sent as a name")
{
	static const char *const refused[] = { "_", "", "*.example.com", "~^www", "192.0.2.1",
		"::1", "a\r\nX: y", "a b" };
	static const char *const sent[] = { "localhost", "a.example", "under_score.example",
		"1e100.net" };

	for (size_t i = 0; i < COUNT_OF(refused); i++)
		CHECK(request_server_name(&(struct endpoint){ .server_name = refused[i] }) == NULL);
	for (size_t i = 0; i < COUNT_OF(sent); i++)
		CHECK_TEXT(
			request_server_name(&(struct endpoint){ .server_name = sent[i] }), sent[i]);
	CHECK(request_server_name(&(struct endpoint){}) == NULL);
}

TEST(text, "the request is one line and its headers, whatever the path holds")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	CHECK_TEXT(request_text(arena,
			   &(struct endpoint){ .server_name = "a.example", .http_path = "/x?y" }),
		"GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"
		"User-Agent: trustmend\r\n\r\n");
	CHECK_TEXT(request_text(arena, &(struct endpoint){ .http_path = "a b\r\nX: \xff" }),
		"GET /a%20b%0D%0AX:%20%FF HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"User-Agent: trustmend\r\n\r\n");
}

TAP_MAIN()
