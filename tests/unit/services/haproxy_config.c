/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tap.h"

#include "services/haproxy_tree.h"

#define FRONTEND "defaults\n\tmode http\nfrontend fe\n"
#define BIND     FRONTEND "\tbind 127.0.0.1:8443 ssl crt /s.pem "

/* Opens a tree, reads the text, and leaves the names tree and service. */
#define READ(text)                                                      \
	CLEANUP(tree_end) struct tree tree;                             \
	[[maybe_unused]] const struct service *service = &tree.service; \
	tree_begin(&tree);                                              \
	tree_config(&tree, text)

#define ONE_VERIFIER()                       \
	CHECK(service->verifier_count == 1); \
	const struct verifier *verifier = &service->verifiers[0]

TEST(plain, "a bind line with ca-file and verify required is a verifier, and healthy")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify required\n");
	ONE_VERIFIER();
	CHECK(service->problem_count == 0 && service->finding_count == 0);
	CHECK_TEXT(verifier->name, "127.0.0.1:8443 fe");
	CHECK(verifier->mode == MODE_REQUIRED && verifier->crl_check == CRL_CHECK_NONE);
	CHECK(verifier->source_count == 1 && verifier->sources[0].role == ROLE_ANCHORS);
	CHECK(verifier->sources[0].loader == LOADER_OPENSSL_FILE);
	CHECK(verifier->sources[0].read_times == READ_AT_LOAD);
	CHECK_TEXT(verifier->sources[0].path, "/etc/pki/ca.pem");
	CHECK_TEXT(verifier->sources[0].directive, "ca-file");
	CHECK_TEXT(tree_cited(&tree, verifier->sources[0].where), "/etc/pki/ca.pem");
	CHECK(verifier->sources[0].where.line == 4);
	CHECK_TEXT(tree_cited(&tree, verifier->mode_where), "required");
	CHECK(verifier->depth.value == -1 && verifier->depth.is_default);
	CHECK(!verifier->names_required && !verifier->partial_chain);
	CHECK_TEXT(verifier->engine, "openssl");
	CHECK(verifier->endpoint_count == 1 && verifier->endpoints[0].port == 8443);
	CHECK_TEXT(verifier->endpoints[0].address, "127.0.0.1");
	CHECK(verifier->endpoints[0].speaks_http && verifier->endpoints[0].server_name == NULL);
}

TEST(no_client_certificates, "a bind line that names no store is no verifier")
{
	READ(FRONTEND "\tbind :443 ssl crt /s.pem\n\tbind :80\n");
	CHECK(service->verifier_count == 0 && service->problem_count == 0);
	CHECK(service->finding_count == 0);
}

TEST(crl, "crl-file is checked for the whole chain")
{
	READ(BIND "ca-file /etc/pki/ca.pem crl-file /etc/pki/crl.pem verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->crl_check == CRL_CHECK_CHAIN && verifier->source_count == 2);
	CHECK(verifier->sources[1].role == ROLE_CRLS);
	CHECK_TEXT(tree_cited(&tree, verifier->crl_check_where), "/etc/pki/crl.pem");
}

TEST(crl_not_enforced, "crl-file with verify none is a warning")
{
	READ(BIND "ca-file /etc/pki/ca.pem crl-file /etc/pki/crl.pem verify none\n");
	ONE_VERIFIER();
	CHECK(verifier->mode == MODE_NONE && verifier->crl_check == CRL_CHECK_NONE);
	CHECK(tree_findings(&tree, CAUSE_CRL_NOT_ENFORCED, SEVERITY_WARNING) == 1);
	CHECK(service->findings[0].verifier == verifier);
}

TEST(verify_absent, "ca-file without verify asks nobody, and is a warning")
{
	READ(BIND "ca-file /etc/pki/ca.pem\n");
	ONE_VERIFIER();
	CHECK(verifier->mode == MODE_NONE);
	CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING) == 1);
}

TEST(verify_none, "ca-file with verify none was meant so: a note")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify none\n");
	CHECK(tree_alarms(&tree) == 0 && service->finding_count == 1);
}

TEST(verify_optional, "verify optional is a note")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify optional\n");
	ONE_VERIFIER();
	CHECK(verifier->mode == MODE_OPTIONAL && tree_alarms(&tree) == 0);
	CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_NOTE) == 1);
}

