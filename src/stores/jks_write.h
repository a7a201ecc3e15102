/* SPDX-License-Identifier: Apache-2.0 */
/* JKS: its digest, for reader and writer, and the writer of formats/jks.c. */
#pragma once

#include "stores/write.h"

enum { JKS_DIGEST_SIZE = 20 };

/* SHA-1 of the password in UTF-16, a constant and the bytes; false where libcrypto does not. */
bool jks_digest(struct span password, struct span bytes, uint8_t ret[static JKS_DIGEST_SIZE]);
int jks_write(const struct store_content *, struct buffer *, struct err *err);
