/* SPDX-License-Identifier: Apache-2.0 */
/* Writing SPIFFE bundles: each CA certificate as a JSON Web Key (RFC 7517, RFC 7518, RFC 8037). */
#pragma once

#include "stores/format.h"

/* A CA without settings: whatever is in a bundle is an anchor. */
bool spiffe_holds(const struct entry *);
int spiffe_write(const struct store_content *, struct buffer *out, struct err *err);
