/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of NSS: trust as its objects say it, damage, and what a hostile file may not do. */
#include <openssl/sha.h>
#include <sqlite3.h>

#include "forms.h"
#include "tap.h"

enum { TRUSTED_DELEGATOR = 2, MUST_VERIFY = 3, NOT_TRUSTED = 10 };

struct row {
	unsigned client, server;
	bool other_hash; /* the trust is of another certificate of that name and number */
};

static void
run(sqlite3 *database, const char *sql)
{
	must(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(database));
}

static void
bind_number(sqlite3_stmt *statement, int index, unsigned number)
{
	const uint8_t bytes[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	(void)sqlite3_bind_blob(statement, index, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

static void
insert(sqlite3 *database, size_t id, struct span der, unsigned class, const struct row *row)
{
	static const char sql[] = "INSERT INTO nssPublic (id, a0, a3, a11, a81, a82, ace5363b4, "
				  "ace536359, ace536358) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	uint8_t hash[SHA_DIGEST_LENGTH], serial[32];
	sqlite3_stmt *statement = NULL;
	const char *fault;
	struct cert cert = {};
	size_t offset;

	must(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, "prepare");
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)id);
	bind_number(statement, 2, class);
	(void)sqlite3_bind_blob(statement, 3, "a name", 6, SQLITE_STATIC);
	if (row == NULL)
		(void)sqlite3_bind_blob(statement, 4, der.data, (int)der.length, SQLITE_TRANSIENT);
	if (cert_read(der, &cert, &fault, &offset) == 0) {
		serial[0] = DER_INTEGER;
		serial[1] = (uint8_t)cert.serial.length;
		memcpy(serial + 2, cert.serial.data, cert.serial.length);
		(void)sqlite3_bind_blob(
			statement, 5, cert.issuer.data, (int)cert.issuer.length, SQLITE_TRANSIENT);
		(void)sqlite3_bind_blob(
			statement, 6, serial, (int)cert.serial.length + 2, SQLITE_TRANSIENT);
	}
	if (row != NULL) {
		(void)SHA1(der.data, der.length - row->other_hash, hash);
		(void)sqlite3_bind_blob(statement, 7, hash, sizeof(hash), SQLITE_TRANSIENT);
		bind_number(statement, 8, 0xce534350 + row->client);
		bind_number(statement, 9, 0xce534350 + row->server);
	}
	must(sqlite3_step(statement) == SQLITE_DONE, "insert");
	(void)sqlite3_finalize(statement);
}

static sqlite3 *
database_new(void)
{
	sqlite3 *database = NULL;

	must(sqlite3_open(":memory:", &database) == SQLITE_OK, "open");
	run(database, "CREATE TABLE nssPublic (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, a0, a3, "
		      "a11, a81, a82, ace5363b4, ace536358, ace536359, ace53635a, ace53635b)");
	run(database, "CREATE INDEX issuer ON nssPublic (a81)");
	return database;
}

static void
database_take(sqlite3 *database, struct buffer *out)
{
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(database, "main", &size, 0);

	must(bytes != NULL, "serialize");
	buffer_add(out, bytes, (size_t)size);
	sqlite3_free(bytes);
	(void)sqlite3_close(database);
}

static void
make(const struct row *rows, struct buffer *out)
{
	sqlite3 *database = database_new();

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		insert(database, i + 1, damage_ders[i], 1, NULL);
		if (rows != NULL)
			insert(database, i + 10, damage_ders[i], 0xce534353, &rows[i]);
	}
	insert(database, 20, damage_crl, 0xce534351, NULL);
	database_take(database, out);
}

static const struct row some[] = { { .client = TRUSTED_DELEGATOR, .server = TRUSTED_DELEGATOR },
	{ .client = MUST_VERIFY, .server = TRUSTED_DELEGATOR },
	{ .client = NOT_TRUSTED, .server = MUST_VERIFY } };

TEST(nss_trust, "each certificate has the trust that an object of its own gives it")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct entry *entries[DAMAGE_BLOCKS];
	const struct store *store;

	make(some, &bytes);
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
	CHECK_TEXT(store->format, "nss");
	CHECK(store->entry_count == 4 && store_count(store, ENTRY_CRL) == 1);
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = entry_of(store, damage_ders[i]);
		CHECK(entries[i] != NULL && !entries[i]->is_enclosed);
		CHECK_TEXT(entries[i]->alias, "a name");
		CHECK(memcmp(bytes.data + entries[i]->offset, damage_ders[i].data,
			      entries[i]->length) == 0);
	}
	CHECK(entries[0]->role == ENTRY_IS_TRUSTED && entries[0]->trust.trusts_client);
	CHECK(entries[1]->role == ENTRY_IS_UNASSIGNED && entries[1]->trust.has_trust);
	CHECK(entries[2]->trust.rejects_client);
	CHECK(store_leaves_untrusted(store, entries[1]) &&
		store_leaves_untrusted(store, entries[2]));
	CHECK(!store_leaves_untrusted(store, entries[0]));
	CHECK(store->loading.loads && store->loading.certificates == 1 && store->loading.crls == 1);
	CHECK(defect_of(store, CAUSE_STORE_TRUST_SETTINGS) != NULL && store->defect_count == 2);
}

