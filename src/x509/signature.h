/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures are libcrypto's. Results are kept per (signed bytes, key), so that no signature is
 * checked twice in one run, across worlds too. Keys are decoded once per SubjectPublicKeyInfo.
 */
#pragma once

#include "x509/crl.h"
#include "x509/ocsp.h"
#include "x509/signature_memory.h"

struct signature_cache; /* opaque */
struct key_tables;

void signature_cache_free(struct signature_cache *);
ALLOCATES(signature_cache_free) struct signature_cache *signature_cache_new(void);
DEFINE_CLEANUP(struct signature_cache, signature_cache_free)

enum signature_result { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_UNSUPPORTED };

/* Whether the key in issuer_spki made the signature over cert's TBS (or crl's, or a response's). */
enum signature_result signature_cert(
	struct signature_cache *, const struct cert *, struct span issuer_spki);
enum signature_result signature_crl(
	struct signature_cache *, const struct crl *, struct span issuer_spki);
enum signature_result signature_ocsp(
	struct signature_cache *, const struct ocsp_response *, struct span signer_spki);
/* The same, where the issuer's certificate is at hand. */
enum signature_result signature_by(
	struct signature_cache *, const struct cert *, const struct cert *issuer);
/* A certificate, and who may have signed it. */
struct signature_pair {
	const struct cert *cert, *issuer;
};

/* They will be asked about. Those that a table is good for are checked together, which is faster
 * than each by itself, and those that hold are known then. */
void signature_foresee(struct signature_cache *, const struct signature_pair *, size_t count);
/* How many results there are: more of them after a question where libcrypto was asked for it. */
size_t signature_cache_count(const struct signature_cache *);
/* Forgets results, or keys, once there are more than so many: they are found again. */
void signature_cache_trim(struct signature_cache *, size_t results, size_t keys);
/* Whether the cache has the answer for a certificate and its own key. */
bool signature_own_is_known(const struct signature_cache *, const struct cert *);
/* Whether any answer of the cache is that a signature does not hold, or cannot be checked. */
bool signature_cache_has_failed(const struct signature_cache *);
/* Keys that are decoded from now on have tables where that pays (key_tables.h); borrowed. */
void signature_cache_use_tables(struct signature_cache *, struct key_tables *);
/* What is remembered need not be checked, where a batch of many is, and is remembered afterwards.
 * Borrowed; NULL: nothing is. */
void signature_cache_use_memory(struct signature_cache *, struct signature_memory *);
struct signature_memory *signature_cache_memory(const struct signature_cache *);
/* An answer of libcrypto's that was found elsewhere: fingerprint of the object, SHA-256 of the
 * SubjectPublicKeyInfo. */
void signature_note(struct signature_cache *, const struct digest *object, const struct digest *key,
	enum signature_result);
/* Security bits of the algorithm's digest as OpenSSL counts them (SHA-1 63, MD5 39, SHA-256 128),
 * or -1. */
int signature_security_bits(struct span algorithm);
/* Security bits of a public key as OpenSSL counts them (EVP_PKEY_get_security_bits), or -1. */
int key_security_bits(struct signature_cache *, struct span spki);