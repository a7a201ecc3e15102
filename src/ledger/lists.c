/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of long CRLs. */
#include <string.h>

#include "ledger/database.h"

enum { FIRST_NUMBER = 2 };

static void
bind_file(sqlite3_stmt *statement, const char *path, const struct file_identity *identity)
{
	const int64_t numbers[] = { (int64_t)identity->device, (int64_t)identity->inode,
		(int64_t)identity->size, identity->modified.seconds, identity->modified.nanoseconds,
		identity->changed.seconds, identity->changed.nanoseconds };

	bind_text(statement, 1, path);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		(void)sqlite3_bind_int64(statement, FIRST_NUMBER + (int)i, numbers[i]);
}

static int
put(struct ledger *ledger, const struct known_list *list, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT OR REPLACE INTO list (path, device, inode, size, modified_s, modified_ns, "
		"changed_s, changed_ns, digest, record) VALUES (?,?,?,?,?,?,?,?,?,?)",
		err);

	if (statement == NULL)
		return -1;
	bind_file(statement, list->path, &list->identity);
	bind_span(statement, 9, span_of(list->digest.bytes, DIGEST_SIZE));
	bind_span(statement, 10, list->record);
	return database_step(ledger, statement, err);
}

int
ledger_list_put(struct ledger *ledger, const struct known_list *list, struct err *err)
{
	if (list->record.length > LEDGER_MAX_LIST_RECORD)
		return err_set(err, ERR_LIMIT, "ledger: a record of a list is too large");
	TRY(ledger_batch_begin(ledger, err));
	if (put(ledger, list, err) >= 0 && ledger_batch_end(ledger, err) == 0)
		return 0;
	ledger_batch_abort(ledger);
	return -1;
}

int
ledger_list_get(
	struct ledger *ledger, struct arena *arena, struct known_list *list, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"SELECT digest, record FROM list WHERE path = ? AND device = ? AND inode = ? AND "
		"size = ? AND modified_s = ? AND modified_ns = ? AND changed_s = ? AND changed_ns "
		"= "
		"?",
		err);
	struct span digest;
	int found;

	if (statement == NULL)
		return -1;
	bind_file(statement, list->path, &list->identity);
	found = database_step(ledger, statement, err);
	if (found <= 0)
		return found;
	digest = column_span(arena, statement, 0);
	list->record = column_span(arena, statement, 1);
	if (digest.length != DIGEST_SIZE)
		return 0;
	memcpy(list->digest.bytes, digest.data, DIGEST_SIZE);
	return 1;
}
