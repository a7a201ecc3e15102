/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Apache configurations, and the verifiers that come of them. */
#include "unit/tap.h"

#include "services/apache_tree.h"

#define TREE                                \
	CLEANUP(tree_end) struct tree tree; \
	tree_begin(&tree)
#define FIRST (tree.service.verifiers[0])

static const char verifying[] = "SSLVerifyClient require\nSSLCACertificateFile /pki/ca.pem\n";

TEST(plain, "a virtual host that requires certificates is one verifier")
{
	TREE;
	tree_host(&tree, "", verifying);
	CHECK(tree.service.problem_count == 0 && tree.service.finding_count == 0);
	CHECK(tree.service.verifier_count == 1);
	CHECK_TEXT(FIRST.name, "*:443 www.example.org");
	CHECK(FIRST.mode == MODE_REQUIRED && !FIRST.partial_chain && FIRST.names_required);
	CHECK_TEXT(tree_cited(&tree, FIRST.mode_where), "require");
	CHECK(FIRST.source_count == 1 && FIRST.sources[0].role == ROLE_ANCHORS &&
		FIRST.sources[0].loader == LOADER_OPENSSL_FILE &&
		FIRST.sources[0].read_times == READ_AT_LOAD && !FIRST.sources[0].inherited);
	CHECK_TEXT(tree_cited(&tree, FIRST.sources[0].where), "/pki/ca.pem");
	CHECK(FIRST.endpoint_count == 1 && FIRST.endpoints[0].port == 443 &&
		FIRST.endpoints[0].speaks_http);
	CHECK_TEXT(FIRST.endpoints[0].address, "*");
	CHECK_TEXT(FIRST.endpoints[0].server_name, "www.example.org");
	CHECK_TEXT(FIRST.endpoints[0].http_path, "/");
	CHECK(FIRST.security_level == 2 && FIRST.crl_check == CRL_CHECK_NONE);
}

TEST(nothing, "a virtual host that asks for no certificate is no verifier")
{
	TREE;
	tree_host(&tree, "", "SSLVerifyClient none\n");
	CHECK(tree.service.verifier_count == 0 && tree.service.problem_count == 0);
}

TEST(engine_off, "without SSLEngine nothing is verified")
{
	TREE;
	tree_host(&tree, "", "SSLEngine off\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(tree.service.verifier_count == 0);
}

TEST(engine_inherited, "SSLEngine of the server counts in its virtual hosts")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nListen 443\nSSLEngine on\n"
			   "<VirtualHost *:443>\nSSLVerifyClient require\n"
			   "SSLCACertificateFile /ca\n</VirtualHost>\n");
	CHECK(tree.service.verifier_count == 1);
}

TEST(modes, "each mode is read, in any case")
{
	static const struct {
		const char *value;
		enum verify_mode mode;
	} rows[] = {
		{ "Require", MODE_REQUIRED },
		{ "on", MODE_REQUIRED },
		{ "OPTIONAL", MODE_OPTIONAL },
		{ "optional_no_ca", MODE_OPTIONAL_NO_CA },
		{ "off", MODE_NONE },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		TREE;
		tree_host(&tree, "",
			arena_printf(tree.arena, "sslverifyclient %s\nsslcacertificatefile /ca\n",
				rows[i].value));
		CHECK(tree.service.verifier_count == 1 && FIRST.mode == rows[i].mode);
	}
}

TEST(mode_wrong, "an unknown mode is a problem")
{
	TREE;
	tree_host(&tree, "", "SSLVerifyClient maybe\n");
	CHECK(tree.service.problem_count == 1);
	CHECK_TEXT(tree_cited(&tree, tree.service.problems[0].where), "maybe");
}

TEST(optional_no_ca, "optional_no_ca is warned of")
{
	TREE;
	tree_host(&tree, "", "SSLVerifyClient optional_no_ca\nSSLCACertificateFile /ca\n");
	CHECK(tree_findings(&tree, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING) == 1);
	CHECK(tree.service.findings[0].verifier == &FIRST);
}

