/* SPDX-License-Identifier: Apache-2.0 */
/* Apache configurations that are broken, or made to do harm. */
#include "unit/tap.h"

#include "services/apache_tree.h"

#define TREE                                \
	CLEANUP(tree_end) struct tree tree; \
	tree_begin(&tree)

static const char verifying[] = "SSLVerifyClient require\nSSLCACertificateFile /pki/ca.pem\n";

static bool
has_problem(const struct tree *tree, const char *text)
{
	for (size_t i = 0; i < tree->service.problem_count; i++)
		if (strstr(tree->service.problems[i].text, text) != NULL)
			return true;
	return false;
}

/* text, count times over. */
static void
repeat(struct buffer *out, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_add_text(out, text);
}

TEST(missing, "a configuration that is not there is a problem")
{
	TREE;
	tree_read(&tree);
	CHECK(tree.service.problem_count == 1 && tree.service.verifier_count == 0);
}

TEST(empty, "an empty one is read")
{
	TREE;
	tree_config(&tree, "");
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 0);
}

TEST(loop, "a file that includes itself ends")
{
	TREE;
	tree_text(&tree, "/etc/apache2/a.conf", "Include b.conf\n");
	tree_text(&tree, "/etc/apache2/b.conf", "Include a.conf\n");
	tree_host(&tree, "Include a.conf\n", verifying);
	CHECK(has_problem(&tree, "includes itself") && tree.service.verifier_count == 1);
}

TEST(doubling, "files that include each other twice end")
{
	TREE;

	for (int i = 0; i < 30; i++)
		tree_text(&tree, arena_printf(tree.arena, "/etc/apache2/%d", i),
			arena_printf(tree.arena, "Include %d\nInclude %d\n", i + 1, i + 1));
	tree_text(&tree, "/etc/apache2/30", "");
	tree_host(&tree, "Include 0\n", verifying);
	CHECK(has_problem(&tree, "too many includes"));
}

TEST(deep, "includes that go too deep end")
{
	TREE;

	for (int i = 0; i < 60; i++)
		tree_text(&tree, arena_printf(tree.arena, "/etc/apache2/%d", i),
			arena_printf(tree.arena, "Include %d\n", i + 1));
	tree_host(&tree, "Include 0\n", verifying);
	CHECK(has_problem(&tree, "too many includes") && tree.service.verifier_count == 1);
}

TEST(link_loop, "a link that leads to itself ends")
{
	TREE;
	char path[128];

	tree_text(&tree, "/etc/apache2/x", "");
	(void)snprintf(path, sizeof(path), "%s/etc/apache2/loop", tree.directory);
	CHECK(symlink("loop", path) == 0);
	(void)snprintf(path, sizeof(path), "%s/etc/apache2/up", tree.directory);
	CHECK(symlink(".", path) == 0);
	tree_host(&tree, "Include loop\nInclude up/up/up\n", verifying);
	CHECK(tree.service.problem_count > 0);
}

TEST(unclosed, "a section that is not closed is a problem, and is read all the same")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nListen 443\n<VirtualHost *:443>\n"
			   "SSLEngine on\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(has_problem(&tree, "<VirtualHost> was not closed"));
	CHECK(tree.service.verifier_count == 1 && tree.service.problems[0].where.line == 3);
}

TEST(unopened, "a section that is not open is a problem")
{
	TREE;
	tree_host(&tree, "</Directory>\n</>\n<\n<>\n", verifying);
	CHECK(has_problem(&tree, "</Directory> without matching"));
	CHECK(tree.service.verifier_count == 1);
}

TEST(crossed, "sections that cross are a problem, and the outer one ends")
{
	TREE;
	tree_host(&tree, "<Directory /x>\n<Files y>\n</Directory>\n", verifying);
	CHECK(has_problem(&tree, "</Directory> where </Files>"));
	CHECK(tree.service.verifier_count == 1);
}

