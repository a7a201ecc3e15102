/* SPDX-License-Identifier: Apache-2.0 */
#include "services/products/nginx_listen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
	PORT_MAX = 65535,
	PORT_HTTP = 80,
	PORT_MAIL = 0,
	NGINX_MAX_LISTENS = 1'000 /* of a server */
};

static const char unix_prefix[] = "unix:";

/* A port, or the first of a range. 0 where it is none. */
static unsigned
parse_port(struct arena *arena, const char *text)
{
	const char *number = arena_strndup(arena, text, strcspn(text, "-"));
	uint64_t port;

	return text_number(number, PORT_MAX, &port) < 0 ? 0 : (unsigned)port;
}

static void
set_host(struct arena *arena, const char *host, unsigned port, struct nginx_listen *ret)
{
	bool any = *host == '\0' || strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0;
	struct in6_addr address;
	char canonical[INET6_ADDRSTRLEN];

	ret->port = port;
	ret->is_plain = port != 0;
	if (any) {
		ret->address = "0.0.0.0";
		ret->key = arena_printf(arena, "*:%u", port);
		return;
	}
	if (inet_pton(AF_INET6, host, &address) == 1 &&
		inet_ntop(AF_INET6, &address, canonical, sizeof(canonical)) != NULL) {
		ret->address = arena_strdup(arena, canonical);
		ret->key = arena_printf(arena, "[%s]:%u", canonical, port);
		return;
	}
	ret->address = arena_strdup(arena, host);
	ret->key = arena_printf(arena, "%s:%u", host, port);
}

/* address[:port], port, [address6][:port], unix:path (ngx_parse_url). */
static void
parse_address(struct arena *arena, const char *text, unsigned usual, struct nginx_listen *ret)
{
	const char *end, *colon;

	if (strncasecmp(text, unix_prefix, strlen(unix_prefix)) == 0) {
		ret->key = ret->address = text;
		return;
	}
	if (*text == '[') {
		end = strchr(text, ']');
		if (end == NULL)
			end = text + strlen(text);
		set_host(arena, arena_strndup(arena, text + 1, (size_t)(end - text - 1)),
			text_starts(end, "]:") ? parse_port(arena, end + 2) : usual, ret);
		return;
	}
	colon = strchr(text, ':');
	if (colon != NULL) {
		set_host(arena, arena_strndup(arena, text, (size_t)(colon - text)),
			parse_port(arena, colon + 1), ret);
		return;
	}
	if (strspn(text, "0123456789-") == strlen(text))
		set_host(arena, "", parse_port(arena, text), ret);
	else
		set_host(arena, text, usual, ret);
}

static void
parse_options(const struct nginx_directive *directive, struct nginx_listen *ret)
{
	for (size_t i = 2; i < directive->word_count; i++) {
		const char *option = directive->words[i].text;

		if (strcmp(option, "ssl") == 0)
			ret->ssl = true;
		if (strcmp(option, "default_server") == 0 || strcmp(option, "default") == 0)
			ret->is_default = true;
		if (strcmp(option, "proxy_protocol") == 0 || strcmp(option, "udp") == 0)
			ret->is_plain = false;
	}
}

static void
read_listens(struct arena *arena, struct nginx_server *server)
{
	unsigned usual = server->module == NGINX_HTTP ? PORT_HTTP : PORT_MAIL;
	size_t capacity = 0;

	for (const struct nginx_directive *directive =
			nginx_directive_find(server->block->children, "listen");
		directive != NULL && server->listen_count < NGINX_MAX_LISTENS;
		directive = nginx_directive_find(directive->next, "listen")) {
		struct nginx_listen listen = { 0 };

		if (directive->word_count < 2)
			continue;
		parse_address(arena, directive->words[1].text, usual, &listen);
		parse_options(directive, &listen);
		server->listens = arena_grow(arena, server->listens, server->listen_count,
			&capacity, sizeof(*server->listens));
		server->listens[server->listen_count++] = listen;
	}
	/* "If the directive is not present then *:80 is used" */
	if (server->listen_count == 0 && server->module == NGINX_HTTP) {
		server->listens = arena_alloc(arena, sizeof(*server->listens));
		server->listen_count = 1;
		set_host(arena, "", PORT_HTTP, server->listens);
	}
}

struct claim {
	enum nginx_module module;
	size_t order;
	struct nginx_listen *listen;
};

static bool
same_address(const struct claim *a, const struct claim *b)
{
	return a->module == b->module && strcmp(a->listen->key, b->listen->key) == 0;
}

static int
claim_compare(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = (int)left->module - (int)right->module;

	if (order == 0)
		order = strcmp(left->listen->key, right->listen->key);
	return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

/* The claims on one address: TLS where one of them says so; the first is the default where none
 * claims to be. */
static void
settle(struct claim *claims, size_t count)
{
	bool ssl = false, has_default = false;

	for (size_t i = 0; i < count; i++) {
		ssl = ssl || claims[i].listen->ssl;
		has_default = has_default || claims[i].listen->is_default;
	}
	for (size_t i = 0; i < count; i++)
		claims[i].listen->ssl = ssl;
	if (!has_default)
		claims[0].listen->is_default = true;
}

void
nginx_listens_read(struct arena *arena, struct nginx_server *servers, size_t count)
{
	struct claim *claims;
	size_t total = 0, used = 0;

	for (size_t i = 0; i < count; i++) {
		read_listens(arena, &servers[i]);
		for (size_t j = 0; j < servers[i].listen_count; j++)
			servers[i].listens[j].ssl |= servers[i].ssl_switch;
		total += servers[i].listen_count;
	}
	claims = arena_alloc(arena, (total + 1) * sizeof(*claims));
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < servers[i].listen_count; j++) {
			claims[used] =
				(struct claim){ servers[i].module, used, &servers[i].listens[j] };
			used++;
		}
	if (used > 0)
		qsort(claims, used, sizeof(*claims), claim_compare);
	for (size_t start = 0, end; start < used; start = end) {
		for (end = start + 1; end < used && same_address(&claims[start], &claims[end]);)
			end++;
		settle(&claims[start], end - start);
	}
}

/* RFC 6066 3: a host name in SNI is a DNS name, never an address. */
static bool
is_host_name(const char *name)
{
	struct in_addr address;
	struct in6_addr address6;

	return *name != '\0' && inet_pton(AF_INET, name, &address) != 1 &&
	       inet_pton(AF_INET6, name, &address6) != 1 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
		       strlen(name);
}

/* A name that the given one stands for: itself, or one below or beside its wildcard. */
static const char *
name_example(struct arena *arena, const char *name)
{
	if (*name == '.')
		name++;
	if (text_starts(name, "*."))
		return arena_printf(arena, "www%s", name + 1);
	if (text_ends(name, ".*"))
		return arena_printf(arena, "%.*sexample", (int)strlen(name) - 1, name);
	return name;
}

const char *
nginx_server_name(struct arena *arena, const struct nginx_server *server)
{
	const char *wildcard = NULL;

	for (const struct nginx_directive *directive =
			nginx_directive_find(server->block->children, "server_name");
		directive != NULL; directive = nginx_directive_find(directive->next, "server_name"))
		for (size_t i = 1; i < directive->word_count; i++) {
			const char *name = directive->words[i].text;

			if (is_host_name(name) && *name != '.')
				return name;
			name = name_example(arena, name);
			if (wildcard == NULL && is_host_name(name))
				wildcard = name;
		}
	return wildcard;
}
