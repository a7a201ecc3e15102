/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and CRLs as libcrypto holds them, each decoded once in an examination. */
#pragma once

#include <openssl/x509.h>

#include "verify/verify.h"

struct objects; /* opaque */

void objects_free(struct objects *);
ALLOCATES(objects_free) struct objects *objects_new(void);

enum { OBJECTS_MAX_EXPECTED = 1'024 };

/*
 * These will be asked for, without trust settings: another thread begins to decode them. Each
 * takes libcrypto as long as two signatures, the first one of a process thrice that. The
 * certificates must outlive the objects; those beyond the bound are decoded when asked for.
 */
void objects_expect(struct objects *, const struct cert *const *, size_t count);
/* Lets go of all, once there are more than so many: they are decoded again. */
void objects_trim(struct objects *, size_t limit);

/*
 * Of a CRL of more entries than this, libcrypto is given the outline (x509/crl_list.h) and two
 * answers by the methods that it has for that (X509_CRL_METHOD_new(3)): whether a serial is on it,
 * and whether a key has signed it. It judges all else by itself, as of any list: times, scope,
 * issuer, key identifiers, critical extensions. Decoded whole, it takes 490 bytes of memory for
 * each entry, and seconds for millions; and both answers are of facts, not of judgement: bytes that
 * are compared, and its own check of the signature over the digest.
 */
enum { OBJECTS_MAX_CRL_ENTRIES = 10'000 };

/* Borrowed. NULL where libcrypto refuses the bytes. settings may be NULL. */
X509 *objects_cert(struct objects *, const struct cert *, const struct trust_settings *settings);
/* The crl must live as long as the library is asked. */
X509_CRL *objects_crl(struct objects *, const struct crl *);
