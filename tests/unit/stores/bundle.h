/* SPDX-License-Identifier: Apache-2.0 */
/* Stores made of a public-key infrastructure, in memory. */
#pragma once

#include "pki.h"
#include "stores/stores.h"

/* A PEM store of these certificates, in this order; its text lives as long as the buffer. */
static inline const struct store *
bundle_of(struct stores *stores, struct buffer *text, const struct pki_cert *const *certs,
	size_t count)
{
	for (size_t i = 0; i < count; i++)
		pem_write(text, "CERTIFICATE", certs[i]->der);
	return stores_open_bytes(stores, "bundle.pem", buffer_span(text), LOADER_ANY);
}
