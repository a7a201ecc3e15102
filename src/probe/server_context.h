/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in's SSL_CTX: sources, flags, depth and callback as the verifier's server sets them. */
#pragma once

#include <openssl/ssl.h>

#include "probe/transcript.h"
#include "verify/verifier.h"

/* What the callback of a verification tells; the connection's app data. */
struct verification {
	const struct verifier *verifier;
	bool failed; /* the rest is of the first error that is not forgiven */
	int error;
	unsigned depth;
};

/* The caller's; or NULL where the server would not start, with ret_problem from the arena. */
SSL_CTX *server_context_new(struct arena *, struct world *, const struct verifier *,
	struct transcript *, const char **ret_problem);
