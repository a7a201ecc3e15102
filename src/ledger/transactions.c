/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions of repair: the journal that a step is in before it happens, and the audit record
 * that stays. */
#include <string.h>

#include "ledger/database.h"

static const char *const state_names[TRANSACTION__COUNT] = { "open", "prepared", "applying",
	"applied", "closed", "rolled-back", "stuck" };
static const char *const kind_names[STEP__COUNT] = { "directory", "write", "splice", "mode",
	"owner", "link", "remove", "reload", "start", "make-directory" };

const char *
transaction_state_name(enum transaction_state state)
{
	return state < TRANSACTION__COUNT ? state_names[state] : "unknown";
}

const char *
step_kind_name(enum step_kind kind)
{
	return kind < STEP__COUNT ? kind_names[kind] : "unknown";
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int
step_insert(struct ledger *ledger, int64_t id, const struct step *step, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT INTO step (repair, number, kind, state, path, text, staged, before, after, "
		"offset, old_bytes, new_bytes, mode, owner, grp) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		err);
	int64_t before = 0;

	if (statement == NULL)
		return -1;
	if (step->before.path != NULL)
		TRY(version_insert(ledger, &step->before, &before, err));
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int(statement, 2, step->number);
	(void)sqlite3_bind_int(statement, 3, step->kind);
	(void)sqlite3_bind_int(statement, 4, step->state);
	bind_text(statement, 5, step->path);
	bind_text(statement, 6, or_empty(step->text));
	bind_text(statement, 7, step->staged);
	if (step->before.path != NULL)
		(void)sqlite3_bind_int64(statement, 8, before);
	bind_span(statement, 9, span_of(step->after.bytes, DIGEST_SIZE));
	(void)sqlite3_bind_int64(statement, 10, (int64_t)step->offset);
	bind_span(statement, 11, step->old_bytes);
	bind_span(statement, 12, step->new_bytes);
	(void)sqlite3_bind_int(statement, 13, (int)step->mode);
	(void)sqlite3_bind_int64(statement, 14, step->owner);
	(void)sqlite3_bind_int64(statement, 15, step->group);
	return database_step(ledger, statement, err);
}

static int
change_insert(struct ledger *ledger, int64_t id, const struct trust_change *change, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT INTO trust_change (repair, added, fingerprint, subject, store, kind, at) "
		"VALUES (?,?,?,?,?,?,?)",
		err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int(statement, 2, change->added);
	bind_text(statement, 3, or_empty(change->fingerprint));
	bind_text(statement, 4, or_empty(change->subject));
	bind_text(statement, 5, or_empty(change->store));
	bind_text(statement, 6, or_empty(change->kind));
	(void)sqlite3_bind_int64(statement, 7, change->at);
	return database_step(ledger, statement, err);
}

static int
verdict_insert(
	struct ledger *ledger, int64_t id, const struct recorded_verdict *verdict, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT INTO verdict (repair, client, verifier, state, before, expected, accepted, "
		"text) VALUES (?,?,?,?,?,?,?,?)",
		err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	bind_text(statement, 2, or_empty(verdict->client));
	bind_text(statement, 3, or_empty(verdict->verifier));
	bind_text(statement, 4, or_empty(verdict->state));
	(void)sqlite3_bind_int(statement, 5, verdict->before);
	(void)sqlite3_bind_int(statement, 6, verdict->must_be_accepted);
	(void)sqlite3_bind_int(statement, 7, verdict->accepted);
	bind_text(statement, 8, verdict->text);
	return database_step(ledger, statement, err);
}

static int
transaction_insert(struct ledger *ledger, struct transaction *transaction, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT INTO repair (service, state, begun_at, ended_at, summary, proof, causes) "
		"VALUES (?,?,?,0,?,'',?)",
		err);

	if (statement == NULL)
		return -1;
	bind_text(statement, 1, or_empty(transaction->service));
	(void)sqlite3_bind_int(statement, 2, transaction->state);
	(void)sqlite3_bind_int64(statement, 3, transaction->begun_at);
	bind_text(statement, 4, or_empty(transaction->summary));
	bind_text(statement, 5, or_empty(transaction->causes));
	TRY(database_step(ledger, statement, err));
	transaction->id = sqlite3_last_insert_rowid(ledger->database);
	for (size_t i = 0; i < transaction->step_count; i++)
		TRY(step_insert(ledger, transaction->id, &transaction->steps[i], err));
	for (size_t i = 0; i < transaction->change_count; i++)
		TRY(change_insert(ledger, transaction->id, &transaction->changes[i], err));
	for (size_t i = 0; i < transaction->verdict_count; i++)
		TRY(verdict_insert(ledger, transaction->id, &transaction->verdicts[i], err));
	return 0;
}

int
ledger_transaction_begin(struct ledger *ledger, struct transaction *transaction, struct err *err)
{
	struct err ignored;

	TRY(database_run(ledger, "BEGIN IMMEDIATE", err));
	if (transaction_insert(ledger, transaction, err) == 0 &&
		database_run(ledger, "COMMIT", err) == 0)
		return 0;
	(void)database_run(ledger, "ROLLBACK", &ignored);
	return -1;
}

int
ledger_transaction_state(struct ledger *ledger, int64_t id, enum transaction_state state,
	int64_t now, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "UPDATE repair SET state = ?2, ended_at = ?3 WHERE id = ?1", err);
	bool ends = state == TRANSACTION_CLOSED || state == TRANSACTION_ROLLED_BACK ||
		    state == TRANSACTION_STUCK;

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int(statement, 2, state);
	(void)sqlite3_bind_int64(statement, 3, ends ? now : 0);
	return database_step(ledger, statement, err);
}

int
ledger_step_state(
	struct ledger *ledger, int64_t id, int number, enum step_state state, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "UPDATE step SET state = ?3 WHERE repair = ?1 AND number = ?2", err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int(statement, 2, number);
	(void)sqlite3_bind_int(statement, 3, state);
	return database_step(ledger, statement, err);
}

int
ledger_step_staged(
	struct ledger *ledger, int64_t id, int number, const char *staged, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "UPDATE step SET staged = ?3 WHERE repair = ?1 AND number = ?2", err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int(statement, 2, number);
	bind_text(statement, 3, staged);
	return database_step(ledger, statement, err);
}

int
ledger_transaction_proof(struct ledger *ledger, int64_t id, const char *proof,
	const struct recorded_verdict *verdicts, size_t count, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement =
		database_prepare(ledger, "UPDATE repair SET proof = ?2 WHERE id = ?1", err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	bind_text(statement, 2, proof);
	TRY(database_step(ledger, statement, err));
	for (size_t i = 0; i < count; i++)
		TRY(verdict_insert(ledger, id, &verdicts[i], err));
	return 0;
}

static int
steps_read(struct ledger *ledger, struct arena *arena, struct transaction *transaction,
	struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT number, kind, state, path, text, staged, before, after, offset, old_bytes, "
		"new_bytes, mode, owner, grp FROM step "
		"WHERE repair = ? ORDER BY number",
		err);
	size_t capacity = 0;
	int more;

	if (row == NULL)
		return -1;
	(void)sqlite3_bind_int64(row, 1, transaction->id);
	while ((more = database_step(ledger, row, err)) > 0) {
		struct step *step;

		transaction->steps = arena_grow(arena, transaction->steps, transaction->step_count,
			&capacity, sizeof(*step));
		step = &transaction->steps[transaction->step_count++];
		*step = (struct step){ .number = sqlite3_column_int(row, 0) };
		step->kind = (enum step_kind)sqlite3_column_int(row, 1);
		step->state = (enum step_state)sqlite3_column_int(row, 2);
		step->path = column_text(arena, row, 3);
		step->text = column_text(arena, row, 4);
		step->staged = column_text(arena, row, 5);
		if (sqlite3_column_type(row, 6) != SQLITE_NULL)
			TRY(version_read(
				ledger, arena, sqlite3_column_int64(row, 6), &step->before, err));
		if (sqlite3_column_bytes(row, 7) == DIGEST_SIZE)
			memcpy(step->after.bytes, sqlite3_column_blob(row, 7), DIGEST_SIZE);
		step->offset = (size_t)sqlite3_column_int64(row, 8);
		step->old_bytes = column_span(arena, row, 9);
		step->new_bytes = column_span(arena, row, 10);
		step->mode = (mode_t)sqlite3_column_int(row, 11);
		step->owner = (uid_t)sqlite3_column_int64(row, 12);
		step->group = (gid_t)sqlite3_column_int64(row, 13);
	}
	return more;
}

static int
changes_read(struct ledger *ledger, struct arena *arena, struct transaction *transaction,
	struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT added, fingerprint, subject, store, kind, at FROM trust_change WHERE "
		"repair = ? ORDER BY rowid",
		err);
	size_t capacity = 0;
	int more;

	if (row == NULL)
		return -1;
	(void)sqlite3_bind_int64(row, 1, transaction->id);
	while ((more = database_step(ledger, row, err)) > 0) {
		transaction->changes = arena_grow(arena, transaction->changes,
			transaction->change_count, &capacity, sizeof(*transaction->changes));
		transaction->changes[transaction->change_count++] = (struct trust_change){
			.added = sqlite3_column_int(row, 0) != 0,
			.fingerprint = column_text(arena, row, 1),
			.subject = column_text(arena, row, 2),
			.store = column_text(arena, row, 3),
			.kind = column_text(arena, row, 4),
			.at = sqlite3_column_int64(row, 5),
		};
	}
	return more;
}

