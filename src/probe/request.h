/* SPDX-License-Identifier: Apache-2.0 */
/* The request of a probe, and the name it asks for; nothing of the configuration can add to it. */
#pragma once

#include "base/base.h"
#include "verify/verifier.h"

/* The name to send as SNI (RFC 6066 3: a host name, no address), or NULL: a pattern such as
 * "*.example.com" or "_" is no name that anybody would ask for. */
const char *request_server_name(const struct endpoint *);
const char *request_text(struct arena *, const struct endpoint *);
