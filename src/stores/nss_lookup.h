/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NSS finds in a database of its own. It reads no table from end to end: it asks for the
 * numbers of all objects of a class, for each object by its number, and for trust by issuer and
 * serial number (lib/softoken/sdb.c, lib/dev/devtoken.c). What no index leads to it does not find,
 * though it stands in the table.
 */
#pragma once

#include <sqlite3.h>

#include "base/bytes.h"

struct nss_lookup {
	sqlite3_stmt *by_id, *trust;
};

void nss_lookup_close(struct nss_lookup *); /* for CLEANUP as well */
/* False where the database does not take the questions. */
bool nss_lookup_open(sqlite3 *, struct nss_lookup *ret);
/* Whether the row of this number is found by what stands in it as the object's. */
bool nss_lookup_finds(struct nss_lookup *, sqlite3_int64 row, sqlite3_value *id);
/* Whether that row is found as the trust of a certificate of this issuer and serial number. */
bool nss_lookup_finds_trust(
	struct nss_lookup *, sqlite3_int64 row, struct span issuer, struct span serial);
