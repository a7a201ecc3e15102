/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apache httpd 2.4 with mod_ssl: OpenSSL, files read by root when it loads, directories looked up
 * by the workers at each handshake; one verifier a virtual host, and one a section that asks for
 * more than its virtual host.
 *
 * SIGUSR1 makes the parent read everything anew and replace its children. A configuration or a
 * store that does not load then ends the parent (AH00020), and "apache2 -t" does not see a damaged
 * store: so nothing but our own reading stands between a bad file and a dead server.
 */
#include "services/products/apache.h"

#include <string.h>

static const char *const program_names[] = { "apache2", "httpd", "httpd-event", "httpd-prefork",
	"httpd-worker" };

static bool
is_httpd(const struct process *process)
{
	const char *base =
		process->executable != NULL ? path_base(process->executable) : process->name;

	if (process->state == 'Z')
		return false;
	for (size_t i = 0; i < COUNT_OF(program_names); i++)
		if (strcmp(base, program_names[i]) == 0)
			return true;
	return false;
}

static const struct process *
process_by_pid(const struct process *all, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].pid == pid)
			return &all[i];
	return NULL;
}

/* Options that take a value, as one argument or two (httpd.h, AP_SERVER_BASEARGS). */
static bool
takes_value(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0' && strchr("CDcdEefk", argument[1]) != NULL;
}

/* The last value of an option, or NULL. */
static const char *
option_value(const char *const *arguments, char letter)
{
	const char *found = NULL;

	for (; *arguments != NULL; arguments++) {
		const char *value = *arguments;

		if (!takes_value(value))
			continue;
		value = value[2] != '\0' ? value + 2 : arguments[1];
		if (value == NULL)
			break;
		if ((*arguments)[1] == letter)
			found = value;
		arguments += (*arguments)[2] == '\0';
	}
	return found;
}

/* A process that only prints or checks something, or steers another one. */
static bool
is_no_server(const char *const *arguments)
{
	const char *command = option_value(arguments, 'k');

	if (command != NULL &&
		(strcmp(command, "stop") == 0 || strcmp(command, "graceful-stop") == 0))
		return true;
	for (; *arguments != NULL; arguments++) {
		const char *argument = *arguments;

		if (takes_value(argument)) {
			if (argument[2] == '\0' && *++arguments == NULL)
				return false;
			continue;
		}
		if (argument[0] == '-' && strchr("tSMvVlLh?", argument[1]) != NULL)
			return true;
	}
	return false;
}

/* All but -k. */
static const char *const *
lasting_arguments(struct arena *arena, const char *const *arguments)
{
	const char **kept;
	size_t count = 0;

	while (arguments[count] != NULL)
		count++;
	kept = arena_alloc(arena, (count + 1) * sizeof(*kept));
	count = 0;
	for (; *arguments != NULL; arguments++) {
		if (strncmp(*arguments, "-k", 2) != 0) {
			kept[count++] = *arguments;
			continue;
		}
		if ((*arguments)[2] == '\0' && *++arguments == NULL)
			break;
	}
	return kept;
}

/* HTTPD_ROOT and SERVER_CONFIG_FILE of the usual builds. */
static const struct {
	const char *program, *root, *config;
} builds[] = {
	{ "/usr/local/apache2/", "/usr/local/apache2", "conf/httpd.conf" },
	{ "/usr/sbin/httpd", "/etc/httpd", "conf/httpd.conf" },
	{ "", "/etc/apache2", "apache2.conf" },
};

static size_t
build_of(const struct process *process)
{
	const char *program = process->executable != NULL ? process->executable : process->name;
	size_t build = 0;

	while (!text_starts(program, builds[build].program))
		build++;
	return build;
}

const char *
apache_default_root(struct arena *arena, const char *config)
{
	const char *parent = path_parent(arena, config);

	/* One of Debian's further instances: /etc/apache2-NAME. */
	if (text_starts(parent, "/etc/apache2-") && strchr(parent + 5, '/') == NULL)
		return parent;
	for (size_t i = 0; i < COUNT_OF(builds); i++)
		if (text_starts(config, builds[i].root) && config[strlen(builds[i].root)] == '/')
			return builds[i].root;
	return builds[COUNT_OF(builds) - 1].root;
}

