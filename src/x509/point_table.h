/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA by one P-256 key that very many signatures are checked by. libcrypto multiplies the key's
 * point as one that it meets for the first time, which is most of what a check takes; it does so
 * six times as fast by a table of the point's multiples, as it has one of the curve's own
 * generator, and makes such a table of any point that a group has for its generator.
 *
 * All arithmetic is libcrypto's. Ours is the order of its calls alone (FIPS 186-5 6.4.2), and it
 * only ever says yes: who is told no asks libcrypto for the whole, and takes that answer.
 *
 * Making a table takes as long as 600 checks gain by it, and it has 150 KiB: key_tables.h decides.
 */
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "base/bytes.h"

struct point_table; /* opaque; nothing in it changes once it is made, so threads share it */

void point_table_free(struct point_table *);
/* NULL where the key is none of P-256, or libcrypto makes no table. */
ALLOCATES(point_table_free) struct point_table *point_table_new(const EVP_PKEY *);
DEFINE_CLEANUP(struct point_table, point_table_free)

/* Whether the table can be of use to this key at all. */
bool point_table_fits(const EVP_PKEY *);
/* That this is a signature, DER of ECDSA-Sig-Value (RFC 3279 2.2.3), of the digest by the table's
 * key. */
struct point_claim {
	const struct point_table *table;
	struct span digest, signature;
	bool holds; /* the answer; false says only that it was not found to hold */
};

enum { POINT_CLAIMS = 64 /* that are best asked about at once: it takes two thirds of the time */ };

/* Answers each claim. The numbers are the thread's own, to count with. */
void point_table_check(struct point_claim *, size_t count, BN_CTX *numbers);
