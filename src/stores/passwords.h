/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of keystores. They come from a file, a descriptor or a variable of the environment,
 * never from an argument, and are tried in the order in which they were given; after them the few
 * that everybody uses. They live in pages of their own, which are not swapped or dumped, and are
 * wiped at the end. No password is ever shown: where it is said that one fits, it is by its source.
 */
#pragma once

#include "base/base.h"

enum {
	PASSWORD_MAX_SIZE = 1024, /* bytes of one */
	PASSWORDS_MAX = 16,       /* given */
};

struct passwords; /* opaque */

void passwords_free(struct passwords *);
ALLOCATES(passwords_free) struct passwords *passwords_new(void);
DEFINE_CLEANUP(struct passwords, passwords_free)

/* One password each: the first line, without its end. ERR_LIMIT for one too long or too many. */
[[nodiscard]] int passwords_add_file(struct passwords *, const char *path, struct err *err);
[[nodiscard]] int passwords_add_descriptor(struct passwords *, int fd, struct err *err);
[[nodiscard]] int passwords_add_environment(struct passwords *, const char *name, struct err *err);
[[nodiscard]] int passwords_add(
	struct passwords *, struct span, const char *source, struct err *err);

struct password {
	struct span text;   /* as it came: UTF-8 as a rule */
	const char *source; /* "the environment variable PW"; "a default of keytool" */
	bool given;         /* by the operator: not one of the known ones */
};

/* Given ones, then the known ones; false past the last. passwords may be NULL: the known ones. */
bool passwords_get(const struct passwords *, size_t index, struct password *ret);
/* Whether the operator gave any. */
bool passwords_given(const struct passwords *);

/* UTF-16 big-endian, as Java's char and PKCS#12's BMPString have it; what is not UTF-8 is taken for
 * Latin-1. out holds 2 * text.length; returns the bytes written. */
size_t password_utf16(struct span text, uint8_t *out);
