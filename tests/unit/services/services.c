/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery and targets, in a directory taken as root. */
#include "unit/tap.h"

#include "services/nginx_tree.h"

#define OPEN()                              \
	CLEANUP(tree_end) struct tree tree; \
	struct services services = { 0 };   \
	struct err err = { 0 };             \
	tree_begin(&tree)

#define FIND(target) services_find(tree.arena, tree.world, target, &services, &err)

static const char config[] =
	"http { server { listen 1 ssl; ssl_client_certificate a; ssl_verify_client on; } }";

TEST(table, "products are sorted, complete and found by name")
{
	for (size_t i = 0; product_get(i) != NULL; i++) {
		const struct product *product = product_get(i);

		CHECK(product_find(product->name) == product);
		CHECK(i == 0 || strcmp(product_get(i - 1)->name, product->name) < 0);
		CHECK(product->recognise != NULL && product->observe != NULL &&
			product->read != NULL && product->test != NULL && product->reload != NULL &&
			product->start != NULL);
		CHECK(product->usual_configs != NULL && product->usual_programs != NULL);
	}
	CHECK(product_find("ngin") == NULL);
}

TEST(nothing, "an empty root has no services")
{
	OPEN();
	CHECK(services_discover(tree.arena, tree.world, &services, &err) == 0);
	CHECK(services.count == 0);
}

TEST(usual, "a configuration at a usual path is a service that does not run")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	CHECK(services_discover(tree.arena, tree.world, &services, &err) == 0);
	CHECK(services.count == 1);
	CHECK_TEXT(services.list[0]->name, "nginx");
	CHECK_TEXT(services.list[0]->target, "nginx:/etc/nginx/nginx.conf");
	CHECK(!services.list[0]->running && services.list[0]->verifier_count == 1);
	CHECK(services.list[0]->executable == NULL);
}

TEST(names, "names are unique, and the same alone or with all")
{
	OPEN();
	tree_put(&tree, "/usr/local/nginx/conf/nginx.conf", config);
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	tree_put(&tree, "/usr/sbin/nginx", "");
	CHECK(services_discover(tree.arena, tree.world, &services, &err) == 0);
	CHECK(services.count == 2);
	CHECK_TEXT(services.list[0]->name, "nginx");
	CHECK_TEXT(services.list[0]->config, "/etc/nginx/nginx.conf");
	CHECK_TEXT(services.list[0]->executable, "/usr/sbin/nginx");
	CHECK_TEXT(services.list[1]->name, "nginx-2");
	services.count = 0;
	CHECK(FIND("nginx-2") == 0 && services.count == 1);
	CHECK_TEXT(services.list[0]->config, "/usr/local/nginx/conf/nginx.conf");
	CHECK(FIND("nginx:/usr/local/nginx/conf/nginx.conf") == 0 && services.count == 1);
	CHECK(FIND("nginx") == 0 && services.count == 2);
	CHECK(FIND("all") == 0 && services.count == 2);
}

TEST(target, "a target at any path, written in any way")
{
	OPEN();
	tree_put(&tree, "/srv/x.conf", config);
	CHECK(FIND("nginx:/srv/./y/..//x.conf") == 0 && services.count == 1);
	CHECK_TEXT(services.list[0]->target, "nginx:/srv/x.conf");
	CHECK_TEXT(services.list[0]->name, "nginx");
	CHECK(services.list[0]->verifier_count == 1);
}

TEST(unknown, "a mistyped product or name is usage, with the nearest right one")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	CHECK(FIND("ngnix:/etc/nginx/nginx.conf") < 0 && err.code == ERR_USAGE);
	CHECK(strstr(err.message, "did you mean \"nginx\"") != NULL);
	CHECK(FIND("ngimx") < 0 && err.code == ERR_USAGE);
	CHECK(strstr(err.message, "did you mean \"nginx\"") != NULL);
	CHECK(FIND("nginx:") < 0 && err.code == ERR_USAGE);
	CHECK(FIND("\x1b[2J:/x") < 0 && strchr(err.message, '\x1b') == NULL);
}

TEST(missing, "a configuration that is not there is missing input")
{
	OPEN();
	CHECK(FIND("nginx:/etc/nginx/nginx.conf") < 0 && err.code == ERR_NO_INPUT);
	CHECK(FIND("nginx") < 0 && err.code == ERR_NO_INPUT);
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	CHECK(FIND("nginx:/etc/nginx") < 0 && err.code == ERR_NO_INPUT);
}

TEST(part, "a file that a known configuration includes means that service")
{
	OPEN();
	tree_put(&tree, "/etc/nginx/nginx.conf", "events {}\nhttp { include site/*; }\n");
	tree_put(&tree, "/etc/nginx/site/one",
		"server { listen 1 ssl; ssl_verify_client on; ssl_client_certificate /ca; }\n");
	CHECK(FIND("nginx:/etc/nginx/site/one") == 0 && services.count == 1);
	CHECK_TEXT(services.list[0]->target, "nginx:/etc/nginx/nginx.conf");
	CHECK(services.list[0]->verifier_count == 1);
}

TEST(directory, "a directory is a configuration where the product takes one")
{
	OPEN();
	tree_put(&tree, "/srv/conf/1.cfg", "defaults\n mode http\n");
	tree_put(&tree, "/srv/conf/2.cfg",
		"frontend f\n bind :1 ssl crt /c ca-file /ca verify required\n");
	CHECK(FIND("haproxy:/srv/conf") == 0 && services.count == 1);
	CHECK(services.list[0]->verifier_count == 1);
	CHECK(FIND("nginx:/srv/conf") < 0 && err.code == ERR_NO_INPUT);
}

TEST(library, "the security level of openssl.cnf holds where the server names none")
{
	static const char library[] = "openssl_conf = default_conf # c\n[ other ]\nssl_conf = no\n"
				      "[default_conf]\n  ssl_conf=ssl_sect\n[ssl_sect]\n"
				      "system_default = sys\n[sys]\nMinProtocol = TLSv1\n"
				      "CipherString = \"DEFAULT@SECLEVEL=1\"\n[last]";
	OPEN();
	tree_put(&tree, "/etc/ssl/openssl.cnf", library);
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	tree_put(&tree, "/own.conf",
		"http { server { listen 1 ssl; ssl_client_certificate a; ssl_verify_client on; "
		"ssl_ciphers A@SECLEVEL=3; } }");
	CHECK(FIND("nginx:/etc/nginx/nginx.conf") == 0 && FIND("nginx:/own.conf") == 0);
	CHECK(services.list[0]->verifiers[0].security_level == 1);
	CHECK_TEXT(services.list[0]->verifiers[0].security_where.path, "/etc/ssl/openssl.cnf");
	CHECK(services.list[0]->verifiers[0].security_where.line == 10);
	CHECK(services.list[1]->verifiers[0].security_level == 3);
	CHECK(service_reread(tree.arena, services.list[0], tree.world)
			->verifiers[0]
			.security_level == 1);
}

TEST(library_other, "and one that no server applies does not")
{
	OPEN();
	tree_put(&tree, "/etc/ssl/openssl.cnf",
		"[default_conf]\nssl_conf = s\n[s]\nsystem_default = t\n[t]\n"
		"CipherString = @SECLEVEL=0\n");
	tree_put(&tree, "/etc/nginx/nginx.conf", config);
	CHECK(FIND("nginx") == 0);
	CHECK(services.list[0]->verifiers[0].security_level == 2);
	CHECK(services.list[0]->verifiers[0].security_where.path == NULL);
}

TAP_MAIN()
