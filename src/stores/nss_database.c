/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/nss_database.h"

#include <string.h>

#include "stores/store.h"

enum {
	NSS_MAX_VALUE = 1 << 20, /* bytes of one attribute */
	NSS_MAX_SQL = 64 << 10,  /* of a statement, as those are that make the tables */
	NSS_MAX_COLUMNS = 500,   /* NSS itself has about 110 */
	NSS_STEPS_AT_ONCE = 10'000,
};

/* Statements that read these tables: anything else is refused while it is prepared. */
static int
authorize(void *, int action, const char *table, const char *, const char *, const char *)
{
	static const char *const tables[] = { "nssPublic", "nssPrivate", "metaData" };

	if (action == SQLITE_SELECT)
		return SQLITE_OK;
	for (size_t i = 0; action == SQLITE_READ && table != NULL && i < COUNT_OF(tables); i++)
		if (strcmp(table, tables[i]) == 0)
			return SQLITE_OK;
	return SQLITE_DENY;
}

static int
count_steps(void *context)
{
	struct nss_database *database = context;

	database->steps += NSS_STEPS_AT_ONCE;
	return database->steps > NSS_MAX_STEPS;
}

/* What SQLite does with a file of an enemy: https://sqlite.org/security.html. */
static void
restrain(struct nss_database *database)
{
	static const struct {
		int limit, most;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, NSS_MAX_VALUE },
		{ SQLITE_LIMIT_SQL_LENGTH, NSS_MAX_SQL },
		{ SQLITE_LIMIT_COLUMN, NSS_MAX_COLUMNS },
		{ SQLITE_LIMIT_EXPR_DEPTH, 10 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 1 },
		{ SQLITE_LIMIT_VDBE_OP, 25'000 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 4 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	};

	for (size_t i = 0; i < COUNT_OF(limits); i++)
		(void)sqlite3_limit(database->handle, limits[i].limit, limits[i].most);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	sqlite3_progress_handler(database->handle, NSS_STEPS_AT_ONCE, count_steps, database);
	(void)sqlite3_set_authorizer(database->handle, authorize, NULL);
}

bool
nss_database_open(struct nss_database *database, struct span bytes)
{
	/* Read-only: the bytes stay as they are. */
	if (sqlite3_open_v2(":memory:", &database->handle, SQLITE_OPEN_READWRITE, NULL) !=
			SQLITE_OK ||
		sqlite3_deserialize(database->handle, "main",
			(unsigned char *)(uintptr_t)bytes.data, (sqlite3_int64)bytes.length,
			(sqlite3_int64)bytes.length, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		return false;
	restrain(database);
	return true;
}

void
nss_database_close(struct nss_database *database)
{
	(void)sqlite3_close(database->handle);
	database->handle = NULL;
}

/* Whether the statement has a row; *ret_fails is set where it cannot be run. */
static bool
has_row(sqlite3 *handle, const char *sql, bool *ret_fails)
{
	sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(handle, sql, -1, &rows, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(rows);
	(void)sqlite3_finalize(rows);
	*ret_fails |= result != SQLITE_ROW && result != SQLITE_DONE;
	return result == SQLITE_ROW;
}

const char *
nss_profile(struct span keys)
{
	CLEANUP(nss_database_close) struct nss_database database = {};
	bool fails = false, has_password, has_keys;

	if (keys.length == 0 || !nss_database_open(&database, keys))
		return "cert9.db, whose key4.db cannot be read";
	has_password =
		has_row(database.handle, "SELECT id FROM metaData WHERE id = 'password'", &fails);
	has_keys = has_row(database.handle, "SELECT id FROM nssPrivate", &fails);
	if (fails)
		return "cert9.db, whose key4.db cannot be read";
	if (has_keys)
		return has_password ? "cert9.db with private keys, its trust guarded by a password"
				    : "cert9.db with private keys";
	return has_password ? "cert9.db, its trust guarded by a password" : NSS_PROFILE;
}
