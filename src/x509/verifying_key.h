/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A public key that many signatures are checked by. What libcrypto sets up for a signature takes
 * half as long as an RSA signature itself, so for the algorithms that nearly all certificates have
 * it is set up once for each key. Not to be shared by threads: the set-up is in use during a check,
 * and keys are fought over inside of libcrypto.
 */
#pragma once

#include <openssl/evp.h>

#include "x509/key_tables.h"
#include "x509/signature.h"

enum { VERIFYING_DIGESTS = 3 };

struct verifying_key {
	EVP_PKEY *key;
	EVP_PKEY_CTX *ready[VERIFYING_DIGESTS]; /* made at first use */
	struct key_tables *tables;              /* borrowed, or NULL */
	struct key_place *place;                /* where a table may be of use to it */
	BN_CTX *numbers;                        /* made with its first use of a table */
};

void verifying_key_free(struct verifying_key *);
/* NULL of NULL. */
struct verifying_key *verifying_key_adopt(EVP_PKEY *);
/* Has it counted among all keys, and given a table where that pays; borrowed. */
void verifying_key_watch(
	struct verifying_key *, struct key_tables *, const struct digest *key_digest);
/* What is asked of the key's table, and the digest that it is asked about. */
struct claimed {
	struct point_claim claim;
	uint8_t digest[EVP_MAX_MD_SIZE];
};

/* Whether the key has a table for that, by which many signatures are checked at once: the claim to
 * be checked. It is counted as checked. */
bool verifying_key_claims(struct verifying_key *, struct span signed_bytes,
	struct span algorithm_der, struct span signature, struct claimed *ret);
/* As signature_check. */
enum signature_result verifying_key_check(struct verifying_key *, struct span signed_bytes,
	struct span algorithm_der, struct span signature);
