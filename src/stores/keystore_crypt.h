/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What protects a keystore by a password: keys derived from it, MACs, ciphers. All of it is
 * libcrypto's; the algorithms that it calls legacy come from its legacy provider, loaded into a
 * library context of our own, so that nothing changes for the rest of the process or the system.
 *
 * How often a derivation goes round is read from the file, by us, before the library hears of it:
 * no file makes us work for longer than these bounds.
 */
#pragma once

#include "stores/passwords.h"

enum {
	/* MAX_ITERATION_COUNT of the JDK (sun/security/pkcs12/PKCS12KeyStore.java): what has more
	 * is opened by nobody. */
	KEYSTORE_MAX_ROUNDS = 5'000'000,
	KEYSTORE_MAX_GUESSES = 2'000'000, /* rounds spent on passwords that nobody gave, a file */
	KEYSTORE_MAX_WORK = 25'000'000,   /* rounds spent at all, a file */
	KEYSTORE_MAX_SALT = 1024,         /* bytes */
	KEYSTORE_MAX_KEY = 64,            /* bytes: an HMAC-SHA512 key is the longest */
};

struct keystore_crypt; /* opaque */

void keystore_crypt_free(struct keystore_crypt *);
ALLOCATES(keystore_crypt_free) struct keystore_crypt *keystore_crypt_new(void);
DEFINE_CLEANUP(struct keystore_crypt, keystore_crypt_free)

/* Loads the legacy provider, which otherwise is done when a cipher of it is wanted first: for who
 * cannot open a module any more by then. False where it was looked for before. */
bool keystore_crypt_load(struct keystore_crypt *);

/* Rounds that it has gone, for all files. */
uint64_t keystore_crypt_rounds(const struct keystore_crypt *);

/* Rounds that a file has cost so far. */
struct keystore_work {
	uint64_t guesses, total;
};

/* A password as it is tried: PKCS#12 tells no password from an empty one (RFC 7292 B.1). */
struct attempt {
	struct password password;
	bool is_null;
};

/* The index-th attempt; false past the last. */
bool attempt_get(const struct passwords *, size_t index, struct attempt *ret);

enum derivation_kind {
	DERIVE_PKCS12, /* RFC 7292 appendix B.2; the purpose is its diversifier */
	DERIVE_PBKDF2, /* RFC 8018 5.2 */
};
enum derivation_purpose { DERIVE_KEY = 1, DERIVE_IV = 2, DERIVE_MAC = 3 };

struct derivation {
	enum derivation_kind kind;
	const char *digest; /* of libcrypto: "SHA256" */
	struct span salt;
	uint64_t rounds;
};

/* A derived key: length is asked for, bytes are filled. */
struct key_bytes {
	uint8_t bytes[KEYSTORE_MAX_KEY];
	size_t length;
};
void key_bytes_wipe(struct key_bytes *);

/* What the bounds say to this derivation: NULL, or why it is not made. Takes the rounds of one. */
const char *derivation_refused(const struct derivation *, struct keystore_work *, bool given);
/* Fills ret->length bytes; false where the library does not. */
bool derivation_run(struct keystore_crypt *, const struct derivation *, const struct attempt *,
	enum derivation_purpose, struct key_bytes *ret);

/* Bytes that are wiped when they go. */
struct secret {
	uint8_t *data;
	size_t length;
};
void secret_free(struct secret *);

struct cipher_key {
	const char *cipher; /* of libcrypto */
	bool is_legacy;
	struct span key, iv;
};

/* Whether the library has this cipher here. */
bool cipher_is_there(struct keystore_crypt *, const char *cipher, bool is_legacy);
/* Decrypts all whole blocks; takes off the padding (RFC 8018 6.1.1) where it is right, and says so.
 * False where the library does not. */
bool cipher_decrypt(struct keystore_crypt *, const struct cipher_key *, struct span data,
	struct secret *ret, bool *ret_padded);
bool cipher_encrypt(
	struct keystore_crypt *, const struct cipher_key *, struct span data, struct buffer *out);

/* HMAC with this digest; false where the library does not. */
bool hmac_of(const char *digest, struct span key, struct span data,
	uint8_t out[static KEYSTORE_MAX_KEY], size_t *ret_length);