TEST(no_ca, "certificates that are required of no CA are refused, all of them")
{
	TREE;
	tree_host(&tree, "", "SSLVerifyClient require\nSSLCADNRequestFile /names\n");
	CHECK(tree_findings(&tree, CAUSE_POLICY_WRONG_DIRECTIVE, SEVERITY_CRITICAL) == 1);
	CHECK(FIRST.source_count == 0);
}

TEST(merged, "a file of the host and a directory of the server are both trusted")
{
	TREE;
	tree_host(&tree, "SSLCACertificatePath /pki/ca.d\nSSLCACertificateFile /pki/outer\n",
		verifying);
	CHECK(FIRST.source_count == 2);
	CHECK(tree_source(&tree, 0, "/pki/outer") == NULL);
	CHECK(!tree_source(&tree, 0, "/pki/ca.pem")->inherited);
	CHECK(tree_source(&tree, 0, "/pki/ca.d")->inherited);
	CHECK(tree_source(&tree, 0, "/pki/ca.d")->loader == LOADER_OPENSSL_DIRECTORY);
	CHECK(tree_source(&tree, 0, "/pki/ca.d")->read_times == READ_AT_HANDSHAKE);
	CHECK(!FIRST.names_required);
}

TEST(names, "where names are given of their own, those of the CAs are not sent")
{
	TREE;
	tree_host(&tree, "SSLCADNRequestFile names.pem\n", verifying);
	CHECK(tree_source(&tree, 0, "/pki/ca.pem")->role == ROLE_ANCHORS_UNSENT);
	CHECK(tree_source(&tree, 0, "/etc/apache2/names.pem")->role == ROLE_NAMES);
	CHECK(tree_source(&tree, 0, "/etc/apache2/names.pem")->loader == LOADER_OPENSSL_NAMES);
}

TEST(depth_default, "the depth that is not set allows no intermediate, and can be inserted")
{
	TREE;
	struct setting depth;

	tree_host(&tree, "", "\tSSLVerifyClient require \n\tSSLCACertificateFile /ca\n");
	depth = FIRST.depth;
	CHECK(depth.is_default && depth.value == 0 && depth.bias == 1);
	CHECK_TEXT(depth.insert_format, "\tSSLVerifyDepth %d\n");
	CHECK(depth.insert.length == 0);
	depth.insert.length = strlen("\tSSLCACertificateFile");
	CHECK_TEXT(tree_cited(&tree, depth.insert), "\tSSLCACertificateFile");
}

