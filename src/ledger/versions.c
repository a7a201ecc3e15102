/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of files: content by digest, and everything else that a way back needs. Baselines are
 * named sets of them. */
#include <string.h>

#include "ledger/database.h"

#define VERSION_COLUMNS                                                                        \
	"service, path, present, digest, type, size, owner, grp, mode, links, device, inode, " \
	"modified_s, modified_ns, changed_s, "                                                 \
	"changed_ns, accessed_s, accessed_ns, link_target, first_seen, last_seen, sound"

static int
attributes_insert(
	struct ledger *ledger, const struct file_version *version, int64_t id, struct err *err)
{
	for (size_t i = 0; i < version->attribute_count; i++) {
		CLEANUP(statement_endp)
		sqlite3_stmt *statement = database_prepare(ledger,
			"INSERT INTO attribute (version, name, value) VALUES (?, ?, ?)", err);

		if (statement == NULL)
			return -1;
		(void)sqlite3_bind_int64(statement, 1, id);
		bind_text(statement, 2, version->attributes[i].name);
		bind_span(statement, 3,
			version->attributes[i].value.data != NULL ? version->attributes[i].value
								  : span_of("", 0));
		TRY(database_step(ledger, statement, err));
	}
	return 0;
}

int
version_insert(
	struct ledger *ledger, const struct file_version *version, int64_t *ret_id, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"INSERT INTO version (" VERSION_COLUMNS
		") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		err);
	const struct file_identity *identity = &version->identity;
	const int64_t numbers[] = { identity->type, (int64_t)identity->size, identity->owner,
		identity->group, identity->mode, (int64_t)identity->links,
		(int64_t)identity->device, (int64_t)identity->inode, identity->modified.seconds,
		identity->modified.nanoseconds, identity->changed.seconds,
		identity->changed.nanoseconds, version->accessed.seconds,
		version->accessed.nanoseconds };

	if (statement == NULL)
		return -1;
	bind_text(statement, 1, version->service);
	bind_text(statement, 2, version->path);
	(void)sqlite3_bind_int(statement, 3, version->exists);
	bind_span(statement, 4, span_of(version->digest.bytes, DIGEST_SIZE));
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		(void)sqlite3_bind_int64(statement, 5 + (int)i, numbers[i]);
	bind_text(statement, 19, version->link_target);
	(void)sqlite3_bind_int64(statement, 20, version->first_seen);
	(void)sqlite3_bind_int64(statement, 21, version->last_seen);
	(void)sqlite3_bind_int(statement, 22, version->is_sound);
	TRY(database_step(ledger, statement, err));
	*ret_id = sqlite3_last_insert_rowid(ledger->database);
	return attributes_insert(ledger, version, *ret_id, err);
}

static void
version_fill(struct arena *arena, sqlite3_stmt *row, struct file_version *version)
{
	struct file_identity *identity = &version->identity;

	version->service = column_text(arena, row, 0);
	version->path = column_text(arena, row, 1);
	version->exists = sqlite3_column_int(row, 2) != 0;
	if (sqlite3_column_bytes(row, 3) == DIGEST_SIZE)
		memcpy(version->digest.bytes, sqlite3_column_blob(row, 3), DIGEST_SIZE);
	identity->type = (enum file_type)sqlite3_column_int(row, 4);
	identity->size = (uint64_t)sqlite3_column_int64(row, 5);
	identity->owner = (uid_t)sqlite3_column_int64(row, 6);
	identity->group = (gid_t)sqlite3_column_int64(row, 7);
	identity->mode = (mode_t)sqlite3_column_int(row, 8);
	identity->links = (uint64_t)sqlite3_column_int64(row, 9);
	identity->device = (uint64_t)sqlite3_column_int64(row, 10);
	identity->inode = (uint64_t)sqlite3_column_int64(row, 11);
	identity->modified = (struct timestamp){ sqlite3_column_int64(row, 12),
		(uint32_t)sqlite3_column_int64(row, 13) };
	identity->changed = (struct timestamp){ sqlite3_column_int64(row, 14),
		(uint32_t)sqlite3_column_int64(row, 15) };
	version->accessed = (struct timestamp){ sqlite3_column_int64(row, 16),
		(uint32_t)sqlite3_column_int64(row, 17) };
	version->link_target = column_text(arena, row, 18);
	version->first_seen = sqlite3_column_int64(row, 19);
	version->last_seen = sqlite3_column_int64(row, 20);
	version->is_sound = sqlite3_column_int(row, 21) != 0;
}

