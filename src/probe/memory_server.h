/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS server in memory, which runs when its client waits: one handshake, one request, one
 * answer. */
#pragma once

#include <openssl/ssl.h>

#include "probe/exchange.h"

enum memory_server_state { SERVER_ACCEPTS, SERVER_READS, SERVER_ANSWERS, SERVER_ENDED };

enum { MEMORY_SERVER_MAX_REQUEST = 8'192 };

struct memory_server {
	SSL *ssl;
	BIO *near, *far; /* the server's end and the client's; the connections own them */
	enum memory_server_state state;
	struct buffer request;
};

void memory_server_end(struct memory_server *); /* for CLEANUP as well */
/* Takes the server's connection and gives the client its end. 0 or -1. */
[[nodiscard]] int memory_server_begin(struct memory_server *, SSL *adopt, SSL *client);
/* A carrier of the client; owner is the struct memory_server. */
bool memory_server_wait(void *owner, bool for_writing, int64_t deadline);
