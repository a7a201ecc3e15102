/* SPDX-License-Identifier: Apache-2.0 */
#include "services/products/nginx_read.h"

#include <string.h>

#include "services/products/nginx_listen.h"
#include "services/products/nginx_settings.h"

/* Of Debian's build (nginx -V): --prefix, --pid-path. */
static const char usual_prefix[] = "/usr/share/nginx", usual_pid_file[] = "/run/nginx.pid";

struct reader {
	struct arena *arena;
	struct service *service;
	struct nginx_config config;
	struct nginx_server *servers;
	size_t server_count, server_capacity;
	struct nginx_notes notes;
};

const char *
nginx_given_directives(const struct service *service)
{
	for (const char *const *argument = service->arguments;
		argument != NULL && *argument != NULL; argument++)
		if (strcmp(*argument, "-g") == 0 && argument[1] != NULL)
			return argument[1];
	return NULL;
}

const char *
nginx_conf_prefix(struct arena *arena, const struct service *service)
{
	return path_parent(arena, service->config);
}

static void
add_servers(struct reader *reader, enum nginx_module module, const struct nginx_directive *outer)
{
	for (struct nginx_directive *block = outer->children;
		block != NULL && reader->server_count < SERVICE_MAX_VERIFIERS;
		block = block->next) {
		if (!block->is_block || strcmp(block->words[0].text, "server") != 0)
			continue;
		reader->servers = arena_grow(reader->arena, reader->servers, reader->server_count,
			&reader->server_capacity, sizeof(*reader->servers));
		reader->servers[reader->server_count++] =
			(struct nginx_server){ .module = module, .block = block, .outer = outer };
	}
}

static void
find_servers(struct reader *reader)
{
	static const char *const names[] = {
		[NGINX_HTTP] = "http", [NGINX_STREAM] = "stream", [NGINX_MAIL] = "mail"
	};

	for (const struct nginx_directive *block = reader->config.first; block != NULL;
		block = block->next)
		for (size_t i = 0; block->is_block && i < COUNT_OF(names); i++)
			if (strcmp(block->words[0].text, names[i]) == 0)
				add_servers(reader, (enum nginx_module)i, block);
}

/* A server that no name leads to, and that is not the default of its address, cannot be asked for.
 */
static void
set_endpoints(struct arena *arena, const struct nginx_server *server, struct verifier *verifier)
{
	struct endpoint *endpoints =
		arena_alloc(arena, (server->listen_count + 1) * sizeof(*endpoints));
	const char *name = server->module == NGINX_HTTP ? nginx_server_name(arena, server) : NULL;

	for (size_t i = 0; i < server->listen_count; i++) {
		const struct nginx_listen *listen = &server->listens[i];

		if (!listen->ssl || !listen->is_plain || (name == NULL && !listen->is_default))
			continue;
		endpoints[verifier->endpoint_count++] = (struct endpoint){
			.address = listen->address,
			.port = listen->port,
			.server_name = name,
			.speaks_http = server->module == NGINX_HTTP,
			.http_path = "/",
		};
	}
	verifier->endpoints = endpoints;
}

static const char *
verifier_name(struct reader *reader, const struct nginx_server *server)
{
	const struct nginx_directive *names =
		nginx_directive_find(server->block->children, "server_name");
	const char *first = names != NULL && names->word_count > 1 ? names->words[1].text : "";
	const char *key = NULL, *name;

	for (size_t i = 0; key == NULL && i < server->listen_count; i++)
		if (server->listens[i].ssl)
			key = server->listens[i].key;
	name = arena_printf(reader->arena, "%s%s%s", key, *first != '\0' ? " " : "", first);
	return text_sanitize(reader->arena, name, strlen(name));
}

static const char *
unique_name(struct reader *reader, const char *name)
{
	size_t same = 1;

	for (size_t i = 0; i < reader->service->verifier_count; i++) {
		const char *other = reader->service->verifiers[i].name;

		if (strcmp(other, name) == 0 ||
			(text_starts(other, name) && text_starts(other + strlen(name), " #")))
			same++;
	}
	return same == 1 ? name : arena_printf(reader->arena, "%s #%zu", name, same);
}

static bool
has_ssl(const struct nginx_server *server)
{
	for (size_t i = 0; i < server->listen_count; i++)
		if (server->listens[i].ssl)
			return true;
	return false;
}

