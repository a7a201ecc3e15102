/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/nginx_tree.h"

/* The tree in one line: words in brackets, so that blanks in them show. */
static void
show(struct buffer *out, const struct nginx_directive *directive)
{
	for (; directive != NULL; directive = directive->next) {
		for (size_t i = 0; i < directive->word_count; i++)
			buffer_addf(out, "%s%s", i > 0 ? "|" : "", directive->words[i].text);
		if (directive->is_block) {
			buffer_add_text(out, "{");
			show(out, directive->children);
			buffer_add_text(out, "}");
		}
		buffer_add_text(out, ";");
	}
}

static const char *
shown(struct tree *tree, const struct nginx_config *config)
{
	CLEANUP(buffer_free) struct buffer out = { 0 };

	buffer_add_text(&out, "");
	show(&out, config->first);
	return out.length > 0 ? arena_strdup(tree->arena, (const char *)out.data) : "";
}

#define OPEN()                              \
	CLEANUP(tree_end) struct tree tree; \
	struct nginx_config config;         \
	tree_begin(&tree)

#define READ(text)                                      \
	OPEN();                                         \
	tree_put(&tree, "/etc/nginx/nginx.conf", text); \
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config)

#define CHECK_TREE(wanted)                \
	CHECK(config.problem_count == 0); \
	CHECK_TEXT(shown(&tree, &config), wanted)

#define CHECK_PROBLEM(wanted, at_line)                     \
	CHECK(config.problem_count == 1);                  \
	CHECK_TEXT(config.problems[0].text, wanted);       \
	CHECK(config.problems[0].where.line == (at_line)); \
	CHECK_TEXT(config.problems[0].where.path, "/etc/nginx/nginx.conf")

TEST(simple, "directives and blocks")
{
	READ("user  www-data;\nhttp {\n\tserver { listen 80; }\n}\n");
	CHECK_TREE("user|www-data;http{server{listen|80;};};");
	CHECK(config.file_count == 1);
}

TEST(empty, "an empty file has no directives and no problems")
{
	READ("");
	CHECK_TREE("");
}

TEST(comments, "a comment goes to the end of its line, and not into words or quotes")
{
	READ("# a; b {\na b#c; # d\nd '#e';#f\ng #h;\ni;#");
	CHECK_TREE("a|b#c;d|#e;g|i;");
}

TEST(quotes, "quotes hold blanks and braces; the other quote is plain in them")
{
	READ("a 'b c' \"d { } ; 'e'\" f\"g ''; h\"i j\";");
	CHECK_TREE("a|b c|d { } ; 'e'|f\"g|;h\"i|j\";");
}

TEST(escapes, "ngx_conf_read_token undoes \\\" \\' \\\\ \\t \\r \\n and nothing else")
{
	READ("a \"x\\\"y\" 'x\\'y' x\\\\y x\\ty x\\.y x\\ y x\\;y;");
	CHECK_TREE("a|x\"y|x'y|x\\y|x\ty|x\\.y|x\\ y|x\\;y;");
}

TEST(variables, "a brace behind a dollar belongs to the variable")
{
	READ("a ${b}c $d{e f;}");
	CHECK_TREE("a|${b}c|$d{e|f;};");
}

TEST(brace_in_word, "a closing brace within a word is part of it")
{
	READ("a b}c;\nlocation ~ \"^/\\d{3}$\" { d; }");
	CHECK_TREE("a|b}c;location|~|^/\\d{3}${d;};");
}

TEST(bracket_behind_quote, "\")\" may follow a quote, for conditions")
{
	READ("if ($a = \"b\") { c; }");
	CHECK_TREE("if|($a|=|b|){c;};");
}

TEST(line_endings, "CR is a blank, and lines are counted by LF")
{
	READ("a b;\r\nc\r\nd;\r\n}");
	CHECK_PROBLEM("unexpected \"}\"", 4);
	CHECK_TEXT(shown(&tree, &config), "a|b;c|d;");
}