TEST(depth_set, "SSLVerifyDepth N allows N - 1 intermediates, and its number is cited")
{
	TREE;
	tree_host(&tree, "SSLVerifyDepth 9\n",
		"SSLVerifyDepth \"3\"\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(!FIRST.depth.is_default && FIRST.depth.value == 2);
	CHECK_TEXT(tree_cited(&tree, FIRST.depth.where), "3");
}

TEST(depth_inherited, "the server's depth counts in its virtual hosts")
{
	TREE;
	tree_host(&tree, "SSLVerifyDepth 10\n", verifying);
	CHECK(FIRST.depth.value == 9 && FIRST.depth.where.line == 3);
}

TEST(depth_zero, "depth 0 accepts nobody that a CA issued")
{
	TREE;
	tree_host(&tree, "SSLVerifyDepth 0\n", verifying);
	CHECK(tree_findings(&tree, CAUSE_CHAIN_DEPTH_LIMIT, SEVERITY_CRITICAL) == 1);
	CHECK(FIRST.depth.value == 0 && FIRST.depth.bias == 1);
}

TEST(depth_wrong, "a depth that is no number is a problem")
{
	TREE;
	tree_host(&tree, "SSLVerifyDepth -1\n", verifying);
	CHECK(tree.service.problem_count == 1 && FIRST.depth.is_default);
}

TEST(crl_unchecked, "CRLs without a check are warned of")
{
	TREE;
	tree_host(&tree, "SSLCARevocationFile /crl.pem\n", verifying);
	CHECK(FIRST.crl_check == CRL_CHECK_NONE);
	CHECK(tree_findings(&tree, CAUSE_CRL_NOT_ENFORCED, SEVERITY_WARNING) == 1);
	CHECK_TEXT(tree_cited(&tree, tree.service.findings[0].where), "/crl.pem");
}

TEST(crl_chain, "a check of the chain, with its flag")
{
	TREE;
	tree_host(&tree, "SSLCARevocationPath crl.d\n",
		"SSLVerifyClient require\nSSLCACertificateFile /ca\n"
		"SSLCARevocationCheck chain no_crl_for_cert_ok\n");
	CHECK(FIRST.crl_check == CRL_CHECK_CHAIN && FIRST.crl_missing_ok);
	CHECK(tree_source(&tree, 0, "/etc/apache2/crl.d")->role == ROLE_CRLS);
	CHECK(tree_source(&tree, 0, "/etc/apache2/crl.d")->read_times == READ_AT_HANDSHAKE);
	CHECK(tree.service.finding_count == 0 && tree.service.problem_count == 0);
}

TEST(crl_check_overrides, "a check of the host overrides that of the server, flag and all")
{
	TREE;
	tree_host(&tree,
		"SSLCARevocationFile /crl\nSSLCARevocationCheck chain no_crl_for_cert_ok\n",
		"SSLVerifyClient require\nSSLCACertificateFile /ca\nSSLCARevocationCheck leaf\n");
	CHECK(FIRST.crl_check == CRL_CHECK_LEAF && !FIRST.crl_missing_ok);
}

TEST(ocsp, "OCSP as it is by default: the nonce is demanded, the responder is the certificate's")
{
	TREE;
	tree_host(&tree, "SSLOCSPEnable on\n",
		"SSLVerifyClient require\nSSLCACertificateFile /ca\n"
		"SSLOCSPDefaultResponder http://r.example/\n");
	CHECK(FIRST.ocsp.check == CRL_CHECK_CHAIN && FIRST.ocsp.nonce_demanded);
	CHECK(!FIRST.ocsp.responder_overrides && !FIRST.ocsp.no_url_ok);
	CHECK(!FIRST.ocsp.signer_unchecked && !FIRST.ocsp.has_skew && !FIRST.ocsp.has_max_age);
	CHECK_TEXT(FIRST.ocsp.responder, "http://r.example/");
	CHECK_TEXT(tree_cited(&tree, FIRST.ocsp.where), "on");
}

TEST(ocsp_settings, "each setting of OCSP, of the host before the server")
{
	TREE;
	tree_host(&tree, "SSLOCSPEnable on\nSSLOCSPResponseMaxAge 60\nSSLOCSPUseRequestNonce on\n",
		"SSLVerifyClient require\nSSLCACertificateFile /ca\n"
		"SSLOCSPEnable leaf no_ocsp_for_cert_ok\nSSLOCSPOverrideResponder on\n"
		"SSLOCSPResponseTimeSkew 30\nSSLOCSPUseRequestNonce off\nSSLOCSPNoVerify on\n"
		"SSLOCSPProxyURL http://proxy:3128/\nSSLOCSPResponderCertificateFile r.pem\n");
	CHECK(FIRST.ocsp.check == CRL_CHECK_LEAF && FIRST.ocsp.no_url_ok);
	CHECK(FIRST.ocsp.responder_overrides && FIRST.ocsp.responder == NULL);
	CHECK(FIRST.ocsp.has_skew && FIRST.ocsp.skew == 30);
	CHECK(FIRST.ocsp.has_max_age && FIRST.ocsp.max_age == 60);
	CHECK(!FIRST.ocsp.nonce_demanded && FIRST.ocsp.signer_unchecked);
	CHECK_TEXT(FIRST.ocsp.proxy, "http://proxy:3128/");
	CHECK_TEXT(FIRST.ocsp.signers, "/etc/apache2/r.pem");
}

TEST(ocsp_values, "values that httpd does not start with")
{
	TREE;
	tree_host(&tree, "SSLOCSPEnable maybe\nSSLOCSPResponseTimeSkew -1\n", verifying);
	CHECK(tree.service.problem_count == 2 && FIRST.ocsp.check == CRL_CHECK_NONE);
}

TEST(crl_check_without, "a check without CRLs does not start, and is said once")
{
	TREE;
	tree_host(&tree,
		"SSLCARevocationCheck leaf\n<VirtualHost *:443>\nSSLEngine on\n"
		"</VirtualHost>\n",
		verifying);
	CHECK(tree.service.problem_count == 1);
	CHECK(strstr(tree.service.problems[0].text, "AH01899") != NULL);
	CHECK_TEXT(tree_cited(&tree, tree.service.problems[0].where), "leaf");
}

TEST(security, "the security level is that of the ciphers, or of the command behind them")
{
	TREE;
	tree_host(&tree, "SSLCipherSuite DEFAULT@SECLEVEL=0\n", verifying);
	CHECK(FIRST.security_level == 0);
	CHECK_TEXT(tree_cited(&tree, FIRST.security_where), "DEFAULT@SECLEVEL=0");
	tree_host(&tree, "SSLCipherSuite DEFAULT@SECLEVEL=0\n",
		"SSLCipherSuite HIGH\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(FIRST.security_level == 2);
	tree_host(&tree, "SSLOpenSSLConfCmd CipherString ALL:@SECLEVEL=1\n",
		"SSLCipherSuite HIGH\nSSLVerifyClient require\nSSLCACertificateFile /ca\n");
	CHECK(FIRST.security_level == 1);
	tree_host(&tree, "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n", verifying);
	CHECK(FIRST.security_level == 2);
}

TEST(location, "a location that asks for more is a verifier of its own")
{
	TREE;
	const struct verifier *verifier;

	tree_host(&tree, "",
		"SSLCACertificateFile /ca\n<Location \"/secure/area\">\n  SSLVerifyClient require\n"
		"  SSLVerifyDepth 4\n</Location>\n");
	CHECK(tree.service.verifier_count == 2 && FIRST.mode == MODE_NONE);
	verifier = &tree.service.verifiers[1];
	CHECK_TEXT(verifier->name, "*:443 www.example.org Location /secure/area");
	CHECK(verifier->mode == MODE_REQUIRED && verifier->depth.value == 3);
	CHECK(verifier->source_count == 1 && verifier->endpoint_count == 1);
	CHECK_TEXT(verifier->endpoints[0].http_path, "/secure/area");
	CHECK(tree.service.finding_count == 1 &&
		tree_findings(&tree, CAUSE_POLICY_INHERITANCE, SEVERITY_NOTE) == 1);
}

TEST(location_same, "a location that asks for no more is none")
{
	TREE;
	tree_host(&tree, verifying,
		"<Location /a>\nSSLVerifyClient none\n</Location>\n<Location /b>\n"
		"SSLVerifyClient require\nSSLVerifyDepth 7\n</Location>\n");
	CHECK(tree.service.verifier_count == 1);
}

TEST(location_depth, "a location that allows less is one")
{
	TREE;
	tree_host(&tree, verifying,
		"SSLVerifyDepth 5\n<Location /b>\nSSLVerifyDepth 2\n</Location>\n");
	CHECK(tree.service.verifier_count == 2);
	CHECK(tree.service.verifiers[1].depth.value == 1);
	CHECK(tree.service.verifiers[1].mode == MODE_REQUIRED);
	CHECK(tree.service.finding_count == 0);
}

TEST(location_insert, "the depth of a location is inserted behind its own line")
{
	TREE;
	tree_host(&tree, "",
		"SSLCACertificateFile /ca\n<Location /s>\n\t\tSSLVerifyClient require\n"
		"</Location>\n");
	CHECK(tree.service.verifiers[1].depth.is_default);
	CHECK_TEXT(tree.service.verifiers[1].depth.insert_format, "\t\tSSLVerifyDepth %d\n");
}

TEST(directory, "a directory is met by its path below the document root or an alias")
{
	TREE;
	tree_host(&tree, "",
		"DocumentRoot /srv/www\nAlias /docs/ /usr/share/doc/\nSSLCACertificateFile /ca\n"
		"<Directory /srv/www/inner>\nSSLVerifyClient require\n</Directory>\n"
		"<Directory /usr/share/doc/x>\nSSLVerifyClient optional\n</Directory>\n"
		"<Directory /opt/elsewhere>\nSSLVerifyClient require\n</Directory>\n"
		"<Directory />\nSSLVerifyClient optional\n</Directory>\n");
	CHECK(tree.service.verifier_count == 5);
	CHECK_TEXT(tree.service.verifiers[1].endpoints[0].http_path, "/inner/");
	CHECK_TEXT(tree.service.verifiers[2].endpoints[0].http_path, "/docs/x/");
	CHECK(tree.service.verifiers[3].endpoint_count == 0);
	CHECK_TEXT(tree.service.verifiers[4].endpoints[0].http_path, "/");
}

TEST(files, "Files and patterns")
{
	TREE;
	tree_host(&tree, "",
		"DocumentRoot /srv\nSSLCACertificateFile /ca\n"
		"<Files report.html>\nSSLVerifyClient require\n</Files>\n"
		"<LocationMatch \"^/api/v[0-9]+\">\nSSLVerifyClient require\n</LocationMatch>\n"
		"<Directory /srv/d><\nSSLVerifyClient none\n</Directory>\n"
		"<FilesMatch \"\\.php$\">\nSSLVerifyClient require\n</FilesMatch>\n");
	CHECK(tree.service.verifier_count == 4);
	CHECK_TEXT(tree.service.verifiers[1].endpoints[0].http_path, "/report.html");
	CHECK_TEXT(tree.service.verifiers[2].endpoints[0].http_path, "/api/v");
	CHECK(tree.service.verifiers[3].endpoint_count == 0);
}

TEST(server_section, "a section of the server counts in each virtual host that has it")
{
	TREE;
	tree_config(&tree,
		"LoadModule ssl_module m.so\nListen 443\nSSLEngine on\nSSLCACertificateFile /ca\n"
		"<Directory /srv/a/private>\nSSLVerifyClient require\n</Directory>\n"
		"<VirtualHost *:443>\nServerName a\nDocumentRoot /srv/a\n</VirtualHost>\n"
		"<VirtualHost *:443>\nServerName b\nDocumentRoot /srv/b\n</VirtualHost>\n");
	CHECK(tree.service.verifier_count == 3);
	CHECK_TEXT(tree.service.verifiers[2].name, "*:443 a Directory /srv/a/private");
}

TEST(main_server, "without virtual hosts the server itself verifies")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nListen 127.0.0.1:8443 https\n"
			   "ServerName https://here:8443\nSSLEngine on\nSSLVerifyClient require\n"
			   "SSLCACertificateFile ca.pem\n");
	CHECK(tree.service.verifier_count == 1);
	CHECK_TEXT(FIRST.name, "here");
	CHECK_TEXT(FIRST.endpoints[0].address, "127.0.0.1");
	CHECK(FIRST.endpoints[0].port == 8443);
	CHECK_TEXT(FIRST.sources[0].path, "/etc/apache2/ca.pem");
}

