/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twins: a certificate or CRL of which a few bytes have changed since it was signed, and the
 * known-good one that it was. Both parse; only one bears its issuer's signature. Two objects that
 * were ever signed apart differ in all of their signatures, so that a few bytes tell damage from
 * another generation.
 */
#pragma once

#include "diagnosis/check.h"

enum { TWIN_MAX_DAMAGE = 24 }; /* bytes that differ */

struct twins; /* opaque: known-good objects, found by either end of their bytes */

/* Of all known-good material; made when it is first asked for. */
const struct twins *twins_of(struct diagnosis *);
/* The known-good object that this one was before it was damaged, and how many bytes differ; NULL
 * where there is none. */
const struct entry *twins_find(const struct twins *, struct span der, size_t *ret_damage);
/* Whether known bears the signature of an issuer at hand, and the other does not. */
bool twin_is_sound(struct scene *, const struct entry *known, const struct entry *other);