TEST(nss_no_trust, "without an object of trust, or with that of another one, it is not trusted")
{
	static const struct row others[] = { { .client = TRUSTED_DELEGATOR, .other_hash = true },
		{ .client = TRUSTED_DELEGATOR, .other_hash = true },
		{ .client = TRUSTED_DELEGATOR, .other_hash = true } };

	for (size_t i = 0; i < 2; i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {};
		const struct store *store;

		make(i == 0 ? NULL : others, &bytes);
		store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
		CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS);
		CHECK(store->loading.loads && store->loading.certificates == 0);
		CHECK(store_leaves_untrusted(store, &store->entries[0]));
	}
}

enum { PAGE = 4096 };

/* The page at which an index of the database begins. */
static uint8_t *
index_page(const struct buffer *bytes, const char *name)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;
	size_t page;

	must(sqlite3_open(":memory:", &database) == SQLITE_OK &&
			sqlite3_deserialize(database, "main", bytes->data,
				(sqlite3_int64)bytes->length, (sqlite3_int64)bytes->length,
				SQLITE_DESERIALIZE_READONLY) == SQLITE_OK &&
			sqlite3_prepare_v2(database,
				"SELECT rootpage FROM sqlite_master WHERE name=?", -1, &statement,
				NULL) == SQLITE_OK &&
			sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_ROW,
		"an index");
	page = (size_t)sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(database);
	return bytes->data + (page - 1) * PAGE;
}

static const struct row all[] = { { .client = TRUSTED_DELEGATOR }, { .client = TRUSTED_DELEGATOR },
	{ .client = TRUSTED_DELEGATOR } };

TEST(nss_index, "what no index leads to NSS does not find: it is read, and not trusted")
{
	static const char *const indexes[] = { "issuer", "sqlite_autoindex_nssPublic_1" };

	for (size_t i = 0; i < COUNT_OF(indexes); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {};
		const struct store *store;
		enum { TYPE = 0, CELLS = 3, EMPTY_LEAF = 10 };
		uint8_t *page;

		make(all, &bytes);
		store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
		CHECK(store->loading.certificates == DAMAGE_BLOCKS);
		page = index_page(&bytes, indexes[i]);
		CHECK(page[TYPE] == EMPTY_LEAF && page[CELLS + 1] >= DAMAGE_BLOCKS);
		page[CELLS] = page[CELLS + 1] = 0;
		store = stores_open_bytes(stores, "g", buffer_span(&bytes), LOADER_NSS);
		CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS);
		CHECK(store->loading.certificates == 0);
		CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
		for (size_t k = 0; k < DAMAGE_BLOCKS; k++)
			CHECK(entry_of(store, damage_ders[k])->role == ENTRY_IS_UNASSIGNED);
	}
}

/* The byte of a leaf's cell that is the number of its row, below 128: behind the payload's size. */
static uint8_t *
row_number(uint8_t *page, size_t row)
{
	enum { TABLE_LEAF = 13, CELLS = 8 };
	const uint8_t *pointer = page + CELLS + 2 * row;
	uint8_t *cell = page + (pointer[0] << 8 | pointer[1]);

	must(page[0] == TABLE_LEAF, "a table in one page");
	while ((*cell & 0x80) != 0)
		cell++;
	return cell + 1;
}

TEST(nss_order, "where rows are out of order all certificates are found, and once")
{
	/* A row of the four, its new number, and how many of them SQLite finds by theirs. */
	static const struct {
		size_t row;
		uint8_t number;
		size_t named;
	} rows[] = { { 1, 100, 2 }, { 2, 1, 3 }, { 3, 0, 3 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {};
		const struct store *store;
		size_t named = 0, told = 0;

		make(NULL, &bytes);
		*row_number(index_page(&bytes, "nssPublic"), rows[i].row) = rows[i].number;
		store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
		CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS);
		CHECK(store->entry_count == DAMAGE_BLOCKS + 1);
		for (size_t k = 0; k < store->entry_count; k++)
			named += store->entries[k].alias != NULL;
		for (size_t k = 0; k < store->defect_count; k++)
			told += strstr(store->defects[k].text, "out of order") != NULL;
		CHECK(named == rows[i].named && told > 0);
	}
}

