/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM (RFC 7468 and what people make of it): writing blocks, and edits of a store's text that keep
 * everything else byte for byte.
 */
#pragma once

#include "stores/store.h"

/* "-----BEGIN label-----", lines of 64, "-----END label-----", each ended by a newline. */
void pem_write(struct buffer *, const char *label, struct span der);

/*
 * Undoes one kind of damage to the text and nothing else; all DER bodies stay what they were. cause
 * is one of STORE_FUSED_BLOCKS, STORE_NUL_BYTES, STORE_BYTE_ORDER_MARK, STORE_UTF16,
 * STORE_LINE_ENDINGS, STORE_LITERAL_NEWLINES, STORE_DOUBLE_BASE64, STORE_STRAY_TEXT. 0 with ret; -1
 * where this damage is not there or cannot be undone without loss.
 */
[[nodiscard]] int pem_mend_text(struct span text, enum cause_code, struct buffer *ret);

/* Appends the block of a certificate, with its trust settings, or of a CRL. */
void pem_write_entry(struct buffer *out, const struct entry *);
/* Replaces [offset, offset + length) by replacement; a newline is put around it where one is
 * missing. */
void pem_splice(struct span text, size_t offset, size_t length, struct span replacement,
	struct buffer *ret);
/* Appends a block, after a newline where the last line has none. */
void pem_append(struct span text, struct span block, struct buffer *ret);
