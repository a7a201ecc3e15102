/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger before it has a file. */
#include "ledger/database.h"

/* https://www.sqlite.org/fileformat2.html 1.3: bytes of the header of a database. */
enum {
	DATABASE_WRITE_FORMAT = 18,
	DATABASE_READ_FORMAT = 19,
	DATABASE_WAL = 2,
	DATABASE_HEADER = 100
};

int
database_conceive(struct ledger *ledger, struct err *err)
{
	ledger->place = PLACE_MEMORY;
	if (sqlite3_open(":memory:", &ledger->database) != SQLITE_OK ||
		schema_make(ledger->database) != SQLITE_OK)
		return database_error(ledger, err, "make an empty one");
	return database_run(ledger, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", err);
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