TEST(nss_columns, "an attribute that is damaged costs no other object, and none that NSS asks for")
{
	static const struct {
		const char *sql;
		size_t certificates, trusted;
	} rows[] = {
		/* Found by the name that the database has for it. */
		{ "UPDATE nssPublic SET a81=x'3000' WHERE id=1", 3, 2 },
		{ "UPDATE nssPublic SET a82=x'0201' WHERE id=1", 3, 2 },
		{ "UPDATE nssPublic SET a0=NULL WHERE id=1", 2, 2 },
		{ "UPDATE nssPublic SET a0=x'01' WHERE id=10", 3, 2 },
		/* A bit of the handle, which NSS takes off. */
		{ "UPDATE nssPublic SET id=-2147483647 WHERE id=1", 3, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {}, changed = {};
		sqlite3 *database = NULL;
		const struct store *store;

		make(all, &bytes);
		must(sqlite3_open(":memory:", &database) == SQLITE_OK &&
				sqlite3_deserialize(database, "main", bytes.data,
					(sqlite3_int64)bytes.length, (sqlite3_int64)bytes.length,
					0) == SQLITE_OK,
			"a database");
		run(database, rows[i].sql);
		database_take(database, &changed);
		store = stores_open_bytes(stores, "f", buffer_span(&changed), LOADER_NSS);
		CHECK(store->defect_count > 0 && store->loading.loads);
		CHECK(store->loading.certificates == rows[i].trusted);
		CHECK(store_count(store, ENTRY_CERTIFICATE) >= rows[i].certificates);
	}
}

TEST(nss_cut, "cut anywhere, a database gives up what is whole, and says that it is damaged")
{
	CLEANUP(buffer_free) struct buffer bytes = {};

	make(some, &bytes);
	for (size_t length = 4096; length < bytes.length; length += 64) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		const struct store *store =
			stores_open_bytes(stores, "f", span_of(bytes.data, length), LOADER_NSS);

		CHECK(defect_of(store, CAUSE_STORE_TRUNCATED) != NULL);
		/* A part of the last page is a page to SQLite. */
		CHECK(!store->loading.loads || bytes.length - length < PAGE);
		for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
			size_t at;

			for (at = 0; at + damage_ders[i].length <= length; at++)
				if (memcmp(bytes.data + at, damage_ders[i].data,
					    damage_ders[i].length) == 0)
					break;
			CHECK((at + damage_ders[i].length <= length) ==
				(entry_of(store, damage_ders[i]) != NULL));
		}
	}
}

TEST(nss_log, "a database that is written ahead is read without its log, and that is said")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	make(some, &bytes);
	bytes.data[18] = bytes.data[19] = 2;
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS);
	CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL && store->loading.loads);
}

/* A view or a table that computes may stand where a table should. */
static void
check_hostile(const char *sql, bool *failed)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	sqlite3 *database = database_new();
	const struct store *store;

	damage_setup();
	insert(database, 1, damage_ders[0], 1, NULL);
	run(database, sql);
	database_take(database, &bytes);
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
	CHECK_TEXT(store->format, "nss");
	CHECK(defect_of(store, CAUSE_STORE_TRUNCATED) != NULL && !store->loading.loads);
}

TEST(nss_hostile, "what is no plain table is not read")
{
	check_hostile("ALTER TABLE nssPublic RENAME TO other; CREATE VIEW nssPublic AS SELECT "
		      "id, a0, a3, a11, a81, a82, ace5363b4, ace536358, ace536359, ace53635a, "
		      "ace53635b FROM other",
		failed);
	check_hostile("ALTER TABLE nssPublic RENAME TO other; CREATE VIEW nssPublic AS WITH "
		      "RECURSIVE n(a0) AS (SELECT 1 UNION ALL SELECT a0 FROM n) SELECT a0, a0 AS "
		      "a3, a0 AS a11, a0 AS a81, a0 AS a82, a0 AS ace5363b4, a0 AS ace536359, a0 "
		      "AS ace536358, a0 AS ace53635b, a0 AS ace53635a FROM n",
		failed);
	check_hostile("ALTER TABLE nssPublic ADD COLUMN x AS (zeroblob(1000000)); ALTER TABLE "
		      "nssPublic RENAME COLUMN a3 TO a4",
		failed);
}

TEST(nss_directory, "a directory that holds a database is that, save for who looks for hash links")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *host = world_host(), *world = world_overlay(host);
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct store *store;

	make(some, &bytes);
	overlay_write(world, "/nowhere/nssdb/cert9.db", buffer_span(&bytes));
	overlay_write(world, "/nowhere/nssdb/pkcs11.txt", span_of("library=\n", 9));
	CHECK_TEXT(store_name_path("sql:/nowhere/nssdb"), "/nowhere/nssdb");
	CHECK(store_directory_loader(world, arena, "/nowhere/nssdb") == LOADER_NSS);
	store = stores_open(stores, world, "/nowhere/nssdb", LOADER_NSS);
	CHECK_TEXT(store->format, "nss");
	CHECK(store->loading.certificates == 1);
	CHECK_TEXT(store->entries[0].path, "/nowhere/nssdb/cert9.db");
	CHECK_TEXT(stores_open(stores, world, "/nowhere/nssdb", LOADER_ANY)->format, "nss");
	CHECK_TEXT(stores_open(stores, world, "/nowhere/nssdb", LOADER_OPENSSL_DIRECTORY)->format,
		"hashdir");
}

TAP_MAIN()
