/* SPDX-License-Identifier: Apache-2.0 */
/* Apache's configuration language: includes, variables, conditions, lines and words. */
#include "unit/tap.h"

#include "services/apache_tree.h"

#define TREE                                \
	CLEANUP(tree_end) struct tree tree; \
	tree_begin(&tree)
#define FIRST (tree.service.verifiers[0])

static const char verifying[] = "SSLVerifyClient require\nSSLCACertificateFile /pki/ca.pem\n";

TEST(include, "includes: files, patterns, directories, relative to the server's root")
{
	TREE;
	tree_text(&tree, "/etc/apache2/sites/b.conf", "SSLVerifyDepth 3\n");
	tree_text(&tree, "/etc/apache2/sites/a.conf", "SSLVerifyDepth 2\n");
	tree_text(&tree, "/etc/apache2/dir/x/deep", "SSLCACertificateFile /deep\n");
	tree_host(&tree, "", "Include sites/*.conf\nInclude dir\nSSLVerifyClient require\n");
	CHECK(tree.service.problem_count == 0 && FIRST.depth.value == 2);
	CHECK_TEXT(FIRST.depth.where.path, "/etc/apache2/sites/b.conf");
	CHECK(tree_source(&tree, 0, "/deep") != NULL && tree.service.config_file_count == 4);
	CHECK_TEXT(tree.service.config_files[0], "/etc/apache2/apache2.conf");
}

TEST(include_missing, "Include must find something, IncludeOptional need not")
{
	TREE;
	tree_host(&tree, "IncludeOptional no/*.conf\nIncludeOptional nothing\n", verifying);
	CHECK(tree.service.problem_count == 0);
	tree_host(&tree, "Include no/*.conf\n", verifying);
	CHECK(tree.service.problem_count == 1);
	tree_host(&tree, "Include nothing\n", verifying);
	CHECK(tree.service.problem_count == 1);
	CHECK_TEXT(tree_cited(&tree, tree.service.problems[0].where), "nothing");
}

TEST(server_root, "paths are relative to ServerRoot, even to one that is named later")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nListen 443\nSSLEngine on\n"
			   "SSLVerifyClient require\nSSLCACertificateFile ca.pem\n"
			   "ServerRoot \"/opt/web/\"\n");
	CHECK_TEXT(FIRST.sources[0].path, "/opt/web/ca.pem");
}

TEST(variables, "variables of Define are replaced, and their place is cited")
{
	TREE;
	tree_host(&tree, "Define base /pki\nDefine mode require\n",
		"SSLVerifyClient ${mode}\nSSLCACertificateFile \"${base}/${mode}.pem\"\n");
	CHECK(FIRST.mode == MODE_REQUIRED);
	CHECK_TEXT(tree_cited(&tree, FIRST.mode_where), "${mode}");
	CHECK_TEXT(FIRST.sources[0].path, "/pki/require.pem");
	CHECK_TEXT(tree_cited(&tree, FIRST.sources[0].where), "${base}/${mode}.pem");
}

TEST(variables_order, "a variable has the value of the moment")
{
	TREE;
	tree_host(&tree, "Define d 2\nSSLVerifyDepth ${d}\nDefine d 9\nUnDefine d\n", verifying);
	CHECK(FIRST.depth.value == 1);
	tree_host(&tree, "Define w \"SSLVerifyDepth 4\"\n${w}\n", verifying);
	CHECK(FIRST.depth.value == 3);
}

TEST(variables_unset, "a variable that is not set stays as it is")
{
	TREE;
	tree_host(&tree, "",
		"SSLVerifyClient require\nSSLCACertificateFile /x/${NOT_SET}/$HOME/${\n");
	CHECK_TEXT(FIRST.sources[0].path, "/x/${NOT_SET}/$HOME/${");
}

TEST(envvars, "what does not run has its environment from envvars")
{
	TREE;
	tree_text(&tree, "/etc/apache2/envvars",
		"unset HOME\nif [ 1 ]; then SUFFIX=\"-x\"\nelse\n\tSUFFIX=\nfi\n"
		"export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\nBASE=\"/pki\" # here\n"
		"export CA=${BASE}/ca.pem\n: ${MODE:=require}\nexport MODE\n"
		"export OTHER=\"${NONE:-fallback}\"\n");
	tree_host(&tree, "ErrorLog ${APACHE_LOG_DIR}/error.log\nServerAdmin ${OTHER}\n",
		"SSLVerifyClient ${MODE}\nSSLCACertificateFile ${CA}\n");
	CHECK(tree.service.problem_count == 0 && FIRST.mode == MODE_REQUIRED);
	CHECK_TEXT(FIRST.sources[0].path, "/pki/ca.pem");
	CHECK_TEXT(tree.service.log, "/var/log/apache2/error.log");
	CHECK_TEXT(tree.service.environment[0], "APACHE_LOG_DIR=/var/log/apache2");
	CHECK_TEXT(tree.service.environment[1], "OTHER=fallback");
}