TEST(verify_without_store, "verify required without a store: it does not start")
{
	READ(BIND "verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->source_count == 0 && service->problem_count == 1);
	CHECK(service->problems[0].where.line == 4);
}

TEST(verify_nonsense, "an unknown value of verify is a problem at its line")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify always\n");
	CHECK(service->problem_count == 1 && service->problems[0].where.line == 4);
	CHECK_TEXT(tree_cited(&tree, service->problems[0].where), "always");
}

TEST(without_ssl, "verify without ssl verifies nobody")
{
	READ(FRONTEND "\tbind :8443 crt /s.pem ca-file /etc/pki/ca.pem verify required\n");
	CHECK(service->verifier_count == 0);
	CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING) == 1);
}

TEST(verify_file, "ca-verify-file is trusted, and its names are not sent; alone it is healthy")
{
	READ(BIND "ca-verify-file /etc/pki/roots.pem verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->source_count == 1 && verifier->sources[0].role == ROLE_ANCHORS_UNSENT);
	CHECK(service->problem_count == 0 && service->finding_count == 0);
}

TEST(both_files, "ca-file and ca-verify-file are both trusted")
{
	READ(BIND "ca-verify-file /etc/pki/roots.pem ca-file /etc/pki/ca.pem verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->source_count == 2 && verifier->sources[0].role == ROLE_ANCHORS);
	CHECK(verifier->sources[1].role == ROLE_ANCHORS_UNSENT);
}

TEST(no_names, "no-ca-names keeps the names of ca-file to itself")
{
	READ(BIND "no-ca-names ca-file /etc/pki/ca.pem verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->sources[0].role == ROLE_ANCHORS_UNSENT);
}

TEST(last_wins, "of two ca-file the last one is used")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify none ca-file /etc/pki/b.pem verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->source_count == 1 && verifier->mode == MODE_REQUIRED);
	CHECK_TEXT(verifier->sources[0].path, "/etc/pki/b.pem");
}

TEST(directory_store, "a directory has HAProxy's own loader")
{
	READ(BIND "ca-file /etc/pki verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->sources[0].loader == LOADER_HAPROXY_DIRECTORY);
}

TEST(system_store, "@system-ca is the system's directory, and a warning")
{
	READ(BIND "ca-file @system-ca verify required\n");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->sources[0].path, "/usr/lib/ssl/certs");
	CHECK(tree_findings(&tree, CAUSE_STORE_WRONG_STORE, SEVERITY_WARNING) == 1);
}

TEST(ca_base, "relative files are below ca-base, from where it is set on")
{
	READ("global\n\tca-base /etc/pki\n" BIND
	     "ca-file ca.pem crl-file /crl.pem verify required\n");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->sources[0].path, "/etc/pki/ca.pem");
	CHECK_TEXT(verifier->sources[1].path, "/crl.pem");
	tree_config(&tree, BIND "ca-file ca.pem verify required\nglobal\n\tca-base /etc/pki\n");
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/ca.pem");
}

TEST(prefix, "without ca-base they are below the directory it was started in")
{
	CLEANUP(tree_end) struct tree tree;

	tree_begin(&tree);
	tree.service.prefix = "/srv/proxy";
	tree_config(
		&tree, "global\n\tca-base pki/../certs\n" BIND "ca-file ca.pem verify required\n");
	CHECK_TEXT(tree.service.verifiers[0].sources[0].path, "/srv/proxy/certs/ca.pem");
}

TEST(default_path, "default-path config: below the file's own directory")
{
	READ("global\n\tdefault-path config\n" BIND "ca-file x/ca.pem verify required\n");
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/etc/haproxy/x/ca.pem");
	tree_config(
		&tree, "global\n\tdefault-path parent\n" BIND "ca-file x/ca.pem verify required\n");
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/etc/x/ca.pem");
	tree_config(&tree,
		"global\n\tdefault-path origin /o\n" BIND "ca-file x/ca.pem verify required\n");
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/o/x/ca.pem");
}

