/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real handshakes: one client certificate against one endpoint, fresh and resumed, told from the
 * application data.
 *
 * A handshake that completes proves nothing: in TLS 1.3 the refusal comes at the first read, and
 * nginx refuses with HTTP 400 after a real success. So a probe always reads.
 *
 * Life of a probe: dial (a socket), identity (exactly the certificates that the client sends),
 * exchange (handshake, request, answer; over any carrier), answer (what an HTTP answer says). The
 * server's own certificate is not verified: the question is what the server makes of ours.
 * LAYER_CONNECT and LAYER_LOCAL leave the verdict open: nobody judged the certificate.
 *
 * stand_in.h answers for a server that is down, with the same exchange over memory.
 */
#pragma once

#include "verify/client.h"
#include "verify/verifier.h"

enum {
	PROBE_TIMEOUT = 10,          /* seconds for one connection */
	PROBE_MAX_ANSWER = 64 << 10, /* bytes read of an answer */
};

enum probe_layer {
	LAYER_ACCEPTED, /* application data came that is no refusal of the certificate */
	LAYER_CONNECT,  /* no TCP connection */
	LAYER_ALERT,    /* TLS alert */
	LAYER_CLOSED,   /* closed or reset without a word at the first read */
	LAYER_HTTP,     /* an HTTP answer that refuses the certificate: 400, 403, 421, 495, 496 */
	LAYER_LOCAL,    /* our side failed: the key cannot be used, the server's side is no TLS */
};

struct probe {
	const char *client, *endpoint; /* names */
	bool accepted;
	enum probe_layer layer;
	int alert;                   /* TLS alert number, or 0 */
	int status;                  /* HTTP status, or 0 */
	bool resumed;                /* this connection resumed a session */
	const char *protocol;        /* "TLSv1.3", or NULL */
	const char *text;            /* one sentence, sanitised */
	bool asked;                  /* the server sent CertificateRequest */
	const char *const *ca_names; /* the names in it, sanitised */
	size_t ca_name_count;
	const char *transcript; /* a line an event */
};

struct probe_session; /* opaque: a ticket of an earlier connection, to be resumed */

void probe_session_free(struct probe_session *);

struct probe_options {
	const char *host;                   /* overrides the endpoint's address, or NULL */
	int maximum_protocol;               /* TLS1_2_VERSION, TLS1_3_VERSION, or 0 */
	const struct probe_session *resume; /* or NULL */
	struct probe_session *
		*ret_session; /* takes the session that the server gave; NULL: not wanted */
	int timeout;          /* milliseconds; 0: PROBE_TIMEOUT seconds */
};

/* client NULL: no certificate is sent. Never fails: what went wrong is in the result. */
struct probe *probe_endpoint(struct arena *, const struct endpoint *, const struct client *,
	const struct probe_options *);
const char *probe_layer_name(enum probe_layer);