TEST(main_shadowed, "a server that is never reached is no verifier")
{
	TREE;
	tree_host(&tree, "SSLEngine on\nSSLVerifyClient require\nSSLCACertificateFile /ca\n",
		"SSLVerifyClient none\n");
	CHECK(tree.service.verifier_count == 1);
	CHECK_TEXT(FIRST.name, "*:443 www.example.org");
}

TEST(addresses, "addresses in all their forms")
{
	TREE;
	tree_config(&tree,
		"LoadModule ssl_module m.so\nSSLEngine on\nSSLVerifyClient require\n"
		"SSLCACertificateFile /ca\nListen [::1]:8443\nListen 127.0.0.1:8443\nListen 9443\n"
		"<VirtualHost [::1]:8443 127.0.0.1>\nServerName six\n</VirtualHost>\n"
		"<VirtualHost _default_:9443>\nServerName any\n</VirtualHost>\n"
		"<VirtualHost 10.0.0.1:9443>\nServerName 10.0.0.1\n</VirtualHost>\n"
		"<VirtualHost *:1>\nServerName nowhere\n</VirtualHost>\n");
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 4);
	CHECK_TEXT(FIRST.name, "[::1]:8443 six");
	CHECK(FIRST.endpoint_count == 3);
	CHECK_TEXT(FIRST.endpoints[0].address, "::1");
	CHECK_TEXT(FIRST.endpoints[1].address, "127.0.0.1");
	CHECK(FIRST.endpoints[1].port == 8443 && FIRST.endpoints[2].port == 9443);
	CHECK_TEXT(tree.service.verifiers[1].endpoints[0].address, "*");
	CHECK_TEXT(tree.service.verifiers[2].endpoints[0].address, "10.0.0.1");
	CHECK(tree.service.verifiers[2].endpoints[0].server_name == NULL);
	CHECK(tree.service.verifiers[3].endpoint_count == 0);
}

