/* SPDX-License-Identifier: Apache-2.0 */
/* Loads what a verifier names into an SSL_CTX, by the library calls of its server. */
#pragma once

#include <openssl/ssl.h>

#include "probe/transcript.h"
#include "verify/verifier.h"

/* 0, or -1 where the server would not start, with ret_problem from the arena. */
[[nodiscard]] int server_sources_load(struct arena *, struct world *, const struct verifier *,
	SSL_CTX *, struct transcript *, const char **ret_problem);
