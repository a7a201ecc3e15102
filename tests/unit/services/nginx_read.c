/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/nginx_tree.h"

#define SERVER(text)                                                                           \
	"http {\n\tserver {\n\t\tlisten 127.0.0.1:8443 ssl;\n\t\tserver_name localhost;\n\t\t" \
	"ssl_certificate c.pem;\n" text "\n\t}\n}\n"
#define ON     "\t\tssl_verify_client on;\n"
#define CLIENT "\t\tssl_client_certificate /etc/pki/ca.pem;\n"

#define READ(text)                                                      \
	CLEANUP(tree_end) struct tree tree;                             \
	[[maybe_unused]] const struct service *service = &tree.service; \
	tree_begin(&tree);                                              \
	tree_config(&tree, text)

#define ONE_VERIFIER()                       \
	CHECK(service->verifier_count == 1); \
	const struct verifier *verifier = &service->verifiers[0]

TEST(plain, "a server that asks for certificates is a verifier, and healthy")
{
	READ(SERVER(CLIENT ON));
	ONE_VERIFIER();
	CHECK(service->problem_count == 0 && service->finding_count == 0);
	CHECK_TEXT(verifier->name, "127.0.0.1:8443 localhost");
	CHECK(verifier->mode == MODE_REQUIRED && verifier->crl_check == CRL_CHECK_NONE);
	CHECK_TEXT(tree_cited(&tree, verifier->mode_where), "on");
	CHECK(verifier->source_count == 1 && verifier->sources[0].role == ROLE_ANCHORS);
	CHECK(verifier->sources[0].loader == LOADER_OPENSSL_FILE);
	CHECK(verifier->sources[0].read_times == READ_AT_LOAD);
	CHECK_TEXT(verifier->sources[0].path, "/etc/pki/ca.pem");
	CHECK_TEXT(verifier->sources[0].directive, "ssl_client_certificate");
	CHECK_TEXT(tree_cited(&tree, verifier->sources[0].where), "/etc/pki/ca.pem");
	CHECK(verifier->sources[0].where.line == 6 && !verifier->sources[0].inherited);
	CHECK(verifier->names_required && !verifier->partial_chain);
	CHECK(verifier->security_level == 2 && verifier->security_where.path == NULL);
	CHECK(verifier->endpoint_count == 1 && verifier->endpoints[0].port == 8443);
	CHECK_TEXT(verifier->endpoints[0].address, "127.0.0.1");
	CHECK_TEXT(verifier->endpoints[0].server_name, "localhost");
	CHECK(verifier->endpoints[0].speaks_http);
	CHECK_TEXT(service->pid_file, "/run/nginx.pid");
}

TEST(no_ssl, "a server without TLS judges nobody")
{
	READ("http { ssl_verify_client on; ssl_client_certificate a; server { listen 80; } }");
	CHECK(service->verifier_count == 0 && service->problem_count == 0);
}

TEST(stapling, "ssl_trusted_certificate alone serves stapling: no verifier, no finding")
{
	READ(SERVER("ssl_stapling on; ssl_trusted_certificate chain.pem;"));
	CHECK(service->verifier_count == 0 && service->finding_count == 0);
}

TEST(modes, "the four modes")
{
	static const struct {
		const char *text;
		enum verify_mode mode;
	} rows[] = {
		{ SERVER(CLIENT "ssl_verify_client off;"), MODE_NONE },
		{ SERVER(CLIENT "ssl_verify_client optional;"), MODE_OPTIONAL },
		{ SERVER(CLIENT "ssl_verify_client optional_no_ca;"), MODE_OPTIONAL_NO_CA },
		{ SERVER(CLIENT "ssl_verify_client \"on\";"), MODE_REQUIRED },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		READ(rows[i].text);
		ONE_VERIFIER();
		CHECK(verifier->mode == rows[i].mode && service->problem_count == 0);
	}
}