TEST(addresses_exact, "a wildcard is not reached where an exact address takes it")
{
	TREE;
	tree_config(&tree, "LoadModule ssl_module m.so\nSSLEngine on\nSSLVerifyClient require\n"
			   "SSLCACertificateFile /ca\nListen 127.0.0.1:443\n"
			   "<VirtualHost *:443>\n</VirtualHost>\n"
			   "<VirtualHost 127.0.0.1:443>\n</VirtualHost>\n");
	CHECK(tree.service.verifier_count == 2);
	CHECK(FIRST.endpoint_count == 0 && tree.service.verifiers[1].endpoint_count == 1);
}

TEST(same_names, "verifiers of the same name are told apart")
{
	TREE;
	tree_host(&tree,
		"<VirtualHost *:443>\nServerName www.example.org\nSSLEngine on\n"
		"SSLVerifyClient require\nSSLCACertificateFile /ca\n</VirtualHost>\n",
		verifying);
	CHECK(tree.service.verifier_count == 2);
	CHECK_TEXT(tree.service.verifiers[1].name, "*:443 www.example.org (line 9)");
}

TEST(limits, "sections of requests do not hide what is around them")
{
	TREE;
	tree_host(&tree,
		"<Directory />\n<RequireAll>\nRequire all granted\n</RequireAll>\n"
		"</Directory>\n<Proxy *>\nSSLVerifyClient optional\n</Proxy>\n",
		verifying);
	CHECK(tree.service.problem_count == 0 && tree.service.verifier_count == 1);
}

