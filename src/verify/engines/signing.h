/* SPDX-License-Identifier: Apache-2.0 */
/* What an AlgorithmIdentifier says of a signature, in the terms in which engines choose. */
#pragma once

#include "x509/x509.h"

enum signing_hash {
	HASH_NONE, /* the scheme has its own */
	HASH_MD2,
	HASH_MD4,
	HASH_MD5,
	HASH_SHA1,
	HASH_SHA224,
	HASH_SHA256,
	HASH_SHA384,
	HASH_SHA512,
	HASH_OTHER,
};

enum { SIGNING_PSS_SALT = 20, SIGNING_PSS_TRAILER = 1 }; /* RFC 4055 3.1, the defaults */

struct signing {
	enum key_kind kind; /* of the key that makes it; KEY_RSA_PSS for RSASSA-PSS, KEY_OTHER where
			       the algorithm is none of ours */
	enum signing_hash hash;
	struct span parameters; /* behind the OID, as they are written; empty where absent */
	/* Of RSASSA-PSS, RFC 4055 3.1; damaged where they cannot be read. */
	enum signing_hash mask_hash;
	uint64_t salt, trailer;
	bool names_all; /* hash and mask are written out, not left to their defaults */
	bool damaged;
};

struct signing signing_of(struct span algorithm);
/* RSASSA-PSS of one digest for all, with a salt of its length: as TLS 1.3 has it (RFC 8446 4.2.3).
 */
bool signing_has_one_digest(const struct signing *);
/* Octets of the digest, or 0. */
unsigned signing_hash_size(enum signing_hash);
