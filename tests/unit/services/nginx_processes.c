/* SPDX-License-Identifier: Apache-2.0 */
/* nginx itself, on the loopback: recognised, observed, reloaded, refusing a reload, started. */
#include "unit/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "services/control.h"
#include "services/nginx_tree.h"
#include "services/products/nginx_title.h"

enum { WAIT_STEPS = 100, STEP_MILLISECONDS = 50 };

static const char program[] = "/usr/sbin/nginx";

/* An nginx in a directory of its own, with its configuration there. */
struct server {
	struct tree tree;
	struct world *host;
	char config[128], other_config[128];
	unsigned port;
};

static void
wait_a_bit(void)
{
	const struct timespec time = { 0, STEP_MILLISECONDS * 1'000'000L };

	(void)nanosleep(&time, NULL);
}

static unsigned
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		abort();
	(void)close(fd);
	return ntohs(address.sin_port);
}

static int
run(const char *const *argv)
{
	struct run request = { .argv = argv };
	CLEANUP(run_result_free) struct run_result result = { 0 };
	struct err err = { 0 };

	if (run_program(&request, &result, &err) < 0)
		return -1;
	if (result.status != 0)
		printf("# %s: %s\n", argv[0], (const char *)result.output.data);
	return result.status;
}

/* A certificate for the server, which is the client CA as well. */
static void
make_certificate(struct server *server)
{
	const char *key = arena_printf(server->tree.arena, "%s/key.pem", server->tree.directory);
	const char *cert = arena_printf(server->tree.arena, "%s/cert.pem", server->tree.directory);
	const char *const argv[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-subj",
		"/CN=localhost", NULL };

	if (run(argv) != 0)
		abort();
}

static void
put_config(struct server *server, const char *name, const char *extra)
{
	const char *directory = server->tree.directory;

	tree_put(&server->tree, name,
		arena_printf(server->tree.arena,
			"user www-data;\nworker_processes 2;\npid %s/nginx.pid;\n"
			"error_log %s/error.log;\nevents { worker_connections 64; }\n"
			"http {\n\taccess_log off;\n\tclient_body_temp_path %s/body;\n"
			"\tserver {\n\t\tlisten 127.0.0.1:%u ssl;\n\t\tssl_certificate cert.pem;\n"
			"\t\tssl_certificate_key key.pem;\n\t\tssl_client_certificate cert.pem;\n"
			"\t\tssl_verify_client on;\n%s\t}\n}\n",
			directory, directory, directory, server->port, extra));
}

static void
server_start_by(struct server *server, const char *script)
{
	/* The script starts "$@". */
	const char *argv[] = { "/bin/sh", "-c", script, "sh", program, "-c", server->config, "-g",
		"worker_rlimit_nofile 256;", NULL };

	tree_begin(&server->tree);
	server->host = world_host();
	server->port = free_port();
	(void)snprintf(
		server->config, sizeof(server->config), "%s/my nginx.conf", server->tree.directory);
	(void)snprintf(server->other_config, sizeof(server->other_config), "%s/other.conf",
		server->tree.directory);
	if (chmod(server->tree.directory, 0755) < 0)
		abort();
	make_certificate(server);
	put_config(server, "/my nginx.conf", "");
	put_config(server, "/other.conf", "");
	if (run(argv) != 0)
		abort();
}

static struct service *
server_find(struct server *server, const char *config)
{
	struct services services = { 0 };
	struct err err = { 0 };
	const char *target = arena_printf(server->tree.arena, "nginx:%s", config);

	if (services_find(server->tree.arena, server->host, target, &services, &err) < 0) {
		printf("# %s\n", err.message);
		return NULL;
	}
	return services.list[0];
}

/* The service once it runs with its workers; NULL where it does not come up. */
static struct service *
server_running(struct server *server)
{
	for (int step = 0; step < WAIT_STEPS; step++) {
		struct service *service = server_find(server, server->config);

		if (service != NULL && service->running && service->worker_count == 2)
			return service;
		wait_a_bit();
	}
	return NULL;
}

