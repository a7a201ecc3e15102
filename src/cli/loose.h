/* SPDX-License-Identifier: Apache-2.0 */
/* Judging loose certificates: what verify reads, as clients of a target's verifiers or of one made
 * of loose files. */
#pragma once

#include "cli/cli.h"

enum {
	LOOSE_MAX_ENGINES = 16,
	LOOSE_UNREADABLE = 1 /* X509_V_ERR_UNSPECIFIED */,
	LOOSE_MAX_SERIALS = 1'000'000 /* looked up while a list is read; others afterwards */
};

struct loose {
	struct session *session;
	struct stores *stores;
	struct judge *judge;
	struct judged *list;
	size_t count, capacity;
	struct cert *untrusted;
	size_t untrusted_count, untrusted_capacity;
	struct span *serials; /* that lists will be asked for */
	size_t serial_count, serial_capacity;
	struct ocsp_stored *stored;
	size_t stored_count, stored_capacity;
};

[[nodiscard]] int loose_verify(struct loose *);
/* Reads the answers of OCSP that the options name, and has the judge take account of them. */
[[nodiscard]] int loose_ocsp(struct loose *);
/* As the options describe it, once for each engine that they name. */
[[nodiscard]] int loose_verifiers(
	struct session *, struct verifier ret[static LOOSE_MAX_ENGINES], size_t *ret_count);
