/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy itself, on the loopback: recognised, observed, reloaded, refusing a reload. */
#include "unit/tap.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "services/haproxy_tree.h"

enum { WAIT_STEPS = 100, STEP_MILLISECONDS = 50 };

static const char program[] = "/usr/sbin/haproxy";

/* A HAProxy that runs in a tree on the host. */
struct server {
	struct tree tree;
	struct world *host;
	char config[128];
	unsigned port;
	pid_t pid; /* of what we started */
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

static void
make_certificates(const struct server *server)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		"cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		"-keyout key -out ca.pem -subj /CN=test -days 2 2>/dev/null && cat ca.pem key > "
		"s.pem",
		server->tree.directory);
	if (system(command) != 0)
		abort();
}

static bool
is_of_server(const struct server *server, const struct process *process)
{
	for (size_t i = 0; i < process->argument_count; i++)
		if (strcmp(process->arguments[i], server->config) == 0)
			return true;
	return process->directory != NULL && strcmp(process->name, "haproxy") == 0 &&
	       strcmp(process->directory, server->tree.directory) == 0;
}

/* Whatever became of what we started, and whether or not the test came so far as to know. */
static void
server_end(struct server *server)
{
	const struct process *all;
	size_t count = 0;

	if (processes_read(server->tree.arena, &all, &count, NULL) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (is_of_server(server, &all[i]))
			(void)kill(all[i].pid, SIGTERM);
	if (server->pid > 0)
		(void)kill(server->pid, SIGTERM);
	for (int i = 0; i < WAIT_STEPS && accepts(server); i++)
		wait_a_bit();
	world_freep(&server->host);
	tree_end(&server->tree);
}

static bool
server_start(struct server *server, const char *mode, const char *global)
{
	char text[1024];

	*server = (struct server){ .port = free_port(), .host = world_host() };
	tree_begin(&server->tree);
	make_certificates(server);
	(void)snprintf(text, sizeof(text),
		"%sdefaults\n\tmode http\n\ttimeout client 5s\n\ttimeout server 5s\n"
		"\ttimeout connect 5s\nfrontend fe\n"
		"\tbind 127.0.0.1:%u ssl crt %s/s.pem ca-file %s/ca.pem verify required\n"
		"\thttp-request return status 200\n",
		global, server->port, server->tree.directory, server->tree.directory);
	tree_text(&server->tree, "/haproxy.cfg", text);
	(void)snprintf(
		server->config, sizeof(server->config), "%s/haproxy.cfg", server->tree.directory);
	(void)fflush(stdout); /* lest the child writes it too */
	server->pid = fork();
	if (server->pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL ||
			freopen("/dev/null", "w", stderr) == NULL ||
			chdir(server->tree.directory) < 0)
			_exit(126);
		(void)execl(program, program, mode, "-f",
			*global != '\0' ? server->config : "haproxy.cfg", NULL);
		_exit(127);
	}
	for (int i = 0; i < WAIT_STEPS && !accepts(server); i++)
		wait_a_bit();
	return accepts(server);
}

/* The processes that are recognised as this server; the last of them becomes the service. */
static size_t
recognise_now(struct server *server)
{
	struct service *service = &server->tree.service;
	const struct process *all;
	size_t count, found = 0;

	if (processes_read(server->tree.arena, &all, &count, NULL) < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct instance instance = {};

		if (!product_haproxy.recognise(
			    server->tree.arena, &all[i], all, count, &instance) ||
			strcmp(instance.config, server->config) != 0)
			continue;
		found++;
		service->main = all[i];
		service->running = true;
		service->config = instance.config;
		service->prefix = instance.prefix;
		service->arguments = instance.arguments;
		service->executable = all[i].executable;
		service->world = server->host;
	}
	if (found > 0) {
		product_haproxy.observe(server->tree.arena, service, all, count);
		product_haproxy.read(server->tree.arena, service);
	}
	return found;
}

/* Sockets are open a moment before the first worker is there. */
static size_t
recognise(struct server *server)
{
	size_t found = recognise_now(server);

	for (int i = 0; i < WAIT_STEPS && server->tree.service.worker_count == 0; i++) {
		wait_a_bit();
		found = recognise_now(server);
	}
	return found;
}

static void
damage_store(const struct server *server)
{
	tree_text(&server->tree, "/ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n");
}

static bool
is_younger(struct timestamp a, struct timestamp b)
{
	return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
}

/* What must hold of a service that has just been recognised. */
static bool
is_understood(const struct service *service)
{
	return service->verifier_count == 1 && service->problem_count == 0 &&
	       service->worker_count == 1 && service->finding_count == 0;
}

static void
check_test(struct server *server, bool *failed)
{
	const char *output = NULL;
	struct err err = {};
	struct service *service = &server->tree.service;

	CHECK(product_haproxy.test(server->tree.arena, service, &output, &err) == 0);
	make_certificates(server);
	damage_store(server);
	CHECK(product_haproxy.test(server->tree.arena, service, &output, &err) == 1);
	CHECK(strstr(output, "ca.pem") != NULL);
}

