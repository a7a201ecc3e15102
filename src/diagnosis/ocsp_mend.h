/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may safely be set so that a server gets answers of OCSP: whom it asks, as certificates of
 * the same CA say, and where it looks up names, as its machine does. Whoever hands out an answer,
 * the CA has signed it.
 */
#pragma once

#include "diagnosis/check.h"

/* NULL where nothing that is at hand says what to set. */
const struct remedy *ocsp_mend(
	struct scene *, const struct verifier *, const struct ocsp_opinion *, enum cause_code);
