/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of source have in common, and only they need. */
#pragma once

#include "x509/crl_source.h"

#define CRL_PEM_BEGIN "-----BEGIN X509 CRL-----"
#define CRL_PEM_END   "-----END X509 CRL-----"

/* Bytes at the beginning of a file among which the CRL begins, behind whatever text. */
enum { CRL_SOURCE_PREAMBLE = 16 << 10 };

struct crl_source_kind {
	ssize_t (*read)(struct crl_source *, uint64_t offset, uint8_t *into, size_t length);
	void (*end)(struct crl_source *);
};

struct crl_source {
	const struct crl_source_kind *kind;
	uint64_t fault; /* of PEM: where in the text */
};
