/* SPDX-License-Identifier: Apache-2.0 */
/* What the opaque struct probe_session of probe.h holds. */
#pragma once

#include <openssl/ssl.h>

struct probe_session {
	SSL_SESSION *session;
};
