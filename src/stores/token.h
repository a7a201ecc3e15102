/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 tokens as stores: "pkcs11:…" (RFC 7512) names objects of tokens, which p11-kit finds. Its
 * modules are libraries that get loaded. So it loads those that the system's own configuration
 * names, and nothing that stands in a name; it does so in a child that has little time; it never
 * logs in, and what it sees are public objects. What comes back is a listing in p11-kit's own form,
 * and is read as any other bytes are.
 */
#pragma once

#include "world/world.h"

enum {
	TOKEN_MAX_NAME = 1024,        /* bytes of a name */
	TOKEN_MAX_LISTING = 16 << 20, /* bytes */
	TOKEN_MAX_VALUE = 1 << 20,    /* bytes of one attribute */
	TOKEN_MAX_TOKENS = 256,
	TOKEN_SECONDS = 10,
};

/* Lines of a listing that are no objects. */
#define TOKEN_LISTING_HEAD "# objects of PKCS#11 tokens\n"
#define TOKEN_LISTING_MARK "#! "
#define TOKEN_MARK_MODULE  "module "  /* a configured module that is not there: its path */
#define TOKEN_MARK_LOCKED  "locked "  /* a token whose PIN is locked: its label */
#define TOKEN_MARK_OTHER   "other "   /* a token that the name does not mean: its label */
#define TOKEN_MARK_NOTHING "nothing " /* the name means nothing that is there: what it lacks */

/* Whether this is the name of objects of a token. */
bool token_is_name(const char *name);
/* The listing, from the arena. ERR_PERMISSION, ERR_USAGE, ERR_UNKNOWN (no answer in time). */
[[nodiscard]] int token_list(
	struct arena *, struct world *, const char *name, struct span *ret, struct err *err);

/* The child's part: writes what p11-kit finds; 0, or what could not be done in words. */
const char *token_write_objects(const char *name, int fd);
/* From now on this process sees all file systems read-only. False where it may not have mounts of
 * its own. */
bool token_forbid_changes(void);
/* Adds a line for each module that the world's configuration of p11-kit names and has not. */
void token_check_modules(struct arena *, struct world *, struct buffer *out);
