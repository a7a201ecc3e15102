/* SPDX-License-Identifier: Apache-2.0 */
/* What a SubjectPublicKeyInfo says about its key (RFC 3279, 4055, 5480, 8410). */
#pragma once

#include "x509/cert.h"

/* Checks the SubjectPublicKeyInfo's own form alone: a key that does not decode is kept, as OpenSSL
 * keeps it, with 0 bits. Returns its DER. */
struct span key_info_read(struct der *, struct key_info *ret);
