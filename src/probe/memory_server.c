/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/memory_server.h"

#include <openssl/err.h>
#include <string.h>

static const char answer_text[] =
	"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

enum { SERVER_CHUNK = 1'024 };

void
memory_server_end(struct memory_server *server)
{
	SSL_free(server->ssl);
	buffer_free(&server->request);
}

int
memory_server_begin(struct memory_server *server, SSL *adopt, SSL *client)
{
	*server = (struct memory_server){ .ssl = adopt };
	if (adopt == NULL || BIO_new_bio_pair(&server->near, 0, &server->far, 0) != 1)
		return -1;
	SSL_set_bio(server->ssl, server->near, server->near);
	SSL_set_bio(client, server->far, server->far);
	SSL_set_accept_state(server->ssl);
	return 0;
}

/* The client reads what is left, and then the end of the file. */
static void
hang_up(struct memory_server *server)
{
	(void)BIO_shutdown_wr(server->near);
	server->state = SERVER_ENDED;
}

/* Whether the call can be made again at once; false where it waits or the conversation ended. */
static bool
went_on(struct memory_server *server, int result, enum memory_server_state next)
{
	int error;

	if (result > 0) {
		server->state = next;
		return true;
	}
	error = SSL_get_error(server->ssl, result);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		hang_up(server);
	return false;
}

static bool
read_request(struct memory_server *server)
{
	char chunk[SERVER_CHUNK];
	int got = SSL_read(server->ssl, chunk, sizeof(chunk));
	bool whole;

	if (got > 0)
		buffer_add(&server->request, chunk, (size_t)got);
	whole = server->request.length > MEMORY_SERVER_MAX_REQUEST ||
		span_find(buffer_span(&server->request), "\r\n\r\n", 0) != SIZE_MAX;
	return went_on(server, got, whole ? SERVER_ANSWERS : SERVER_READS);
}

/* One step; false where there is nothing to do until the client has done something. */
static bool
step(struct memory_server *server)
{
	ERR_clear_error();
	switch (server->state) {
	case SERVER_ACCEPTS:
		return went_on(server, SSL_accept(server->ssl), SERVER_READS);
	case SERVER_READS:
		return read_request(server);
	case SERVER_ANSWERS:
		if (!went_on(server, SSL_write(server->ssl, answer_text, (int)strlen(answer_text)),
			    SERVER_ENDED))
			return false;
		(void)SSL_shutdown(server->ssl);
		hang_up(server);
		return false;
	case SERVER_ENDED:
		break;
	}
	return false;
}

bool
memory_server_wait(void *owner, bool for_writing, int64_t)
{
	struct memory_server *server = owner;

	while (step(server))
		continue;
	ERR_clear_error();
	if (for_writing)
		return BIO_get_write_guarantee(server->far) > 0;
	/* The end of the file can be read too. */
	return BIO_pending(server->far) > 0 || server->state == SERVER_ENDED;
}
