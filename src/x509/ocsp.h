/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP (RFC 6960) as views over its bytes: responses read, with all that they say of single
 * certificates, and requests written. Nothing is judged here: what is read may be forged, stale or
 * of somebody else. What is not DER, or is larger than its bound, is refused with the offset of the
 * fault.
 */
#pragma once

#include "x509/cert.h"
#include "x509/crl.h"

enum {
	OCSP_MAX_SIZE = 1 << 20,    /* of a response; nginx takes 16 KiB, OpenSSL 100 KiB */
	OCSP_MAX_SINGLES = 10'000,  /* in one response */
	OCSP_MAX_CERTIFICATES = 32, /* that a response carries for its signer */
	OCSP_MAX_NONCE = 128,       /* RFC 9654 2.1; RFC 8954 had 32 */
	OCSP_NONCE_SIZE = 32,       /* of those that we send: RFC 9654 2.1 */
	OCSP_KEY_HASH_SIZE = 20,    /* of a ResponderID: SHA-1, whatever the CertIDs use */
};

/* RFC 6960 4.2.1; what is not "successful" holds no more than that. */
enum ocsp_answer {
	OCSP_SUCCESSFUL = 0,
	OCSP_MALFORMED_REQUEST = 1,
	OCSP_INTERNAL_ERROR = 2,
	OCSP_TRY_LATER = 3,
	OCSP_SIGNATURE_REQUIRED = 5,
	OCSP_UNAUTHORIZED = 6,
};

/* CertID, RFC 6960 4.1.1. */
struct ocsp_id {
	struct span algorithm; /* content of the hash's OBJECT IDENTIFIER */
	struct span name_hash, key_hash;
	struct span serial; /* content of the INTEGER */
};

enum ocsp_status { OCSP_STATUS_GOOD, OCSP_STATUS_REVOKED, OCSP_STATUS_UNKNOWN };

/* SingleResponse. */
struct ocsp_single {
	struct ocsp_id id;
	enum ocsp_status status;
	int64_t revoked_at;               /* where revoked */
	int reason;                       /* an enum revocation_reason */
	int64_t this_update, next_update; /* MOMENT_NEVER: newer information is always there */
	bool has_archive_cutoff;
	int64_t archive_cutoff;
	struct span unknown_critical; /* OID content */
};

struct ocsp_response {
	struct span der;
	enum ocsp_answer answer;
	/* The rest is of a successful one. */
	struct span tbs;
	struct span signature_algorithm, signature;
	struct digest fingerprint;  /* of der */
	struct span responder_name; /* DER of a Name; empty where it is named by its key */
	struct span responder_key;  /* SHA-1 of its key's bits; empty where named by its name */
	int64_t produced_at;
	struct span singles; /* content of responses */
	size_t single_count;
	bool has_nonce;
	struct span nonce;
	struct span unknown_critical; /* OID content */
	struct span certificates;     /* content: certificates, one after the other */
	size_t certificate_count;
};

/* 0, or -1 with ret_fault (static text) and ret_offset into der. */
int ocsp_read(
	struct span der, struct ocsp_response *ret, const char **ret_fault, size_t *ret_offset);
/* Walks der_of(response->singles) in order; false at the end. */
bool ocsp_single_next(struct der *cursor, struct ocsp_single *ret);
/* Walks der_of(response->certificates); one that cannot be read is passed over. */
bool ocsp_certificate_next(struct der *cursor, struct cert *ret);
/* "tryLater" …, as RFC 6960 calls it. */
const char *ocsp_answer_name(enum ocsp_answer);

/* Whether a hash of CertIDs is one of those that are known: SHA-1, SHA-2. */
bool ocsp_hash_is_known(struct span algorithm);
/* Whether the identifier means certificates of this issuer, by its name and key. */
bool ocsp_id_names_issuer(const struct ocsp_id *, const struct cert *issuer);
/* Whether it means this certificate of this issuer: the issuer's name as either of the two spells
 * it. */
bool ocsp_id_names(const struct ocsp_id *, const struct cert *, const struct cert *issuer);
/* Whether the response says that this certificate signed it, by its name or its key. */
bool ocsp_responder_is(const struct ocsp_response *, const struct cert *);

enum ocsp_hash { OCSP_HASH_SHA1, OCSP_HASH_SHA256 };

/* Adds an OCSPRequest for one certificate. nonce may be empty: then none is sent. */
void ocsp_request_write(struct buffer *, enum ocsp_hash, const struct cert *,
	const struct cert *issuer, struct span nonce);

/*
 * A response as it is stored: DER (nginx ssl_stapling_file, HAProxy .ocsp), its base64 with or
 * without PEM lines. The DER, from the arena or bytes itself; empty with ret_fault where it is
 * neither.
 */
struct span ocsp_unwrap(struct arena *, struct span bytes, const char **ret_fault);
