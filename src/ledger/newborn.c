/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger before it has a file. */
#include "ledger/database.h"

#include "base/quiet.h"

/* https://www.sqlite.org/fileformat2.html 1.3: bytes of the header of a database. */
enum {
	DATABASE_WRITE_FORMAT = 18,
	DATABASE_READ_FORMAT = 19,
	DATABASE_WAL = 2,
	DATABASE_HEADER = 100
};

static void *
make_empty(void *data)
{
	struct ledger *ledger = data;

	quiet_hold();
	ledger->made = sqlite3_open(":memory:", &ledger->database);
	if (ledger->made == SQLITE_OK)
		ledger->made = schema_make(ledger->database, 0);
	if (ledger->made == SQLITE_OK)
		ledger->made = sqlite3_exec(ledger->database,
			"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
	quiet_release();
	return NULL;
}

void
database_conceive(struct ledger *ledger)
{
	ledger->place = PLACE_MEMORY;
	ledger->making = pthread_create(&ledger->maker, NULL, make_empty, ledger) == 0;
	if (!ledger->making)
		(void)make_empty(ledger);
}

int
database_await(struct ledger *ledger, struct err *err)
{
	if (ledger->making)
		(void)pthread_join(ledger->maker, NULL);
	ledger->making = false;
	return ledger->made == SQLITE_OK ? 0 : database_error(ledger, err, "make an empty one");
}

static void
end_image(unsigned char **image)
{
	sqlite3_free(*image);
}

int
database_copy(struct ledger *ledger, struct err *err)
{
	CLEANUP(mem_freep) char *path = database_path(ledger);
	CLEANUP(end_image) unsigned char *image = NULL;
	sqlite3_int64 size = 0;

	if (ledger->place != PLACE_MEMORY)
		return 0;
	TRY(database_await(ledger, err));
	image = sqlite3_serialize(ledger->database, "main", &size, 0);
	if (image == NULL || size < DATABASE_HEADER)
		return err_set(err, ERR_IO, "ledger %s: it cannot be written", path);
	image[DATABASE_WRITE_FORMAT] = image[DATABASE_READ_FORMAT] = DATABASE_WAL;
	/* Only its owner may see what the ledger holds, whatever the umask. */
	TRY(file_create(path, span_of(image, (size_t)size), 0600, err));
	ledger->place = PLACE_COPIED;
	return 0;
}

int
database_settle(struct ledger *ledger, struct err *err)
{
	if (ledger->place == PLACE_FILE)
		return 0;
	TRY(database_copy(ledger, err));
	(void)sqlite3_close_v2(ledger->database);
	ledger->database = NULL;
	ledger->place = PLACE_FILE;
	return database_open(ledger, err);
}
