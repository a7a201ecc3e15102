/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/database.h"

#include <signal.h>
#include <sys/wait.h>

#include "ledger/book.h"
#include "tap.h"

#define PLACE                    \
	CLEANUP(place_close)     \
	struct place place = {}; \
	place_open(&place)

/* The error of opening the ledger of the place; ERR_NONE where it opens. */
static enum err_code
open_code(struct place *place, const char *name, bool create, struct err *err)
{
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;

	*err = (struct err){ 0 };
	ledger = ledger_open(place_path(place, name), create, err);
	return ledger != NULL ? ERR_NONE : err->code;
}

static mode_t
mode_of(struct place *place, const char *name)
{
	struct stat status;

	return stat(place_path(place, name), &status) == 0 ? status.st_mode & 07777 : 0;
}

/* A database of somebody else's making. */
static void
foreign_database(struct place *place, const char *name, const char *sql)
{
	sqlite3 *database;

	place_must(sqlite3_open(place_path(place, name), &database) == SQLITE_OK &&
			   sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK,
		sql);
	(void)sqlite3_close(database);
}

static int64_t
number_of(struct place *place, const char *name, const char *sql)
{
	sqlite3_stmt *row = NULL;
	sqlite3 *database;
	int64_t number = -1;

	if (sqlite3_open(place_path(place, name), &database) == SQLITE_OK &&
		sqlite3_prepare_v2(database, sql, -1, &row, NULL) == SQLITE_OK &&
		sqlite3_step(row) == SQLITE_ROW)
		number = sqlite3_column_int64(row, 0);
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(database);
	return number;
}

TEST(created, "a ledger is made where there is none, for its owner alone, whatever the umask")
{
	struct err err;
	PLACE;

	(void)umask(0);
	CHECK(open_code(&place, "a/b/state", true, &err) == ERR_NONE);
	(void)umask(022);
	CHECK(mode_of(&place, "a/b/state") == 0700);
	CHECK(mode_of(&place, "a/b/state/ledger.db") == 0600);
	CHECK(number_of(&place, "a/b/state/ledger.db", "PRAGMA user_version") == 2);
}

TEST(not_created, "who only reads makes no ledger and no directory")
{
	struct err err;
	struct stat status;
	PLACE;

	CHECK(open_code(&place, "state", false, &err) == ERR_NO_INPUT);
	CHECK(stat(place_path(&place, "state"), &status) < 0);
}

TEST(kept, "opening again keeps what is there, and a reader may do it too")
{
	struct digest digest;
	struct span found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_put(book.ledger, text_span("a"), &digest, &err) == 0);
	ledger_close(book.ledger);
	book.ledger = ledger_open(place_path(&book.place, "state"), false, &err);
	CHECK(book.ledger != NULL);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == 1);
}

TEST(newer, "a ledger of a newer version is left alone, and the message says so")
{
	struct err err;
	PLACE;

	CHECK(open_code(&place, "state", true, &err) == ERR_NONE);
	foreign_database(&place, "state/ledger.db", "PRAGMA user_version = 3");
	CHECK(open_code(&place, "state", true, &err) == ERR_DATA);
	CHECK(strstr(err.message, "newer version") != NULL);
	CHECK(err_exit_status(err.code) == 65);
	CHECK(number_of(&place, "state/ledger.db", "PRAGMA user_version") == 3);
}

TEST(older, "a ledger of an older version is brought up to date, and keeps what it has")
{
	struct digest digest;
	struct span found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_put(book.ledger, text_span("a"), &digest, &err) == 0);
	ledger_close(book.ledger);
	foreign_database(
		&book.place, "state/ledger.db", "DROP TABLE list; PRAGMA user_version = 1");
	book.ledger = ledger_open(place_path(&book.place, "state"), false, &err);
	CHECK(book.ledger != NULL);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == 1);
	CHECK(number_of(&book.place, "state/ledger.db", "PRAGMA user_version") == 2);
	CHECK(number_of(&book.place, "state/ledger.db", "SELECT count(*) FROM list") == 0);
}

