/* SPDX-License-Identifier: Apache-2.0 */
/* What a server's HTTP answer says about the client's certificate. */
#pragma once

#include "base/base.h"

struct answer {
	int status;             /* HTTP status, or 0 while none is known */
	bool refuses;           /* by its status */
	bool names_certificate; /* status line or body speaks of SSL or of a certificate */
	const char *words;      /* title of its page or reason phrase; sanitised, may be empty */
};

/* Reads what has come so far of an answer; interim answers (RFC 9110 15.2) are passed over. */
void answer_read(struct arena *, struct span bytes, struct answer *ret);
/* Whether the status refuses the certificate: 400, 403, 421, and nginx's 495 and 496. */
bool answer_status_refuses(int status);
