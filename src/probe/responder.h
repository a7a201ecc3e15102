/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking an OCSP responder over HTTP (RFC 6960 appendix A): one POST, of plain http alone, without
 * redirects, and by no proxy but the one that is named. Only ever where somebody asked for it: whom
 * a certificate names as its responder hears who asks, and about whom.
 */
#pragma once

#include "verify/ocsp.h"

enum {
	RESPONDER_TIMEOUT = 10'000,        /* milliseconds for all of it */
	RESPONDER_CONNECT_TIMEOUT = 5'000, /* of which for the connection */
};

/* An ocsp_ask. */
int responder_ask(
	struct arena *, const struct ocsp_call *, struct span *ret_answer, const char **ret_why);