TEST(ignored_all, "all errors ignored and no rule that looks: a warning")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify optional crt-ignore-err all ca-ignore-err all\n");
	ONE_VERIFIER();
	CHECK(verifier->ignores_all_leaf_errors && verifier->ignores_all_ca_errors);
	CHECK(verifier->ignored_leaf_errors[94] && !verifier->ignored_leaf_errors[95]);
	CHECK(tree_findings(&tree, CAUSE_POLICY_IGNORED_ERRORS, SEVERITY_WARNING) == 1);
}

TEST(ignored_and_checked, "all errors ignored, and a rule that looks: no alarm")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify optional crt-ignore-err all ca-ignore-err all\n"
		  "\thttp-request deny unless { ssl_c_verify 0 }\n");
	CHECK(tree_alarms(&tree) == 0);
	tree_config(&tree, BIND
		"ca-file /etc/pki/ca.pem verify optional crt-ignore-err all ca-ignore-err all\n"
		"\tlog-format \"%[ssl_c_verify]\"\n");
	CHECK(tree_alarms(&tree) == 1);
	tree_config(&tree, BIND
		"ca-file /etc/pki/ca.pem verify optional crt-ignore-err all ca-ignore-err all\n"
		"\tdefault_backend be\nbackend be\n\thttp-request deny if !{ ssl_c_err 0 }\n");
	CHECK(tree_alarms(&tree) == 0);
}

TEST(ignored_list, "a list of ignored errors is a note, and another where the depths differ")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify required ca-ignore-err 10,12x,3\n");
	ONE_VERIFIER();
	CHECK(verifier->ignored_ca_errors[10] && verifier->ignored_ca_errors[12]);
	CHECK(verifier->ignored_ca_errors[3] && !verifier->ignored_leaf_errors[10]);
	CHECK_TEXT(tree_cited(&tree, verifier->ignored_where), "10,12x,3");
	CHECK(tree_alarms(&tree) == 0);
	CHECK(tree_findings(&tree, CAUSE_POLICY_IGNORED_ERRORS, SEVERITY_NOTE) == 2);
}

TEST(ignored_nonsense, "names of errors are not known to HAProxy 2.6")
{
	READ(BIND "ca-file /etc/pki/ca.pem verify required "
		  "ca-ignore-err X509_V_ERR_CERT_HAS_EXPIRED\n");
	CHECK(service->problem_count == 1);
	tree_config(&tree, BIND "ca-file /etc/pki/ca.pem verify required ca-ignore-err 10,\n");
	CHECK(service->problem_count == 1);
}

TEST(security_level, "@SECLEVEL of the ciphers, or of the default ones")
{
	READ("global\n\tssl-default-bind-ciphers HIGH:@SECLEVEL=1\n" BIND
	     "ca-file /etc/pki/ca.pem verify required\n");
	CHECK(service->verifiers[0].security_level == 1);
	CHECK(service->verifiers[0].security_where.line == 2);
	tree_config(&tree, "global\n\tssl-default-bind-ciphers HIGH:@SECLEVEL=1\n" BIND
			   "ca-file /etc/pki/ca.pem verify required ciphers HIGH\n");
	CHECK(service->verifiers[0].security_level == 2);
	tree_config(
		&tree, BIND "ca-file /etc/pki/ca.pem verify required ciphers ALL:@SECLEVEL=0\n");
	CHECK(service->verifiers[0].security_level == 0);
}

TEST(addresses, "one bind line may have many addresses")
{
	READ("frontend fe\n\tbind 127.0.0.1:8443-8445,:444,*:445,ipv4@10.0.0.1:446,ipv6@::1:447,"
	     "[::1]:448,unix@/run/x.sock,/run/y.sock,localhost:449,fd@3,abns@x ssl crt /s.pem "
	     "ca-file /etc/pki/ca.pem verify required\n");
	static const struct {
		const char *address;
		unsigned port;
	} wanted[] = { { "127.0.0.1", 8443 }, { "127.0.0.1", 8444 }, { "127.0.0.1", 8445 },
		{ "*", 444 }, { "*", 445 }, { "10.0.0.1", 446 }, { "::1", 447 }, { "::1", 448 },
		{ "localhost", 449 } };

	ONE_VERIFIER();
	CHECK(service->problem_count == 0);
	CHECK(verifier->endpoint_count == COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		CHECK_TEXT(verifier->endpoints[i].address, wanted[i].address);
		CHECK(verifier->endpoints[i].port == wanted[i].port);
		CHECK(!verifier->endpoints[i].speaks_http);
	}
}