static int
verdicts_read(struct ledger *ledger, struct arena *arena, struct transaction *transaction,
	struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT client, verifier, state, before, expected, accepted, text FROM verdict "
		"WHERE repair = ? ORDER BY rowid",
		err);
	size_t capacity = 0;
	int more;

	if (row == NULL)
		return -1;
	(void)sqlite3_bind_int64(row, 1, transaction->id);
	while ((more = database_step(ledger, row, err)) > 0) {
		transaction->verdicts = arena_grow(arena, transaction->verdicts,
			transaction->verdict_count, &capacity, sizeof(*transaction->verdicts));
		transaction->verdicts[transaction->verdict_count++] = (struct recorded_verdict){
			.client = column_text(arena, row, 0),
			.verifier = column_text(arena, row, 1),
			.state = column_text(arena, row, 2),
			.before = sqlite3_column_int(row, 3) != 0,
			.must_be_accepted = sqlite3_column_int(row, 4) != 0,
			.accepted = sqlite3_column_int(row, 5) != 0,
			.text = column_text(arena, row, 6),
		};
	}
	return more;
}

static int
transaction_fill(struct ledger *ledger, struct arena *arena, sqlite3_stmt *row,
	struct transaction *ret, struct err *err)
{
	*ret = (struct transaction){
		.id = sqlite3_column_int64(row, 0),
		.service = column_text(arena, row, 1),
		.state = (enum transaction_state)sqlite3_column_int(row, 2),
		.begun_at = sqlite3_column_int64(row, 3),
		.ended_at = sqlite3_column_int64(row, 4),
		.summary = column_text(arena, row, 5),
		.proof = column_text(arena, row, 6),
		.causes = column_text(arena, row, 7),
	};
	TRY(steps_read(ledger, arena, ret, err));
	TRY(changes_read(ledger, arena, ret, err));
	return verdicts_read(ledger, arena, ret, err);
}