TEST(mode_unknown, "a mode that nginx does not know keeps it from starting")
{
	READ(SERVER(CLIENT "ssl_verify_client yes;"));
	CHECK(service->problem_count == 1);
	CHECK_TEXT(service->problems[0].text,
		"invalid value \"yes\" in \"ssl_verify_client\" directive");
}

TEST(optional_no_ca, "optional_no_ca is a warning")
{
	READ(SERVER(CLIENT "ssl_verify_client optional_no_ca;"));
	CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING) == 1);
	CHECK(service->findings[0].verifier == &service->verifiers[0]);
	CHECK_TEXT(tree_cited(&tree, service->findings[0].where), "optional_no_ca");
}

TEST(off_is_meant, "off is a note; forgetting the directive a warning; both read no client CAs")
{
	{
		READ(SERVER(CLIENT "ssl_verify_client off;"));
		CHECK(tree_alarms(&tree) == 0 && service->finding_count == 1);
		CHECK(service->verifiers[0].source_count == 0);
	}
	{
		READ(SERVER(CLIENT));
		CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING) ==
			1);
	}
}

TEST(some_servers, "CAs for all servers, asked for by some, is a healthy set-up")
{
	READ("http { ssl_certificate c; ssl_client_certificate ca.pem; ssl_crl crl.pem;\n"
	     "server { listen 443 ssl; server_name a; ssl_verify_client on; }\n"
	     "server { listen 443 ssl; server_name b; } }");
	CHECK(service->verifier_count == 2 && service->finding_count == 0);
	CHECK(service->verifiers[0].mode == MODE_REQUIRED);
	CHECK(service->verifiers[1].mode == MODE_NONE);
	/* nginx loads the CRL file in both. */
	CHECK(service->verifiers[1].source_count == 1);
}

TEST(trusted, "ssl_trusted_certificate is trusted for clients, and not sent")
{
	READ(SERVER(CLIENT ON "ssl_trusted_certificate more.pem;"));
	ONE_VERIFIER();
	CHECK(verifier->source_count == 2 && service->finding_count == 0);
	CHECK(verifier->sources[1].role == ROLE_ANCHORS_UNSENT);
	CHECK_TEXT(verifier->sources[1].path, "/etc/nginx/more.pem");
}

TEST(wrong_directive, "1.22 does not start with ssl_trusted_certificate alone")
{
	READ(SERVER(ON "ssl_trusted_certificate ca.pem;"));
	CHECK(tree_findings(&tree, CAUSE_POLICY_WRONG_DIRECTIVE, SEVERITY_CRITICAL) == 1);
	CHECK(service->problem_count == 1);
	CHECK_TEXT(service->problems[0].text, "no ssl_client_certificate for ssl_verify_client");
}

TEST(no_client_cas, "nor with neither; but optional_no_ca needs none")
{
	{
		READ(SERVER(ON));
		CHECK(service->problem_count == 1 && service->finding_count == 0);
	}
	{
		READ(SERVER("ssl_verify_client optional_no_ca;"));
		CHECK(service->problem_count == 0 && service->verifiers[0].source_count == 0);
	}
}

TEST(crl, "ssl_crl is checked for the whole chain")
{
	READ(SERVER(CLIENT ON "\t\tssl_crl ../crl.pem;"));
	ONE_VERIFIER();
	CHECK(verifier->crl_check == CRL_CHECK_CHAIN && verifier->source_count == 2);
	CHECK(verifier->sources[1].role == ROLE_CRLS);
	CHECK_TEXT(verifier->sources[1].path, "/etc/crl.pem");
	CHECK_TEXT(tree_cited(&tree, verifier->crl_check_where), "../crl.pem");
}

TEST(crl_not_enforced, "a CRL where nobody is asked is a warning")
{
	READ(SERVER("ssl_crl crl.pem;"));
	CHECK(tree_findings(&tree, CAUSE_CRL_NOT_ENFORCED, SEVERITY_WARNING) == 1);
}

