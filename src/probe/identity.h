/* SPDX-License-Identifier: Apache-2.0 */
/* A client's certificates and its key, for a handshake. */
#pragma once

#include <openssl/ssl.h>

#include "verify/client.h"

/*
 * Makes the context send exactly the leaf and what follows it in the client's file; nothing is
 * looked up to complete the chain. 0, or -1 with ret_problem from the arena. The key is wiped from
 * our own memory; libcrypto holds it until the context ends.
 */
[[nodiscard]] int identity_use(
	struct arena *, SSL_CTX *, const struct client *, const char **ret_problem);
/* Why no handshake can be made as this client, or NULL; without looking at the key. */
const char *identity_problem(struct arena *, const struct client *);
/* The certificate as libcrypto reads it, or NULL. The caller's. */
X509 *identity_certificate(const struct cert *);