TEST(port_range, "a range of ports has a bound, a backward or missing one is a problem")
{
	READ("frontend fe\n\tbind :1-65535 ssl crt /s.pem ca-file /c verify required\n");
	CHECK(service->verifiers[0].endpoint_count == 32 && service->problem_count == 0);
	tree_config(&tree, "frontend fe\n\tbind :9-1,127.0.0.1,:0,:70000 ssl crt /s.pem ca-file "
			   "/c verify required\n");
	CHECK(service->verifiers[0].endpoint_count == 0 && service->problem_count == 4);
}

TEST(two_binds, "bind lines are verifiers each, with names of their own")
{
	READ("frontend fe\n"
	     "\tbind :8443 ssl crt /s.pem ca-file /a verify required\n"
	     "\tbind :8443 ssl crt /s.pem ca-file /b verify required\n");
	CHECK(service->verifier_count == 2);
	CHECK_TEXT(service->verifiers[0].name, ":8443 fe");
	CHECK_TEXT(service->verifiers[1].name, ":8443 fe (2)");
}

TEST(modes, "mode comes from the defaults section that a proxy means")
{
	READ("defaults tcp\n\tmode tcp\n"
	     "defaults web\n\tmode http\n"
	     "defaults child from web\n"
	     "frontend a\n\tbind :1 ssl ca-file /c verify required crt /s\n"
	     "frontend b from tcp\n\tbind :2 ssl ca-file /c verify required crt /s\n"
	     "listen c from web\n\tbind :3 ssl ca-file /c verify required crt /s\n\tmode tcp\n"
	     "defaults\n"
	     "listen d\n\tbind :4 ssl ca-file /c verify required crt /s\n");
	static const bool http[] = { true, false, false, false };

	CHECK(service->verifier_count == 4 && service->problem_count == 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(service->verifiers[i].endpoints[0].speaks_http == http[i]);
}

TEST(unknown_defaults, "a defaults section that is not there is a problem")
{
	READ("frontend a from nobody\n\tbind :1 ssl ca-file /c verify required crt /s\n");
	CHECK(service->problem_count == 1 && service->verifier_count == 1);
}

TEST(quotes, "quotes and escapes protect, and spans cover them")
{
	READ("frontend fe\n  bind :1 ssl crt /s ca-file '/a b'\"/c\"\\ d\\x65\\\\ verify\\x20x "
	     "\"verify\" required # verify none\n");
	ONE_VERIFIER();
	CHECK_TEXT(verifier->sources[0].path, "/a b/c de\\");
	CHECK_TEXT(tree_cited(&tree, verifier->sources[0].where), "'/a b'\"/c\"\\ d\\x65\\\\");
	CHECK(verifier->mode == MODE_REQUIRED && service->problem_count == 0);
}

TEST(variables, "variables are put in between double quotes alone")
{
	READ("global\n\tsetenv DIR /etc/pki\n\tpresetenv DIR /other\n\tsetenv LIST 'ca-file /x'\n"
	     "frontend fe\n"
	     "\tbind :1 ssl crt /s verify required ca-file \"$DIR/ca.pem\"\n"
	     "\tbind :2 ssl crt /s verify required ca-file \"${DIR}x\"\n"
	     "\tbind :3 ssl crt /s verify required ca-file \"${NOPE-/fall}/back\"\n"
	     "\tbind :4 ssl crt /s verify required ca-file ${DIR}/ca.pem\n"
	     "\tbind :5 ssl crt /s verify required ca-file '/$DIR'\n"
	     "\tbind :6 ssl crt /s verify required \"${LIST[*]}\"\n"
	     "\tbind :7 ssl crt /s verify required ca-file \"/\\$DIR\"\n");
	static const char *const paths[] = { "/etc/pki/ca.pem", "/etc/pkix", "/fall/back",
		"/${DIR}/ca.pem", "/$DIR", "/x", "/$DIR" };

	CHECK(service->verifier_count == COUNT_OF(paths) && service->problem_count == 0);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		CHECK_TEXT(service->verifiers[i].sources[0].path, paths[i]);
	CHECK(service->verifiers[5].sources[0].where.length == 0);
}

TEST(unknown_variable, "a path that stands on an unknown variable is said to be so")
{
	READ(BIND "ca-file \"$NOBODY_KNOWS/ca.pem\" verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->source_count == 0 && service->problem_count == 1);
	tree_text(&tree, "/etc/default/haproxy", "# x\nNOBODY_KNOWS=\"/etc/pki\"\n");
	tree_read(&tree);
	CHECK(service->problem_count == 0);
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/etc/pki/ca.pem");
}

TEST(pseudo_variables, "HAProxy's own variables of file, line and section")
{
	READ("frontend fe\n\tbind :1 ssl crt /s verify required ca-file "
	     "\"/${.SECTION}/${.LINE}${.FILE}\"\n");
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/fe/2/etc/haproxy/haproxy.cfg");
}

TEST(resetenv, "resetenv and unsetenv make variables empty")
{
	READ("global\n\tsetenv A /a\n\tsetenv B /b\n\tsetenv C /c\n\tresetenv A C\n\tunsetenv C\n"
	     "frontend fe\n\tbind :1 ssl crt /s verify required ca-file \"$A/x$B$C\"\n");
	CHECK(service->problem_count == 0);
	CHECK_TEXT(service->verifiers[0].sources[0].path, "/a/x");
}

TEST(conditions, "conditional blocks")
{
	READ("global\n\tsetenv SSL yes\n"
	     "frontend fe\n"
	     ".if streq(\"$SSL\",yes) && !defined(NOPE) || 0\n"
	     "\tbind :1 ssl crt /s verify required ca-file /a\n"
	     ".elif 1\n\tbind :2 ssl crt /s verify required ca-file /a\n"
	     ".else\n\tbind :3 ssl crt /s verify required ca-file /a\n.endif\n"
	     ".if strneq(\"$SSL\",yes)\n\tbind :4 ssl crt /s verify required ca-file /a\n"
	     ".elif (feature(OPENSSL))\n\tbind :5 ssl crt /s verify required ca-file /a\n.endif\n"
	     ".if\n\tbind :6 ssl crt /s verify required ca-file /a\n"
	     ".if 1\n\tbind :7 ssl crt /s verify required ca-file /a\n.endif\n.endif\n");
	CHECK(service->problem_count == 0);
	/* Whether NOPE is set is not known of what does not run: kept, and marked. */
	CHECK_TEXT(service->verifiers[0].name, ":1 fe (conditional)");
	CHECK(service->verifiers[service->verifier_count - 1].endpoints[0].port == 5);
}

TEST(condition_unknown, "a block whose condition cannot be told is kept, and marked")
{
	READ("frontend fe\n.if feature(LUA)\n"
	     "\tbind :1 ssl crt /s verify required ca-file /a\n.else\n"
	     "\tbind :2 ssl crt /s verify required ca-file /a\n.endif\n"
	     "\tbind :3 ssl crt /s verify required ca-file /a\n");
	CHECK(service->verifier_count == 3 && service->problem_count == 0);
	CHECK_TEXT(service->verifiers[0].name, ":1 fe (conditional)");
	CHECK_TEXT(service->verifiers[1].name, ":2 fe (conditional)");
	CHECK_TEXT(service->verifiers[2].name, ":3 fe");
}

TEST(condition_problems, "blocks that do not match, and what is no condition")
{
	READ(".else\nfrontend fe\n.if true\n.endif\n.endif\n.nonsense\n.if 1\n");
	CHECK(service->problem_count == 5);
	CHECK(service->problems[0].where.line == 1 && service->problems[1].where.line == 3);
	CHECK(service->problems[2].where.line == 5 && service->problems[3].where.line == 6);
	CHECK(service->problems[4].where.line == 7);
}

TEST(several_files, "several files and directories, in the order given")
{
	static const char *const arguments[] = { "-W", "-f", "global.cfg", "-f", "conf.d", "--",
		"/last.cfg", NULL };
	CLEANUP(tree_end) struct tree tree;

	tree_begin(&tree);
	tree.service.arguments = arguments;
	tree.service.prefix = "/etc/haproxy";
	tree_text(&tree, "/etc/haproxy/global.cfg", "global\n\tca-base /etc/pki\n");
	tree_text(&tree, "/etc/haproxy/conf.d/20.cfg",
		"frontend b\n\tbind :2 ssl crt /s verify required ca-file b.pem\n");
	tree_text(&tree, "/etc/haproxy/conf.d/10.cfg",
		"frontend a\n\tbind :1 ssl crt /s verify required ca-file a.pem\n");
	tree_text(&tree, "/etc/haproxy/conf.d/.5.cfg", "nonsense\n");
	tree_text(&tree, "/etc/haproxy/conf.d/5.cfg~", "nonsense\n");
	tree_text(
		&tree, "/last.cfg", "frontend c\n\tbind :3 ssl crt /s verify required ca-file c\n");
	tree_read(&tree);
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 3);
	CHECK(tree.service.config_file_count == 4);
	CHECK_TEXT(tree.service.config_files[1], "/etc/haproxy/conf.d/10.cfg");
	CHECK_TEXT(tree.service.verifiers[1].sources[0].path, "/etc/pki/b.pem");
	CHECK_TEXT(tree.service.verifiers[2].sources[0].where.path, "/last.cfg");
}

TEST(missing_file, "a configuration that is not there is a problem")
{
	CLEANUP(tree_end) struct tree tree;

	tree_begin(&tree);
	tree_read(&tree);
	CHECK(tree.service.problem_count == 1 && tree.service.verifier_count == 0);
}

TEST(other_sections, "peers, log-forward and stats sockets have bind lines as well")
{
	READ("global\n\tstats socket /run/admin.sock level admin\n"
	     "\tstats socket 127.0.0.1:9999 ssl crt /s ca-file /a verify required level admin\n"
	     "peers p\n\tbind :1024 ssl crt /s ca-file /b verify required\n"
	     "log-forward l\n\tbind :514 ssl crt /s ca-file /c verify required\n"
	     "backend be\n\tserver s 127.0.0.1:1 ssl ca-file /d verify required\n");
	CHECK(service->verifier_count == 3);
	CHECK_TEXT(service->verifiers[0].name, "127.0.0.1:9999 stats socket");
	CHECK_TEXT(service->verifiers[1].name, ":1024 peers p");
	CHECK_TEXT(service->verifiers[2].name, ":514 log-forward l");
}

TEST(global_settings, "chroot and pidfile; the command line comes first")
{
	static const char *const arguments[] = { "-p", "/run/other.pid", NULL };

	READ("global\n\tchroot /var/lib/haproxy\n\tpidfile /run/h.pid\n\tuser haproxy\n");
	CHECK_TEXT(service->chroot, "/var/lib/haproxy");
	CHECK_TEXT(service->pid_file, "/run/h.pid");
	tree.service.arguments = arguments;
	tree_read(&tree);
	CHECK_TEXT(service->pid_file, "/run/other.pid");
}

TEST(values_are_no_options, "the value of an option is not read as an option")
{
	READ("frontend fe\n\tbind :1 name verify interface ssl ssl crt verify ca-file /a "
	     "verify required\n");
	ONE_VERIFIER();
	CHECK(verifier->mode == MODE_REQUIRED && service->problem_count == 0);
}

TEST(missing_value, "an option without its value is a problem")
{
	READ(BIND "verify required ca-file\n");
	CHECK(service->problem_count == 2);
	CHECK_TEXT(tree_cited(&tree, service->problems[0].where), "ca-file");
}

TEST(scopes, "a scope line is skipped, as HAProxy does")
{
	READ("[production]\n" BIND "ca-file /etc/pki/ca.pem verify required\n");
	CHECK(service->verifier_count == 1 && service->problem_count == 0);
}

TEST(debian, "Debian's own configuration is healthy and has no verifier")
{
	READ("global\n\tlog /dev/log\tlocal0\n\tchroot /var/lib/haproxy\n"
	     "\tstats socket /run/haproxy/admin.sock mode 660 level admin\n\tuser haproxy\n"
	     "\tdaemon\n\n\tca-base /etc/ssl/certs\n\tcrt-base /etc/ssl/private\n"
	     "\t# See: https://example.test/#server=haproxy\n"
	     "        ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256\n"
	     "        ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets\n\n"
	     "defaults\n\tmode\thttp\n\terrorfile 400 /etc/haproxy/errors/400.http\n");
	CHECK(service->verifier_count == 0 && service->problem_count == 0);
	CHECK(service->finding_count == 0);
}

TAP_MAIN()
