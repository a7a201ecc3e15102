/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of certificates by OCSP (RFC 6960): answers that are stored, and those of
 * responders, where somebody is given who may ask them. This module asks nobody itself.
 */
#pragma once

#include "verify/verifier.h"
#include "x509/ocsp.h"

enum {
	OCSP_MAX_QUERIES = 64,           /* put to responders by one judge */
	OCSP_MAX_STORED = 1'000,         /* answers given as files */
	OCSP_SKEW_DEFAULT = 300,         /* seconds; as nginx, httpd and openssl have it */
	OCSP_UNDATED_AGE = 24 * 60 * 60, /* seconds that an answer without nextUpdate is good for */
	OCSP_MAX_URL = 1'024,            /* of a responder */
};

/* An answer that somebody gave: its bytes, read or not. */
struct ocsp_stored {
	const char *source; /* path or URL */
	struct ocsp_response response;
	const char *fault; /* why it could not be read, or NULL */
};

struct ocsp_call {
	const char *url;
	const char *proxy; /* URL, or NULL */
	struct span request;
};

/* Asks a responder: the bytes of its answer, from the arena; -1 with ret_why, one sentence. */
typedef int ocsp_ask(
	struct arena *, const struct ocsp_call *, struct span *ret_answer, const char **ret_why);

struct ocsp_desk {
	const struct ocsp_stored *stored;
	size_t stored_count;
	ocsp_ask *ask; /* NULL: no responder is asked */
};

enum ocsp_word {
	OCSP_WORD_GOOD,
	OCSP_WORD_REVOKED,
	OCSP_WORD_UNKNOWN, /* its responder does not know it */
	OCSP_WORD_NONE,    /* nothing that may be believed; the fault says why */
	OCSP_WORD_UNASKED, /* nobody was asked, and nothing speaks against asking */
};

enum ocsp_fault {
	OCSP_FAULT_NONE,
	OCSP_FAULT_NO_URL,    /* neither the certificate nor the verifier names a responder */
	OCSP_FAULT_BAD_URL,   /* what is named is no http URL */
	OCSP_FAULT_RESOLVER,  /* the verifier cannot look up the responder's name */
	OCSP_FAULT_SILENT,    /* no answer came */
	OCSP_FAULT_REFUSED,   /* it answered tryLater, unauthorized … */
	OCSP_FAULT_DAMAGED,   /* what came cannot be read */
	OCSP_FAULT_OTHER,     /* it speaks of other certificates */
	OCSP_FAULT_SIGNER,    /* whoever signed it may not */
	OCSP_FAULT_SIGNATURE, /* it was changed, or signed by another key */
	OCSP_FAULT_NONCE,     /* the nonce that was sent did not come back */
	OCSP_FAULT_EARLY,     /* not valid yet */
	OCSP_FAULT_STALE,     /* past its nextUpdate, or too old */
	OCSP_FAULT_CRITICAL,  /* a critical extension that nobody knows */
	OCSP_FAULT__COUNT
};

/* What is to be made of one certificate of a path. */
struct ocsp_opinion {
	unsigned depth;
	const struct cert *cert, *issuer;
	enum ocsp_word word;
	enum ocsp_fault fault;
	const char *text; /* one sentence, with the clause */
	const char
		*source; /* path or URL of the answer, or the URL that was asked in vain; or NULL */
	const struct ocsp_response *response; /* the one that decided, or NULL */
	struct ocsp_single single;            /* of it, where it speaks of the certificate */
	bool has_single;
	bool must_staple; /* RFC 7633: servers that present the certificate must staple an answer */
};

const char *ocsp_word_name(enum ocsp_word);
const char *ocsp_fault_name(enum ocsp_fault);
/* The responder that the certificate names (RFC 5280 4.2.2.1), from the arena; NULL: none. */
const char *ocsp_certificate_url(struct arena *, const struct cert *);
/* The one that the verifier would ask about it, and whether it can: a fault, or none. */
const char *ocsp_responder_url(struct arena *, const struct ocsp_policy *, const struct cert *,
	enum ocsp_fault *ret_fault);
