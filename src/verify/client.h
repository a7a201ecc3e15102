/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients: the certificates to test with, those that must be accepted and those that must be
 * refused. Where none is at hand, one is supposed for an issuing CA.
 */
#pragma once

#include "world/world.h"
#include "x509/x509.h"

enum { CLIENT_MAX_CHAIN = 32, CLIENT_MAX = 100'000, CLIENT_MAX_FILE = 1 << 20 };

struct client {
	const char *name; /* "accept/alice.pem"; of a supposed one "any client of CN=Issuing CA" */
	bool must_be_accepted;
	const char *path;         /* the file; NULL where supposed */
	const char *key_path;     /* file that holds its key, or NULL: no handshake can be made */
	bool key_mismatch;        /* the key there is not the certificate's */
	const struct cert *chain; /* leaf first, then what it sends; of a supposed client: what it
				     would send, without the leaf */
	size_t chain_length;
	/* What it sends behind that: of all clients the same, for as long as they are judged. */
	const struct cert *shared;
	size_t shared_count;
	const struct cert
		*supposed_issuer; /* not NULL: the client is hypothetical, below this CA */
	const char *problem;      /* the file holds no certificate, or is damaged; for people;
				     chain_length is 0 then */
};

struct clients {
	struct client *list;
	size_t count, capacity;
};

/* Reads DIR/accept and DIR/reject, names sorted. Files are the operator's own, on the host. */
[[nodiscard]] int clients_read(
	struct arena *, const char *directory, struct clients *, struct err *err);
[[nodiscard]] int clients_read_one(struct arena *, const char *path, bool must_be_accepted,
	const char *name, struct clients *, struct err *err);
/* Supposes one client of this CA, which sends the given intermediates. */
void clients_suppose(struct arena *, const struct cert *issuer, const struct cert *sent,
	size_t sent_count, struct clients *);
