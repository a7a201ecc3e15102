/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "ledger/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LEDGER_SCHEMA = 2, LEDGER_TABLES = 10, LEDGER_BUSY_MS = 10'000 };
enum { LOCK_ORPHAN_MS = 5'000, LOCK_STEP_MS = 10 };

static const char schema_001[] =
#include "001.sql.inc"
	;
static const char schema_002[] =
#include "002.sql.inc"
	;
/* Each brings a database from the version before it to its own. */
static const char *const schemas[] = { schema_001, schema_002 };
static_assert(COUNT_OF(schemas) == LEDGER_SCHEMA);

void
statement_end(sqlite3_stmt *statement)
{
	(void)sqlite3_finalize(statement);
}

int
database_error(struct ledger *ledger, struct err *err, const char *doing)
{
	int code = sqlite3_errcode(ledger->database);
	int system = sqlite3_system_errno(ledger->database);
	enum err_code kind = ERR_IO;

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		kind = ERR_DATA;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		kind = ERR_BUSY;
	if (code == SQLITE_CANTOPEN)
		kind = ERR_CREATE;
	if (code == SQLITE_PERM || code == SQLITE_READONLY || code == SQLITE_AUTH)
		kind = ERR_PERMISSION;
	/* SQLite says "disk I/O error" of much that the system has a better word for. */
	if (code == SQLITE_IOERR && system != 0)
		return err_set(err, kind, "ledger %s/ledger.db: %s: %s: %s", ledger->directory,
			doing, sqlite3_errmsg(ledger->database), strerror(system));
	return err_set(err, kind, "ledger %s/ledger.db: %s: %s", ledger->directory, doing,
		sqlite3_errmsg(ledger->database));
}

sqlite3_stmt *
database_prepare(struct ledger *ledger, const char *sql, struct err *err)
{
	sqlite3_stmt *statement;

	if (database_await(ledger, err) < 0)
		return NULL;
	if (sqlite3_prepare_v2(ledger->database, sql, -1, &statement, NULL) == SQLITE_OK)
		return statement;
	(void)database_error(ledger, err, "prepare");
	return NULL;
}

int
database_step(struct ledger *ledger, sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : database_error(ledger, err, "read or write");
}

int
database_run(struct ledger *ledger, const char *sql, struct err *err)
{
	TRY(database_await(ledger, err));
	if (sqlite3_exec(ledger->database, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return database_error(ledger, err, "write");
}

void
bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	(void)sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
}

void
bind_span(sqlite3_stmt *statement, int index, struct span span)
{
	if (span.data == NULL)
		(void)sqlite3_bind_null(statement, index);
	else
		(void)sqlite3_bind_blob64(
			statement, index, span.data, span.length, SQLITE_TRANSIENT);
}

const char *
column_text(struct arena *arena, sqlite3_stmt *statement, int index)
{
	const unsigned char *text = sqlite3_column_text(statement, index);

	return text == NULL ? NULL : arena_strdup(arena, (const char *)text);
}

struct span
column_span(struct arena *arena, sqlite3_stmt *statement, int index)
{
	const void *bytes = sqlite3_column_blob(statement, index);
	size_t length = (size_t)sqlite3_column_bytes(statement, index);

	if (sqlite3_column_type(statement, index) == SQLITE_NULL)
		return span_of(NULL, 0);
	return span_of(arena_dup(arena, length > 0 ? bytes : "", length), length);
}

char *
database_path(const struct ledger *ledger)
{
	char *path = mem_alloc(strlen(ledger->directory) + sizeof("/ledger.db"));

	(void)stpcpy(stpcpy(path, ledger->directory), "/ledger.db");
	return path;
}

int
schema_make(sqlite3 *database, int version)
{
	char set_version[64];
	int code = SQLITE_OK;

	for (size_t i = (size_t)version; code == SQLITE_OK && i < COUNT_OF(schemas); i++)
		code = sqlite3_exec(database, schemas[i], NULL, NULL, NULL);
	(void)snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", LEDGER_SCHEMA);
	return code == SQLITE_OK ? sqlite3_exec(database, set_version, NULL, NULL, NULL) : code;
}

/* The version of the schema; 0 of a database without any table. What another program made is
 * neither read nor written. */
static int
schema_version(struct ledger *ledger, int *ret, struct err *err)
{
	/* One statement, so that a process that makes the schema meanwhile is not met half way. */
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT user_version, "
		"(SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'), "
		"(SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('object', "
		"'version', 'attribute', 'seen', 'baseline', 'baseline_file', 'repair', 'step', "
		"'trust_change', 'verdict')) FROM pragma_user_version",
		err);

	if (row == NULL || database_step(ledger, row, err) < 0)
		return -1;
	*ret = sqlite3_column_int(row, 0);
	if (*ret < 0 || (*ret == 0 && sqlite3_column_int(row, 1) > 0) ||
		(*ret > 0 && sqlite3_column_int(row, 2) < LEDGER_TABLES))
		return err_set(err, ERR_DATA,
			"%s/ledger.db is a database of another program, and no ledger",
			ledger->directory);
	if (*ret > LEDGER_SCHEMA)
		return err_set(err, ERR_DATA,
			"ledger %s/ledger.db was written by a newer version of trustmend",
			ledger->directory);
	return 0;
}

/* Brings the schema up to date, all of it or nothing. */
static int
schema_upgrade(struct ledger *ledger, struct err *err)
{
	int version, result;

	TRY(schema_version(ledger, &version, err));
	if (version == LEDGER_SCHEMA)
		return 0;
	TRY(database_run(ledger, "BEGIN IMMEDIATE", err));
	/* Another process may have been quicker. */
	result = schema_version(ledger, &version, err);
	if (result == 0 && version == LEDGER_SCHEMA)
		return database_run(ledger, "COMMIT", err);
	if (result < 0 ||
		(schema_make(ledger->database, version) != SQLITE_OK &&
			database_error(ledger, err, "write") < 0) ||
		database_run(ledger, "COMMIT", err) < 0) {
		struct err ignored;

		(void)database_run(ledger, "ROLLBACK", &ignored);
		return -1;
	}
	return 0;
}

void
ledger_close(struct ledger *ledger)
{
	struct err ignored;

	if (ledger == NULL)
		return;
	(void)database_await(ledger, &ignored);
	(void)sqlite3_close_v2(ledger->database);
	fd_close(&ledger->lock);
	mem_free(ledger->directory);
	mem_free(ledger);
}

int
database_open(struct ledger *ledger, struct err *err)
{
	CLEANUP(mem_freep) char *path = database_path(ledger);

	if (sqlite3_open_v2(path, &ledger->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
		    NULL) != SQLITE_OK)
		return database_error(ledger, err, "open");
	(void)sqlite3_busy_timeout(ledger->database, LEDGER_BUSY_MS);
	/* What is in the journal must be on disk before what it announces happens. */
	TRY(database_run(ledger,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
		"PRAGMA trusted_schema = OFF",
		err));
	return schema_upgrade(ledger, err);
}

static bool
is_missing(const struct ledger *ledger)
{
	CLEANUP(mem_freep) char *path = database_path(ledger);

	return access(path, F_OK) < 0 && errno == ENOENT;
}

struct ledger *
ledger_open_lazily(const char *directory, struct err *err)
{
	CLEANUP(ledger_closep) struct ledger *ledger = mem_zalloc(sizeof(*ledger));
	bool is_new;

	ledger->lock = -1;
	ledger->directory = mem_strdup(directory);
	is_new = is_missing(ledger);
	if (is_new ? directory_make(directory, 0700, err) < 0 : database_open(ledger, err) < 0)
		return NULL;
	if (is_new)
		database_conceive(ledger);
	return TAKE(ledger);
}

struct ledger *
ledger_open(const char *directory, bool create, struct err *err)
{
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;
	const struct ledger there = { .directory = (char *)directory };

	if (!create && is_missing(&there)) {
		(void)err_set(err, ERR_NO_INPUT, "no ledger in %s yet", directory);
		return NULL;
	}
	ledger = ledger_open_lazily(directory, err);
	if (ledger == NULL || database_settle(ledger, err) < 0)
		return NULL;
	return TAKE(ledger);
}

char *
ledger_default_directory(struct arena *arena)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *user;