TEST(foreign, "a database that is no ledger is refused and stays as it is")
{
	static const char *const makings[] = {
		"CREATE TABLE theirs (a)",
		"CREATE TABLE theirs (a); PRAGMA user_version = 1",
		"CREATE TABLE object (digest, bytes); PRAGMA user_version = 1",
		"PRAGMA user_version = 1",
		"CREATE TABLE theirs (a); PRAGMA user_version = -7",
		"PRAGMA user_version = -1",
	};
	struct err err;
	PLACE;

	for (size_t i = 0; i < COUNT_OF(makings); i++) {
		char name[32], file[64];
		int64_t tables;

		(void)snprintf(name, sizeof(name), "state%zu", i);
		(void)snprintf(file, sizeof(file), "%s/ledger.db", name);
		place_directory(&place, name);
		foreign_database(&place, file, makings[i]);
		tables = number_of(&place, file, "SELECT count(*) FROM sqlite_schema");
		CHECK(open_code(&place, name, true, &err) == ERR_DATA);
		CHECK(strstr(err.message, "ledger.db") != NULL);
		CHECK(number_of(&place, file, "SELECT count(*) FROM sqlite_schema") == tables);
	}
}

TEST(no_database, "a file that is no database is a clear error, and is not overwritten")
{
	struct err err;
	struct stat status;
	PLACE;

	place_directory(&place, "state");
	place_file(
		&place, "state/ledger.db", "this is a text that is no database at all, and long");
	CHECK(open_code(&place, "state", true, &err) == ERR_DATA);
	CHECK(strstr(err.message, "ledger.db") != NULL);
	CHECK(stat(place_path(&place, "state/ledger.db"), &status) == 0 && status.st_size == 51);
}

TEST(damaged_pages, "a ledger whose pages are damaged is an error of data, not an empty answer")
{
	uint8_t noise[2048];
	struct digest digest;
	struct span found;
	struct err err = { 0 };
	BOOK;

	memset(noise, 0xa5, sizeof(noise));
	CHECK(ledger_put(book.ledger, text_span("a"), &digest, &err) == 0);
	ledger_close(book.ledger);
	book.ledger = NULL;
	{
		CLEANUP(fd_close)
		int fd = open(place_path(&book.place, "state/ledger.db"), O_WRONLY);

		/* All pages but the first, which holds the schema. */
		for (off_t at = 4096; at < 40 * 4096; at += (off_t)sizeof(noise))
			CHECK(fd >= 0 && pwrite(fd, noise, sizeof(noise), at) == sizeof(noise));
	}
	book.ledger = ledger_open(place_path(&book.place, "state"), false, &err);
	if (book.ledger != NULL)
		CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == -1);
	CHECK(err.code == ERR_DATA);
	CHECK(strstr(err.message, "ledger.db") != NULL);
}

TEST(no_directory, "a state directory that is a file, or a ledger that is a link, is an error")
{
	struct err err;
	PLACE;

	place_file(&place, "state", "x");
	CHECK(open_code(&place, "state", true, &err) != ERR_NONE);
	CHECK(err.message[0] != '\0');
	place_directory(&place, "other");
	place_file(&place, "victim", "");
	place_link(&place, "other/ledger.db", "../victim");
	CHECK(open_code(&place, "other", true, &err) == ERR_CREATE);
}

TEST(busy, "a ledger that another process is writing for long is busy: status 75")
{
	struct digest digest;
	struct err err = { 0 };
	sqlite3 *other;
	int put;
	BOOK;

	CHECK(sqlite3_open(place_path(&book.place, "state/ledger.db"), &other) == SQLITE_OK);
	CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	/* The wait is long by design; the test need not be. */
	(void)sqlite3_busy_timeout(book.ledger->database, 50);
	put = ledger_put(book.ledger, text_span("a"), &digest, &err);
	(void)sqlite3_close(other);
	CHECK(put == -1 && err.code == ERR_BUSY && err_exit_status(err.code) == 75);
	CHECK(strstr(err.message, "locked") != NULL);
	CHECK(ledger_put(book.ledger, text_span("a"), &digest, &err) == 0);
}

