/* SPDX-License-Identifier: Apache-2.0 */
/* Apache itself, on the loopback: recognised, observed, tested, reloaded, killed by a bad reload,
 * started again. */
#include "unit/tap.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "services/apache_tree.h"

enum { WAIT_STEPS = 200, STEP_MILLISECONDS = 50 };

static const char program[] = "/usr/sbin/apache2";

struct server {
	struct tree tree; /* its world and service are those of the host */
	char config[128];
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

static void
run_shell(const struct server *server, const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "cd %s && { %s ; } >/dev/null 2>&1",
		server->tree.directory, command);
	if (system(line) != 0)
		abort();
}

static void
write_config(const struct server *server)
{
	static const char form[] =
		"ServerRoot %s\nPidFile ${TEST_PID_FILE}\nServerName localhost\n"
		"Listen 127.0.0.1:%u https\n"
		"LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n"
		"LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
		"LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so\n"
		"LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n"
		"User www-data\nGroup www-data\nStartServers 1\nErrorLog error.log\n"
		"DocumentRoot %s\nSSLRandomSeed startup builtin\nMutex file:%s default\n"
		"<VirtualHost 127.0.0.1:%u>\nServerName localhost\nSSLEngine on\n"
		"SSLCertificateFile server.pem\nSSLCertificateKeyFile key.pem\n"
		"SSLCACertificateFile ca.pem\nSSLVerifyClient require\n<IfDefine DEEP>\n"
		"SSLVerifyDepth 4\n</IfDefine>\n</VirtualHost>\n";
	const char *directory = server->tree.directory;

	tree_text(&server->tree, "/httpd.conf",
		arena_printf(server->tree.arena, form, directory, server->port, directory,
			directory, server->port));
}

/* Ends the parent that the service has now, and waits until it is gone. */
static void
stop(struct server *server)
{
	struct service *service = &server->tree.service;

	if (!service->running || !process_is_alive(&service->main))
		return;
	(void)kill(service->main.pid, SIGTERM);
	for (int i = 0; i < WAIT_STEPS && process_is_alive(&service->main); i++)
		wait_a_bit();
	if (process_is_alive(&service->main))
		(void)kill(service->main.pid, SIGKILL);
}

static void
server_end(struct server *server)
{
	stop(server);
	tree_end(&server->tree);
}

/* Finds the process by its configuration, as discovery would. */
static bool
find(struct server *server)
{
	struct service *service = &server->tree.service;
	const struct process *all;
	size_t count;

	if (processes_read(server->tree.arena, &all, &count, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct instance instance = {};

		if (!product_apache.recognise(server->tree.arena, &all[i], all, count, &instance) ||
			strcmp(instance.config, server->config) != 0)
			continue;
		service->main = all[i];
		service->running = true;
		service->executable = all[i].executable;
		service->arguments = instance.arguments;
		service->prefix = instance.prefix;
		product_apache.read(server->tree.arena, service);
		product_apache.observe(server->tree.arena, service, all, count);
		return service->worker_count > 0;
	}
	return false;
}

static bool
server_begin(struct server *server)
{
	tree_begin(&server->tree);
	server->port = free_port();
	server->tree.world = world_host();
	(void)snprintf(
		server->config, sizeof(server->config), "%s/httpd.conf", server->tree.directory);
	(void)chmod(server->tree.directory, 0755);
	server->tree.service.config = server->config;
	server->tree.service.world = server->tree.world;
	write_config(server);
	run_shell(server,
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"key.pem -out server.pem -subj /CN=localhost -days 2 && cp server.pem ca.pem");
	run_shell(server,
		"TEST_PID_FILE=$PWD/pid TEST_SECRET=x exec /usr/sbin/apache2 -d / -D DEEP "
		"-f $PWD/httpd.conf -k start");
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (find(server))
			return true;
		wait_a_bit();
	}
	return false;
}

static bool
accepts(const struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)server->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool answered = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	(void)close(fd);
	return answered;
}

static bool
is_before(struct timestamp a, struct timestamp b)
{
	return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds;
}

