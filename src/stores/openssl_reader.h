/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's own readers of PEM, asked about bytes as if they were a file. Nothing is judged here:
 * the library reads, in the very calls that servers make, and what it read is matched with the
 * entries of the store.
 */
#pragma once

#include "stores/store.h"

enum openssl_call {
	OPENSSL_LOAD_CERTS_AND_CRLS,  /* X509_load_cert_crl_file(3) */
	OPENSSL_LOAD_NAMES,           /* SSL_load_client_CA_file(3) */
	OPENSSL_LOAD_CERTS,           /* X509_load_cert_file(3), of a hash link */
	OPENSSL_LOAD_CERTS_OF_MEMORY, /* the same from a memory BIO, to which NUL is a byte */
	OPENSSL_LOAD_CRLS,            /* X509_load_crl_file(3), of a hash link */
	OPENSSL_READ_ONE,             /* PEM_read_bio_X509_AUX(3), once */
};

struct openssl_reader; /* opaque */

void openssl_reader_free(struct openssl_reader *);
ALLOCATES(openssl_reader_free) struct openssl_reader *openssl_reader_new(void);
DEFINE_CLEANUP(struct openssl_reader, openssl_reader_free)

struct openssl_answer {
	bool succeeds;     /* the call returns success */
	const char *error; /* reason of the first error of the call: static text or of the arena */
	size_t certificates, crls;
};

/* Entries that the library's objects are looked for in, in the order of the file. */
struct openssl_match {
	const struct entry *entries;
	size_t count;
	bool *loaded;        /* set for those that the library read; as many as it read of each */
	size_t next;         /* where the next one is expected */
	size_t *slots, mask; /* by fingerprint; made when the order fails */
};

/* Asks the library. What it read before an error counts only where the call keeps it. */
void openssl_ask(struct openssl_reader *, struct arena *, enum openssl_call, struct span bytes,
	struct openssl_match *, struct openssl_answer *ret);
