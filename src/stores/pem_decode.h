/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a PEM block: RFC 1421 headers, and base64 with the harm that befalls it. */
#pragma once

#include "stores/store.h"

struct pem_body {
	size_t length; /* bytes decoded before the fault, if there is one */
	size_t fault;  /* offset in the body of the first byte that does not belong; or SIZE_MAX */
	bool is_cut;   /* the digits end in the middle of a group */
	bool has_headers;
	bool has_literal;    /* backslash-n for a line end */
	bool has_empty_line; /* within or before the base64 */
};

/* Decodes what stands between two markers into out, which holds body.length * 3 / 4 + 3, or is NULL
 * where the bytes must not be kept. */
void pem_decode(struct span body, uint8_t *out, struct pem_body *ret);
/* Where the last lines of pure base64 before end begin: a block whose BEGIN line is lost. */
size_t pem_digits_before(struct span text, size_t floor, size_t end);