static void
server_end(struct server *server)
{
	struct service *service = server_find(server, server->config);

	if (service != NULL && service->running && kill(service->main.pid, SIGTERM) == 0)
		for (int step = 0; step < WAIT_STEPS && process_is_alive(&service->main); step++)
			wait_a_bit();
	world_free(server->host);
	tree_end(&server->tree);
}

#define START() START_BY("exec \"$@\"")
#define START_BY(script)                                          \
	CLEANUP(server_end) struct server server;                 \
	server_start_by(&server, script);                         \
	struct service *service = server_running(&server);        \
	[[maybe_unused]] struct arena *arena = server.tree.arena; \
	[[maybe_unused]] struct err err = { 0 };                  \
	CHECK(service != NULL)

TEST(recognised, "a running nginx is recognised by its process and title")
{
	START();
	CHECK(!service->world_is_process && service->verifier_count == 1);
	CHECK_TEXT(service->executable, program);
	CHECK_TEXT(service->config, server.config);
	CHECK_TEXT(service->arguments[0], "-c");
	CHECK_TEXT(service->arguments[1], server.config);
	CHECK_TEXT(service->arguments[2], "-g");
	CHECK_TEXT(service->arguments[3], "worker_rlimit_nofile 256;");
	CHECK(service->arguments[4] == NULL);
	CHECK(service->verifiers[0].endpoints[0].port == server.port);
	CHECK(service->finding_count == 0 && service->problem_count == 0);
	CHECK(service->product->reload_failure(arena, service) == NULL);
}

TEST(credentials, "the master loads as root, the workers are www-data")
{
	START();
	CHECK(service->readers.at_load->user == 0 && service->readers.at_handshake->user != 0);
	CHECK_TEXT(service->readers.at_handshake->user_name, "www-data");
	CHECK(service->readers.at_handshake->capabilities == 0);
	CHECK(service->readers.at_handshake->group_count > 0);
}

TEST(loaded, "what runs was read between the writing of its files and now")
{
	START();
	struct file_identity identity;
	struct timestamp now = control_now();

	CHECK(world_stat(server.host, server.config, &identity, &err) == 0);
	CHECK(service->loaded.seconds > identity.changed.seconds ||
		(service->loaded.seconds == identity.changed.seconds &&
			service->loaded.nanoseconds >= identity.changed.nanoseconds));
	CHECK(service->loaded.seconds <= now.seconds);
	CHECK(now.seconds - service->loaded.seconds < 60);
}

TEST(listeners, "the listening socket is found with the process that holds it")
{
	START();
	struct listener *listeners;
	size_t count;
	bool found = false;

	listeners = process_listeners(arena, service->main.pid, &count);
	process_listeners_claim(listeners, count, &service->main.pid, 1);
	for (size_t i = 0; i < count; i++)
		found = found || (listeners[i].port == server.port &&
					 listeners[i].pid == service->main.pid &&
					 strcmp(listeners[i].address, "127.0.0.1") == 0);
	CHECK(found);
}

TEST(reload, "a reload brings new workers and a later load")
{
	START();
	struct timestamp before = service->loaded;
	pid_t old = service->workers[0];

	wait_a_bit();
	put_config(&server, "/my nginx.conf", "\t\tssl_verify_depth 2;\n");
	CHECK(service->product->reload(arena, service, &err) == 0);
	CHECK(service->worker_count == 2);
	CHECK(service->workers[0] != old && service->workers[1] != old);
	CHECK(service->loaded.seconds > before.seconds ||
		service->loaded.nanoseconds > before.nanoseconds);
	CHECK(service->product->reload_failure(arena, service) == NULL);
}

