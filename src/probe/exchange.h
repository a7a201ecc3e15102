/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conversation as a TLS client: handshake, a request where the endpoint speaks HTTP, and the
 * read that tells the verdict. Over any carrier, so that a socket and a server in memory are
 * talked to by the same code.
 */
#pragma once

#include <openssl/ssl.h>

#include "probe/answer.h"
#include "probe/probe.h"
#include "probe/transcript.h"

enum {
	EXCHANGE_QUIET = 1'000,        /* milliseconds of silence that are taken as consent */
	EXCHANGE_MAX_CA_NAMES = 1'000, /* kept of CertificateRequest */
};

/* What lies under TLS. wait returns false where reading (or writing) cannot go on before the
 * deadline. */
struct carrier {
	bool (*wait)(void *owner, bool for_writing, int64_t deadline);
	void *owner;
};

/* How a step of the conversation ended. */
enum turn {
	TURN_DONE,
	TURN_AGAIN,
	TURN_SILENT, /* the deadline came first */
	TURN_CLOSED, /* close_notify, end of file or reset */
	TURN_ALERT,  /* a fatal alert came */
	TURN_BROKEN, /* our library gave up: reason says why */
};

struct exchange {
	struct arena *arena;
	const struct endpoint *endpoint;
	const struct client *client; /* or NULL */
	const struct probe_options *options;
	struct carrier carrier;
	int64_t deadline;
	struct probe *probe;
	struct transcript transcript;
	SSL_CTX *context;
	SSL *ssl;
	SSL_SESSION *session; /* the newest that the server gave */
	bool sent_empty;      /* our Certificate message held none */
	bool server_spoke;    /* a handshake message or an alert came */
	const char *reason;   /* of TURN_CLOSED and TURN_BROKEN */
};

void exchange_end(struct exchange *); /* for CLEANUP as well */
/* Makes the exchange's probe, its context and its connection; 0, or -1 with the result in the
 * probe. arena, endpoint, client and options are set before. */
[[nodiscard]] int exchange_prepare(struct exchange *);
/* Talks; the result is in the probe. */
void exchange_run(struct exchange *);
/* Sets the result; text is one sentence. */
void exchange_conclude(struct exchange *, enum probe_layer, const char *text);
/* Puts the transcript, CA names and session into the probe. */
void exchange_finish(struct exchange *);
