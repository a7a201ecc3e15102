/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/nss_lookup.h"

#include "stores/nss_trust.h"

/* Above it are bits of the handle that the object has in a session (lib/softoken/pkcs11i.h). */
enum { NSS_ID_MASK = 0x3fffffff };

void
nss_lookup_close(struct nss_lookup *lookup)
{
	(void)sqlite3_finalize(lookup->by_id);
	(void)sqlite3_finalize(lookup->trust);
	*lookup = (struct nss_lookup){};
}

bool
nss_lookup_open(sqlite3 *database, struct nss_lookup *ret)
{
	static const char by_id[] = "SELECT rowid, a3 FROM nssPublic WHERE id=?1",
			  trust[] = "SELECT rowid, a82 FROM nssPublic WHERE a0=?1 AND a81=?2 AND "
				    "a82=?3";

	*ret = (struct nss_lookup){};
	return sqlite3_prepare_v2(database, by_id, -1, &ret->by_id, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(database, trust, -1, &ret->trust, NULL) == SQLITE_OK;
}

/* Whether this row is the first that the question, whose values are bound, is answered by. */
static bool
answers(sqlite3_stmt *question, sqlite3_int64 row)
{
	bool found =
		sqlite3_step(question) == SQLITE_ROW && sqlite3_column_int64(question, 0) == row;

	(void)sqlite3_reset(question);
	return found;
}

bool
nss_lookup_finds(struct nss_lookup *lookup, sqlite3_int64 row, sqlite3_value *id)
{
	if (sqlite3_value_type(id) != SQLITE_INTEGER)
		return false;
	return sqlite3_bind_int64(lookup->by_id, 1, sqlite3_value_int64(id) & NSS_ID_MASK) ==
		       SQLITE_OK &&
	       answers(lookup->by_id, row);
}

static bool
bind(sqlite3_stmt *question, int index, struct span value)
{
	return sqlite3_bind_blob(question, index, value.data, (int)value.length, SQLITE_STATIC) ==
	       SQLITE_OK;
}

bool
nss_lookup_finds_trust(
	struct nss_lookup *lookup, sqlite3_int64 row, struct span issuer, struct span serial)
{
	static const uint8_t class[] = { NSS_CLASS_TRUST >> 24, NSS_CLASS_TRUST >> 16 & 0xff,
		NSS_CLASS_TRUST >> 8 & 0xff, NSS_CLASS_TRUST & 0xff };

	return bind(lookup->trust, 1, span_of(class, sizeof(class))) &&
	       bind(lookup->trust, 2, issuer) && bind(lookup->trust, 3, serial) &&
	       answers(lookup->trust, row);
}
