/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window that moves over a source of DER, and the digests of what it has passed. What was walked
 * is digested soon after, while it is in the processor's nearest cache: a thread beside would have
 * it fetched from another core, which costs the machine half as much again. Memory is one block,
 * and what the longest element needs beyond it.
 */
#pragma once

#include <openssl/evp.h>

#include "x509/crl_source.h"

enum { CRL_BLOCK = 64 << 10, CRL_WINDOW_DIGESTS = 2 };

struct crl_window; /* opaque */

void crl_window_free(struct crl_window *);
/* Begins at offset; block: how much is read at a time, CRL_BLOCK but for tests. source must outlive
 * it. */
ALLOCATES(crl_window_free)
struct crl_window *crl_window_new(struct crl_source *, uint64_t offset, size_t block);
DEFINE_CLEANUP(struct crl_window, crl_window_free)

/* What is there from the window's offset on: at least wanted bytes, unless the source ends or fails
 * before. Borrowed until the next call. */
struct span crl_window_want(struct crl_window *, size_t wanted);
/* Moves on by so many of the bytes that the last call gave; the rest of them stay as they are. */
void crl_window_pass(struct crl_window *, size_t length);
uint64_t crl_window_offset(const struct crl_window *);
/* errno of the source's failure, or 0. */
int crl_window_error(const struct crl_window *);

/* SHA-256 of all that a source has; -1 with errno. */
[[nodiscard]] int crl_source_digest(struct crl_source *, struct digest *ret);

/* Digests what lies from begin to end, of which nothing may have been passed: as one of
 * CRL_WINDOW_DIGESTS. One of a kind that libcrypto has not comes to nothing. */
void crl_window_digest(
	struct crl_window *, unsigned which, const EVP_MD *, uint64_t begin, uint64_t end);
/* The digest of what was passed of that, and its length: 0 where there is none. */
unsigned crl_window_finish(
	struct crl_window *, unsigned which, uint8_t ret[static EVP_MAX_MD_SIZE]);
