/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of a certificate, RFC 5280 4.2, into struct cert; one row each. */
#pragma once

#include "x509/cert.h"

/* extensions: a cursor over the content of Extensions. */
void cert_extensions_read(struct der *tbs, struct cert *);