TEST(ocsp, "ssl_ocsp asks about the chain or the leaf, of whom is set and with a resolver or not")
{
	{
		READ(SERVER(CLIENT ON "\t\tssl_ocsp on;"));
		ONE_VERIFIER();
		CHECK(verifier->ocsp.check == CRL_CHECK_CHAIN && verifier->ocsp.without_resolver);
		CHECK(verifier->ocsp.responder == NULL && !verifier->ocsp.nonce_demanded);
		CHECK_TEXT(tree_cited(&tree, verifier->ocsp.where), "on");
	}
	{
		READ("http { ssl_ocsp leaf; resolver 192.0.2.1 valid=10s; ssl_certificate c;\n"
		     "ssl_client_certificate a; ssl_verify_client on;\n"
		     "server { listen 1 ssl; ssl_ocsp_responder http://r.example/; }\n"
		     "server { listen 2 ssl; ssl_ocsp off; } }");
		const struct verifier *verifiers = service->verifiers;

		CHECK(service->verifier_count == 2 && service->problem_count == 0);
		CHECK(verifiers[0].ocsp.check == CRL_CHECK_LEAF);
		CHECK(!verifiers[0].ocsp.without_resolver && verifiers[0].ocsp.responder_overrides);
		CHECK_TEXT(verifiers[0].ocsp.responder, "http://r.example/");
		CHECK(verifiers[1].ocsp.check == CRL_CHECK_NONE);
	}
}

