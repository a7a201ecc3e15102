/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "x509/x509.h"

/* False where the key is of an elliptic curve and its point is not on it. OpenSSL asks that of a
 * key that is used; Go and Mbed TLS refuse the certificate for it. */
bool key_point_is_good(const struct cert *);
