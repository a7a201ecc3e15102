/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate database of NSS, cert9.db: SQLite, with a row of nssPublic for each PKCS#11
 * object and a column for each attribute, named after its number (lib/softoken/sdb.c). Trust is an
 * object of its own, found by issuer and serial number (PKCS#11 vendor class CKO_NSS_TRUST).
 * Private keys are in another file, of which it is read whether it has any, and a password.
 *
 * SQLite has the bytes, no file, and may do no more than read one table, for so many steps.
 */
#include <string.h>

#include "stores/locate.h"
#include "stores/nss_database.h"
#include "stores/nss_trust.h"
#include "stores/nss_write.h"
#include "stores/wreckage.h"

enum {
	NSS_MAX_ROWS = 2 * STORE_MAX_ENTRIES, /* a certificate and its trust are two */
	NSS_HEADER = 100,
	NSS_SCHEMA = 64 << 10, /* bytes in which the table's name must stand */
};

/* pkcs11t.h, and pkcs11n.h of NSS. */
enum nss_class { CLASS_CERTIFICATE = 1 };
static const char query[] = "SELECT a0, a3, a11, a81, a82, ace5363b4, ace536359, ace536358, "
			    "ace53635b, ace53635a FROM nssPublic";
enum column {
	COLUMN_CLASS,
	COLUMN_LABEL,
	COLUMN_VALUE,
	COLUMN_ISSUER,
	COLUMN_SERIAL,
	COLUMN_SHA1,
	COLUMN_TRUST, /* in the order of enum nss_purpose */
};

struct nss {
	struct store_builder *builder;
	struct locator *locator;
	struct nss_trusts trusts;
	size_t rows;
};

static const char magic[] = "SQLite format 3";

static bool
nss_sniff(struct span bytes)
{
	struct span head =
		span_of(bytes.data, bytes.length < NSS_SCHEMA ? bytes.length : (size_t)NSS_SCHEMA);

	return bytes.length >= NSS_HEADER && memcmp(bytes.data, magic, sizeof(magic)) == 0 &&
	       span_find(head, "nssPublic", 0) != SIZE_MAX;
}

static const struct directory_file *
file_of(const struct directory *directory, const char *name)
{
	for (size_t i = 0; i < directory->count; i++)
		if (strcmp(directory->files[i].name, name) == 0)
			return &directory->files[i];
	return NULL;
}

static bool
nss_claims(const struct directory *directory)
{
	return file_of(directory, NSS_CERT_DB) != NULL;
}

static struct span
column_bytes(sqlite3_stmt *row, enum column column)
{
	const void *data = sqlite3_column_blob(row, (int)column);

	return span_of(data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(row, (int)column));
}

/* A CK_ULONG in four octets, the highest first; NSS marks an empty attribute by other bytes. */
static unsigned
column_number(sqlite3_stmt *row, enum column column)
{
	struct span bytes = column_bytes(row, column);

	if (bytes.length != sizeof(uint32_t))
		return 0;
	return (unsigned)bytes.data[0] << 24 | (unsigned)bytes.data[1] << 16 |
	       (unsigned)bytes.data[2] << 8 | bytes.data[3];
}

static void
take_trust(struct nss *nss, sqlite3_stmt *row)
{
	struct nss_trust trust = {
		.issuer = column_bytes(row, COLUMN_ISSUER),
		.serial = column_bytes(row, COLUMN_SERIAL),
		.sha1 = column_bytes(row, COLUMN_SHA1),
	};

	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		trust.values[i] = column_number(row, (enum column)(COLUMN_TRUST + i));
	nss_trusts_add(nss->builder->arena, &nss->trusts, &trust);
}

static void
take_object(struct nss *nss, sqlite3_stmt *row, enum entry_kind kind)
{
	struct store_builder *builder = nss->builder;
	struct span value = column_bytes(row, COLUMN_VALUE),
		    label = column_bytes(row, COLUMN_LABEL);
	struct place place = locator_find(nss->locator, value);
	struct object object = { .kind = kind };
	struct entry *entry;

	object.der =
		place.is_enclosing
			? span_of(arena_dup(builder->arena, value.data, value.length), value.length)
			: span_of(builder->bytes.data + place.offset, value.length);
	entry = builder_object(builder, &object, &place, NULL);
	if (entry == NULL)
		return;
	entry->role = ENTRY_IS_UNASSIGNED;
	if (label.length > 0)
		entry->alias =
			text_sanitize(builder->arena, (const char *)label.data, label.length);
}

static void
take_row(struct nss *nss, sqlite3_stmt *row)
{
	switch (column_number(row, COLUMN_CLASS)) {
	case CLASS_CERTIFICATE:
		take_object(nss, row, ENTRY_CERTIFICATE);
		break;
	case NSS_CLASS_CRL:
		take_object(nss, row, ENTRY_CRL);
		break;
	case NSS_CLASS_TRUST:
		take_trust(nss, row);
		break;
	default:
		break;
	}
}

/* NULL, or what SQLite says. */
static const char *
read_rows(struct nss *nss, sqlite3 *database)
{
	sqlite3_stmt *rows = NULL;
	const char *said = NULL;
	int result = sqlite3_prepare_v2(database, query, -1, &rows, NULL);

	while (result == SQLITE_OK && nss->rows < NSS_MAX_ROWS &&
		(result = sqlite3_step(rows)) == SQLITE_ROW) {
		nss->rows++;
		take_row(nss, rows);
		result = SQLITE_OK;
	}
	if (result == SQLITE_OK)
		said = "there are more objects in the database than are read";
	else if (result != SQLITE_DONE)
		said = arena_printf(nss->builder->arena, "%s", sqlite3_errmsg(database));
	(void)sqlite3_finalize(rows);
	return said;
}

/* SQLite wants the log beside a database that is written ahead, and there is none here. */
static struct span
without_log(struct store_builder *builder)
{
	enum { WRITE_VERSION = 18, READ_VERSION = 19, WITH_LOG = 2, PLAIN = 1 };
	struct span bytes = builder->bytes;
	struct defect *defect;
	uint8_t *copy;

	if (bytes.data[READ_VERSION] != WITH_LOG && bytes.data[WRITE_VERSION] != WITH_LOG)
		return bytes;
	defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, NSS_HEADER,
		"the database is written ahead: what is in its log, cert9.db-wal, is not seen");
	if (defect != NULL)
		defect->harmless = true;
	copy = arena_dup(builder->arena, bytes.data, bytes.length);
	copy[READ_VERSION] = copy[WRITE_VERSION] = PLAIN;
	return span_of(copy, bytes.length);
}