static int
attributes_read(struct ledger *ledger, struct arena *arena, int64_t id,
	struct file_version *version, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "SELECT name, value FROM attribute WHERE version = ? ORDER BY name", err);
	struct extended_attribute *attributes = NULL;
	size_t count = 0, capacity = 0;
	int row;

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	while ((row = database_step(ledger, statement, err)) > 0) {
		attributes = arena_grow(arena, attributes, count, &capacity, sizeof(*attributes));
		attributes[count].name = column_text(arena, statement, 0);
		attributes[count++].value = column_span(arena, statement, 1);
	}
	version->attributes = attributes;
	version->attribute_count = count;
	return row;
}

int
version_read(struct ledger *ledger, struct arena *arena, int64_t id, struct file_version *ret,
	struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "SELECT " VERSION_COLUMNS " FROM version WHERE id = ?", err);

	*ret = (struct file_version){ 0 };
	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	if (database_step(ledger, statement, err) <= 0)
		return err_set(err, ERR_DATA, "ledger %s/ledger.db: a version is missing",
			ledger->directory);
	version_fill(arena, statement, ret);
	return attributes_read(ledger, arena, id, ret, err);
}

/* The newest version seen at this path, if it is this very one: then only the time moves on. */
static int
version_is_newest(
	struct ledger *ledger, const struct file_version *version, int64_t *ret_id, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"SELECT version.id, digest, owner, grp, mode, changed_s, changed_ns FROM version "
		"JOIN seen ON seen.version = version.id "
		"WHERE path = ? ORDER BY version.id DESC LIMIT 1",
		err);
	int row;

	if (statement == NULL)
		return -1;
	bind_text(statement, 1, version->path);
	row = database_step(ledger, statement, err);
	if (row <= 0)
		return row;
	*ret_id = sqlite3_column_int64(statement, 0);
	return sqlite3_column_bytes(statement, 1) == DIGEST_SIZE &&
	       memcmp(sqlite3_column_blob(statement, 1), version->digest.bytes, DIGEST_SIZE) == 0 &&
	       sqlite3_column_int64(statement, 2) == version->identity.owner &&
	       sqlite3_column_int64(statement, 3) == version->identity.group &&
	       sqlite3_column_int64(statement, 4) == version->identity.mode &&
	       sqlite3_column_int64(statement, 5) == version->identity.changed.seconds &&
	       sqlite3_column_int64(statement, 6) == version->identity.changed.nanoseconds;
}

/*
 * Nothing depends on what was seen, and the next look sees it again. So a batch need not wait for
 * the disk: a crash may take it, whole; what was written before it stays (synchronous = NORMAL in
 * WAL mode). Nor is the journal copied into the database for it: who takes the lock does that.
 */
int
ledger_batch_begin(struct ledger *ledger, struct err *err)
{
	int is_brief = ledger->lock < 0;

	if (ledger->place == PLACE_COPIED)
		TRY(database_settle(ledger, err));
	TRY(database_await(ledger, err));
	(void)sqlite3_db_config(
		ledger->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_brief, (int *)NULL);
	return database_run(ledger, "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE", err);
}

int
ledger_batch_end(struct ledger *ledger, struct err *err)
{
	TRY(database_run(ledger, "COMMIT; PRAGMA synchronous = FULL", err));
	return database_copy(ledger, err);
}

void
ledger_batch_abort(struct ledger *ledger)
{
	struct err ignored;

	(void)database_run(ledger, "ROLLBACK; PRAGMA synchronous = FULL", &ignored);
}

int
ledger_saw(struct ledger *ledger, const struct file_version *version, int64_t now, struct err *err)
{
	CLEANUP(statement_endp) sqlite3_stmt *statement = NULL;
	struct file_version seen = *version;
	int64_t id = 0;
	int newest = version_is_newest(ledger, version, &id, err);

	if (newest < 0)
		return -1;
	seen.first_seen = seen.last_seen = now;
	if (newest == 0) {
		TRY(version_insert(ledger, &seen, &id, err));
		statement = database_prepare(ledger, "INSERT INTO seen (version) VALUES (?1)", err);
	} else {
		statement = database_prepare(
			ledger, "UPDATE version SET last_seen = ?2, sound = ?3 WHERE id = ?1", err);
	}
	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_int64(statement, 2, now);
	(void)sqlite3_bind_int(statement, 3, version->is_sound);
	return database_step(ledger, statement, err);
}

