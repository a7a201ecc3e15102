/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completions: what known-good material would have to be added to a verifier's trust for a client's
 * path to end in an anchor. The fewest new anchors win, then the fewest new certificates.
 */
#pragma once

#include "diagnosis/check.h"

struct completion {
	const struct cert *path[PATH_MAX_DEPTH]; /* from the client's issuer upwards, to a
						    self-signed certificate */
	const struct material_cert
		*added[PATH_MAX_DEPTH]; /* not NULL where the certificate comes from material */
	size_t length;
	size_t added_count;
	bool adds_anchor; /* its last certificate is new */
};

/* The best completion at this moment, or false where none ends in a self-signed certificate. */
bool completion_find(
	struct scene *, size_t verifier, const struct client *, struct completion *ret);