static const char *
read_database(struct nss *nss)
{
	CLEANUP(nss_database_close) struct nss_database database = {};

	if (!nss_database_open(&database, without_log(nss->builder)))
		return "SQLite cannot be started";
	return read_rows(nss, database.handle);
}

/* Pages behind the last one: SQLite does not look at them. */
static void
note_surplus(struct store_builder *builder, size_t from)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, from,
		builder->bytes.length - from, "%zu bytes follow the database",
		builder->bytes.length - from);

	if (defect != NULL)
		defect->harmless = true;
}

/* SQLite takes a page of which a part is there for a whole one, with zeros for the rest. */
static void
check_size(struct store_builder *builder)
{
	enum { PAGE_SIZE = 16, COUNTER = 24, PAGES = 28, VALID_FOR = 92 };
	const uint8_t *header = builder->bytes.data;
	uint64_t page = (uint64_t)header[PAGE_SIZE] << 8 | header[PAGE_SIZE + 1];
	uint64_t pages = (uint64_t)header[PAGES] << 24 | (uint64_t)header[PAGES + 1] << 16 |
			 (uint64_t)header[PAGES + 2] << 8 | header[PAGES + 3];
	size_t length = builder->bytes.length;
	struct defect *defect;

	page = page == 1 ? 65'536 : page;
	if (memcmp(header + COUNTER, header + VALID_FOR, 4) != 0 || pages == 0)
		return;
	if (page * pages < length)
		note_surplus(builder, (size_t)(page * pages));
	if (page * pages <= length)
		return;
	defect = builder_defect(builder, CAUSE_STORE_TRUNCATED, length, 0,
		"the database is to have %llu bytes, and ends before that",
		(unsigned long long)(page * pages));
	if (defect != NULL)
		defect->harmless = page * pages - length < page;
}

static void
read_file(struct store_builder *builder)
{
	struct nss nss = { .builder = builder, .locator = locator_new(builder) };
	size_t first = builder->entry_count, known;
	size_t first_defect = builder->defect_count;
	const char *said = "its header is not one of SQLite's";

	if (nss_sniff(builder->bytes)) {
		check_size(builder);
		said = read_database(&nss);
		nss_trusts_put(&nss.trusts, builder, first);
	}
	if (said != NULL)
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, 0, builder->bytes.length,
			"the database is damaged: %s", said);
	if (builder->defect_count == first_defect)
		return;
	known = builder->entry_count;
	builder_salvage_wreckage(builder, first, first_defect);
	/* What was deleted may stand there still: trusted is what a row says so of. */
	for (size_t i = known; i < builder->entry_count; i++)
		builder->entries[i].role = ENTRY_IS_UNASSIGNED;
}

static void
nss_read(struct store_builder *builder)
{
	const char *path = builder->path;

	builder->profile = NSS_PROFILE;
	if (builder->directory != NULL) {
		const struct directory_file *file = file_of(builder->directory, NSS_CERT_DB),
					    *keys = file_of(builder->directory, NSS_KEY_DB);

		if (keys != NULL)
			builder->profile =
				nss_profile(keys->is_skipped || !keys->is_regular ? (struct span){}
										  : keys->bytes);
		if (file != NULL)
			builder_turn_to(builder, file->path, file->bytes);
	}
	read_file(builder);
	if (builder->entry_count == 0 && builder->defect_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"the database holds no certificate or CRL");
	if (builder->directory != NULL)
		builder_turn_to(builder, path, (struct span){});
}

const struct store_format store_nss = {
	.name = "nss",
	.title = "certificate database of NSS",
	.family = FAMILY_NSS,
	.container = "certificate database of NSS",
	.marks_trust = true,
	.carries_crls = true,
	.carries_settings = true,
	.carries_names = true,
	.carries_unmarked = true,
	.holds = nss_holds,
	.sniff = nss_sniff,
	.claims = nss_claims,
	.read = nss_read,
	.write = nss_write,
	.directory = &nss_directory,
};