TEST(module_missing, "directives of mod_ssl without mod_ssl do not start, and are said once")
{
	TREE;
	tree_config(&tree, "Listen 443\n<VirtualHost *:443>\nSSLEngine on\n"
			   "SSLVerifyClient require\nSSLCACertificateFile /ca\n</VirtualHost>\n");
	CHECK(tree.service.problem_count == 1);
}

TEST(places, "a directive where it is not allowed is a problem")
{
	TREE;
	tree_host(&tree, "<Directory /x>\nSSLCACertificateFile /y\n</Directory>\n", verifying);
	CHECK(tree.service.problem_count == 1);
	tree_host(&tree, "", "SSLVerifyClient require optional\n");
	CHECK(tree.service.problem_count == 1);
}

TEST(users, "the workers' credentials are those of the configured user")
{
	TREE;
	const struct credentials *credentials;

	tree_text(&tree, "/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:133:144::/:/bin/false\n");
	tree_text(
		&tree, "/etc/group", "root:x:0:\nweb:x:144:\nssl-cert:x:107:a,web\nno:x:9:webx\n");
	tree_host(&tree, "User web\nGroup web\n", verifying);
	credentials = tree.service.readers.at_handshake;
	CHECK(tree.service.readers.at_load == NULL && credentials != NULL);
	CHECK(credentials->user == 133 && credentials->group == 144);
	CHECK(credentials->group_count == 2 && credentials->groups[1] == 107);
	tree_host(&tree, "User #5\nGroup #6\n", verifying);
	CHECK(tree.service.readers.at_handshake->user == 5 &&
		tree.service.readers.at_handshake->group == 6);
	tree_host(&tree, "User ${UNKNOWN}\n", verifying);
	CHECK(tree.service.readers.at_handshake == NULL);
}

