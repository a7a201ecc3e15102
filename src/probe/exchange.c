/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "probe/exchange.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "probe/deadline.h"
#include "probe/exchange_events.h"
#include "probe/identity.h"
#include "probe/request.h"
#include "probe/session.h"
#include "probe/words.h"

enum { EXCHANGE_CHUNK = 4'096 };

static void
ssl_session_free(SSL_SESSION **session)
{
	SSL_SESSION_free(*session);
}

void
exchange_end(struct exchange *exchange)
{
	SSL_free(exchange->ssl);
	SSL_CTX_free(exchange->context);
	SSL_SESSION_free(exchange->session);
	transcript_end(&exchange->transcript);
}

void
exchange_conclude(struct exchange *exchange, enum probe_layer layer, const char *text)
{
	struct probe *probe = exchange->probe;

	probe->layer = layer;
	probe->accepted = layer == LAYER_ACCEPTED;
	probe->text = text_sanitize(exchange->arena, text, strlen(text));
	transcript_add(&exchange->transcript, "= %s", text);
}

/* Weak certificates must reach the server, which is to judge them: nothing is held back here. */
static int
loosen(SSL_CTX *context, int maximum_protocol)
{
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
	(void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
	/* So that a server which sends tickets without end meets the deadline. */
	(void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_post_handshake_auth(context, 1);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
			       SSL_CTX_set_max_proto_version(context, maximum_protocol) == 1 &&
			       SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1
		       ? 0
		       : -1;
}

/* A session of TLS 1.2 is never resumed where both sides speak 1.3. */
static void
keep_to_protocol(struct exchange *exchange, const SSL_SESSION *session)
{
	if (exchange->options->maximum_protocol == 0)
		(void)SSL_set_max_proto_version(
			exchange->ssl, SSL_SESSION_get_protocol_version(session));
}

/* A copy: libssl marks the session that it is given. */
static void
offer_session(struct exchange *exchange, const struct probe_session *resume)
{
	CLEANUP(ssl_session_free) SSL_SESSION *copy = NULL;

	if (resume == NULL || resume->session == NULL)
		return;
	copy = SSL_SESSION_dup(resume->session);
	if (copy == NULL || SSL_set_session(exchange->ssl, copy) != 1) {
		transcript_add(&exchange->transcript, "the earlier session cannot be offered");
		return;
	}
	keep_to_protocol(exchange, copy);
	transcript_add(&exchange->transcript, "a session of an earlier connection is offered");
}

static int
make_connection(struct exchange *exchange)
{
	const char *name = request_server_name(exchange->endpoint);

	exchange->ssl = SSL_new(exchange->context);
	if (exchange->ssl == NULL)
		return -1;
	exchange_listen(exchange);
	if (name != NULL && SSL_set_tlsext_host_name(exchange->ssl, name) != 1)
		return -1;
	transcript_add(&exchange->transcript, name != NULL ? "server name %s" : "no server name%s",
		name != NULL ? name : " is sent");
	offer_session(exchange, exchange->options->resume);
	return 0;
}

static const char *
endpoint_text(struct arena *arena, const struct endpoint *endpoint, const char *host)
{
	const char *wanted = host != NULL ? host : endpoint->address;
	const char *address = wanted != NULL && *wanted != '\0' ? wanted : "*";
	bool is_bare_ipv6 =
		address[0] != '[' && strchr(address, ':') != NULL && !text_starts(address, "unix:");
	const char *text = arena_printf(arena, is_bare_ipv6 ? "[%s]:%u%s%s" : "%s:%u%s%s", address,
		endpoint->port, endpoint->server_name != NULL ? " " : "",
		endpoint->server_name != NULL ? endpoint->server_name : "");

	return text_sanitize(arena, text, strlen(text));
}

static void
make_probe(struct exchange *exchange)
{
	struct probe *probe = arena_alloc(exchange->arena, sizeof(*probe));

	probe->client = exchange->client != NULL ? exchange->client->name : "no certificate";
	probe->endpoint =
		endpoint_text(exchange->arena, exchange->endpoint, exchange->options->host);
	probe->layer = LAYER_LOCAL;
	probe->transcript = probe->text = "";
	exchange->probe = probe;
}

int
exchange_prepare(struct exchange *exchange)
{
	const char *problem = NULL;

	make_probe(exchange);
	ERR_clear_error();
	exchange->context = SSL_CTX_new(TLS_client_method());
	if (exchange->context == NULL ||
		loosen(exchange->context, exchange->options->maximum_protocol) < 0) {
		exchange_conclude(exchange, LAYER_LOCAL,
			arena_printf(exchange->arena, "TLS cannot be set up here: %s",
				words_last(exchange->arena)));
		return -1;
	}
	exchange_listen_context(exchange);
	if (exchange->client != NULL &&
		identity_use(exchange->arena, exchange->context, exchange->client, &problem) < 0) {
		exchange_conclude(exchange, LAYER_LOCAL, problem);
		return -1;
	}
	if (make_connection(exchange) < 0) {
		exchange_conclude(exchange, LAYER_LOCAL,
			arena_printf(exchange->arena, "a connection cannot be set up here: %s",
				words_last(exchange->arena)));
		return -1;
	}
	transcript_add(&exchange->transcript, "the server's own certificate is not verified");
	return 0;
}

static enum turn
wait_turn(struct exchange *exchange, bool for_writing, int64_t deadline)
{
	return exchange->carrier.wait(exchange->carrier.owner, for_writing, deadline) ? TURN_AGAIN
										      : TURN_SILENT;
}

/* After a call of libssl that returned result, with errno as the call left it. */
static enum turn
turn_of(struct exchange *exchange, int result, int64_t deadline)
{
	int error = errno;

	if (result > 0)
		return TURN_DONE;
	switch (SSL_get_error(exchange->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_turn(exchange, false, deadline);
	case SSL_ERROR_WANT_WRITE:
		return wait_turn(exchange, true, deadline);
	case SSL_ERROR_ZERO_RETURN:
		exchange->reason = "close notify";
		return TURN_CLOSED;
	case SSL_ERROR_SYSCALL:
		exchange->reason = error != 0 ? strerrordesc_np(error) : "end of file";
		return TURN_CLOSED;
	default:
		break;
	}
	if (exchange->probe->alert != 0)
		return TURN_ALERT;
	exchange->reason = words_last(exchange->arena);
	/* Since OpenSSL 3 the end of the file without close_notify is an error of the protocol. */
	return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
		       ? TURN_CLOSED
		       : TURN_BROKEN;
}

static enum turn
handshake(struct exchange *exchange)
{
	enum turn turn;

	do {
		ERR_clear_error();
		errno = 0;
		turn = turn_of(exchange, SSL_connect(exchange->ssl), exchange->deadline);
	} while (turn == TURN_AGAIN);
	return turn;
}

static enum turn
write_all(struct exchange *exchange, const char *text)
{
	enum turn turn;

	do {
		ERR_clear_error();
		errno = 0;
		turn = turn_of(exchange, SSL_write(exchange->ssl, text, (int)strlen(text)),
			exchange->deadline);
	} while (turn == TURN_AGAIN);
	return turn;
}

/* Reads once, into the buffer. */
static enum turn
read_some(struct exchange *exchange, struct buffer *answer, int64_t deadline)
{
	uint8_t chunk[EXCHANGE_CHUNK];
	int got;

	ERR_clear_error();
	errno = 0;
	got = SSL_read(exchange->ssl, chunk, sizeof(chunk));
	if (got > 0)
		buffer_add(answer, chunk, (size_t)got);
	return turn_of(exchange, got, deadline);
}

/* An alert always carries the verdict; it may come in place of anything. */
static void
conclude_alert(struct exchange *exchange)
{
	exchange_conclude(exchange, LAYER_ALERT,
		arena_printf(exchange->arena, "refused by TLS %s%s",
			alert_text(exchange->arena, exchange->probe->alert),
			exchange->sent_empty && exchange->client != NULL
				? "; no certificate was sent, since the server takes no signature "
				  "that the client's key can make"
				: ""));
}

static void
conclude_failure(struct exchange *exchange, enum turn turn, const char *when)
{
	struct arena *arena = exchange->arena;

	switch (turn) {
	case TURN_ALERT:
		conclude_alert(exchange);
		break;
	case TURN_CLOSED:
		exchange_conclude(exchange, LAYER_CLOSED,
			arena_printf(arena,
				"the server closed the connection %s without a word: %s", when,
				exchange->reason));
		break;
	case TURN_SILENT:
		exchange_conclude(exchange, LAYER_LOCAL,
			arena_printf(arena, "the server did not answer in time %s", when));
		break;
	default:
		exchange_conclude(exchange, LAYER_LOCAL,
			arena_printf(arena, "no TLS conversation could be had %s: %s", when,
				exchange->reason));
		break;
	}
}

static void
conclude_accepted(struct exchange *exchange, const char *how)
{
	exchange_conclude(exchange, LAYER_ACCEPTED,
		arena_printf(exchange->arena, "accepted over %s%s: %s", exchange->probe->protocol,
			exchange->probe->resumed ? ", resumed" : "", how));
}

/* What the server says within a second: only servers that speak first or refuse say anything. */
static void
listen_quietly(struct exchange *exchange)
{
	CLEANUP(buffer_free) struct buffer answer = {};
	int64_t deadline = deadline_in(EXCHANGE_QUIET);
	enum turn turn;

	if (deadline > exchange->deadline)
		deadline = exchange->deadline;
	do {
		turn = read_some(exchange, &answer, deadline);
	} while (turn == TURN_AGAIN);
	if (turn == TURN_DONE)
		conclude_accepted(exchange, "the server sent data");
	else if (turn == TURN_SILENT)
		conclude_accepted(exchange, "the server keeps the connection");
	else
		conclude_failure(exchange, turn, "at the first read");
}

/* A status that refuses is worth its page, but not more than a second of waiting. */
static enum turn
read_answer(struct exchange *exchange, struct buffer *bytes, struct answer *ret)
{
	int64_t deadline = exchange->deadline, brief;
	enum turn turn;

	*ret = (struct answer){};
	do {
		size_t before = bytes->length;

		turn = read_some(exchange, bytes, deadline);
		if (bytes->length > before)
			answer_read(exchange->arena, buffer_span(bytes), ret);
		if (ret->status != 0 && (!ret->refuses || ret->names_certificate))
			break;
		brief = deadline_in(EXCHANGE_QUIET);
		if (ret->status != 0 && brief < deadline)
			deadline = brief;
	} while ((turn == TURN_DONE || turn == TURN_AGAIN) && bytes->length < PROBE_MAX_ANSWER &&
		 deadline_left(deadline) > 0);
	if (turn == TURN_AGAIN || turn == TURN_DONE)
		turn = TURN_SILENT;
	return turn;
}

static void
conclude_answer(struct exchange *exchange, const struct answer *answer)
{
	struct arena *arena = exchange->arena;

	exchange->probe->status = answer->status;
	transcript_add(&exchange->transcript, "<- HTTP %d %s", answer->status, answer->words);
	if (answer->refuses)
		exchange_conclude(exchange, LAYER_HTTP,
			arena_printf(arena, "refused by HTTP %d (%s)%s", answer->status,
				answer->words,
				answer->names_certificate
					? ""
					: "; the answer does not speak of the certificate"));
	else
		conclude_accepted(exchange, arena_printf(arena, "HTTP %d", answer->status));
}

/* A write that fails is not the verdict: the alert that says why is still to be read. */
static void
speak_http(struct exchange *exchange)
{
	CLEANUP(buffer_free) struct buffer bytes = {};
	struct answer answer;
	enum turn turn = write_all(exchange, request_text(exchange->arena, exchange->endpoint));

	if (turn == TURN_SILENT || turn == TURN_ALERT) {
		conclude_failure(exchange, turn, "when the request was sent");
		return;
	}
	if (turn == TURN_DONE)
		transcript_add(&exchange->transcript, "-> GET request");
	turn = read_answer(exchange, &bytes, &answer);
	if (answer.status != 0)
		conclude_answer(exchange, &answer);
	else if (exchange->probe->alert != 0)
		conclude_alert(exchange);
	else if (bytes.length > 0 && !text_starts((const char *)bytes.data, "HTTP/"))
		conclude_accepted(exchange, "the server sent data that is no HTTP answer");
	else
		conclude_failure(exchange, turn, "at the first read");
}

/* Without our close_notify libssl would hold the session to be spoiled (ssl_clear_bad_session). */
static void
say_goodbye(struct exchange *exchange)
{
	if (exchange->probe->accepted || exchange->probe->layer == LAYER_HTTP)
		(void)SSL_shutdown(exchange->ssl);
	ERR_clear_error();
}

void
exchange_run(struct exchange *exchange)
{
	struct probe *probe = exchange->probe;
	enum turn turn = handshake(exchange);

	if (turn != TURN_DONE) {
		conclude_failure(exchange, turn,
			exchange->server_spoke ? "in the handshake" : "before it said anything");
		return;
	}
	probe->protocol = SSL_get_version(exchange->ssl);
	probe->resumed = SSL_session_reused(exchange->ssl) == 1;
	transcript_add(&exchange->transcript, "handshake complete, %s%s", probe->protocol,
		probe->resumed ? ", session resumed" : "");
	if (exchange->endpoint->speaks_http)
		speak_http(exchange);
	else
		listen_quietly(exchange);
	say_goodbye(exchange);
}

static void
keep_ca_names(struct exchange *exchange)
{
	const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(exchange->ssl);
	int count = names != NULL ? sk_X509_NAME_num(names) : 0;
	const char **texts;

	if (count <= 0 || !exchange->probe->asked)
		return;
	if (count > EXCHANGE_MAX_CA_NAMES) {
		transcript_add(&exchange->transcript, "of %d CA names the first %d are kept", count,
			EXCHANGE_MAX_CA_NAMES);
		count = EXCHANGE_MAX_CA_NAMES;
	}
	texts = arena_alloc(exchange->arena, (size_t)count * sizeof(texts[0]));
	for (int i = 0; i < count; i++) {
		const unsigned char *der = NULL;
		size_t length = 0;

		(void)X509_NAME_get0_der(sk_X509_NAME_value(names, i), &der, &length);
		texts[i] = name_text(exchange->arena, span_of(der, length));
	}
	exchange->probe->ca_names = texts;
	exchange->probe->ca_name_count = (size_t)count;
}

static void
hand_over_session(struct exchange *exchange)
{
	struct probe_session *session;

	if (exchange->options->ret_session == NULL)
		return;
	*exchange->options->ret_session = NULL;
	/* A resumption of TLS 1.2 need not give a new one: the old one goes on. */
	if (exchange->session == NULL && exchange->probe->resumed)
		exchange->session = SSL_get1_session(exchange->ssl);
	if (exchange->session == NULL || SSL_SESSION_is_resumable(exchange->session) != 1)
		return;
	session = mem_zalloc(sizeof(*session));
	session->session = TAKE(exchange->session);
	*exchange->options->ret_session = session;
}

void
exchange_finish(struct exchange *exchange)
{
	if (exchange->ssl != NULL)
		keep_ca_names(exchange);
	hand_over_session(exchange);
	exchange->probe->transcript = transcript_text(&exchange->transcript, exchange->arena);
}
