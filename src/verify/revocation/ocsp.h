/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation by OCSP: which certificates of a path are asked about, and what each answer is worth.
 */
#pragma once

#include "verify/rule.h"

/* Keeps an opinion of each certificate that the verifier asks about, and adds a failure of rule
 * "ocsp" for each that is not found good. */
void ocsp_check_path(struct examination *);
/* The same for a path that a library has accepted: what the server asks then. */
void ocsp_hear(const struct question *, struct verdict *);

/* Fills word, fault, text, response and single by one answer. sent: the nonce of the request, or
 * empty. */
void ocsp_weigh(const struct question *, const struct ocsp_stored *, struct span sent,
	struct ocsp_opinion *);

/* Whether somebody who may answer for the issuer signed it (RFC 6960 4.2.2.2). Where not, why. */
bool ocsp_signer_is_authorised(const struct question *, const struct ocsp_response *,
	const struct cert *issuer, enum ocsp_fault *ret_fault, const char **ret_text);
