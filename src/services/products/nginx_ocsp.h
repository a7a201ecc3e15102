/* SPDX-License-Identifier: Apache-2.0 */
/* How nginx asks about client certificates by OCSP: ssl_ocsp and what belongs to it. */
#pragma once

#include "services/grammars/nginx.h"
#include "verify/verifier.h"

/* The directives in force, or NULL. */
struct nginx_ocsp {
	const struct nginx_directive *check, *responder, *resolver;
};

/* Why nginx does not start with a directive of these, which is named; NULL where nothing is wrong.
 */
const char *nginx_ocsp_read(struct arena *, const struct nginx_ocsp *, struct verifier *,
	const struct nginx_directive **ret_at);