TEST(server_files, "log, process file and chroot")
{
	TREE;
	tree_host(&tree, "ErrorLog \"|/usr/bin/rotatelogs x\"\nPidFile run/p\nChrootDir /jail/\n",
		verifying);
	CHECK(tree.service.log == NULL);
	CHECK_TEXT(tree.service.pid_file, "/etc/apache2/run/p");
	CHECK_TEXT(tree.service.chroot, "/jail");
	tree_host(&tree, "ErrorLog logs/e\n", "ErrorLog logs/own\n");
	CHECK_TEXT(tree.service.log, "/etc/apache2/logs/e");
}

TEST(debian, "Debian's own configuration has no problem")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(world_freep) struct world *world = world_host();
	struct file_identity identity;
	struct service service = {
		.product = &product_apache,
		.name = "apache",
		.config = "/etc/apache2/apache2.conf",
		.world = world,
	};

	if (world_stat(world, service.config, &identity, NULL) < 0)
		return;
	product_apache.read(arena, &service);
	for (size_t i = 0; i < service.problem_count; i++)
		printf("# %s:%u: %s\n", service.problems[i].where.path,
			service.problems[i].where.line, service.problems[i].text);
	CHECK(service.problem_count == 0 && service.finding_count == 0);
	CHECK(service.config_file_count > 10);
	CHECK_TEXT(service.log, "/var/log/apache2/error.log");
	CHECK_TEXT(service.readers.at_handshake->user_name, "www-data");
}

TEST(debian_all, "nor has all of it at once: each module, snippet and site that is available")
{
	static const char text[] =
		"ServerRoot /etc/apache2\nIncludeOptional mods-available/*.load\n"
		"IncludeOptional mods-available/*.conf\nIncludeOptional conf-available/*.conf\n"
		"Include ports.conf\nIncludeOptional sites-available/*.conf\n"
		"<VirtualHost *:443>\nServerName own\nSSLEngine on\nSSLVerifyClient require\n"
		"SSLCACertificateFile /ca\n</VirtualHost>\n";
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(world_freep) struct world *host = world_host();
	CLEANUP(world_freep) struct world *world = world_overlay(host);
	struct file_identity identity;
	struct service service = {
		.product = &product_apache,
		.name = "apache",
		.config = "/etc/apache2/all.conf",
		.world = world,
	};

	if (world_stat(world, "/etc/apache2/ports.conf", &identity, NULL) < 0)
		return;
	overlay_write(world, service.config, span_of(text, sizeof(text) - 1));
	product_apache.read(arena, &service);
	for (size_t i = 0; i < service.problem_count; i++)
		printf("# %s:%u: %s\n", service.problems[i].where.path,
			service.problems[i].where.line, service.problems[i].text);
	CHECK(service.problem_count == 0 && service.finding_count == 0);
	CHECK(service.verifier_count == 1 && service.config_file_count > 50);
	CHECK_TEXT(service.verifiers[0].endpoints[0].server_name, "own");
}

TAP_MAIN()