TEST(envvars_instance, "Debian's further instances have a suffix")
{
	TREE;
	tree.service.config = "/etc/apache2-two/apache2.conf";
	tree_text(&tree, "/etc/apache2-two/envvars",
		"export APACHE_PID_FILE=/run/apache2$SUFFIX/apache2.pid\n");
	tree_host(&tree, "PidFile ${APACHE_PID_FILE}\n", verifying);
	CHECK_TEXT(tree.service.pid_file, "/run/apache2-two/apache2.pid");
	CHECK_TEXT(tree.service.prefix, "/etc/apache2-two");
}

TEST(conditions, "conditions are decided as httpd does")
{
	TREE;
	tree_text(&tree, "/var/lib/dpkg/status",
		"Package: a\nVersion: 1\n\nPackage: apache2-bin\nStatus: x\nVersion: "
		"2.4.71-1~deb12u1\n\nPackage: b\nVersion: 3\n");
	tree_host(&tree,
		"<IfModule ssl_module>\nSSLVerifyDepth 2\n</IfModule>\n"
		"<IfModule !mod_ssl.c>\nbroken <>\nSSLVerifyDepth 50\n</IfModule>\n"
		"<IfModule mod_gnutls.c>\n<IfModule x>\n</IfModule>\nSSLVerifyDepth 51\n"
		"</IfModule>\n<IfDefine NOT>\nSSLVerifyDepth 52\n</IfDefine>\n"
		"<IfVersion >= 2.5>\nSSLVerifyDepth 53\n</IfVersion>\n"
		"<IfVersion = 2.4.70>\nSSLVerifyDepth 54\n</IfVersion>\n"
		"<IfVersion !~ ^2\\.4>\nSSLVerifyDepth 55\n</IfVersion>\n"
		"<IfFile nothing>\nSSLVerifyDepth 56\n</IfFile>\n"
		"<If \"true\">\nSSLVerifyDepth 57\n</If>\n",
		verifying);
	CHECK(tree.service.problem_count == 0 && FIRST.depth.value == 1);
}

TEST(conditions_true, "and what holds is read")
{
	static const char *const openings[] = { "IfModule mod_so.c", "IfModule mod_ssl.c",
		"IfDefine CMD", "IfDefine !CMDX", "IfVersion 2.4.71", "IfVersion >= 2.4",
		"IfVersion < 2.4.100", "IfVersion ~ ^2\\.4", "IfVersion = /2.4/",
		"IfVersion !> 2.4.71", "IfFile envvars", "IfDirective SSLEngine",
		"IfSection VirtualHost", "ifmodule core.c" };
	static const char *const arguments[] = { "-D", "CMD", NULL };

	for (size_t i = 0; i < COUNT_OF(openings); i++) {
		TREE;
		tree.service.arguments = arguments;
		tree_text(&tree, "/etc/apache2/envvars", "");
		tree_text(&tree, "/var/lib/dpkg/status",
			"X: y\n\nPackage: apache2-bin\nVersion: 2.4.71-1~deb12u1\n");
		tree_host(&tree,
			arena_printf(tree.arena, "<%s>\nSSLVerifyDepth 8\n</%.*s>\n", openings[i],
				(int)strcspn(openings[i], " "), openings[i]),
			verifying);
		if (FIRST.depth.value != 7)
			printf("# %s\n", openings[i]);
		CHECK(FIRST.depth.value == 7 && tree.service.problem_count == 0);
	}
}

TEST(continuation, "lines are continued by a backslash, comments too")
{
	TREE;
	tree_host(&tree, "# not read \\\nSSLVerifyDepth 7\n",
		"  SSLVerifyClient \\\n\trequire\nSSLCACertificateFile /a/\\\nb.pem\n");
	CHECK(FIRST.mode == MODE_REQUIRED && FIRST.depth.is_default);
	CHECK_TEXT(tree_cited(&tree, FIRST.mode_where), "require");
	CHECK(FIRST.mode_where.line == 9);
	CHECK_TEXT(FIRST.sources[0].path, "/a/b.pem");
	CHECK_TEXT(tree_cited(&tree, FIRST.sources[0].where), "/a/\\\nb.pem");
	CHECK_TEXT(FIRST.depth.insert_format, "  SSLVerifyDepth %d\n");
}

