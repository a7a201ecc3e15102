/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one certificate can be the issuer of another, as OpenSSL 3.0 asks it. */
#pragma once

#include "x509/x509.h"

/* X509_check_akid(3): what the identifier names is this certificate. */
bool key_id_fits(const struct cert *issuer, const struct authority_key_id *);
/* As above, for the subject's authority key identifier; true where it has none. */
bool key_id_fits_subject(const struct cert *issuer, const struct cert *subject);
/* EXFLAG_SS: names itself as its issuer, by name, key identifier and kind of key. The signature is
 * not checked. */
bool cert_is_self_signed(const struct cert *);
