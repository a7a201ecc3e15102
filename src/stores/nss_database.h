/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases of NSS are SQLite's: cert9.db with what is public, key4.db beside it with private keys
 * and, in its table metaData, with what the password guards: the password's own check, and a MAC of
 * each attribute of trust (lib/softoken/sftkdb.c). NSS believes no trust without its MAC where
 * there is a password, be it an empty one.
 *
 * SQLite has the bytes, no file, and may do no more than read these tables, for so many steps.
 */
#pragma once

#include <sqlite3.h>

#include "base/bytes.h"

#define NSS_CERT_DB "cert9.db"
#define NSS_KEY_DB  "key4.db"

/* What a database says of itself: nothing but certificates, and no password. */
#define NSS_PROFILE "cert9.db"

enum { NSS_MAX_STEPS = 40'000'000 /* of SQLite's machine, for one database */ };

/* Zeroed is closed; it does not move while it is open. */
struct nss_database {
	sqlite3 *handle;
	uint64_t steps;
};

/* False where SQLite cannot be started, or refuses the bytes at once; they outlive it. */
bool nss_database_open(struct nss_database *, struct span bytes);
void nss_database_close(struct nss_database *); /* for CLEANUP as well */

/* The profile of a database beside which this is key4.db: static text. */
const char *nss_profile(struct span keys);
