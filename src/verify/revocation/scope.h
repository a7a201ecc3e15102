/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate is within the scope of a CRL. */
#pragma once

#include "x509/x509.h"

/* RFC 5280 6.3.3 (b), as crl_crldp_check of OpenSSL has it. */
bool crl_covers(const struct crl *, const struct cert *);
