/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies above a client is the same for all clients of its issuer. So the first one of each is
 * judged in full, and where a path of it is without fault, what is above the client on that path is
 * kept: of the next one only what is its own is looked at, and its signature. By RFC 5280 one path
 * without fault decides, so that the verdict is the one that all paths would give; a client that is
 * not accepted in this way is judged in full.
 *
 * For the files of this module only.
 */
#pragma once

#include "verify/judge.h"

enum { KEPT_MAX = 65'536 /* issuers */ };

struct kept; /* opaque */

void kept_free(struct kept *);

/* Whether the client, the first certificate that is sent, has a path without fault over what is
 * kept. list is the judge's, and made at first use. */
bool kept_accepts(struct kept **list, const struct question *);
/* Who issued the client by what is kept, or NULL: its signature is not looked at. */
const struct cert *kept_issuer(struct kept **list, const struct question *);
/* Keeps what is above the client on a path that was found to have no fault, where all of it lives
 * as long as the judge: shared are the certificates that were sent and do. */
void kept_add(struct kept **list, const struct question *, const struct path *,
	const struct cert *shared, size_t shared_count);