TEST(quotes, "quotes and what is escaped in them")
{
	TREE;
	tree_host(
		&tree, "", "SSLVerifyClient 'require'\nSSLCACertificateFile \"/a b/\\\"c\\\\d\"\n");
	CHECK_TEXT(FIRST.sources[0].path, "/a b/\"c\\d");
	CHECK_TEXT(tree_cited(&tree, FIRST.sources[0].where), "/a b/\\\"c\\\\d");
}

TEST(carriage_returns, "lines that end in CR LF")
{
	TREE;
	tree_host(&tree, "", "SSLVerifyClient require\r\nSSLCACertificateFile /ca\r\n");
	CHECK_TEXT(FIRST.sources[0].path, "/ca");
	CHECK_TEXT(FIRST.depth.insert_format, "SSLVerifyDepth %d\r\n");
}

TEST(end_of_file, "the last line of a file needs no newline")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nListen 443\nSSLEngine on\n"
			   "SSLCACertificateFile /ca\nSSLVerifyClient require");
	CHECK(FIRST.mode == MODE_REQUIRED);
	CHECK_TEXT(FIRST.depth.insert_format, "\nSSLVerifyDepth %d\n");
}

#define TLS_MACRO                                                                  \
	"<Macro Tls $ca $depth>\nSSLVerifyClient require\nSSLVerifyDepth $depth\n" \
	"SSLCACertificateFile \"/$ca.pem\"\n</Macro>\n"

TEST(macro, "a macro is read where it is used, with its arguments")
{
	TREE;
	tree_host(&tree, TLS_MACRO, "Use tls clients 4\n");
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
	CHECK(FIRST.mode == MODE_REQUIRED && FIRST.depth.value == 3);
	CHECK(tree_source(&tree, 0, "/clients.pem") != NULL);
	CHECK_TEXT(tree_cited(&tree, FIRST.depth.where), "$depth");
}

TEST(macro_host, "a macro may hold whole virtual hosts, variables and other macros")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nDefine DIR /srv\n" TLS_MACRO
			   "<Macro Host $name>\nListen 444\n<VirtualHost *:444>\nServerName $name\n"
			   "SSLEngine on\nUse Tls ${DIR}/$name 2\n</VirtualHost>\n</Macro>\n"
			   "Use Host a.example\n");
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
	CHECK(tree_source(&tree, 0, "/srv/a.example.pem") != NULL);
}

TEST(macro_longest, "of two parameters the longer name is the one that is meant")
{
	TREE;
	tree_host(&tree,
		"<Macro M $a $ab>\nSSLVerifyClient require\nSSLVerifyDepth $ab\n"
		"SSLCACertificateFile $a\n</Macro>\n",
		"Use M /x 5\n");
	CHECK(FIRST.depth.value == 4 && tree_source(&tree, 0, "/x") != NULL);
}

TEST(macro_wrong, "macros that are not there, take other arguments or use themselves")
{
	TREE;
	tree_host(&tree, "", "Use nothing\n");
	CHECK(tree.service.problem_count == 1);
	tree_host(&tree, TLS_MACRO, "Use Tls clients\n");
	CHECK(tree.service.problem_count == 1);
	tree_host(&tree, "<Macro M \"\">\nUse M x\n</Macro>\n", "Use M x\n");
	CHECK(tree.service.problem_count == 1);
	tree_host(&tree, "<Macro M>\nSSLEngine off\n", "");
	CHECK(tree.service.problem_count >= 1);
}

TEST(macro_unused, "what nobody uses says nothing")
{
	TREE;
	tree_host(&tree, TLS_MACRO "<IfDefine NO>\nUse Tls a 1\n</IfDefine>\n", verifying);
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
	CHECK(tree_source(&tree, 0, "/a.pem") == NULL);
}

TEST(command_line, "directives of the command line are read before and behind the file")
{
	static const char *const arguments[] = { "-C", "SSLVerifyDepth 6", "-c", "Listen 444",
		NULL };
	TREE;

	tree.service.arguments = arguments;
	tree_host(&tree, "", "SSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(FIRST.depth.value == 5 && tree.service.problem_count == 0);
}

TAP_MAIN()
