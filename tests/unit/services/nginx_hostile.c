/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/nginx_tree.h"

enum { MANY = 1 << 20 };

#define OPEN()                              \
	CLEANUP(tree_end) struct tree tree; \
	tree_begin(&tree)

/* Reads size bytes of one kind behind a beginning. */
static void
read_repeated(struct tree *tree, const char *start, const char *unit, size_t size)
{
	CLEANUP(buffer_free) struct buffer text = { 0 };

	buffer_add_text(&text, start);
	while (text.length < size)
		buffer_add_text(&text, unit);
	tree_put_bytes(tree, tree_config_path, text.data, text.length);
	tree_read(tree);
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

TEST(deep_blocks, "a megabyte of opening braces is a problem, not a crash")
{
	OPEN();
	read_repeated(&tree, "http {", "a{", MANY);
	CHECK(tree.service.problem_count == 1);
	CHECK_TEXT(tree.service.problems[0].text, "more than 100 blocks stand in each other");
}

TEST(closing_braces, "a megabyte of closing braces")
{
	OPEN();
	read_repeated(&tree, "http {", "}", MANY);
	CHECK(tree.service.problem_count == 1);
}

TEST(one_quote, "a megabyte in one quote")
{
	OPEN();
	read_repeated(&tree, "http { a '", "x", MANY);
	CHECK(tree.service.problem_count == 1);
}

TEST(huge_line, "a megabyte of short words on one line is bounded")
{
	OPEN();
	read_repeated(&tree, "http { server_name", " a", MANY);
	CHECK(tree.service.problem_count == 1);
}

TEST(many_directives, "more directives than are read of one configuration")
{
	OPEN();
	read_repeated(&tree, "", "a;", 4 * MANY);
	CHECK(tree.service.problem_count == 1);
	CHECK_TEXT(tree.service.problems[0].text, "more than 1000000 directives are not read");
}

TEST(too_large, "a file larger than is read")
{
	OPEN();
	read_repeated(&tree, "", "a;\n", (16 << 20) + 1);
	CHECK(tree.service.problem_count == 1 && tree.service.verifier_count == 0);
}

TEST(bomb, "files that include two others each, thirty deep, end")
{
	OPEN();
	for (int i = 0; i < 30; i++) {
		char path[64], text[128];

		(void)snprintf(path, sizeof(path), "/etc/nginx/%d", i);
		(void)snprintf(text, sizeof(text), "include %d; include %d;", i + 1, i + 1);
		tree_put(&tree, path, text);
	}
	tree_put(&tree, "/etc/nginx/30", "a;");
	tree_config(&tree, "include 0;");
	CHECK(tree.service.problem_count > 0);
	CHECK(tree.service.config_file_count == 32);
}

TEST(deep_includes, "a hundred files, each in the one before")
{
	OPEN();
	for (int i = 0; i < 200; i++) {
		char path[64], text[128];

		(void)snprintf(path, sizeof(path), "/etc/nginx/%d", i);
		(void)snprintf(text, sizeof(text), "include %d;", i + 1);
		tree_put(&tree, path, text);
	}
	tree_config(&tree, "include 0;");
	CHECK(tree.service.problem_count == 1);
}

TEST(nul, "a NUL ends a path, as for the server, and nothing reads on")
{
	static const char text[] = "http { server { listen 1 ssl; ssl_verify_client on;\0\n"
				   "ssl_client_certificate /a\0b; } }";

	OPEN();
	tree_put_bytes(&tree, tree_config_path, text, sizeof(text) - 1);
	tree_read(&tree);
	CHECK(tree.service.verifier_count == 1);
	CHECK(tree.service.verifiers[0].source_count == 0 ||
		strcmp(tree.service.verifiers[0].sources[0].path, "/a") == 0);
}

TEST(control_characters, "nothing that could act on a terminal comes out in a text")
{
	OPEN();
	tree_config(&tree, "http { server { listen 1 ssl; server_name \"\x1b[2Jevil\";\n"
			   "ssl_verify_client \"on\x1b]0;x\x07\"; ssl_client_certificate a; } }\n"
			   "include \"/\x1b(0red\";\n \x1b");
	CHECK(tree.service.problem_count == 3);
	for (size_t i = 0; i < tree.service.problem_count; i++)
		CHECK(is_printable(tree.service.problems[i].text));
	for (size_t i = 0; i < tree.service.verifier_count; i++)
		CHECK(is_printable(tree.service.verifiers[i].name));
}

TEST(every_prefix, "a configuration cut short anywhere")
{
	static const char text[] =
		"http {\n ssl_crl \"/c\\\"rl\"; map $a $b { default 1; }\n"
		" server { listen [::]:1 ssl default_server; listen unix:/x ssl;\n"
		"  server_name *.a.b ~^x$ '' .c; ssl_client_certificate a; # c\n"
		"  ssl_verify_client optional_no_ca; ssl_verify_depth 3;\n"
		"  ssl_ciphers 'DEFAULT@SECLEVEL='; content_by_lua_block { x=[[ ]] }\n"
		"  if ($a ~ \"b\") { return 1; } } }\n";

	OPEN();
	for (size_t length = 0; length < sizeof(text); length++) {
		tree_put_bytes(&tree, tree_config_path, text, length);
		world_free(tree.world);
		tree.world = world_below(tree.directory, NULL);
		tree_read(&tree);
	}
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
}

TEST(many_servers, "a thousand servers, with names of their own, in short time")
{
	CLEANUP(buffer_free) struct buffer text = { 0 };

	OPEN();
	buffer_add_text(&text, "http { ssl_certificate c; ssl_client_certificate ca; "
			       "ssl_verify_client on;\n");
	for (int i = 0; i < 1'000; i++)
		buffer_addf(&text, "server { listen 443 ssl; server_name a%d; }\n", i % 500);
	buffer_add_text(&text, "}");
	tree_put_bytes(&tree, tree_config_path, text.data, text.length);
	tree_read(&tree);
	CHECK(tree.service.verifier_count == 1'000);
	CHECK_TEXT(tree.service.verifiers[0].name, "*:443 a0");
	CHECK_TEXT(tree.service.verifiers[500].name, "*:443 a0 #2");
}

TAP_MAIN()