TEST(reload_refused, "a damaged store: the reload is refused, and the old workers serve on")
{
	START();
	pid_t old = service->workers[0];
	struct timestamp before = service->loaded;
	const char *line;

	tree_put(&server.tree, "/cert.pem", "-----BEGIN CERTIFICATE-----\n\x1b[2J\n");
	CHECK(service->product->reload(arena, service, &err) == 1);
	CHECK(strstr(err.message, "[emerg]") != NULL && strchr(err.message, '\x1b') == NULL);
	service = server_find(&server, server.config);
	CHECK(service->running && service->worker_count == 2);
	CHECK(service->workers[0] == old || service->workers[1] == old);
	CHECK(service->loaded.seconds == before.seconds &&
		service->loaded.nanoseconds == before.nanoseconds);
	line = service->product->reload_failure(arena, service);
	CHECK(line != NULL && strstr(line, "cert.pem") != NULL);
}

TEST(crashed_worker, "a worker forked anew does not make the load look new")
{
	START();
	struct timestamp before = service->loaded;

	wait_a_bit();
	CHECK(kill(service->workers[1], SIGKILL) == 0);
	wait_a_bit();
	wait_a_bit();
	service = server_running(&server);
	CHECK(service != NULL && service->loaded.seconds == before.seconds &&
		service->loaded.nanoseconds == before.nanoseconds);
}

TEST(config_test, "the server's own test, as it was started")
{
	START();
	const char *output;

	CHECK(service->product->test(arena, service, &output, &err) == 0);
	put_config(&server, "/my nginx.conf", "\t\tssl_verify_depth x;\n");
	CHECK(service->product->test(arena, service, &output, &err) == 1);
	CHECK(strstr(output, "invalid number") != NULL);
}

TEST(other_path, "the configuration that another nginx holds the port of is told so")
{
	START();
	const struct service *other = server_find(&server, server.other_config);

	CHECK(other != NULL && !other->running && other->verifier_count == 1);
	CHECK(tree_findings(&(struct tree){ .service = *other }, CAUSE_PROCESS_OTHER_PATH,
		      SEVERITY_CRITICAL) == 1);
	CHECK(strstr(other->findings[0].text, server.config) != NULL);
	CHECK(service_reread(arena, other, server.host)->finding_count == 1);
}

TEST(test_leaves_nothing, "the test of a server that is down leaves no pid file behind")
{
	START();
	const char *output, *pid_file = arena_printf(arena, "%s/nginx.pid", server.tree.directory);

	CHECK(kill(service->main.pid, SIGTERM) == 0);
	for (int step = 0; step < WAIT_STEPS && process_is_alive(&service->main); step++)
		wait_a_bit();
	world_free(server.host);
	server.host = world_host();
	service = server_find(&server, server.config);
	CHECK(service != NULL && !service->running);
	CHECK(access(pid_file, F_OK) != 0);
	CHECK(service->product->test(arena, service, &output, &err) == 0);
	CHECK(access(pid_file, F_OK) != 0);
}

TEST(own_namespace, "a mount namespace of its own does not matter where its files are ours")
{
	if (geteuid() != 0)
		return;
	START_BY("exec unshare -m \"$@\"");
	CHECK(service->main.foreign_namespace && !service->world_is_process);
	CHECK(service->product->reload(arena, service, &err) == 0);
}

TEST(own_files, "and does where one of them is another: then its own world is asked")
{
	const char *output;
	FILE *file;

	if (geteuid() != 0)
		return;
	/* Its certificates are copies that only it can see. */
	START_BY("exec unshare -m sh -c 'd=$(dirname \"$3\") && mkdir $d/own && "
		 "cp $d/*.pem $d/own/ && mount --bind $d/own/cert.pem $d/cert.pem && "
		 "exec \"$@\"' sh \"$@\"");
	CHECK(service->main.foreign_namespace && service->world_is_process);
	/* In place: a name that is a mount point elsewhere loses the mount when it is replaced. */
	file = fopen(arena_printf(arena, "%s/cert.pem", server.tree.directory), "w");
	CHECK(file != NULL && fputs("damaged where nginx does not look", file) >= 0 &&
		fclose(file) == 0);
	CHECK(service->product->test(arena, service, &output, &err) == 0);
	CHECK(service->product->reload(arena, service, &err) == 0);
}

