/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for a server that is down: a TLS server in memory, set up with the calls that the
 * verifier's server makes, on the files that it would read. It answers the one question that a
 * stopped server leaves open: what would it say to this client, if it were started now?
 *
 * It reads the real files of the host: edits that an overlay only proposes are not seen. Whether
 * the server's user may read them is not asked here. A server that would not start is
 * LAYER_CONNECT, as one that is down; a client without its key is judged without a handshake, and
 * the transcript says so. Each call is a restart: no session outlives it.
 */
#pragma once

#include "probe/probe.h"

/* client NULL: no certificate is sent. options may be NULL. Never fails, as probe_endpoint. */
struct probe *stand_in_probe(struct arena *, struct world *, const struct verifier *,
	const struct client *, const struct probe_options *);