/* Reads all versions whose identity the query yields. */
static int
versions_collect(struct ledger *ledger, struct arena *arena, sqlite3_stmt *ids,
	struct file_version **ret, size_t *ret_count, struct err *err)
{
	size_t capacity = 0;
	int row;

	*ret = NULL;
	*ret_count = 0;
	while ((row = database_step(ledger, ids, err)) > 0) {
		*ret = arena_grow(arena, *ret, *ret_count, &capacity, sizeof(**ret));
		TRY(version_read(
			ledger, arena, sqlite3_column_int64(ids, 0), &(*ret)[*ret_count], err));
		++*ret_count;
	}
	return row;
}

int
ledger_versions(struct ledger *ledger, struct arena *arena, const char *path,
	struct file_version **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"SELECT version.id FROM version JOIN seen ON seen.version = version.id WHERE path "
		"= ? ORDER BY version.id DESC",
		err);

	if (statement == NULL)
		return -1;
	bind_text(statement, 1, path);
	return versions_collect(ledger, arena, statement, ret, ret_count, err);
}

static int
baseline_insert(struct ledger *ledger, struct baseline *baseline, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(
		ledger, "INSERT INTO baseline (service, name, saved_at) VALUES (?, ?, ?)", err);

	if (statement == NULL)
		return -1;
	bind_text(statement, 1, baseline->service);
	bind_text(statement, 2, baseline->name != NULL ? baseline->name : "");
	(void)sqlite3_bind_int64(statement, 3, baseline->saved_at);
	TRY(database_step(ledger, statement, err));
	baseline->id = sqlite3_last_insert_rowid(ledger->database);
	for (size_t i = 0; i < baseline->file_count; i++) {
		CLEANUP(statement_endp)
		sqlite3_stmt *file = database_prepare(
			ledger, "INSERT INTO baseline_file (baseline, version) VALUES (?, ?)", err);
		int64_t id;

		if (file == NULL || version_insert(ledger, &baseline->files[i], &id, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(file, 1, baseline->id);
		(void)sqlite3_bind_int64(file, 2, id);
		TRY(database_step(ledger, file, err));
	}
	return 0;
}

int
ledger_baseline_save(struct ledger *ledger, struct baseline *baseline, struct err *err)
{
	struct err ignored;

	TRY(database_run(ledger, "BEGIN IMMEDIATE", err));
	if (baseline_insert(ledger, baseline, err) == 0 && database_run(ledger, "COMMIT", err) == 0)
		return 0;
	(void)database_run(ledger, "ROLLBACK", &ignored);
	return -1;
}

static int
baseline_files(
	struct ledger *ledger, struct arena *arena, struct baseline *baseline, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"SELECT version FROM baseline_file WHERE baseline = ? ORDER BY version", err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, baseline->id);
	return versions_collect(
		ledger, arena, statement, &baseline->files, &baseline->file_count, err);
}

int
ledger_baselines(struct ledger *ledger, struct arena *arena, const char *service,
	struct baseline **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement = database_prepare(ledger,
		"SELECT id, service, name, saved_at FROM baseline WHERE ?1 IS NULL OR service = ?1 "
		"ORDER BY id DESC",
		err);
	size_t capacity = 0;
	int row;

	*ret = NULL;
	*ret_count = 0;
	if (statement == NULL)
		return -1;
	bind_text(statement, 1, service);
	while ((row = database_step(ledger, statement, err)) > 0) {
		struct baseline *baseline;

		*ret = arena_grow(arena, *ret, *ret_count, &capacity, sizeof(**ret));
		baseline = &(*ret)[(*ret_count)++];
		baseline->id = sqlite3_column_int64(statement, 0);
		baseline->service = column_text(arena, statement, 1);
		baseline->name = column_text(arena, statement, 2);
		baseline->saved_at = sqlite3_column_int64(statement, 3);
		TRY(baseline_files(ledger, arena, baseline, err));
	}
	return row;
}
