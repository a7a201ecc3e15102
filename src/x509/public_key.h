/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys from SubjectPublicKeyInfo, by libcrypto, and quickly where there are many of them. */
#pragma once

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/own.h"

/* What decodes; not to be shared by threads. */
struct key_decoder {
	EVP_PKEY_CTX *elliptic; /* made at first use */
};

void key_decoder_free(struct key_decoder *);
/* NULL where libcrypto cannot read it. */
EVP_PKEY *key_decode(struct key_decoder *, struct span spki);
