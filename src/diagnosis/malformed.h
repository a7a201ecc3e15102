/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that do not parse and are as their CA issued them: no damage, and nothing restores
 * them. */
#pragma once

#include "diagnosis/check.h"

/*
 * The signature over the block's bytes is good, by the key of a CA of the issuer's name in this
 * scene or in known-good material, or by its own: so no bit of it has changed. ret: what could be
 * read.
 */
bool malformed_by_ca(struct scene *, const struct defect *, struct cert *ret);
/* The same CA and key in a certificate that was issued anew and is known to be good, in its place;
 * NULL where there is none. */
const struct remedy *malformed_remedy(
	struct scene *, const struct defect *, struct span bytes, const struct cert *malformed);