TEST(spans, "each word's place is what stands inside its quotes")
{
	READ("a;\n  bc \"d e\" 'f\\'g' h;");
	const struct nginx_directive *directive = nginx_directive_find(config.first, "bc");

	CHECK(directive != NULL && directive->word_count == 4);
	CHECK_TEXT(tree_cited(&tree, directive->words[0].where), "bc");
	CHECK_TEXT(tree_cited(&tree, directive->words[1].where), "d e");
	CHECK_TEXT(tree_cited(&tree, directive->words[2].where), "f\\'g");
	CHECK_TEXT(tree_cited(&tree, directive->words[3].where), "h");
	CHECK(directive->words[3].where.line == 2 && directive->end == 23);
}

TEST(quote_over_lines, "a quote may go over lines, which are counted")
{
	READ("a 'b\nc';\nd;}");
	CHECK_PROBLEM("unexpected \"}\"", 3);
}

TEST(semicolon_alone, "a semicolon without a directive is what nginx refuses")
{
	READ("a;;");
	CHECK_PROBLEM("unexpected \";\"", 1);
}

TEST(brace_alone, "a brace without a directive too")
{
	READ("a;\n{ }");
	CHECK_PROBLEM("unexpected \"{\"", 2);
}

TEST(no_semicolon, "a directive that a closing brace cuts short")
{
	READ("a {\n b c\n}");
	CHECK_PROBLEM("unexpected \"}\"", 3);
}

TEST(ends_in_directive, "a file that ends in a directive")
{
	READ("a b;\nc d\n");
	CHECK_PROBLEM("unexpected end of file, expecting \";\" or \"}\"", 3);
	CHECK_TEXT(shown(&tree, &config), "a|b;");
}

TEST(open_block, "a block that nothing closes: said of the block, and what it holds is kept")
{
	READ("a {\n b {\n c d;\n }\n");
	CHECK_PROBLEM("unexpected end of file, expecting the \"}\" of this block", 1);
	CHECK_TEXT(shown(&tree, &config), "a{b{c|d;};};");
}

TEST(open_quote, "a quote that nothing closes")
{
	READ("a;\nb 'c;\n");
	CHECK_PROBLEM("unexpected end of file, expecting a closing '", 2);
	CHECK_TEXT(shown(&tree, &config), "a;");
}

TEST(joined_quote, "text right behind a quote")
{
	READ("a 'b'c;");
	CHECK_PROBLEM("unexpected \"c\"", 1);
}

TEST(ends_in_backslash, "a backslash as the last byte")
{
	READ("a b\\");
	CHECK(config.problem_count == 1);
}

TEST(long_parameter, "nginx reads no parameter of more than 4096 bytes")
{
	char text[8192] = "a '";

	memset(text + 3, 'x', 4090);
	strcpy(text + 3 + 4090, "';");
	READ(text);
	CHECK(config.problem_count == 0);
	memset(text + 3, 'x', 4200);
	strcpy(text + 3 + 4200, "';");
	tree_put(&tree, "/other.conf", text);
	nginx_config_read(tree.arena, tree.world, "/other.conf", &config);
	CHECK(config.problem_count == 1);
	CHECK_TEXT(config.problems[0].text,
		"too long parameter, probably missing terminating \"'\" character");
}

TEST(long_comment, "nor a comment")
{
	char text[8192] = "a;#";

	memset(text + 3, 'x', 5000);
	strcpy(text + 5003, "\n");
	READ(text);
	CHECK_PROBLEM("too long parameter \"#xxxxxxxxx...\" started", 1);
}

TEST(lua, "a Lua block is skipped whole")
{
	READ("http { content_by_lua_block {\n local t = { a = '}', b = \"}\\\"}\" } -- }\n"
	     " --[[ } ]] x = [==[ } ]] ]==] y = t[1] if a then { } end\n }\n a b; }");
	CHECK_TREE("http{content_by_lua_block{};a|b;};");
}

TEST(lua_open, "a Lua block that nothing closes")
{
	READ("access_by_lua_block { x = '\n");
	CHECK_PROBLEM("unexpected end of file, expecting the \"}\" of this Lua", 1);
}

TEST(map, "the braces of a pattern without quotes open a block, as for nginx")
{
	READ("map $a $b { default 0; ~*^x{2} 1; }");
	CHECK(config.problem_count == 1);
}

TEST(map_quoted, "what stands in map and types is words as well")
{
	READ("map $a $b { default 0; \"~*^x{2}\" 1; '' 3; } types { text/html html htm; }");
	CHECK_TREE("map|$a|$b{default|0;~*^x{2}|1;|3;};types{text/html|html|htm;};");
}

