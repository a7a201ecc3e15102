/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether many certificates are each signed by their own key: begun at once on the processors that
 * have nothing else to do, and asked for later. Whoever waits takes part.
 */
#pragma once

#include "x509/signature.h"

struct signature_batch; /* opaque */

/* Ends it first, where that has not been done. */
void signature_batch_free(struct signature_batch *);
/* Of those whose answer the cache does not have. They and the cache must outlive the batch. */
ALLOCATES(signature_batch_free)
struct signature_batch *signature_batch_new(
	struct signature_cache *, const struct cert *const *certs, size_t count);
DEFINE_CLEANUP(struct signature_batch, signature_batch_free)
/* Waits for all; the answers are in the cache then, and the keys are not. */
void signature_batch_end(struct signature_batch *);
