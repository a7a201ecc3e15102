/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers make of OpenSSL's verify callback. HAProxy forgives single errors, and the first
 * that it does not ends the handshake; so does httpd, which counts the depth there as well; nginx
 * lets all pass and looks at the last one when the request is there.
 */
#pragma once

#include "verify/verifier.h"

/* One verification, as the verifier's server hears of it. */
struct hearing {
	const struct verifier *verifier;
	bool refused; /* error and depth are of the first error that is not forgiven */
	int error;
	unsigned depth;
	int last; /* the last error, forgiven or not */
};

/* One call of the callback: whether the certificate passes. The library goes on where it does, or
 * where the verifier's last error decides. */
bool hearing_call(struct hearing *, bool ok, int error, unsigned depth);
/* Behind the last call: whether the client is accepted. */
bool hearing_end(struct hearing *);