static void
read_servers(struct reader *reader)
{
	struct service *service = reader->service;

	service->verifiers = arena_alloc(
		reader->arena, (reader->server_count + 1) * sizeof(*service->verifiers));
	for (size_t i = 0; i < reader->server_count; i++) {
		const struct nginx_server *server = &reader->servers[i];
		struct verifier *verifier = &service->verifiers[service->verifier_count];
		struct nginx_level level = {
			.arena = reader->arena,
			.world = service->world,
			.conf_prefix = nginx_conf_prefix(reader->arena, service),
			.own = server->block,
			.outer = server->outer,
			.notes = &reader->notes,
		};

		if (!has_ssl(server) || !nginx_verifier_read(&level, verifier))
			continue;
		verifier->name = unique_name(reader, verifier_name(reader, server));
		set_endpoints(reader->arena, server, verifier);
		service->verifier_count++;
	}
}

/* The path of a main-level directive, in the configuration or on the command line. */
static const char *
main_path(struct reader *reader, const struct nginx_config *given, const char *name)
{
	const struct nginx_directive *directive = nginx_directive_find(given->first, name);
	const char *prefix =
		reader->service->prefix != NULL ? reader->service->prefix : usual_prefix;

	if (directive == NULL)
		directive = nginx_directive_find(reader->config.first, name);
	if (directive == NULL || directive->word_count < 2)
		return NULL;
	return path_join(reader->arena, prefix, directive->words[1].text);
}

/* A log that is no file cannot be read again. */
static bool
is_log_file(const char *path)
{
	const char *base = path != NULL ? path_base(path) : "";

	return path != NULL && strcmp(base, "stderr") != 0 && strstr(path, "syslog:") == NULL &&
	       strstr(path, "memory:") == NULL && !text_starts(path, "/dev/");
}

static void
read_given(struct reader *reader, struct nginx_config *ret)
{
	const char *given = nginx_given_directives(reader->service);

	nginx_config_read_text(reader->arena, reader->service->world, given != NULL ? given : "",
		nginx_conf_prefix(reader->arena, reader->service), ret);
}

static void
read_main(struct reader *reader)
{
	struct service *service = reader->service;
	struct nginx_config given;
	const char *log;

	read_given(reader, &given);
	log = main_path(reader, &given, "error_log");
	service->log = is_log_file(log) ? log : NULL;
	service->pid_file = main_path(reader, &given, "pid");
	if (service->pid_file == NULL)
		service->pid_file = usual_pid_file;
}

static void
join_problems(struct reader *reader)
{
	const struct nginx_config *config = &reader->config;
	size_t count = config->problem_count + reader->notes.problem_count;
	struct config_problem *problems =
		arena_alloc(reader->arena, (count + 1) * sizeof(*problems));

	if (config->problem_count > 0)
		memcpy(problems, config->problems, config->problem_count * sizeof(*problems));
	if (reader->notes.problem_count > 0)
		memcpy(problems + config->problem_count, reader->notes.problems,
			reader->notes.problem_count * sizeof(*problems));
	reader->service->problems = problems;
	reader->service->problem_count = count;
}

void
nginx_read(struct arena *arena, struct service *service)
{
	struct reader reader = { .arena = arena, .service = service, .notes = { .arena = arena } };

	nginx_config_read(arena, service->world, service->config, &reader.config);
	service->config_files = reader.config.files;
	service->config_file_count = reader.config.file_count;
	find_servers(&reader);
	for (size_t i = 0; i < reader.server_count; i++)
		reader.servers[i].ssl_switch =
			nginx_ssl_switch(reader.servers[i].block, reader.servers[i].outer);
	nginx_listens_read(arena, reader.servers, reader.server_count);
	read_servers(&reader);
	read_main(&reader);
	join_problems(&reader);
	service->findings = reader.notes.findings;
	service->finding_count = reader.notes.finding_count;
}

bool
nginx_stays_in_foreground(struct arena *arena, const struct service *service)
{
	struct service copy = *service;
	struct reader reader = { .arena = arena, .service = &copy };
	struct nginx_config given;
	const struct nginx_directive *directive;

	read_given(&reader, &given);
	directive = nginx_directive_find(given.first, "daemon");
	if (directive == NULL) {
		nginx_config_read(arena, service->world, service->config, &reader.config);
		directive = nginx_directive_find(reader.config.first, "daemon");
	}
	return directive != NULL && directive->word_count > 1 &&
	       strcmp(directive->words[1].text, "off") == 0;
}