TEST(ocsp_refused, "what of OCSP keeps nginx from starting")
{
	static const struct {
		const char *lines, *text;
	} rows[] = {
		{ CLIENT ON "\t\tssl_ocsp yes;",
			"invalid value \"yes\" in \"ssl_ocsp\" directive" },
		{ CLIENT "\t\tssl_verify_client optional_no_ca; ssl_ocsp on;",
			"\"ssl_ocsp\" is incompatible with \"ssl_verify_client "
			"optional_no_ca\"" },
		{ CLIENT ON "\t\tssl_ocsp on; ssl_ocsp_responder https://r/;",
			"invalid URL prefix in OCSP responder \"https://r/\"" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(tree_end) struct tree tree;
		const struct service *service = &tree.service;

		tree_begin(&tree);
		tree_config(&tree, arena_printf(tree.arena, SERVER("%s"), rows[i].lines));
		CHECK(service->problem_count == 1);
		CHECK_TEXT(service->problems[0].text, rows[i].text);
	}
}

TEST(inheritance, "each directive is inherited by itself; the server's own holds")
{
	READ("http { ssl_client_certificate outer.pem; ssl_crl outer.crl; ssl_verify_depth 4;\n"
	     "ssl_verify_client optional; ssl_certificate c;\n"
	     "server { listen 1 ssl; }\n"
	     "server { listen 2 ssl; ssl_client_certificate own.pem; ssl_verify_client on; }\n"
	     "server { listen 3 ssl; ssl_crl ''; ssl_verify_depth 2; } }");
	const struct verifier *verifiers = service->verifiers;

	CHECK(service->verifier_count == 3 && service->problem_count == 0);
	CHECK(verifiers[0].mode == MODE_OPTIONAL && verifiers[0].depth.value == 4);
	CHECK(verifiers[0].sources[0].inherited && verifiers[0].sources[1].inherited);
	CHECK(verifiers[1].mode == MODE_REQUIRED && !verifiers[1].sources[0].inherited);
	CHECK_TEXT(verifiers[1].sources[0].path, "/etc/nginx/own.pem");
	CHECK_TEXT(verifiers[1].sources[1].path, "/etc/nginx/outer.crl");
	CHECK(verifiers[1].sources[1].inherited);
	CHECK(verifiers[2].crl_check == CRL_CHECK_NONE && verifiers[2].source_count == 1);
	CHECK(verifiers[2].depth.value == 2);
	CHECK(tree_findings(&tree, CAUSE_POLICY_INHERITANCE, SEVERITY_NOTE) == 1);
	CHECK(service->findings[0].verifier == &verifiers[1] && tree_alarms(&tree) == 0);
}

TEST(http_after_servers, "what stands behind the servers counts for them too")
{
	READ("http { server { listen 1 ssl; } ssl_verify_client on; "
	     "ssl_client_certificate a; ssl_certificate c; }");
	ONE_VERIFIER();
	CHECK(verifier->mode == MODE_REQUIRED && verifier->source_count == 1);
}

TEST(duplicate, "a directive twice at one level keeps nginx from starting")
{
	READ(SERVER(CLIENT ON CLIENT));
	CHECK(service->problem_count == 1);
	CHECK_TEXT(service->problems[0].text, "\"ssl_client_certificate\" directive is duplicate");
	CHECK(service->problems[0].where.line == 8);
}

TEST(arguments, "and so does one with two values")
{
	READ(SERVER("ssl_client_certificate a b;" ON));
	CHECK(service->problem_count == 2);
}

TEST(depth_set, "a depth that is set is cited")
{
	READ(SERVER(CLIENT ON "\t\tssl_verify_depth 3;"));
	ONE_VERIFIER();
	CHECK(verifier->depth.value == 3 && !verifier->depth.is_default);
	CHECK(verifier->depth.bias == 0);
	CHECK_TEXT(tree_cited(&tree, verifier->depth.where), "3");
}

TEST(depth_bad, "a depth that is no number keeps nginx from starting")
{
	READ(SERVER(CLIENT ON "ssl_verify_depth 1k;"));
	CHECK(service->problem_count == 1);
}

/* The configuration with the line inserted. */
static const char *
inserted(struct tree *tree, const struct setting *setting, const char *line)
{
	struct span bytes;
	struct err err = { 0 };

	if (world_read(tree->world, setting->insert.path, 1 << 20, &bytes, &err) < 0)
		return "";
	return arena_printf(tree->arena, "%.*s%s%s", (int)setting->insert.offset,
		(const char *)bytes.data, line, (const char *)bytes.data + setting->insert.offset);
}

TEST(depth_insert, "a depth that is not set gets a line of its own, where verify is set")
{
	READ(SERVER(CLIENT "\t\tssl_verify_client on; # all of them\n"));
	ONE_VERIFIER();
	const struct setting *depth = &verifier->depth;

	CHECK(depth->value == 1 && depth->is_default);
	CHECK_TEXT(depth->insert_format, "\t\tssl_verify_depth %d;\n");
	CHECK(depth->insert.line == 8);
	CHECK(strstr(inserted(&tree, depth, "\t\tssl_verify_depth 2;\n"),
		      "# all of them\n\t\tssl_verify_depth 2;\n") != NULL);
	tree_put(&tree, "/etc/nginx/nginx.conf",
		inserted(&tree, depth, "\t\tssl_verify_depth 2;\n"));
	world_free(tree.world);
	tree.world = world_below(tree.directory, NULL);
	tree_read(&tree);
	CHECK(tree.service.verifiers[0].depth.value == 2 && tree.service.problem_count == 0);
}

TEST(depth_insert_one_line, "on the same line where the block ends on it")
{
	READ("http { server { listen 1 ssl; ssl_client_certificate a; ssl_verify_client on; } }\n");
	ONE_VERIFIER();

	CHECK_TEXT(verifier->depth.insert_format, " ssl_verify_depth %d;");
	CHECK(strstr(inserted(&tree, &verifier->depth, " ssl_verify_depth 2;"),
		      "on; ssl_verify_depth 2; } }") != NULL);
}

TEST(depth_insert_outer, "and at the outer level where verify is set there")
{
	READ("http {\n  ssl_client_certificate a;\n  ssl_verify_client on;\n"
	     "  server { listen 1 ssl; ssl_client_certificate b; }\n}\n");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->depth.insert_format, "  ssl_verify_depth %d;\n");
	CHECK(verifier->depth.insert.line == 4);
}