	if (geteuid() == 0)
		return arena_strdup(arena, "/var/lib/trustmend");
	if (state != NULL && state[0] == '/')
		return arena_printf(arena, "%s/trustmend", state);
	if (home == NULL || home[0] != '/') {
		user = getpwuid(geteuid());
		home = user != NULL ? user->pw_dir : "/tmp";
	}
	return arena_printf(arena, "%s/.local/state/trustmend", home);
}

static pid_t
lock_holder(int fd)
{
	char text[32] = { 0 };

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static bool
is_dead(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/*
 * A process that was killed may have begun to start a program: until that is executed, its child
 * has the lock, for a lock of flock(2) is of the open file. So where the holder is dead, it is
 * worth while to wait a moment.
 */
static int
lock_take(int fd)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1'000'000L };
	int waited = 0;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -1;
		if (waited >= LOCK_ORPHAN_MS || !is_dead(lock_holder(fd))) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)nanosleep(&step, NULL);
		waited += LOCK_STEP_MS;
	}
	return 0;
}

const char *
ledger_directory(const struct ledger *ledger)
{
	return ledger->directory;
}

int
ledger_lock(struct ledger *ledger, struct err *err)
{
	CLEANUP(mem_freep) char *path = mem_alloc(strlen(ledger->directory) + sizeof("/lock"));
	CLEANUP(fd_close) int fd = -1;
	char text[32];
	int length;

	if (ledger->lock >= 0)
		return 0;
	(void)stpcpy(stpcpy(path, ledger->directory), "/lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, ERR_CREATE, "lock %s", path);
	if (lock_take(fd) < 0) {
		if (errno != EWOULDBLOCK)
			return err_sys(err, ERR_IO, "lock %s", path);
		return err_set(err, ERR_BUSY, "%s is held by process %d: wait for it to end", path,
			(int)lock_holder(fd));
	}
	length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)length, 0) != length)
		return err_sys(err, ERR_IO, "lock %s", path);
	/* Who takes the lock goes on to write what must be there after a crash: so must the file
	 * be.
	 */
	TRY(database_settle(ledger, err));
	TRY(file_sync_parent(path, err));
	ledger->lock = fd;
	fd = -1;
	return 0;
}
