/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bench for probes: a PKI, a directory of files, clients that were read from them, and a libssl
 * server in a child that behaves, or misbehaves, in one of many manners.
 */
#pragma once

#include "pki.h"
#include "probe/probe.h"

enum { BENCH_MAX_PATH = 256 };

struct bench {
	struct pki *pki;
	struct arena *arena;
	const char *directory;
	const struct pki_cert *root, *server; /* made by bench_begin */
};

struct bench bench_begin(void);
void bench_end(struct bench *);

/* A path in the directory, and a file with this text there; both from the arena. */
const char *bench_path(struct bench *, const char *name);
const char *bench_write(struct bench *, const char *name, const char *text);
/* PEM text of one certificate, from the arena. */
const char *bench_pem(struct bench *, const struct pki_cert *);
/* Writes leaf, what it sends and (with_key) its key; reads it as a client. */
const struct client *bench_client(struct bench *, const char *name, const struct pki_cert *leaf,
	const struct pki_cert *sent, bool with_key);

enum manner {
	MANNER_HTTP,      /* answers a request with spec.status */
	MANNER_GREETS,    /* sends a line that is no HTTP as soon as the handshake is done */
	MANNER_SILENT,    /* keeps the connection and says nothing */
	MANNER_CLOSES,    /* close_notify after the handshake */
	MANNER_TRUNCATES, /* end of file after the handshake, without close_notify */
	MANNER_RESETS,    /* RST after the handshake */
	MANNER_HANGS,     /* accepts the connection and never speaks */
	MANNER_GARBAGE,   /* speaks, but no TLS */
	MANNER_DROPS,     /* closes the connection at once */
	MANNER_STUTTERS,  /* ends in the middle of a status line */
	MANNER_FLOODS,    /* sends tickets without end */
	MANNER_ASKS_LATE, /* asks for the certificate when the request is there */
};

struct server_spec {
	enum manner manner;
	int protocol;                   /* TLS1_2_VERSION or TLS1_3_VERSION */
	const struct pki_cert *trusted; /* a certificate must verify by this one; NULL: not asked */
	bool forgets;                   /* new ticket keys for each connection */
	int status;                     /* of HTTP; 0: 200 */
	const char *body;
	bool ipv6;
};

struct server {
	pid_t child;
	unsigned port;
};

struct server server_start(struct bench *, const struct server_spec *);
void server_stop(struct server *); /* for CLEANUP as well */
/* A loopback port that nobody listens on. */
unsigned port_free(void);
