/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window that moves over a source of DER, and the digests of what it has passed. Eight blocks
 * take turns: while one is walked, a thread of its own digests those before it, where there are
 * more than a few; it may be some blocks behind, so that neither waits for the other at each.
 * Memory is those blocks, and what the longest element needs beyond one.
 */
#pragma once

#include <openssl/evp.h>

#include "x509/crl_source.h"

enum { CRL_BLOCK = 256 << 10 };

struct crl_window; /* opaque */

void crl_window_free(struct crl_window *);
/* Begins at offset; block: how much is read at a time, CRL_BLOCK but for tests. digests: whether
 * any is asked for. source must outlive it. */
ALLOCATES(crl_window_free)
struct crl_window *crl_window_new(struct crl_source *, uint64_t offset, size_t block, bool digests);
DEFINE_CLEANUP(struct crl_window, crl_window_free)

/* What is there from the window's offset on: at least wanted bytes, unless the source ends or fails
 * before. Borrowed until the next call. */
struct span crl_window_want(struct crl_window *, size_t wanted);
/* Moves on by so many of the bytes that the last call gave. */
void crl_window_pass(struct crl_window *, size_t length);
uint64_t crl_window_offset(const struct crl_window *);
/* errno of the source's failure, or 0. */
int crl_window_error(const struct crl_window *);

/* SHA-256 of all that a source has; -1 with errno. */
[[nodiscard]] int crl_source_digest(struct crl_source *, struct digest *ret);

/* The second digest: over what lies from begin to end, of which nothing may have been passed. Not
 * of a kind that libcrypto has not. */
void crl_window_sign(struct crl_window *, const EVP_MD *, uint64_t begin, uint64_t end);
/* All that was passed from offset 0 on is digested: SHA-256 of it, and the other one, whose length
 * is returned, 0 where there is none. */
unsigned crl_window_finish(
	struct crl_window *, struct digest *ret, uint8_t ret_other[static EVP_MAX_MD_SIZE]);
