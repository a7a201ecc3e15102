/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging loose certificates: what verify reads, as clients of a target's verifiers or of one made
 * of loose files. They come portion by portion, are judged on all processors, and their rows go out
 * in the order in which the certificates came; nothing is kept of them.
 */
#pragma once

#include <pthread.h>

#include "cli/cli.h"
#include "stores/portions.h"
#include "verify/engine.h"

enum {
	LOOSE_MAX_ENGINES = ENGINE__COUNT + 1, /* and RFC 5280 itself */
	LOOSE_UNREADABLE = 1,                  /* X509_V_ERR_UNSPECIFIED */
	/* What is looked up while a list is read, and small files that are read for that before
	 * they are judged; of other certificates the list is asked afterwards. */
	LOOSE_MAX_SERIALS = 1'000'000,
	LOOSE_EXPECTED_FILES = 64,
	LOOSE_EXPECTED_SIZE = 256 << 10,
	/* Bytes of divisions from which on none is added: they stand behind all rows, and are kept
	 * until then. Rows say who accepts and who refuses, too. */
	LOOSE_MAX_DIVISIONS = 16 << 20,
};

/* Before whom each certificate comes. */
struct bar {
	const struct verifier *verifier;
	const struct trust *trust;
	const char *name; /* of the verifier, where there may be several; or NULL */
};

struct tally {
	size_t judged, refused, unknown; /* rows; of those that are not accepted */
	size_t critical, warnings;       /* certificates with such lints */
};

struct loose {
	struct session *session;
	struct stores *stores;
	pthread_t caller; /* the thread that brings portions */
	struct bar *bars;
	size_t bar_count, bar_capacity;
	struct cert *untrusted;
	size_t untrusted_count, untrusted_capacity;
	struct span *serials; /* that lists will be asked for */
	size_t serial_count, serial_capacity;
	struct ocsp_stored *stored;
	size_t stored_count, stored_capacity;
	const struct ocsp_desk *ocsp; /* or NULL */
	struct portions *portions;
	struct key_tables *tables; /* shared by all who judge */
	struct tally tally;
	struct buffer divisions; /* items of JSON, each with the comma before it */
	size_t divisions_more;   /* for which there was no room */
};

/* One portion on its way: from whoever reads to whoever judges to whoever writes. */
struct sheet {
	struct portion *portion;
	const struct store *store; /* instead of it: objects of a token */
	struct buffer rows, divisions;
	size_t division_count, divisions_more; /* in there; for which there was no room */
	struct tally tally;
};

/* One thread's. */
struct loose_worker {
	const struct loose *loose;
	struct judge *judge; /* made at first use, as are the stores */
	struct stores *stores;
};

[[nodiscard]] int loose_verify(struct loose *);
/* 0: all were accepted. 1: lints warn. 2: one was refused, or a lint is critical. 3: of one it is
 * not known. */
int loose_status(const struct loose *);

/* A path of the command line as the world has it. */
const char *loose_path(struct loose *, const char *name);
/* What the options name as trusted and as revocation lists; and as sent by all clients. */
[[nodiscard]] int loose_trust(struct loose *, struct trust *ret);
[[nodiscard]] int loose_untrusted(struct loose *);
/* Reads the answers of OCSP that the options name, for all judges. */
[[nodiscard]] int loose_ocsp(struct loose *);
/* As the options describe it, once for each engine that they name. */
[[nodiscard]] int loose_verifiers(
	struct session *, struct verifier ret[static LOOSE_MAX_ENGINES], size_t *ret_count);

/* Fills the sheet's rows. */
void loose_judge(struct loose_worker *, struct sheet *);
void loose_worker_end(struct loose_worker *);