TEST(one_lock,
	"one process holds the lock; who else wants it learns by whom, and gets it afterwards")
{
	struct ledger *second;
	struct err err = { 0 };
	char holder[32];
	BOOK;

	CHECK(ledger_lock(book.ledger, &err) == 0);
	CHECK(ledger_lock(book.ledger, &err) == 0);
	second = ledger_open(place_path(&book.place, "state"), false, &err);
	CHECK(second != NULL);
	CHECK(ledger_lock(second, &err) == -1 && err.code == ERR_BUSY);
	(void)snprintf(holder, sizeof(holder), "process %d:", (int)getpid());
	CHECK(strstr(err.message, holder) != NULL);
	ledger_close(book.ledger);
	book.ledger = second;
	CHECK(ledger_lock(second, &err) == 0);
}

TEST(lock_of_orphan,
	"where the holder was killed, a child of its that is about to end is waited for")
{
	struct err err = { 0 };
	int ready[2], status;
	char byte;
	pid_t child;
	BOOK;

	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		/* As between fork and execve of a program that was being started. */
		if (ledger_lock(book.ledger, &err) < 0 || fork() < 0)
			_exit(1);
		if (write(ready[1], "x", 1) == 1)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 300'000'000 }, NULL);
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1 && read(ready[0], &byte, 1) == 1);
	CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
	{
		CLEANUP(ledger_closep)
		struct ledger *second = ledger_open(place_path(&book.place, "state"), false, &err);

		CHECK(second != NULL && ledger_lock(second, &err) == 0);
	}
	(void)close(ready[0]);
	(void)close(ready[1]);
}

TEST(lock_of_dead, "a process that was killed holds no lock")
{
	struct err err = { 0 };
	int ready[2], status;
	char byte;
	pid_t child;
	BOOK;

	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		if (ledger_lock(book.ledger, &err) == 0 && write(ready[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	{
		CLEANUP(ledger_closep)
		struct ledger *second = ledger_open(place_path(&book.place, "state"), false, &err);

		CHECK(second != NULL && ledger_lock(second, &err) == -1);
		CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
		CHECK(ledger_lock(second, &err) == 0);
	}
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* One process that upgrades the ledger, as several may at once. */
static pid_t
open_in_child(const char *directory)
{
	pid_t child = fork();

	if (child == 0) {
		struct err err = { 0 };
		struct ledger *ledger = ledger_open(directory, true, &err);

		_exit(ledger != NULL ? 0 : 1);
	}
	return child;
}

TEST(at_once, "several processes may make the ledger at once: one schema, no error")
{
	const char *directory;
	pid_t children[6];
	PLACE;

	directory = place_path(&place, "state");
	for (size_t i = 0; i < COUNT_OF(children); i++)
		children[i] = open_in_child(directory);
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		int status = 1;

		CHECK(children[i] > 0 && waitpid(children[i], &status, 0) == children[i]);
		CHECK(status == 0);
	}
	CHECK(number_of(&place, "state/ledger.db", "PRAGMA user_version") == 2);
}

TEST(durable, "what the journal announces is on disk before it happens")
{
	struct err err = { 0 };
	BOOK;
	CLEANUP(statement_endp)
	sqlite3_stmt *synchronous = database_prepare(book.ledger, "PRAGMA synchronous", &err);
	CLEANUP(statement_endp)
	sqlite3_stmt *foreign = database_prepare(book.ledger, "PRAGMA foreign_keys", &err);

	CHECK(database_step(book.ledger, synchronous, &err) == 1);
	CHECK(sqlite3_column_int(synchronous, 0) == 2);
	CHECK(database_step(book.ledger, foreign, &err) == 1 &&
		sqlite3_column_int(foreign, 0) == 1);
}

TEST(default_directory, "root's ledger is the machine's; others have one of their own")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	if (geteuid() == 0) {
		CHECK_TEXT(ledger_default_directory(arena), "/var/lib/trustmend");
		CHECK(seteuid(65534) == 0);
	}
	(void)setenv("XDG_STATE_HOME", "/x", 1);
	CHECK_TEXT(ledger_default_directory(arena), "/x/trustmend");
	(void)setenv("XDG_STATE_HOME", "relative", 1);
	(void)setenv("HOME", "/h", 1);
	CHECK_TEXT(ledger_default_directory(arena), "/h/.local/state/trustmend");
	CHECK(seteuid(getuid()) == 0);
}

TAP_MAIN()
