/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in's SSL_CTX: sources, flags, depth and callback as the verifier's server sets them. */
#pragma once

#include <openssl/ssl.h>

#include "probe/transcript.h"
#include "verify/hearing.h"

/* The app data of a connection must be a struct hearing. The caller's; or NULL where the server
 * would not start, with ret_problem from the arena. */
SSL_CTX *server_context_new(struct arena *, struct world *, const struct verifier *,
	struct transcript *, const char **ret_problem);
/* X509_verify_cert of what a client of such a connection sent, as the verifier's server goes by it.
 */
int server_context_verify(X509_STORE_CTX *, void *);
