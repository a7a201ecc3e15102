/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/haproxy_tree.h"

/* Reads a bind line with these options, whose crt-list holds these lines. */
#define READ(options, list)                                                          \
	CLEANUP(tree_end) struct tree tree;                                          \
	const struct service *service = &tree.service;                               \
	tree_begin(&tree);                                                           \
	tree_text(&tree, "/list", list);                                             \
	tree_config(&tree, "global\n\tca-base /pki\n\tcrt-base /keys\nfrontend fe\n" \
			   "\tbind 127.0.0.1:8443 ssl " options "\n")

TEST(overriding_line, "a crt-list line that changes the verification is a verifier of its own")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required",
		"# comment\n\na.pem [ca-file other.pem crl-file crl.pem] a.test\nb.pem b.test\n");
	CHECK(service->verifier_count == 2 && service->problem_count == 0);
	CHECK(service->finding_count == 0);
	CHECK_TEXT(service->verifiers[0].name, "127.0.0.1:8443 fe");
	CHECK(service->verifiers[0].endpoints[0].server_name == NULL);
	CHECK_TEXT(service->verifiers[1].name, "127.0.0.1:8443 fe a.test");
	CHECK_TEXT(service->verifiers[1].endpoints[0].server_name, "a.test");
	CHECK(service->verifiers[1].mode == MODE_REQUIRED);
	CHECK_TEXT(service->verifiers[1].sources[0].path, "/pki/other.pem");
	CHECK_TEXT(service->verifiers[1].sources[0].where.path, "/list");
	CHECK(service->verifiers[1].sources[0].where.line == 3);
	CHECK_TEXT(tree_cited(&tree, service->verifiers[1].sources[0].where), "other.pem");
	CHECK(service->verifiers[1].crl_check == CRL_CHECK_CHAIN);
	CHECK(service->config_file_count == 2);
}

TEST(default_line, "without a crt before it the first line decides where no name is asked for")
{
	READ("crt-list /list ca-file ca.pem verify required",
		"a.pem [ca-file other.pem] a.test\nb.pem b.test\n");
	CHECK(service->verifier_count == 2);
	CHECK_TEXT(service->verifiers[0].endpoints[0].server_name, "b.test");
	CHECK(service->verifiers[1].endpoints[0].server_name == NULL);
}

TEST(unused_bind, "where each line overrides, the bind line itself verifies nobody")
{
	READ("crt-list /list ca-file ca.pem", "a.pem [verify required] a.test\n");
	CHECK(service->verifier_count == 1 && service->finding_count == 0);
	CHECK(service->verifiers[0].mode == MODE_REQUIRED);
}

TEST(same_as_bind, "a line that says what the bind line says is no verifier of its own")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required",
		"a.pem [verify required ca-file ca.pem alpn h2] a.test\n");
	CHECK(service->verifier_count == 1);
}

TEST(verify_none_line, "a line may ask for no certificate")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required",
		"a.pem [verify none] !x.test *.a.test\n");
	CHECK(service->verifier_count == 2 && service->verifiers[1].mode == MODE_NONE);
	CHECK_TEXT(service->verifiers[1].endpoints[0].server_name, "trustmend.a.test");
}

TEST(no_name, "a line to which no known name leads has no endpoint")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required", "a.pem [verify none]\n");
	CHECK(service->verifier_count == 2 && service->verifiers[1].endpoint_count == 0);
	CHECK_TEXT(service->verifiers[1].name, "127.0.0.1:8443 fe a.pem");
}

TEST(own_name, "without a filter the certificate's own name leads to its line")
{
	char command[512];

	READ("crt /s.pem crt-list /list ca-file ca.pem verify required", "a.pem [verify none]\n");
	tree_text(&tree, "/keys/a.pem", "");
	(void)snprintf(command, sizeof(command),
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
		"-subj /CN=x -addext subjectAltName=IP:127.0.0.1,DNS:*.own.test -out %s/keys/a.pem "
		"-keyout %s/keys/a.key 2>/dev/null && cat %s/keys/a.key >> %s/keys/a.pem",
		tree.directory, tree.directory, tree.directory, tree.directory);
	CHECK(system(command) == 0);
	tree_read(&tree);
	CHECK(service->verifier_count == 2 && service->verifiers[1].endpoint_count == 1);
	CHECK_TEXT(service->verifiers[1].endpoints[0].server_name, "trustmend.own.test");
}

TEST(strict_sni, "with strict-sni a name is always needed")
{
	READ("strict-sni crt-list /list ca-file ca.pem verify required",
		"a.pem [verify optional] a.test\nb.pem b.test\n");
	CHECK_TEXT(service->verifiers[0].endpoints[0].server_name, "b.test");
	CHECK_TEXT(service->verifiers[1].endpoints[0].server_name, "a.test");
}

TEST(damaged_lines, "what cannot be read is a problem at its line")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required",
		"a.pem [verify\n[x] a\nb ] c\nd [a] [b]\ne [ca-file]\nf [verify maybe] g\nh");
	CHECK(service->problem_count == 7);
	CHECK_TEXT(service->problems[0].where.path, "/list");
	for (unsigned i = 0; i < 7; i++)
		CHECK(service->problems[i].where.line == i + 1);
}

TEST(missing_list, "a crt-list that is not there is a problem of the bind line")
{
	READ("crt /s.pem crt-list /nowhere ca-file ca.pem verify required", "");
	CHECK(service->problem_count == 1 && service->verifier_count == 1);
	CHECK_TEXT(tree_cited(&tree, service->problems[0].where), "/nowhere");
}

TEST(glued_brackets, "brackets need no spaces, and quotes mean nothing")
{
	READ("crt /s.pem crt-list /list ca-file ca.pem verify required",
		"a.pem[ca-file \"o.pem\"]a.test\n");
	CHECK(service->verifier_count == 2 && service->problem_count == 0);
	CHECK_TEXT(service->verifiers[1].sources[0].path, "/pki/\"o.pem\"");
	CHECK_TEXT(service->verifiers[1].endpoints[0].server_name, "a.test");
}

TAP_MAIN()
