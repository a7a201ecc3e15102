/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys from SubjectPublicKeyInfo, by libcrypto, and quickly where there are many of them. */
#pragma once

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/own.h"

/* Curves that most keys are on. */
enum key_curve { KEY_CURVE_P256, KEY_CURVE_P384, KEY_CURVE__COUNT };

/* What decodes; not to be shared by threads. */
struct key_decoder {
	EVP_PKEY_CTX *elliptic;             /* made at first use */
	EVP_PKEY *points[KEY_CURVE__COUNT]; /* lent, and then given another point */
	EVP_PKEY *other;                    /* lent */
};

void key_decoder_free(struct key_decoder *);
/* NULL where libcrypto cannot read it. */
EVP_PKEY *key_decode(struct key_decoder *, struct span spki);
/* The same key for as long as no other is borrowed or decoded: quicker, for a curve is set up once.
 */
EVP_PKEY *key_borrow(struct key_decoder *, struct span spki);
