/* SPDX-License-Identifier: Apache-2.0 */
/* A long CRL as libcrypto sees it: outline and answers, see objects.h. */
#pragma once

#include <openssl/x509.h>

#include "x509/x509.h"

struct long_crl; /* opaque */

void long_crl_free(struct long_crl *);
/* NULL where libcrypto refuses the outline. The crl must outlive it. */
ALLOCATES(long_crl_free) struct long_crl *long_crl_new(const struct crl *);
X509_CRL *long_crl_object(const struct long_crl *);