TEST(no_master, "without a master process it is recognised, and not reloaded")
{
	static const char *const arguments[] = { "nginx", "-c", "/a b", NULL }, *const errand[] = {
		"nginx", "-t", "-c", "/a", NULL
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct process process = {
		.arguments = arguments, .argument_count = 3, .executable = program
	};
	struct instance instance;

	CHECK(nginx_title_read(arena, &process, &instance));
	CHECK_TEXT(instance.config, "/a b");
	process.arguments = errand;
	process.argument_count = 4;
	CHECK(!nginx_title_read(arena, &process, &instance));
}

TEST(start, "a server that is down is started by its own command line")
{
	START();
	CHECK(kill(service->main.pid, SIGTERM) == 0);
	for (int step = 0; step < WAIT_STEPS && process_is_alive(&service->main); step++)
		wait_a_bit();
	CHECK(!process_is_alive(&service->main));
	CHECK(service->product->reload(arena, service, &err) == -1);
	CHECK(service->product->start(arena, service, &err) == 0);
	CHECK(service->running && service->worker_count > 0);
	CHECK_TEXT(service->config, server.config);
}

TEST(start_refused, "one that cannot start says why")
{
	START();
	CHECK(kill(service->main.pid, SIGTERM) == 0);
	for (int step = 0; step < WAIT_STEPS && process_is_alive(&service->main); step++)
		wait_a_bit();
	tree_put(&server.tree, "/cert.pem", "");
	CHECK(service->product->start(arena, service, &err) == -1);
	CHECK(strstr(err.message, "cert.pem") != NULL);
}

static const struct instance *
titled(struct arena *arena, const char *title, const char *executable)
{
	const char *arguments[] = { title, NULL };
	struct process process = { .argument_count = 1,
		.arguments = arguments,
		.executable = executable,
		.directory = "/srv" };
	struct instance *instance = arena_alloc(arena, sizeof(*instance));

	return nginx_title_read(arena, &process, instance) ? instance : NULL;
}

TEST(titles, "the options of a master, out of a title that lost its quotes")
{
	static const struct {
		const char *title, *executable, *config, *prefix;
	} rows[] = {
		{ "nginx: master process nginx", "/usr/sbin/nginx", "/etc/nginx/nginx.conf",
			"/usr/share/nginx" },
		{ "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
			"/usr/sbin/nginx", "/etc/nginx/nginx.conf", "/usr/share/nginx" },
		{ "nginx: master process ./nginx -c /a b/c.conf -g daemon off; pid /x;", NULL,
			"/a b/c.conf", "/usr/share/nginx" },
		{ "nginx: master process nginx -p /opt/n/ -c conf/x.conf", "/usr/sbin/nginx",
			"/opt/n/conf/x.conf", "/opt/n" },
		{ "nginx: master process nginx -p n -c/abs.conf", "/usr/sbin/nginx", "/abs.conf",
			"/srv/n" },
		{ "nginx: master process nginx -c rel.conf", "/usr/sbin/nginx",
			"/usr/share/nginx/rel.conf", "/usr/share/nginx" },
		{ "nginx: master process /usr/local/nginx/sbin/nginx",
			"/usr/local/nginx/sbin/nginx", "/usr/local/nginx/conf/nginx.conf",
			"/usr/local/nginx" },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct instance *instance = titled(arena, rows[i].title, rows[i].executable);

		CHECK(instance != NULL);
		CHECK_TEXT(instance->config, rows[i].config);
		CHECK_TEXT(instance->prefix, rows[i].prefix);
	}
	CHECK_TEXT(titled(arena, rows[2].title, NULL)->arguments[3], "daemon off; pid /x;");
	CHECK(titled(arena, "nginx: worker process", NULL) == NULL);
	CHECK(titled(arena, "/usr/sbin/nginx", "/usr/sbin/nginx") != NULL);
	CHECK(titled(arena, "vi", "/usr/sbin/nginx") == NULL);
	CHECK(titled(arena, "", NULL) == NULL);
}

TAP_MAIN()