TEST(security, "the last @SECLEVEL of the ciphers holds, and a command after them")
{
	{
		READ(SERVER(CLIENT ON "ssl_ciphers 'DEFAULT@SECLEVEL=0:@SECLEVEL=1';"));
		CHECK(service->verifiers[0].security_level == 1);
		CHECK_TEXT(tree_cited(&tree, service->verifiers[0].security_where),
			"DEFAULT@SECLEVEL=0:@SECLEVEL=1");
	}
	{
		READ(SERVER(CLIENT ON "ssl_conf_command CipherString DEFAULT@SECLEVEL=3;\n"
				      "ssl_ciphers HIGH:@SECLEVEL=1;"));
		CHECK(service->verifiers[0].security_level == 3);
	}
	{
		READ("http { ssl_conf_command CipherString @SECLEVEL=0; ssl_certificate c; "
		     "server { listen 1 ssl; ssl_conf_command Options PrioritizeChaCha; " ON CLIENT
		     "} }");
		CHECK(service->verifiers[0].security_level == 2);
	}
}

TEST(listen_forms, "the forms of listen")
{
	static const struct {
		const char *listen, *name, *address;
		unsigned port;
	} rows[] = {
		{ "8443 ssl", "*:8443", "0.0.0.0", 8443 },
		{ "*:8443 ssl http2", "*:8443", "0.0.0.0", 8443 },
		{ "0.0.0.0:1 ssl", "*:1", "0.0.0.0", 1 },
		{ "127.0.0.1 ssl", "127.0.0.1:80", "127.0.0.1", 80 },
		{ "[::]:443 ipv6only=off ssl", "[::]:443", "::", 443 },
		{ "[0:0::1] ssl", "[::1]:80", "::1", 80 },
		{ "localhost:99 ssl", "localhost:99", "localhost", 99 },
		{ "127.0.0.1:8000-8009 ssl", "127.0.0.1:8000", "127.0.0.1", 8000 },
		{ "unix:/run/n.sock ssl", "unix:/run/n.sock", NULL, 0 },
		{ "9 ssl proxy_protocol", "*:9", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "http { server { listen %s; " ON CLIENT "} }",
			rows[i].listen);
		READ(text);
		ONE_VERIFIER();
		CHECK_TEXT(verifier->name, rows[i].name);
		CHECK(verifier->endpoint_count == (rows[i].address != NULL));
		if (rows[i].address == NULL)
			continue;
		CHECK_TEXT(verifier->endpoints[0].address, rows[i].address);
		CHECK(verifier->endpoints[0].port == rows[i].port);
	}
}

TEST(ssl_on, "\"ssl on\", and the address that a server without listen has")
{
	READ("http { ssl on; server { " ON CLIENT "} }");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->name, "*:80");
}

TEST(shared_address, "TLS belongs to the address: one listen that says ssl does for all")
{
	READ("http { server { listen 443 ssl; server_name a; }\n"
	     "server { listen *:443; server_name b; " ON CLIENT "} }");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->name, "*:443 b");
	CHECK_TEXT(verifier->endpoints[0].server_name, "b");
}

TEST(several_servers, "several servers of one address; nobody can ask for one without a name")
{
	READ("http { ssl_verify_client on; ssl_client_certificate a; ssl_certificate c;\n"
	     "server { listen 443 ssl; server_name ~^x; }\n"
	     "server { listen 443 ssl default_server; server_name _; }\n"
	     "server { listen 443 ssl; server_name *.example.org; }\n"
	     "server { listen 443 ssl; server_name .example.net ''; }\n"
	     "server { listen 443 ssl; server_name 10.0.0.1 mail.*; }\n"
	     "server { listen 443 ssl; server_name 10.0.0.1; } }");
	const struct verifier *verifiers = service->verifiers;

	CHECK(service->verifier_count == 6);
	CHECK(verifiers[0].endpoint_count == 0);
	CHECK(verifiers[1].endpoint_count == 1 && verifiers[1].endpoints[0].server_name == NULL);
	CHECK_TEXT(verifiers[2].endpoints[0].server_name, "www.example.org");
	CHECK_TEXT(verifiers[3].endpoints[0].server_name, "example.net");
	CHECK_TEXT(verifiers[4].endpoints[0].server_name, "mail.example");
	CHECK_TEXT(verifiers[4].name, "*:443 10.0.0.1");
	CHECK(verifiers[5].endpoint_count == 0);
	CHECK_TEXT(verifiers[5].name, "*:443 10.0.0.1 #2");
}