TEST(closed_in_include, "an included file closes no section of its includer")
{
	TREE;
	tree_text(&tree, "/etc/apache2/x", "</VirtualHost>\n<Location /y>\n");
	tree_host(&tree, "", "Include x\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(has_problem(&tree, "</VirtualHost> without matching"));
	CHECK(has_problem(&tree, "<Location> was not closed"));
	CHECK(tree.service.verifier_count == 1);
}

TEST(bracket, "a section without its bracket is a problem")
{
	TREE;
	tree_host(&tree, "<Directory /x\n</Directory>\n", verifying);
	CHECK(has_problem(&tree, "lacks its closing"));
	CHECK(tree.service.verifier_count == 1);
}

TEST(nested, "sections inside sections end at a bound")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	repeat(&text, "<Directory /x>\n", 100'000);
	tree_write(&tree, tree.service.config, (const char *)text.data, text.length);
	tree_read(&tree);
	CHECK(has_problem(&tree, "nested too deeply"));
}

TEST(nul, "a NUL byte hides the rest of its line")
{
	static const char text[] = "LoadModule ssl_module m.so\nListen 443\nSSLEngine on\n"
				   "SSLVerifyClient require\0 optional\nSSLCACertificateFile /ca\n";
	TREE;

	tree_write(&tree, tree.service.config, text, sizeof(text) - 1);
	tree_read(&tree);
	CHECK(has_problem(&tree, "NUL"));
	CHECK(tree.service.verifier_count == 1 && tree.service.verifiers[0].mode == MODE_REQUIRED);
	CHECK(tree.service.verifiers[0].source_count == 1);
}

TEST(long_line, "a line of megabytes is read up to a bound")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	repeat(&text, "SSLCipherSuite ", 1);
	repeat(&text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 100'000);
	repeat(&text, "\nListen 443\n", 1);
	tree_write(&tree, tree.service.config, (const char *)text.data, text.length);
	tree_read(&tree);
	CHECK(has_problem(&tree, "too long"));
}

TEST(bomb, "variables that grow each other end")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	repeat(&text, "Define a0 aaaaaaaaaaaaaaaa\n", 1);
	for (int i = 1; i < 40; i++)
		buffer_addf(&text, "Define a%d ${a%d}${a%d}${a%d}${a%d}\n", i, i - 1, i - 1, i - 1,
			i - 1);
	for (int i = 0; i < 10'000; i++)
		buffer_add_text(&text, "ServerName ${a39}${a39}\n");
	tree_write(&tree, tree.service.config, (const char *)text.data, text.length);
	tree_read(&tree);
	CHECK(has_problem(&tree, "too long") && has_problem(&tree, "too large"));
}

TEST(many_hosts, "thousands of virtual hosts are read")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_add_text(&text, "LoadModule ssl_module m.so\nSSLEngine on\nListen 443\n"
			       "SSLVerifyClient require\nSSLCACertificateFile /ca\n");
	for (int i = 0; i < 3'000; i++)
		buffer_addf(&text, "<VirtualHost *:443>\nServerName h%d\n</VirtualHost>\n", i);
	tree_write(&tree, tree.service.config, (const char *)text.data, text.length);
	tree_read(&tree);
	CHECK(tree.service.verifier_count == 3'000 && tree.service.problem_count == 0);
}

TEST(many_lines, "a configuration of listeners alone ends")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_add_text(&text, "LoadModule ssl_module m.so\nSSLEngine on\n"
			       "SSLVerifyClient require\nSSLCACertificateFile /ca\n");
	for (int i = 0; i < 20'000; i++)
		buffer_addf(&text,
			"Listen 10.0.%d.%d:443\n<VirtualHost *:443>\nServerName h%d\n"
			"</VirtualHost>\n",
			i / 250, i % 250, i);
	tree_write(&tree, tree.service.config, (const char *)text.data, text.length);
	tree_read(&tree);
	CHECK(tree.service.verifier_count > 1'000);
}

TEST(control_characters, "nothing that acts on a terminal comes out")
{
	TREE;
	tree_host(&tree, "Include \"/a\033[2Jb\"\n",
		"ServerName x\033[31m\nSSLVerifyClient require\nSSLCACertificateFile /ca\n"
		"<Location \"/\033]0;x\007\">\nSSLVerifyDepth 0\n</Location>\n");
	for (size_t i = 0; i < tree.service.problem_count; i++)
		CHECK(strchr(tree.service.problems[i].text, '\033') == NULL);
	CHECK(tree.service.verifier_count == 2);
	CHECK(strchr(tree.service.verifiers[1].name, '\033') == NULL);
	/* No request line is made of it. */
	CHECK(tree.service.verifiers[1].endpoint_count == 0);
}

TEST(request_splitting, "a location does not break out of a request")
{
	TREE;
	tree_host(&tree, "",
		"SSLCACertificateFile /ca\n<Location \"/a HTTP/1.1\">\n"
		"SSLVerifyClient require\n</Location>\n");
	CHECK(tree.service.verifier_count == 2);
	CHECK(tree.service.verifiers[1].endpoint_count == 0);
}

TEST(perl, "code in a section is not read")
{
	TREE;
	tree_host(&tree, "<Perl>\nmy $x = <<EOT;\n<b>\n</i>\nEOT\n</Perl>\n", verifying);
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
}

TEST(pattern, "a pattern that would cost any memory is not compiled")
{
	TREE;
	tree_host(&tree,
		"<IfVersion ~ \"((((a{1,255}){1,255}){1,255}){1,255})\">\nListen 1\n</IfVersion>\n"
		"<IfVersion = /(/>\nListen 2\n</IfVersion>\n",
		verifying);
	CHECK(tree.service.verifier_count == 1);
}

TEST(envvars_loop, "variables of envvars that name each other end")
{
	TREE;
	tree_text(&tree, "/etc/apache2/envvars",
		"export A=$A$A$B\nexport B=$A$A$A$B\nexport A=$B$B$B$A\nexport B=$A${A}${B}\n");
	tree_host(&tree, "ErrorLog ${A}${B}\n", verifying);
	CHECK(tree.service.verifier_count == 1);
}

TEST(envvars_bomb, "variables of envvars that multiply each other end")
{
	TREE;
	CLEANUP(buffer_free) struct buffer text = {};

	for (int i = 0; i < 7; i++) {
		buffer_addf(&text, "export A%d=", i);
		for (int j = 0; j < 5'000; j++)
			buffer_addf(&text, "$A%d", i - 1 < 0 ? 9 : i - 1);
		buffer_add_text(&text, "\n");
	}
	tree_write(&tree, "/etc/apache2/envvars", (const char *)text.data, text.length);
	tree_host(&tree, "ErrorLog ${A6}${A5}${A4}\n", verifying);
	CHECK(tree.service.verifier_count == 1);
}

TAP_MAIN()
