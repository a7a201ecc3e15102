/* SPDX-License-Identifier: Apache-2.0 */
/* The database behind the ledger: statements with an end, binding and reading columns,
 * transactions. Only for this module. */
#pragma once

#include <sqlite3.h>

#include "ledger/ledger.h"

struct ledger {
	sqlite3 *database;
	char *directory;
	int lock; /* descriptor of the lock file, or -1 */
};

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
