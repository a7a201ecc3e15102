/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AlgorithmIdentifiers of PKCS#12: how content is encrypted (RFC 7292 appendix C, RFC 8018) and
 * how the whole is authenticated (RFC 7292 4, RFC 9579).
 */
#pragma once

#include "stores/ber.h"
#include "stores/keystore_crypt.h"

/* What is wrong with an algorithm, for people; NULL where nothing is. */
struct pkcs12_cipher {
	const char *problem;
	const char *name;   /* "RC2-40-CBC" */
	const char *cipher; /* of libcrypto */
	bool is_legacy;     /* OpenSSL 3 has it in its legacy provider alone */
	size_t key_size, iv_size;
	struct derivation derivation;
	struct span iv; /* of PBES2; else it is derived too */
};

struct pkcs12_mac {
	const char *problem;
	const char *digest; /* of the HMAC */
	size_t key_size;
	struct derivation derivation;
	struct span value;
	bool is_pbmac1;
};

/* algorithm is the AlgorithmIdentifier. */
void pkcs12_cipher_read(const struct ber_element *algorithm, struct pkcs12_cipher *ret);
/* mac_data is MacData. */
void pkcs12_mac_read(const struct ber_element *mac_data, struct pkcs12_mac *ret);

/* Whether this attempt opens the data; then ret holds the plain content, without padding. A
 * content that is cut short opens where its first blocks do. */
bool pkcs12_decrypt(struct keystore_crypt *, const struct pkcs12_cipher *, const struct attempt *,
	struct span data, struct secret *ret);
/* What a password makes of a cipher's parameters. */
struct pkcs12_keys {
	struct key_bytes key, iv;
	bool derives_iv; /* else it is a parameter */
};
void pkcs12_keys_wipe(struct pkcs12_keys *);
bool pkcs12_keys_derive(struct keystore_crypt *, const struct pkcs12_cipher *,
	const struct attempt *, struct pkcs12_keys *ret);
/* Decrypts, whatever comes out. */
bool pkcs12_decrypt_blocks(struct keystore_crypt *, const struct pkcs12_cipher *,
	const struct pkcs12_keys *, struct span data, struct secret *ret);
bool pkcs12_mac_fits(struct keystore_crypt *, const struct pkcs12_mac *, const struct attempt *,
	struct span data);
