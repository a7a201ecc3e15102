/* SPDX-License-Identifier: Apache-2.0 */
/* Where virtual hosts are reached, and which request meets a section. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "services/products/apache.h"

enum { HOST_MAX = 255, PORT_MAX = 65535 };

static bool
is_any(const char *host)
{
	return strcmp(host, "*") == 0 || strcasecmp(host, "_default_") == 0 ||
	       strcmp(host, "255.255.255.255") == 0;
}

bool
apache_address_parse(struct arena *arena, const char *text, struct apache_address *ret)
{
	const char *port = NULL, *end;
	size_t length = strlen(text);
	uint64_t number;

	if (*text == '[') {
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
		text++;
		length = (size_t)(end - text);
	} else {
		end = strrchr(text, ':');
		if (end != NULL) {
			port = end + 1;
			length = (size_t)(end - text);
		}
	}
	if (length == 0 || length > HOST_MAX)
		return false;
	ret->host = arena_strndup(arena, text, length);
	if (is_any(ret->host))
		ret->host = NULL;
	ret->port = APACHE_ANY_PORT;
	if (port == NULL || strcmp(port, "*") == 0)
		return true;
	if (text_number(port, PORT_MAX, &number) < 0)
		return false;
	ret->port = (unsigned)number;
	return true;
}

static bool
is_wildcard_listen(const struct apache_address *listen)
{
	return listen->host == NULL || strcmp(listen->host, "0.0.0.0") == 0 ||
	       strcmp(listen->host, "::") == 0;
}

/*
 * How well an address of a virtual host fits connections to host:port; 0: not at all. httpd looks
 * for the exact address first, then among the wildcards, and in each for the exact port
 * (vhost.c, update_server_from_aliases and find_default_server).
 */
static unsigned
fit_of(const struct apache_address *address, const char *host, unsigned port)
{
	bool exact = address->host != NULL;

	if (address->port != APACHE_ANY_PORT && address->port != port)
		return 0;
	if (exact && (host == NULL || strcasecmp(address->host, host) != 0))
		return 0;
	return 1 + 2 * exact + (address->port != APACHE_ANY_PORT);
}

static unsigned
best_fit(struct apache_service *apache, const char *host, unsigned port)
{
	unsigned best = 0;

	apache->work += apache->address_count;
	if (apache->work > APACHE_MAX_MATCHING)
		return 0;
	for (size_t i = 0; i < apache->address_count; i++) {
		unsigned fit = fit_of(&apache->addresses[i], host, port);

		best = fit > best ? fit : best;
	}
	return best;
}

struct endpoints {
	struct endpoint *list;
	size_t count;
	const char *server_name, *path;
};

static void
add_endpoint(struct endpoints *endpoints, const char *host, unsigned port)
{
	if (host == NULL)
		host = "*";
	if (endpoints->count == APACHE_MAX_ENDPOINTS)
		return;
	for (size_t i = 0; i < endpoints->count; i++)
		if (endpoints->list[i].port == port &&
			strcmp(endpoints->list[i].address, host) == 0)
			return;
	endpoints->list[endpoints->count++] = (struct endpoint){
		.address = host,
		.port = port,
		.server_name = endpoints->server_name,
		.speaks_http = true,
		.http_path = endpoints->path,
	};
}

/* Those of one address of a virtual host, as far as a Listen line opens them. */
static void
add_of_address(struct apache_service *apache, const struct apache_address *address,
	struct endpoints *endpoints)
{
	for (size_t i = 0; i < apache->listen_count; i++) {
		const struct apache_address *listen = &apache->listens[i];
		const char *host = listen->host;
		unsigned fit;

		if (address->host != NULL && is_wildcard_listen(listen))
			host = address->host;
		fit = fit_of(address, host, listen->port);
		if (fit > 0 && fit >= best_fit(apache, host, listen->port))
			add_endpoint(endpoints, host, listen->port);
	}
}

static bool
is_address(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return *name == '[' || inet_pton(AF_INET, name, bytes) == 1 ||
	       inet_pton(AF_INET6, name, bytes) == 1;
}

