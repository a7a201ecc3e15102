/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 digests: how certificates, CRLs and versions of files are told apart. */
#pragma once

#include <string.h>

#include "base/bytes.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 65 };

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

struct digest digest_of(struct span);
/* Sets up libcrypto for it, which the first digest does otherwise, and takes longest of all: for a
 * thread of its own while the machine is looked at. digest_ready waits for that. */
void digest_prepare(void);
void digest_ready(void);
static inline bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

/* Lower-case hex, NUL-terminated. */
void digest_text(const struct digest *, char text[static DIGEST_TEXT_SIZE]);
/* 0, or -1 where text is not 64 hex digits. */
int digest_parse(const char *text, struct digest *ret);
