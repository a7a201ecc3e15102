/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing DER: elements are opened, filled and closed; the length goes in when they are closed. A
 * whole element is put (x509/der.h).
 *
 *	size_t sequence = der_open(&out, DER_SEQUENCE);
 *	der_put(&out, DER_OID, span_of("\x55\x1d\x25", 3));
 *	der_close(&out, sequence);
 */
#pragma once

#include "x509/der.h"

/* Begins an element; the mark is for der_close. */
size_t der_open(struct buffer *, unsigned tag);
void der_close(struct buffer *, size_t mark);
void der_put_number(struct buffer *, uint64_t number);
/* SEQUENCE { OID, NULL }, or without the NULL. */
void der_put_algorithm(struct buffer *, struct span oid, bool has_null);