static bool
apache_recognise(struct arena *arena, const struct process *process, const struct process *all,
	size_t count, struct instance *ret)
{
	const struct process *parent = process_by_pid(all, count, process->parent);
	const char *root, *config;
	size_t build;

	if (!is_httpd(process) || process->argument_count == 0 ||
		is_no_server(process->arguments + 1))
		return false;
	if (parent != NULL && is_httpd(parent))
		return false;
	build = build_of(process);
	root = option_value(process->arguments + 1, 'd');
	if (root == NULL)
		root = builds[build].root;
	else if (*root != '/')
		root = path_join(
			arena, process->directory != NULL ? process->directory : "/", root);
	config = option_value(process->arguments + 1, 'f');
	if (config == NULL)
		config = builds[build].config;
	ret->prefix = path_normalize(arena, root);
	ret->config = path_normalize(arena, path_join(arena, ret->prefix, config));
	ret->arguments = lasting_arguments(arena, process->arguments + 1);
	return true;
}

/* Piped loggers are children too. */
static bool
is_worker_of(const struct process *process, const struct process *main)
{
	return process->parent == main->pid && is_httpd(process);
}

static void
apache_observe(
	struct arena *arena, struct service *service, const struct process *all, size_t count)
{
	pid_t *workers = arena_alloc(arena, (count + 1) * sizeof(*workers));
	const struct process *oldest = NULL, *settled = NULL;

	service->workers = workers;
	service->worker_count = 0;
	service->readers.at_load =
		arena_dup(arena, &service->main.credentials, sizeof(service->main.credentials));
	for (size_t i = 0; i < count; i++) {
		if (!is_worker_of(&all[i], &service->main))
			continue;
		workers[service->worker_count++] = all[i].pid;
		if (oldest == NULL || timestamp_is_before(all[i].started, oldest->started))
			oldest = &all[i];
		if (all[i].credentials.user != service->main.credentials.user)
			settled = &all[i];
	}
	/* A child of root is root's until it has let go (ap_run_drop_privileges): till then the
	 * configuration tells. */
	if (settled == NULL && service->main.credentials.user != 0)
		settled = oldest;
	if (settled != NULL)
		service->readers.at_handshake =
			arena_dup(arena, &settled->credentials, sizeof(settled->credentials));
	else if (service->readers.at_handshake == NULL)
		service->readers.at_handshake = service->readers.at_load;
	service->loaded = apache_loaded(
		arena, service, oldest != NULL ? oldest->started : service->main.started);
}

/* A variable of the environment is asked for by the service that is read. */
static const char *
environment_of(void *context, const char *name)
{
	return apache_environment(context, name);
}

static void
hand_over(struct apache_service *apache)
{
	const struct apache_config *config = apache->config;
	struct service *service = apache->service;
	size_t total = config->problem_count + apache->problem_count;
	struct config_problem *problems =
		arena_alloc(apache->arena, (total + 1) * sizeof(*problems));

	if (config->problem_count > 0)
		memcpy(problems, config->problems, config->problem_count * sizeof(*problems));
	if (apache->problem_count > 0)
		memcpy(problems + config->problem_count, apache->problems,
			apache->problem_count * sizeof(*problems));
	service->problems = problems;
	service->problem_count = total;
	service->config_files = config->files;
	service->config_file_count = config->file_count;
	service->environment = config->environment;
	service->verifiers = apache->verifiers;
	service->verifier_count = apache->verifier_count;
	service->findings = apache->findings;
	service->finding_count = apache->finding_count;
	service->chroot = apache->chroot;
	service->log = apache->error_log;
	service->pid_file = apache->pid_file;
}

static void
apache_read_service(struct arena *arena, struct service *service)
{
	struct apache_service apache = {
		.arena = arena,
		.service = service,
		.world = service->world,
	};
	const struct apache_source source = {
		.arena = arena,
		.world = service->world,
		.config = service->config,
		.root = service->prefix != NULL ? service->prefix
						: apache_default_root(arena, service->config),
		.arguments = service->arguments,
		.wanted = apache_directive_is_known,
		.environment = environment_of,
		.context = &apache,
	};

	service->prefix = source.root;
	apache.config = apache_read(&source);
	apache_read_levels(&apache);
	apache_build(&apache);
	hand_over(&apache);
	/* Of a running one its workers tell; what does not run is started by root. */
	service->readers = (struct readers){
		.at_handshake =
			apache_worker_credentials(arena, service->world, apache.user, apache.group),
	};
}

static const char *const usual_configs[] = { "/etc/apache2/apache2.conf",
	"/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf", NULL };
static const char *const usual_programs[] = { "/usr/sbin/apache2", "/usr/sbin/httpd",
	"/usr/local/apache2/bin/httpd", NULL };

const struct product product_apache = {
	.name = "apache",
	.title = "Apache httpd",
	.usual_configs = usual_configs,
	.usual_programs = usual_programs,
	.runs = is_httpd,
	.recognise = apache_recognise,
	.observe = apache_observe,
	.read = apache_read_service,
	.test = apache_test,
	.reload = apache_reload,
	.start = apache_start,
};
