/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of HAProxy's configuration, and what they set for the bind lines in them. */
#include <string.h>

#include "services/products/haproxy.h"

static const char default_environment[] = "/etc/default/haproxy";

enum { ENVIRONMENT_MAX = 64 << 10 };

/* What an instance is given where nothing is known of its command line. */
static const char unit_pid_file[] = "/run/haproxy.pid";

void
haproxy_problem(struct haproxy_config *config, struct locus where, const char *text)
{
	enum { MAX_PROBLEMS = 1'000 };

	if (config->problem_count == MAX_PROBLEMS)
		return;
	config->problems = arena_grow(config->arena, config->problems, config->problem_count,
		&config->problem_capacity, sizeof(*config->problems));
	config->problems[config->problem_count++] =
		(struct config_problem){ where, arena_strdup(config->arena, text) };
}

void
haproxy_config_file(struct haproxy_config *config, const char *path)
{
	for (size_t i = 0; i < config->file_count; i++)
		if (strcmp(config->files[i], path) == 0)
			return;
	if (config->file_count == SERVICE_MAX_CONFIG_FILES)
		return;
	config->files = arena_grow(config->arena, config->files, config->file_count,
		&config->file_capacity, sizeof(*config->files));
	config->files[config->file_count++] = path;
}

/* default-path: what relative paths are relative to while a file is read. */
static const char *
current_directory(const struct haproxy_config *config)
{
	const char *parent = path_parent(config->arena, config->file);

	switch (config->path_policy) {
	case PATHS_CONFIG:
		return parent;
	case PATHS_PARENT:
		return path_join(config->arena, parent, "..");
	case PATHS_ORIGIN:
		return path_join(config->arena, config->directory, config->path_origin);
	default:
		return config->directory;
	}
}

const char *
haproxy_path(const struct haproxy_config *config, const char *base, const char *path)
{
	if (base != NULL)
		path = path_join(config->arena, base, path);
	if (*path != '/')
		path = path_join(config->arena, current_directory(config), path);
	return path_normalize(config->arena, path);
}

/* A value of /etc/default/haproxy, which Debian's unit reads as its EnvironmentFile. */
static const char *
unit_variable(struct haproxy_config *config, const char *name)
{
	struct span bytes;
	char *text, *line;
	const char *found = NULL;

	if (world_read(config->world, default_environment, ENVIRONMENT_MAX, &bytes, NULL) < 0)
		return NULL;
	text = arena_strndup(config->arena, (const char *)bytes.data, bytes.length);
	while ((line = strsep(&text, "\n")) != NULL) {
		size_t length = strlen(name);

		line += strspn(line, " \t");
		if (strncmp(line, name, length) != 0 || line[length] != '=')
			continue;
		line += length + 1;
		length = strlen(line);
		if (length > 1 && (*line == '"' || *line == '\'') && line[length - 1] == *line) {
			line[length - 1] = '\0';
			line++;
		}
		found = line;
	}
	return found;
}

static bool
has_argument(const struct service *service, const char *first, const char *second)
{
	for (const char *const *argument = service->arguments;
		argument != NULL && *argument != NULL; argument++)
		if (strcmp(*argument, first) == 0 || strcmp(*argument, second) == 0)
			return true;
	return false;
}

static const char *
variable_lookup(void *context, const char *name, bool *ret_known)
{
	struct haproxy_config *config = context;
	const char *value = NULL;

	*ret_known = true;
	if (config->service->running)
		value = process_environment(config->arena, config->service->main.pid, name);
	else
		value = unit_variable(config, name);
	if (value != NULL)
		return value;
	if (strcmp(name, "HAPROXY_MWORKER") == 0 && has_argument(config->service, "-W", "-Ws"))
		return "1";
	/* HAProxy sets some by itself; and of what does not run, the environment that it will get
	 * is not known. */
	*ret_known = config->service->running && !text_starts(name, "HAPROXY_");
	return NULL;
}

/* Looked up once: a line of the file may ask for the same one a million times. */
const char *
haproxy_variable(void *context, const char *name, bool *ret_known)
{
	struct haproxy_config *config = context;
	struct haproxy_cached *cached;

	for (size_t i = 0; i < config->cached_count; i++) {
		cached = &config->cached[i];
		if (strcmp(cached->name, name) == 0) {
			*ret_known = cached->known;
			return cached->value;
		}
	}
	*ret_known = false;
	if (config->cached_count == COUNT_OF(config->cached))
		return NULL;
	cached = &config->cached[config->cached_count++];
	cached->name = arena_strdup(config->arena, name);
	cached->value = variable_lookup(config, name, &cached->known);
	*ret_known = cached->known;
	return cached->value;
}

static struct haproxy_proxy *
proxy_add(struct haproxy_config *config, const struct haproxy_line *line)
{
	const char *name = line->count > 1 ? line->words[1].text : "";
	struct haproxy_proxy *proxy;

	config->proxies = arena_grow(config->arena, config->proxies, config->proxy_count,
		&config->proxy_capacity, sizeof(*config->proxies));
	proxy = &config->proxies[config->proxy_count++];
	*proxy = (struct haproxy_proxy){ .name = arena_strdup(config->arena, name) };
	proxy->title = text_sanitize(config->arena, name, strlen(name));
	return proxy;
}

/* The defaults section that a header's "from NAME" means, or the last one. */
static size_t
defaults_of(struct haproxy_config *config, const struct haproxy_line *line)
{
	size_t last = strcmp(line->words[0].text, "defaults") == 0 ? SIZE_MAX : config->defaults;

	for (size_t i = 1; i + 1 < line->count; i++) {
		const char *name = line->words[i + 1].text;

		/* "defaults from": a section of that name has another word before it. */
		if (strcmp(line->words[i].text, "from") != 0)
			continue;
		for (size_t j = config->proxy_count; j-- > 0;)
			if (config->proxies[j].is_defaults &&
				strcmp(config->proxies[j].name, name) == 0)
				return j;
		haproxy_problem(config, line->words[i + 1].where,
			"there is no defaults section of this name");
		return last;
	}
	return last;
}

static void
open_proxy(struct haproxy_config *config, const struct haproxy_line *line)
{
	const char *keyword = line->words[0].text;
	size_t defaults = defaults_of(config, line);
	struct haproxy_proxy *proxy = proxy_add(config, line);

	proxy->is_defaults = strcmp(keyword, "defaults") == 0;
	proxy->is_backend = strcmp(keyword, "backend") == 0;
	if (defaults != SIZE_MAX) {
		proxy->http = config->proxies[defaults].http;
		proxy->checks_verdict = config->proxies[defaults].checks_verdict;
	}
	if (proxy->is_defaults)
		config->defaults = config->proxy_count - 1;
	config->section = SECTION_PROXY;
}

static void
open_section(struct haproxy_config *config, const struct haproxy_line *line)
{
	static const char *const proxies[] = { "backend", "defaults", "frontend", "listen" };
	const char *keyword = line->words[0].text;

	config->section = SECTION_OTHER;
	for (size_t i = 0; i < COUNT_OF(proxies); i++)
		if (strcmp(keyword, proxies[i]) == 0) {
			open_proxy(config, line);
			return;
		}
	if (strcmp(keyword, "global") == 0) {
		proxy_add(config, line)->title = "stats socket";
		config->section = SECTION_GLOBAL;
	} else if (strcmp(keyword, "peers") == 0 || strcmp(keyword, "log-forward") == 0) {
		struct haproxy_proxy *proxy = proxy_add(config, line);

		proxy->title = arena_printf(config->arena, "%s %s", keyword, proxy->title);
		config->section = SECTION_LISTENERS;
	}
}

static void
read_default_path(struct haproxy_config *config, const struct haproxy_line *line)
{
	const char *policy = line->words[1].text;

	if (strcmp(policy, "config") == 0) {
		config->path_policy = PATHS_CONFIG;
	} else if (strcmp(policy, "parent") == 0) {
		config->path_policy = PATHS_PARENT;
	} else if (strcmp(policy, "origin") == 0 && line->count > 2) {
		config->path_policy = PATHS_ORIGIN;
		config->path_origin = arena_strdup(config->arena, line->words[2].text);
	} else {
		config->path_policy = PATHS_CURRENT;
	}
}

static void
read_global(struct haproxy_config *config, const struct haproxy_line *line)
{
	static const char *const user_keywords[] = { "gid", "group", "uid", "user" };
	const char *keyword = line->words[0].text;
	const struct haproxy_word *value = &line->words[1];

	if (line->count < 2)
		return;
	for (size_t i = 0; i < COUNT_OF(user_keywords); i++)
		config->drops_user = config->drops_user || strcmp(keyword, user_keywords[i]) == 0;
	if (strcmp(keyword, "ca-base") == 0 && config->ca_base == NULL)
		config->ca_base = arena_strdup(config->arena, value->text);
	else if (strcmp(keyword, "crt-base") == 0 && config->crt_base == NULL)
		config->crt_base = arena_strdup(config->arena, value->text);
	else if (strcmp(keyword, "chroot") == 0)
		config->service->chroot = haproxy_path(config, NULL, value->text);
	else if (strcmp(keyword, "pidfile") == 0)
		config->service->pid_file = haproxy_path(config, NULL, value->text);
	else if (strcmp(keyword, "default-path") == 0)
		read_default_path(config, line);
	else if (strcmp(keyword, "ssl-default-bind-ciphers") == 0)
		haproxy_set_security(
			value, &config->default_security, &config->default_security_where);
	else if (strcmp(keyword, "stats") == 0 && strcmp(value->text, "socket") == 0)
		haproxy_read_bind(config, line, line->words + 2, line->count - 2);
}

/* Rules that look at the verdict, so that what was ignored in the handshake is not let pass. To
 * write it to a log is no such rule. */
static bool
checks_verdict(const struct haproxy_line *line)
{
	static const char *const logs[] = { "capture", "error-log-format", "log-format",
		"log-format-sd", "unique-id-format" };
	static const char *const fetches[] = { "ssl_c_verify", "ssl_c_err", "ssl_c_ca_err" };

	for (size_t i = 0; i < COUNT_OF(logs); i++)
		if (strcmp(line->words[0].text, logs[i]) == 0)
			return false;
	for (size_t i = 1; i < line->count; i++)
		for (size_t j = 0; j < COUNT_OF(fetches); j++)
			if (strstr(line->words[i].text, fetches[j]) != NULL)
				return true;
	return false;
}

static void
read_proxy(struct haproxy_config *config, const struct haproxy_line *line)
{
	struct haproxy_proxy *proxy = &config->proxies[config->proxy_count - 1];
	const char *keyword = line->words[0].text;

	if (strcmp(keyword, "bind") == 0) {
		haproxy_read_bind(config, line, line->words + 1, line->count - 1);
	} else if (strcmp(keyword, "mode") == 0 && line->count > 1) {
		proxy->http = strcmp(line->words[1].text, "http") == 0;
	} else if (checks_verdict(line)) {
		proxy->checks_verdict = true;
		config->backend_checks_verdict =
			config->backend_checks_verdict || proxy->is_backend;
	}
}

static void
config_line(void *context, const struct haproxy_line *line)
{
	struct haproxy_config *config = context;

	if (line->opens_section)
		open_section(config, line);
	else if (config->section == SECTION_GLOBAL)
		read_global(config, line);
	else if (config->section == SECTION_PROXY)
		read_proxy(config, line);
	else if (config->section == SECTION_LISTENERS && strcmp(line->words[0].text, "bind") == 0)
		haproxy_read_bind(config, line, line->words + 1, line->count - 1);
}

static void
config_file(void *context, const char *path)
{
	struct haproxy_config *config = context;

	config->file = path;
	config->section = SECTION_OTHER;
	haproxy_config_file(config, path);
}

static void
config_problem(void *context, struct locus where, const char *text)
{
	haproxy_problem(context, where, text);
}

static void
hand_over(struct haproxy_config *config)
{
	struct service *service = config->service;
	static const char *const nothing[] = { NULL };
	const char *const *arguments = service->arguments != NULL ? service->arguments : nothing;
	const char *pid_file = haproxy_option_value(arguments, "-p");

	if (pid_file != NULL) /* "the command line always has precedence" */
		service->pid_file = haproxy_path(config, NULL, pid_file);
	else if (service->pid_file == NULL && *arguments == NULL)
		service->pid_file = unit_pid_file;
	service->config_files = config->files;
	service->config_file_count = config->file_count;
	service->verifiers = config->verifiers;
	service->verifier_count = config->verifier_count;
	service->problems = config->problems;
	service->problem_count = config->problem_count;
	service->findings = config->findings;
	service->finding_count = config->finding_count;
}

/* Reads all files; config is empty before. */
static void
read_all(struct haproxy_config *config, struct arena *arena, struct service *service)
{
	const struct haproxy_reader reader = { arena, service->world,
		service->prefix != NULL ? service->prefix : "/", config, haproxy_variable,
		config_file, config_line, config_problem };
	size_t count;
	const char *const *paths = haproxy_files(arena, service->arguments, &count);

	config->arena = arena;
	config->service = service;
	config->world = service->world;
	config->directory = reader.directory;
	config->file = service->config;
	config->default_security = HAPROXY_SECURITY_UNSET;
	config->defaults = SIZE_MAX;
	service->chroot = NULL;
	service->pid_file = NULL;
	if (count == 0)
		haproxy_read(&reader, &service->config, 1);
	else
		haproxy_read(&reader, paths, count);
}

void
haproxy_read_config(struct arena *arena, struct service *service, bool *ret_drops_user)
{
	CLEANUP(mem_freep) struct haproxy_config *config = mem_zalloc(sizeof(*config));

	read_all(config, arena, service);
	haproxy_build(config);
	hand_over(config);
	if (ret_drops_user != NULL)
		*ret_drops_user = config->drops_user;
}

const char *const *
haproxy_environment(struct arena *arena, const struct service *service)
{
	static const char *const always[] = { "LUA_CPATH", "LUA_PATH", "OPENSSL_CONF",
		"OPENSSL_MODULES", "SSL_CERT_DIR", "SSL_CERT_FILE", "TZ" };
	CLEANUP(mem_freep) struct haproxy_config *config = mem_zalloc(sizeof(*config));
	struct service copy = *service;
	const char **list = arena_alloc(arena, (COUNT_OF(config->cached) + 3) * sizeof(*list));
	size_t count = 0;
	bool known;

	read_all(config, arena, &copy);
	for (size_t i = 0; i < COUNT_OF(always); i++)
		(void)haproxy_variable(config, always[i], &known);
	list[count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; i < config->cached_count; i++) {
		const struct haproxy_cached *cached = &config->cached[i];

		/* Those HAProxy sets by itself. */
		if (cached->value != NULL && !text_starts(cached->name, "HAPROXY_") &&
			strcmp(cached->name, "PATH") != 0)
			list[count++] = arena_printf(arena, "%s=%s", cached->name, cached->value);
	}
	return list;
}