TEST(include_file, "an included file stands in the place of its directive")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", "a;\nhttp { include conf.d/x.conf; c; }");
	tree_put(&tree, "/etc/nginx/conf.d/x.conf", "b;\ninclude y.conf;");
	tree_put(&tree, "/etc/nginx/y.conf", "y z;");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK_TREE("a;http{b;y|z;c;};");
	CHECK(config.file_count == 3);
	CHECK_TEXT(config.files[0], "/etc/nginx/nginx.conf");
	CHECK_TEXT(config.files[1], "/etc/nginx/conf.d/x.conf");
	const struct nginx_directive *directive =
		nginx_directive_find(config.first->next->children, "y");
	CHECK_TEXT(directive->words[1].where.path, "/etc/nginx/y.conf");
	CHECK_TEXT(tree_cited(&tree, directive->words[1].where), "z");
}

TEST(include_glob, "a pattern includes what it matches, in order; nothing is no problem")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf",
		"include c/*.conf; include none/*; include '/etc/nginx/c/[a]?.txt';");
	tree_put(&tree, "/etc/nginx/c/b.conf", "b;");
	tree_put(&tree, "/etc/nginx/c/a.conf", "a;");
	tree_put(&tree, "/etc/nginx/c/ab.txt", "t;");
	tree_put(&tree, "/etc/nginx/c/.hidden.conf", "h;");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK_TREE("a;b;t;");
	CHECK(config.file_count == 4);
}

TEST(include_twice, "a file included twice stands there twice, and is one file")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", "a { include s; } b { include s; }");
	tree_put(&tree, "/etc/nginx/s", "s;");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK_TREE("a{s;};b{s;};");
	CHECK(config.file_count == 2);
}

TEST(include_missing, "a missing file is a problem where it is named; the rest is read")
{
	READ("a;\n include gone.conf;\nb;");
	CHECK(config.problem_count == 1);
	CHECK(strncmp(config.problems[0].text, "open() \"/etc/nginx/gone.conf\" failed", 36) == 0);
	CHECK(config.problems[0].where.line == 2);
	CHECK_TEXT(shown(&tree, &config), "a;b;");
}

TEST(include_arguments, "include takes one name")
{
	READ("include a b;");
	CHECK_PROBLEM("invalid number of arguments in \"include\" directive", 1);
}

TEST(include_loop, "a file that includes itself by way of another is a problem, and ends")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", "a;\ninclude b.conf;");
	tree_put(&tree, "/etc/nginx/b.conf", "b;\n\ninclude nginx.conf;");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK(config.problem_count == 1);
	CHECK_TEXT(config.problems[0].text, "\"/etc/nginx/nginx.conf\" includes itself");
	CHECK_TEXT(config.problems[0].where.path, "/etc/nginx/b.conf");
	CHECK(config.problems[0].where.line == 3);
	CHECK_TEXT(shown(&tree, &config), "a;b;");
}

TEST(include_closes, "an included file cannot close the block it is included in")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", "a { include b; c; }");
	tree_put(&tree, "/etc/nginx/b", "b;\n}");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK(config.problem_count == 1);
	CHECK_TEXT(config.problems[0].where.path, "/etc/nginx/b");
}

TEST(missing, "a configuration that is not there is a problem of its own path")
{
	OPEN();
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK(config.problem_count == 1 && config.file_count == 1);
	CHECK_TEXT(config.problems[0].where.path, "/etc/nginx/nginx.conf");
}

TEST(directory, "and so is a directory")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf/x", "");
	nginx_config_read(tree.arena, tree.world, "/etc/nginx/nginx.conf", &config);
	CHECK(config.problem_count == 1);
}

TEST(given, "directives of a command line are read as the file's")
{
	OPEN();
	nginx_config_read_text(
		tree.arena, tree.world, "daemon off; pid '/run/x y';", "/etc/nginx", &config);
	CHECK_TREE("daemon|off;pid|/run/x y;");
	nginx_config_read_text(tree.arena, tree.world, "daemon off", "/etc/nginx", &config);
	CHECK(config.problem_count == 1);
	CHECK_TEXT(config.problems[0].text, "unexpected end of parameter, expecting \";\"");
}

TAP_MAIN()