static bool
cannot_run(void)
{
	/* Its children become www-data, and keys of ours are root's. */
	return access(program, X_OK) != 0 || geteuid() != 0;
}

#define SERVER                                          \
	CLEANUP(server_end) struct server server = {};  \
	struct service *service = &server.tree.service; \
	[[maybe_unused]] struct err err = {};           \
	if (cannot_run())                               \
		return;                                 \
	CHECK(server_begin(&server))

TEST(recognised, "the parent is recognised, with its arguments, children and users")
{
	SERVER;
	const struct verifier *verifier = &service->verifiers[0];

	CHECK_TEXT(service->executable, program);
	CHECK_TEXT(service->arguments[0], "-d");
	CHECK_TEXT(service->arguments[2], "-D");
	CHECK_TEXT(service->arguments[4], "-f");
	CHECK(service->arguments[6] == NULL);
	CHECK(service->problem_count == 0 && service->verifier_count == 1);
	/* -D DEEP, and the parent's environment. */
	CHECK(verifier->depth.value == 3);
	CHECK(verifier->endpoints[0].port == server.port);
	CHECK_TEXT(service->pid_file,
		arena_printf(server.tree.arena, "%s/pid", server.tree.directory));
	CHECK(service->environment[0] != NULL && service->environment[1] == NULL);
	CHECK(text_starts(service->environment[0], "TEST_PID_FILE="));
	CHECK(service->readers.at_load->user == 0 && service->readers.at_handshake->user != 0);
	CHECK(!is_before(service->loaded, service->main.started));
}

TEST(tested, "its own test passes, and fails for a broken configuration")
{
	SERVER;
	const char *output;

	CHECK(product_apache.test(server.tree.arena, service, &output, &err) == 0);
	CHECK(strstr(output, "Syntax OK") != NULL);
	tree_text(&server.tree, "/httpd.conf", "Include nothing\n");
	CHECK(product_apache.test(server.tree.arena, service, &output, &err) == 1);
	CHECK(strstr(output, "Syntax error") != NULL);
}

TEST(reloaded, "a reload gives new children and a later time of loading")
{
	SERVER;
	struct timestamp before = service->loaded;
	pid_t parent = service->main.pid;

	CHECK(product_apache.reload(server.tree.arena, service, &err) == 0);
	CHECK(service->main.pid == parent && is_before(before, service->loaded));
	CHECK(service->worker_count > 0 && accepts(&server));
	/* A child that is replaced without a reload changes nothing. */
	before = service->loaded;
	CHECK(find(&server));
	CHECK(service->loaded.seconds == before.seconds &&
		service->loaded.nanoseconds == before.nanoseconds);
}

TEST(killed_untold, "without a log, too, the end of the server is seen")
{
	SERVER;

	service->log = NULL;
	run_shell(&server, "sed -i '3s/./!/' ca.pem");
	CHECK(product_apache.reload(server.tree.arena, service, &err) == -1);
	CHECK(!process_is_alive(&service->main));
}

TEST(killed, "a damaged store passes the test and ends the server; mended, it is started again")
{
	SERVER;
	const char *output;
	pid_t parent = service->main.pid;

	run_shell(&server, "cp ca.pem good.pem && sed -i '3s/./!/' ca.pem");
	CHECK(product_apache.test(server.tree.arena, service, &output, &err) == 0);
	CHECK(product_apache.reload(server.tree.arena, service, &err) == -1);
	CHECK(strstr(err.message, "ended when it was told to reload") != NULL);
	CHECK(strstr(err.message, "error.log") != NULL);
	CHECK(!process_is_alive(&service->main));
	CHECK(product_apache.start(server.tree.arena, service, &err) == -1);
	run_shell(&server, "cp good.pem ca.pem");
	err = (struct err){};
	if (product_apache.start(server.tree.arena, service, &err) != 0)
		printf("# %s\n", err.message);
	CHECK(service->main.pid != parent && process_is_alive(&service->main));
	CHECK(service->worker_count > 0 && accepts(&server));
	CHECK(find(&server) && service->verifiers[0].depth.value == 3);
}

TAP_MAIN()