TEST(several_listens, "a server on several addresses is one verifier with several endpoints")
{
	READ("http { server { listen 80; listen 443 ssl; listen [::]:443 ssl; " ON CLIENT "} }");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->name, "*:443");
	CHECK(verifier->endpoint_count == 2);
}

TEST(stream, "stream servers speak no HTTP and have no names")
{
	READ("stream { server { listen 127.0.0.1:9 ssl; " ON CLIENT " proxy_pass x; } }");
	ONE_VERIFIER();
	CHECK(verifier->endpoint_count == 1 && !verifier->endpoints[0].speaks_http);
	CHECK(verifier->endpoints[0].server_name == NULL);
}

TEST(mail, "mail servers")
{
	READ("mail { ssl_verify_client on; server { listen 993 ssl; protocol imap; " CLIENT "} }");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->name, "*:993");
}

TEST(other_blocks, "servers of an upstream, of map and of if are none")
{
	READ("http { upstream u { server 127.0.0.1:1; } map $a $b { server x; }\n"
	     "server { listen 1 ssl; " CLIENT ON " location / { if ($ssl_client_verify = \"NONE\")"
	     " { return 403; } proxy_ssl_verify on; proxy_ssl_crl x; } } }\n"
	     "events { } server { listen 2 ssl; ssl_verify_client on; }");
	ONE_VERIFIER();
	CHECK(service->problem_count == 0 && verifier->crl_check == CRL_CHECK_NONE);
}

TEST(included, "a store that a snippet names is relative to nginx.conf, and cited in the snippet")
{
	CLEANUP(tree_end) struct tree tree;

	tree_begin(&tree);
	tree_put(&tree, "/etc/nginx/snippets/mtls.conf",
		"ssl_client_certificate pki/ca.pem;\nssl_verify_client on;\n");
	tree_put(&tree, "/etc/nginx/sites/a", "server { listen 1 ssl; include snippets/*.conf; }");
	tree_config(&tree, "http { include sites/*; }");
	CHECK(tree.service.verifier_count == 1 && tree.service.config_file_count == 3);
	CHECK_TEXT(tree.service.verifiers[0].sources[0].path, "/etc/nginx/pki/ca.pem");
	CHECK_TEXT(tree_cited(&tree, tree.service.verifiers[0].sources[0].where), "pki/ca.pem");
	CHECK_TEXT(tree.service.verifiers[0].depth.insert.path, "/etc/nginx/snippets/mtls.conf");
}

TEST(broken_include, "a missing include is a problem, and the verifiers are read all the same")
{
	READ("include gone.conf;\n" SERVER(CLIENT ON));
	CHECK(service->problem_count == 1 && service->verifier_count == 1);
}

TEST(log_and_pid, "error_log and pid are relative to the prefix; what is no file is no log")
{
	{
		READ("error_log logs/e.log info; pid run/n.pid;");
		CHECK_TEXT(service->log, "/usr/share/nginx/logs/e.log");
		CHECK_TEXT(service->pid_file, "/usr/share/nginx/run/n.pid");
	}
	{
		READ("error_log stderr;");
		CHECK(service->log == NULL);
	}
	{
		READ("error_log syslog:server=/dev/log;");
		CHECK(service->log == NULL);
	}
}

TEST(overlay, "an overlay of proposed bytes is read, and the original stays")
{
	READ(SERVER(CLIENT ON));
	CLEANUP(world_freep) struct world *overlay = world_overlay(tree.world);
	static const char proposed[] = SERVER(CLIENT ON "ssl_verify_depth 5;");
	const struct service *copy;

	overlay_write(overlay, tree_config_path, span_of(proposed, strlen(proposed)));
	copy = service_reread(tree.arena, service, overlay);
	CHECK(copy->verifier_count == 1 && copy->verifiers[0].depth.value == 5);
	CHECK(service->verifiers[0].depth.value == 1 && copy->world == overlay);
}

TAP_MAIN()
