/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/stand_in.h"

#include <openssl/err.h>

#include "probe/deadline.h"
#include "probe/exchange.h"
#include "probe/identity.h"
#include "probe/memory_server.h"
#include "probe/server_context.h"
#include "probe/words.h"

enum { STAND_IN_MILLISECONDS = PROBE_TIMEOUT * 1'000 };

struct stand_in {
	struct exchange exchange;
	struct endpoint endpoint;
	struct hearing hearing;
	SSL_CTX *context;
};

static void
stand_in_end(struct stand_in *stand_in)
{
	exchange_end(&stand_in->exchange);
	SSL_CTX_free(stand_in->context);
}

static void
ssl_end(SSL **ssl)
{
	SSL_free(*ssl);
}

static void
store_context_end(X509_STORE_CTX **store)
{
	X509_STORE_CTX_free(*store);
}

static void
certs_end(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static const char *
verify_text(struct arena *arena, const struct hearing *hearing)
{
	return arena_printf(arena,
		"refused by a stand-in for the server: error %d at depth %u (%s)", hearing->error,
		hearing->depth, X509_verify_cert_error_string(hearing->error));
}

/* The alert is all that a client sees; what stands behind it is known here. */
static void
explain(struct stand_in *stand_in)
{
	struct exchange *exchange = &stand_in->exchange;

	if (exchange->probe->accepted)
		exchange_conclude(exchange, LAYER_ACCEPTED,
			arena_printf(exchange->arena,
				"accepted by a stand-in for the server, over %s",
				exchange->probe->protocol));
	else if (stand_in->hearing.refused)
		exchange_conclude(exchange, exchange->probe->layer,
			verify_text(exchange->arena, &stand_in->hearing));
}

static void
shake_hands(struct stand_in *stand_in)
{
	CLEANUP(memory_server_end) struct memory_server server = {};
	struct exchange *exchange = &stand_in->exchange;
	SSL *ssl = SSL_new(stand_in->context);

	if (memory_server_begin(&server, ssl, exchange->ssl) < 0) {
		exchange_conclude(exchange, LAYER_LOCAL, "a stand-in cannot be set up here");
		return;
	}
	(void)SSL_set_app_data(ssl, &stand_in->hearing);
	exchange->carrier = (struct carrier){ memory_server_wait, &server };
	exchange_run(exchange);
	explain(stand_in);
	/* The client's end of the pair must not outlive the server's. */
	SSL_set_bio(exchange->ssl, NULL, NULL);
}

static STACK_OF(X509) * decode_chain(const struct client *client)
{
	CLEANUP(certs_end) STACK_OF(X509) *certs = sk_X509_new_null();

	for (size_t i = 0; certs != NULL && i < client->chain_length; i++) {
		X509 *cert = identity_certificate(&client->chain[i]);

		if (cert == NULL || sk_X509_push(certs, cert) == 0) {
			X509_free(cert);
			return NULL;
		}
	}
	return TAKE(certs);
}

/* As libssl does with a chain that was sent to a server (ssl_verify_cert_chain, ssl/ssl_cert.c). */
static bool
verify_as_server(struct stand_in *stand_in, SSL *ssl, STACK_OF(X509) * sent)
{
	CLEANUP(store_context_end) X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *parameters;
	bool good;

	if (store == NULL || X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(stand_in->context),
				     sk_X509_value(sent, 0), sent) != 1)
		return false;
	parameters = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_auth_level(parameters, SSL_get_security_level(ssl));
	if (X509_STORE_CTX_set_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) != 1 ||
		X509_STORE_CTX_set_default(store, "ssl_client") != 1 ||
		X509_VERIFY_PARAM_set1(parameters, SSL_get0_param(ssl)) != 1)
		return false;
	X509_STORE_CTX_set_verify_cb(store, SSL_get_verify_callback(ssl));
	good = server_context_verify(store, NULL) == 1;
	if (!good && !stand_in->hearing.refused) {
		stand_in->hearing.refused = true;
		stand_in->hearing.error = X509_STORE_CTX_get_error(store);
	}
	return good;
}

static void
verify_alone(struct stand_in *stand_in)
{
	struct exchange *exchange = &stand_in->exchange;
	CLEANUP(certs_end) STACK_OF(X509) *sent = decode_chain(exchange->client);
	CLEANUP(ssl_end) SSL *ssl = SSL_new(stand_in->context);

	transcript_add(&exchange->transcript, "the client's key is not at hand: its certificates "
					      "are verified without a handshake");
	if (sent == NULL || ssl == NULL) {
		exchange_conclude(exchange, LAYER_LOCAL,
			"the client's certificates cannot be read by our library");
		return;
	}
	(void)SSL_set_app_data(ssl, &stand_in->hearing);
	if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)
		exchange_conclude(exchange, LAYER_ACCEPTED,
			"accepted by a stand-in for the server, which asks for no certificate");
	else if (verify_as_server(stand_in, ssl, sent))
		exchange_conclude(exchange, LAYER_ACCEPTED,
			"accepted by a stand-in for the server, without a handshake");
	else
		exchange_conclude(
			exchange, LAYER_ALERT, verify_text(exchange->arena, &stand_in->hearing));
	ERR_clear_error();
}

static bool
has_usable_key(const struct client *client)
{
	return client == NULL || (client->key_path != NULL && !client->key_mismatch);
}

/* A client without its key is prepared as one that sends nothing, and then judged alone. */
static void
run(struct stand_in *stand_in, struct world *world)
{
	struct exchange *exchange = &stand_in->exchange;
	const struct client *client = exchange->client;
	const char *problem = NULL;

	if (!has_usable_key(client)) {
		exchange->client = NULL;
		problem = identity_problem(exchange->arena, client);
	}
	if (exchange_prepare(exchange) < 0)
		return;
	exchange->client = client;
	exchange->probe->client = client != NULL ? client->name : exchange->probe->client;
	if (problem != NULL) {
		exchange_conclude(exchange, LAYER_LOCAL, problem);
		return;
	}
	stand_in->context = server_context_new(exchange->arena, world, stand_in->hearing.verifier,
		&exchange->transcript, &problem);
	if (stand_in->context == NULL)
		exchange_conclude(exchange, LAYER_CONNECT, problem);
	else if (has_usable_key(client))
		shake_hands(stand_in);
	else
		verify_alone(stand_in);
}

/* The request and its answer are application data both ways. */
static struct endpoint
stand_in_endpoint(const struct verifier *verifier)
{
	struct endpoint endpoint = { .speaks_http = true, .http_path = "/" };

	if (verifier->endpoint_count > 0)
		endpoint.server_name = verifier->endpoints[0].server_name;
	return endpoint;
}

struct probe *
stand_in_probe(struct arena *arena, struct world *world, const struct verifier *verifier,
	const struct client *client, const struct probe_options *options)
{
	static const struct probe_options usual = {};
	CLEANUP(stand_in_end)
	struct stand_in stand_in = {
		.endpoint = stand_in_endpoint(verifier),
		.hearing.verifier = verifier,
	};
	struct exchange *exchange = &stand_in.exchange;

	exchange->arena = arena;
	exchange->endpoint = &stand_in.endpoint;
	exchange->client = client;
	exchange->options = options != NULL ? options : &usual;
	exchange->deadline = deadline_in(STAND_IN_MILLISECONDS);
	run(&stand_in, world);
	exchange->probe->endpoint = arena_printf(arena, "stand-in for %s", verifier->name);
	exchange_finish(exchange);
	return exchange->probe;
}