TEST(master, "with a master: a reload is a younger worker, a refused one is told at once")
{
	CLEANUP(server_end) struct server server;
	struct service *service = &server.tree.service;
	struct timestamp first;
	struct err err = {};
	pid_t worker;

	CHECK(server_start(&server, "-W", ""));
	CHECK(recognise(&server) == 1 && is_understood(service));
	CHECK(service->main.pid == server.pid && service->workers[0] != server.pid);
	first = service->loaded;
	worker = service->workers[0];

	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 0);
	CHECK(service->main.pid == server.pid && service->workers[0] != worker);
	CHECK(is_younger(service->loaded, first) && accepts(&server));
	first = service->loaded;
	worker = service->workers[0];

	check_test(&server, failed);
	CHECK(!*failed);
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 1);
	CHECK(service->workers[0] == worker && accepts(&server));
	CHECK(!is_younger(service->loaded, first));
	/* And a second time, though the master waits already. */
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 1);

	make_certificates(&server);
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 0);
	CHECK(service->workers[0] != worker && is_younger(service->loaded, first));
	CHECK(recognise(&server) == 1 && is_understood(service));
}

TEST(old_worker, "a worker that only finishes what it began does not count")
{
	CLEANUP(server_end) struct server server;
	struct service *service = &server.tree.service;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct err err = {};
	pid_t worker;

	CHECK(server_start(&server, "-W", ""));
	CHECK(recognise(&server) == 1);
	worker = service->workers[0];
	address.sin_port = htons((uint16_t)server.port);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	wait_a_bit();
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 0);
	CHECK(kill(worker, 0) == 0); /* still there, for our connection's sake */
	CHECK(service->worker_count == 1 && service->workers[0] != worker);
}

TEST(alone, "without a master: a new process takes over, a refused one leaves the old")
{
	CLEANUP(server_end) struct server server;
	struct service *service = &server.tree.service;
	struct err err = {};

	CHECK(server_start(&server, "-db", ""));
	CHECK(recognise(&server) == 1 && is_understood(service));
	CHECK(service->main.pid == server.pid && service->workers[0] == server.pid);

	check_test(&server, failed);
	CHECK(!*failed);
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 1);
	CHECK(strstr(err.message, "ca.pem") != NULL);
	CHECK(process_is_alive(&service->main) && service->main.pid == server.pid);

	make_certificates(&server);
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 0);
	CHECK(service->main.pid != server.pid && accepts(&server));
	CHECK(service->workers[0] == service->main.pid);
	CHECK(recognise(&server) == 1);
}

TEST(start, "what does not run is started, and what does not load is not")
{
	CLEANUP(server_end) struct server server;
	struct service *service = &server.tree.service;
	struct err err = {};

	CHECK(server_start(&server, "-db", ""));
	CHECK(recognise(&server) == 1);
	CHECK(kill(server.pid, SIGTERM) == 0);
	for (int i = 0; i < WAIT_STEPS && process_is_alive(&service->main); i++)
		wait_a_bit();
	service->running = false;
	damage_store(&server);
	CHECK(product_haproxy.start(server.tree.arena, service, &err) == -1);
	CHECK(strstr(err.message, "ca.pem") != NULL && !service->running);
	make_certificates(&server);
	CHECK(product_haproxy.start(server.tree.arena, service, &err) == 0);
	CHECK(service->running && accepts(&server));
}

TEST(jail, "a process in its own jail is still read from outside, and goes back into it")
{
	CLEANUP(server_end) struct server server;
	struct services services = {};
	struct service *service;
	struct err err = {};
	char target[160];

	if (geteuid() != 0)
		return; /* nobody else may enter a jail */
	CHECK(server_start(&server, "-D", "global\n\tchroot /var/tmp\n\tuser nobody\n"));
	(void)snprintf(target, sizeof(target), "haproxy:%s", server.config);
	/* Who has started it may still be there, as a master would be. */
	for (int i = 0; i < WAIT_STEPS; i++) {
		services = (struct services){};
		CHECK(services_find(server.tree.arena, server.host, target, &services, &err) == 0);
		if (services.count == 1 && services.list[0]->readers.at_load == NULL)
			break;
		wait_a_bit();
	}
	CHECK(services.count == 1);
	service = services.list[0];
	CHECK(service->running && !service->world_is_process && is_understood(service));
	server.tree.service.main = service->main; /* to be ended */
	server.tree.service.running = true;
	CHECK_TEXT(service->chroot, "/var/tmp");
	CHECK(service->readers.at_load == NULL); /* root, long gone */
	CHECK(product_haproxy.reload(server.tree.arena, service, &err) == 0);
	server.tree.service.main = service->main;
	CHECK(accepts(&server));
	/* It listens a moment before it goes into its jail. */
	for (int i = 0; i < WAIT_STEPS && strcmp(service->main.root, "/") == 0; i++) {
		wait_a_bit();
		CHECK(process_read(server.tree.arena, service->main.pid, &service->main) == 0);
	}
	CHECK(strcmp(service->main.root, "/") != 0);
}

TAP_MAIN()