int
ledger_transactions(struct ledger *ledger, struct arena *arena, size_t limit,
	struct transaction **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT id, service, state, begun_at, ended_at, summary, proof, causes FROM repair "
		"ORDER BY id DESC LIMIT ?",
		err);
	size_t capacity = 0;
	int more;

	*ret = NULL;
	*ret_count = 0;
	if (row == NULL)
		return -1;
	(void)sqlite3_bind_int64(row, 1, limit == 0 ? -1 : (int64_t)limit);
	while ((more = database_step(ledger, row, err)) > 0) {
		*ret = arena_grow(arena, *ret, *ret_count, &capacity, sizeof(**ret));
		TRY(transaction_fill(ledger, arena, row, &(*ret)[*ret_count], err));
		++*ret_count;
	}
	return more;
}

int
ledger_transaction_get(struct ledger *ledger, struct arena *arena, int64_t id,
	struct transaction *ret, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(ledger,
		"SELECT id, service, state, begun_at, ended_at, summary, proof, causes FROM repair "
		"WHERE id = ?",
		err);
	int more;

	if (row == NULL)
		return -1;
	(void)sqlite3_bind_int64(row, 1, id);
	more = database_step(ledger, row, err);
	if (more <= 0)
		return more;
	TRY(transaction_fill(ledger, arena, row, ret, err));
	return 1;
}