const struct endpoint *
apache_endpoints(struct apache_service *apache, size_t level, const char *path, size_t *ret_count)
{
	const char *name = apache->levels[level].name;
	struct endpoints endpoints = { .path = path };

	endpoints.list = arena_alloc(apache->arena, APACHE_MAX_ENDPOINTS * sizeof(*endpoints.list));
	/* RFC 6066 3: server_name holds no addresses. */
	endpoints.server_name = name != NULL && !is_address(name) ? name : NULL;
	for (size_t i = 0; i < apache->address_count && level > 0; i++)
		if (apache->addresses[i].level == level)
			add_of_address(apache, &apache->addresses[i], &endpoints);
	/* What no virtual host takes is the server's own. */
	for (size_t i = 0; i < apache->listen_count && level == 0; i++) {
		const struct apache_address *listen = &apache->listens[i];

		if (best_fit(apache, listen->host, listen->port) == 0)
			add_endpoint(&endpoints, listen->host, listen->port);
	}
	*ret_count = endpoints.count;
	return endpoints.list;
}

/* What a regular expression begins with, as far as it is plain text. */
static const char *
literal_prefix(struct arena *arena, const char *pattern)
{
	size_t length;

	pattern += *pattern == '^';
	length = strcspn(pattern, "\\.*+?()[]{}|$");
	/* The last character may be meant any number of times. */
	if (pattern[length] != '\0' && strchr("*?{", pattern[length]) != NULL && length > 0)
		length--;
	if (pattern[0] != '/' || pattern[length] == '|' || strchr(pattern, '|') != NULL)
		return NULL;
	return arena_strndup(arena, pattern, length);
}

/* The rest of path below directory ("" where they are the same), or NULL. */
static const char *
below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	while (length > 0 && directory[length - 1] == '/')
		length--;
	if (strncmp(path, directory, length) != 0 || (path[length] != '\0' && path[length] != '/'))
		return NULL;
	return path[length] == '/' ? path + length + 1 : path + length;
}

static const char *
url_join(struct arena *arena, const char *url, const char *rest)
{
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	if (*rest == '\0')
		return arena_printf(arena, "%.*s/", (int)length, url);
	return arena_printf(
		arena, "%.*s/%s%s", (int)length, url, rest, text_ends(rest, "/") ? "" : "/");
}

static const char *
directory_url(struct apache_service *apache, size_t host, const char *directory)
{
	const char *root = apache->levels[host].document_root, *rest;

	if (root == NULL)
		root = apache->levels[0].document_root;
	apache->work += apache->alias_count;
	if (apache->work > APACHE_MAX_MATCHING)
		return NULL;
	for (size_t i = 0; i < apache->alias_count; i++) {
		const struct apache_alias *alias = &apache->aliases[i];

		if (alias->level != host && alias->level != 0)
			continue;
		rest = below(directory, alias->directory);
		if (rest != NULL)
			return url_join(apache->arena, alias->url, rest);
	}
	if (root == NULL)
		return NULL;
	rest = below(directory, root);
	if (rest != NULL)
		return url_join(apache->arena, "/", rest);
	/* A directory above the root covers all of it. */
	return below(root, directory) != NULL ? "/" : NULL;
}

static bool
is_plain(const char *text)
{
	return strpbrk(text, "*?[") == NULL;
}

/* Of a path in a configuration a request line is made: nothing may break out of it. */
static const char *
checked_url(const char *url)
{
	if (url == NULL || *url != '/' || strlen(url) > 1'000)
		return NULL;
	for (const char *byte = url; *byte != '\0'; byte++)
		if (!isgraph((unsigned char)*byte))
			return NULL;
	return url;
}

const char *
apache_request_path(struct apache_service *apache, size_t host, size_t section)
{
	const struct apache_level *level = &apache->levels[section];
	const struct apache_level *parent = &apache->levels[level->parent];
	const struct apache_item *open = level->open;
	bool is_pattern = text_ends(open->name, "Match") || text_ends(open->name, "match") ||
			  (open->word_count > 1 && strcmp(open->words[0].text, "~") == 0);
	const char *text, *base = "/";

	if (open->word_count == 0)
		return NULL;
	text = open->words[open->word_count - 1].text;
	if (strncasecmp(open->name, "Location", 8) == 0)
		return checked_url(
			is_pattern || !is_plain(text) ? literal_prefix(apache->arena, text) : text);
	if (is_pattern || !is_plain(text))
		return NULL;
	if (strncasecmp(open->name, "Directory", 9) == 0)
		return checked_url(
			directory_url(apache, host, path_normalize(apache->arena, text)));
	if (parent->kind == APACHE_LEVEL_DIRECTORY)
		base = apache_request_path(apache, host, level->parent);
	return base == NULL ? NULL
			    : checked_url(arena_printf(apache->arena, "%s%s%s", base,
				      text_ends(base, "/") ? "" : "/", text));
}
