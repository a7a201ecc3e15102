/* SPDX-License-Identifier: Apache-2.0 */
/* The database behind the ledger: statements with an end, binding and reading columns,
 * transactions. Only for this module. */
#pragma once

#include <pthread.h>
#include <sqlite3.h>

#include "ledger/ledger.h"

/* Where its database is. A new one is made in memory: in its file, it would take eight writes that
 * each wait for the disk before there is anything to lose. */
enum ledger_place {
	PLACE_FILE,
	PLACE_MEMORY, /* nothing is on disk yet */
	PLACE_COPIED, /* on disk as well, by a batch that has ended; to go on with that, open it */
};

struct ledger {
	sqlite3 *database;
	char *directory;
	int lock; /* descriptor of the lock file, or -1 */
	enum ledger_place place;
	pthread_t maker; /* of a new one */
	bool making;
	int made; /* its result code of SQLite */
};

/* Of its file; the caller's. */
char *database_path(const struct ledger *);
/* The schema of a database that has this version of it, 0 of an empty one; a result code of SQLite.
 */
int schema_make(sqlite3 *, int version);
/* Opens the file, and brings its schema up to date. */
int database_open(struct ledger *, struct err *err);
/* A new one in memory, made by a thread of its own while the machine is looked at. */
void database_conceive(struct ledger *);
/* Waits until it is there: before anything is asked of the database. */
int database_await(struct ledger *, struct err *err);
/* Puts what is in memory into a file, whole, unless somebody else was quicker. */
int database_copy(struct ledger *, struct err *err);
/* Goes on with the file, if it is not there that we are. */
int database_settle(struct ledger *, struct err *err);

void statement_end(sqlite3_stmt *);
DEFINE_CLEANUP(sqlite3_stmt, statement_end)

/* Fills err from the database's own words; -1. */
int database_error(struct ledger *, struct err *err, const char *doing);
/* NULL and err where the statement is wrong or the database is damaged. */
ALLOCATES(statement_end)
sqlite3_stmt *database_prepare(struct ledger *, const char *sql, struct err *err);
/* 1: a row; 0: done; -1 err. */
int database_step(struct ledger *, sqlite3_stmt *, struct err *err);
/* Runs statements without parameters. */
int database_run(struct ledger *, const char *sql, struct err *err);

void bind_text(sqlite3_stmt *, int index, const char *text);
void bind_span(sqlite3_stmt *, int index, struct span);
const char *column_text(struct arena *, sqlite3_stmt *, int index); /* NULL stays NULL */
struct span column_span(struct arena *, sqlite3_stmt *, int index);

/* A version and its attributes; the identity of the row in ret_id. */
int version_insert(struct ledger *, const struct file_version *, int64_t *ret_id, struct err *err);
int version_read(
	struct ledger *, struct arena *, int64_t id, struct file_version *ret, struct err *err);
