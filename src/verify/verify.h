/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judgement. A verifier's stores become a trust; a client is judged against it. Path
 * exploration follows every candidate issuer, within stated bounds, and keeps for each path every
 * rule that failed. Beside it the verifier's own library is asked, with exactly the flags that the
 * server sets: that verdict decides, ours explains it, and where they differ the difference is
 * shown.
 */
#pragma once

#include "verify/client.h"
#include "verify/ocsp.h"
#include "verify/verifier.h"

enum {
	PATH_MAX_DEPTH = 32,          /* certificates on one path */
	PATH_MAX_PATHS = 1'000,       /* kept for one client */
	PATH_MAX_SIGNATURES = 10'000, /* checked for one client */
	PATH_MAX_FAILURES = 64,       /* kept for one path */
};

/* One certificate or CRL as the engine holds it. */
struct trusted {
	const struct cert *cert;
	struct trust_settings settings;
	const struct store *store;
	const struct entry *entry;
};

/* What an engine holds once it has loaded a verifier's sources. */
struct trust {
	bool loads; /* the server starts with these stores */
	const struct trust_source
		*failed; /* the first source that it does not start with, or NULL */
	const struct store *failed_store;
	const char *error;       /* why, in the library's words or ours */
	struct trusted *anchors; /* every certificate it holds, root or intermediate */
	size_t anchor_count;
	const struct crl **crls;
	const struct entry **crl_entries; /* parallel to crls */
	size_t crl_count;
	const struct cert **ocsp_signers; /* that may answer for any CA (httpd) */
	size_t ocsp_signer_count;
	const struct store **stores; /* by source, parallel to verifier->sources */
	struct digest content;       /* of anchors with their settings and CRLs, in this order */
};

/* Whether it does not load because nobody can tell what a store holds: that says nothing of the
 * server. */
bool trust_is_unknown(const struct trust *);

/* Who opens a path: the process that loads, and the one that handles connections. */
struct readers {
	const struct credentials *at_load, *at_handshake; /* NULL: may read everything */
};

/*
 * Reads the verifier's sources in a world. A source that may not be read by whom it must be is as
 * good as missing. Everything is from the arena or the stores.
 */
struct trust *trust_load(struct arena *, struct stores *, struct world *, const struct verifier *,
	const struct readers *);

/* Sets content; for who fills a trust by hand. trust_load has done it. */
void trust_seal(struct trust *);

struct rule;

enum origin { ORIGIN_CLIENT, ORIGIN_STORE };

/* A rule that failed at one certificate of a path. */
struct failure {
	const char *rule;      /* its name: "validity", "key-usage" … */
	const struct rule *by; /* NULL: it could not be read as a certificate */
	int error;             /* the number by which OpenSSL would report it (X509_V_ERR_…) */
	int engine_error;      /* that of the engine that is modelled; 0: as above */
	const char *source;    /* where that engine asks it; NULL: text says the clause */
	unsigned depth;        /* 0 is the leaf */
	const struct cert
		*cert; /* the certificate it failed at; NULL: the supposed leaf, or a missing one */
	const struct crl *crl;           /* where a CRL is at fault */
	const struct ocsp_opinion *ocsp; /* where OCSP is */
	const char *text;                /* one sentence with the clause */
};

struct path {
	const struct cert
		*certs[PATH_MAX_DEPTH]; /* leaf first; certs[0] is NULL for a supposed client */
	enum origin origins[PATH_MAX_DEPTH];
	const struct trusted *anchors[PATH_MAX_DEPTH]; /* where origin is a store */
	unsigned length;
	bool ends_in_anchor; /* its last certificate is one that may end a path */
	bool bounded;        /* a rule met its bound: more could be wrong, or less */
	const struct ocsp_opinion
		*ocsp; /* the leaf's first; of a path that is sound but for that */
	size_t ocsp_count;
	struct failure failures[PATH_MAX_FAILURES];
	unsigned failure_count;
};

struct verdict {
	bool accepted; /* the engine's word, after what the verifier ignores */
	const char *engine;
	int error; /* the engine's number, X509_V_… where RFC 5280 decides; 0 where accepted */
	const char *text; /* the engine's text of it */
	unsigned depth;
	const char *rule;          /* the rule that refuses, as far as known; NULL where accepted */
	bool undetermined;         /* a bound was met */
	bool below_partial_anchor; /* refused for a CRL that would cover the anchor itself, which is
				      no root */
	const char *difference;    /* our own judgement differs: how; NULL where they agree */
	struct path *paths;        /* best first: fewest failures, then longest */
	size_t path_count;
};

/* What would have to change for this failure not to be, of the certificate that it is at; and how
 * much that asks of people: a lesser number is less. */
const char *failure_change(const struct failure *, unsigned *ret_cost);
/* Whether it lies between the certificate and the next one of the path. */
bool failure_is_of_edge(const struct failure *);

/* What decides where no library does. */
#define JUDGE_STANDARD "rfc5280"

struct judge; /* opaque: signature results, decoded keys and engine objects of one examination */

void judge_free(struct judge *);
ALLOCATES(judge_free) struct judge *judge_new(void);
DEFINE_CLEANUP(struct judge, judge_free)

/* These will be judged: what takes the library long is begun beside what the caller does next. The
 * clients must outlive the judge. */
void judge_expect(struct judge *, const struct clients *);
/* at: the moment to judge by. Results are from the arena. Trusts that hold the same bytes share
 * work. */
const struct verdict *judge_client(struct judge *, struct arena *, const struct verifier *,
	const struct trust *, const struct client *, int64_t at);
/*
 * The same verdict, for one of many clients and where nobody asks for the paths: one that is
 * accepted by RFC 5280 itself may come without them. The verifier and what the trust holds must
 * outlive the judge, and not change.
 */
const struct verdict *judge_briefly(struct judge *, struct arena *, const struct verifier *,
	const struct trust *, const struct client *, int64_t at);
/* Clients that judge_briefly will be asked about soon, by that verifier: what is looked at together
 * faster than in each is looked at now. */
void judge_foresee(struct judge *, const struct verifier *, const struct trust *,
	const struct cert *const *certs, size_t count, int64_t at);
/* Between clients: lets go of what was learnt of them where that is much. */
void judge_trim(struct judge *);
/* The judge's own cache of signatures. */
struct signature_cache *judge_signatures(struct judge *);

/* Answers of OCSP, stored or asked for, of which verdicts take account from now on. They outlive
 * the judge. */
void judge_use_ocsp(struct judge *, const struct ocsp_desk *);

/* By many keys that sign much, its and other judges' signatures are checked faster; borrowed. */
void judge_use_tables(struct judge *, struct key_tables *);

/* Whether CA issued subject: names (RFC 5280 7.1), key identifiers where both have them, and
 * signature. */
bool judge_issued(struct judge *, const struct cert *issuer, const struct cert *subject);
