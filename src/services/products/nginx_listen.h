/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where nginx listens: the listen directive, and which server block of an address is meant by which
 * name. "ssl" and "default_server" belong to the address, not to the block that says so
 * (ngx_http_add_addresses).
 */
#pragma once

#include "services/grammars/nginx.h"

enum nginx_module { NGINX_HTTP, NGINX_STREAM, NGINX_MAIL };

struct nginx_listen {
	const char *key;     /* "127.0.0.1:8443", "*:443", "[::]:443", "unix:/run/x.sock" */
	const char *address; /* "127.0.0.1", "0.0.0.0", "::" */
	unsigned port;       /* 0: a socket of the file system */
	bool ssl, is_default;
	bool is_plain; /* a client can connect at once: TCP, and no PROXY header is wanted */
};

struct nginx_server {
	enum nginx_module module;
	const struct nginx_directive *block, *outer; /* the server and what it stands in */
	struct nginx_listen *listens;
	size_t listen_count;
	bool ssl_switch; /* "ssl on", its own or inherited */
};

/* Reads the listen directives of each, then settles what they share. */
void nginx_listens_read(struct arena *, struct nginx_server *servers, size_t count);
/* A name by which clients can ask for this server (SNI), or NULL. */
const char *nginx_server_name(struct arena *, const struct nginx_server *);
