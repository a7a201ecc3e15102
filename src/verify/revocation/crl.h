/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation by CRLs, as servers on OpenSSL check it: X509_V_FLAG_CRL_CHECK, with _ALL for chains.
 */
#pragma once

#include "verify/rule.h"

/* Adds a failure of rule "revocation" for each certificate that the verifier's CRLs do not clear.
 */
void crl_check_path(struct examination *);
/* The same of one certificate, as RFC 5280 itself has it. */
void crl_check_by_standard(struct examination *, unsigned depth);
/* What is said where a list that was read in parts cannot be asked any more. */
extern const char crl_lost_text[];
