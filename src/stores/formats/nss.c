/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate database of NSS, cert9.db: SQLite, with a row of nssPublic for each PKCS#11
 * object and a column for each attribute, named after its number (lib/softoken/sdb.c). Trust is an
 * object of its own, found by issuer and serial number (PKCS#11 vendor class CKO_NSS_TRUST).
 * Private keys are in another file, of which it is read whether it has any, and a password.
 *
 * SQLite has the bytes, no file, and may do no more than read one table, for so many steps.
 */
#include <stdio.h>
#include <string.h>

#include "stores/locate.h"
#include "stores/nss_database.h"
#include "stores/nss_lookup.h"
#include "stores/nss_trust.h"
#include "stores/nss_write.h"
#include "stores/wreckage.h"

enum {
	NSS_MAX_ROWS = 2 * STORE_MAX_ENTRIES, /* a certificate and its trust are two */
	/* After so many it is no more asked what NSS would find: a database may have no indexes,
	 * and what a row says is believed then. */
	NSS_LOOKUP_STEPS = NSS_MAX_STEPS / 2,
	NSS_HEADER = 100,
	NSS_SCHEMA = 64 << 10, /* bytes in which the table's name must stand */
};

/* pkcs11t.h, and pkcs11n.h of NSS. */
enum nss_class { CLASS_CERTIFICATE = 1 };
static const char list_query[] = "SELECT a0, rowid, id FROM nssPublic";
enum list_column { LIST_CLASS, LIST_ROW, LIST_ID };
enum column {
	COLUMN_LABEL,
	COLUMN_VALUE,
	COLUMN_ISSUER,
	COLUMN_SERIAL,
	COLUMN_SHA1,
	COLUMN_TRUST, /* in the order of enum nss_purpose */
	COLUMN__COUNT = COLUMN_TRUST + NSS_PURPOSE__COUNT,
};
static const char *const columns[COLUMN__COUNT] = { "a3", "a11", "a81", "a82", "ace5363b4",
	"ace536359", "ace536358", "ace53635b", "ace53635a" };

/* The attributes of one object; those that are damaged are empty. */
struct nss_object {
	struct span values[COLUMN__COUNT];
};

struct nss {
	struct store_builder *builder;
	struct locator *locator;
	struct nss_trusts trusts;
	struct nss_lookup lookup;
	sqlite3_stmt *attributes[COLUMN__COUNT];
	size_t *strayed, strayed_count, strayed_capacity; /* entries to which no trust leads */
	size_t rows;
	struct nss_database database;
	sqlite3_int64 last_row;
	bool lists_none; /* NSS does, since it does not find one that is in the list */
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
column_bytes(sqlite3_stmt *row, int column)
{
	const void *data = sqlite3_column_blob(row, column);

	return span_of(data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(row, column));
}

/* A CK_ULONG in four octets, the highest first; NSS marks an empty attribute by other bytes. */
static unsigned
number_of(struct span bytes)
{
	if (bytes.length != sizeof(uint32_t))
		return 0;
	return (unsigned)bytes.data[0] << 24 | (unsigned)bytes.data[1] << 16 |
	       (unsigned)bytes.data[2] << 8 | bytes.data[3];
}

static bool
may_look(const struct nss *nss)
{
	return nss->database.steps <= NSS_LOOKUP_STEPS;
}

static struct defect *
lose(struct nss *nss, struct place place, const char *text)
{
	return builder_defect(
		nss->builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset, place.length, "%s", text);
}

static void
take_trust(struct nss *nss, const struct nss_object *object, sqlite3_int64 number)
{
	const struct place whole = { .length = nss->builder->bytes.length };
	const struct span *values = object->values;
	struct nss_trust trust = {
		.issuer = values[COLUMN_ISSUER],
		.serial = values[COLUMN_SERIAL],
		.sha1 = values[COLUMN_SHA1],
	};

	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		trust.values[i] = number_of(values[COLUMN_TRUST + i]);
	if (!may_look(nss) ||
		nss_lookup_finds_trust(&nss->lookup, number, trust.issuer, trust.serial))
		nss_trusts_add(nss->builder->arena, &nss->trusts, &trust);
	else
		(void)lose(nss, whole,
			"an index of the database is damaged: NSS does not find what is said of "
			"the trust of a certificate in it");
}

/* Trust is looked for by what the database says of a certificate, not by its own bytes. */
static void
check_names(struct nss *nss, const struct nss_object *object, const struct entry *entry,
	struct place place)
{
	struct span serial = object->values[COLUMN_SERIAL];
	struct der cursor = der_of(serial);
	struct der_element number = der_expect(&cursor, DER_INTEGER);

	if (span_equal(object->values[COLUMN_ISSUER], entry->cert.issuer) && cursor.fault == NULL &&
		span_equal(number.content, entry->cert.serial))
		return;
	nss->strayed = arena_grow(nss->builder->arena, nss->strayed, nss->strayed_count,
		&nss->strayed_capacity, sizeof(*nss->strayed));
	nss->strayed[nss->strayed_count++] = (size_t)(entry - nss->builder->entries);
	(void)lose(nss, place,
		"the database names another issuer or serial number than this certificate: NSS "
		"does not find its trust");
}

static void
take_object(struct nss *nss, const struct nss_object *read, enum entry_kind kind)
{
	struct store_builder *builder = nss->builder;
	struct span value = read->values[COLUMN_VALUE], label = read->values[COLUMN_LABEL];
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
	if (kind == ENTRY_CERTIFICATE)
		check_names(nss, read, entry, place);
}

/* Each attribute by itself, as NSS asks for them: damage to one does not cost another. */
static bool
fetch(struct nss *nss, sqlite3_int64 number, struct nss_object *ret)
{
	bool is_whole = true;

	for (size_t i = 0; i < COLUMN__COUNT; i++) {
		sqlite3_stmt *attribute = nss->attributes[i];

		ret->values[i] = (struct span){};
		if (sqlite3_bind_int64(attribute, 1, number) == SQLITE_OK &&
			sqlite3_step(attribute) == SQLITE_ROW)
			ret->values[i] = column_bytes(attribute, 0);
		else
			is_whole = false;
	}
	return is_whole;
}

static void
take_row(struct nss *nss, unsigned class, sqlite3_int64 number, bool is_found)
{
	const struct place whole = { .length = nss->builder->bytes.length };
	struct nss_object object;

	if (!fetch(nss, number, &object))
		(void)lose(nss, whole, "an object of the database is damaged");
	if (class == NSS_CLASS_TRUST && is_found)
		take_trust(nss, &object, number);
	else if (class != NSS_CLASS_TRUST && object.values[COLUMN_VALUE].length > 0)
		take_object(nss, &object, class == NSS_CLASS_CRL ? ENTRY_CRL : ENTRY_CERTIFICATE);
	for (size_t i = 0; i < COLUMN__COUNT; i++)
		(void)sqlite3_reset(nss->attributes[i]);
	if (is_found)
		return;
	/* nssToken_FindObjects gives none of them, where one is not to be had. */
	nss->lists_none |= class == CLASS_CERTIFICATE;
	(void)lose(nss, whole,
		class == CLASS_CERTIFICATE
			? "an index of the database is damaged: NSS does not find a certificate "
			  "that is in it, and lists none then"
			: "an index of the database is damaged: NSS does not find all that is in "
			  "it");
}

/* Those of PKCS#11 and those of NSS. */
static bool
is_class(struct span said)
{
	enum { LAST_CLASS = 8, NSS_CLASSES = 0xce5343, NSS_SHIFT = 8 };
	unsigned class = number_of(said);

	return said.length == sizeof(uint32_t) &&
	       (class <= LAST_CLASS || class >> NSS_SHIFT == NSS_CLASSES);
}

static void
take_listed(struct nss *nss, sqlite3_stmt *list)
{
	const struct place whole = { .length = nss->builder->bytes.length };
	sqlite3_int64 number = sqlite3_column_int64(list, LIST_ROW);
	struct span said = column_bytes(list, LIST_CLASS);
	unsigned class = number_of(said);

	/* Rows are in the order of their numbers: where that goes back, pages lead in a circle. */
	if (nss->rows > 1 && number <= nss->last_row) {
		(void)lose(nss, whole, "the rows of the database are out of order");
		return;
	}
	nss->last_row = number;
	if (!is_class(said))
		(void)lose(nss, whole,
			"an object of the database does not say what it is: its bytes are damaged");
	else if (class == CLASS_CERTIFICATE || class == NSS_CLASS_CRL || class == NSS_CLASS_TRUST)
		take_row(nss, class, number,
			!may_look(nss) || nss_lookup_finds(&nss->lookup, number,
						  sqlite3_column_value(list, LIST_ID)));
}

static int
open_attributes(struct nss *nss, sqlite3 *database)
{
	int result = nss_lookup_open(database, &nss->lookup) ? SQLITE_OK : SQLITE_ERROR;

	for (size_t i = 0; i < COLUMN__COUNT && result == SQLITE_OK; i++) {
		char query[64];

		(void)snprintf(query, sizeof(query), "SELECT %s FROM nssPublic WHERE rowid=?1",
			columns[i]);
		result = sqlite3_prepare_v2(database, query, -1, &nss->attributes[i], NULL);
	}
	return result;
}

/* NULL, or what SQLite says. */
static const char *
read_rows(struct nss *nss, sqlite3 *database)
{
	sqlite3_stmt *list = NULL;
	const char *said = NULL;
	int result = open_attributes(nss, database);

	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(database, list_query, -1, &list, NULL);
	while (result == SQLITE_OK && nss->rows < NSS_MAX_ROWS &&
		(result = sqlite3_step(list)) == SQLITE_ROW) {
		nss->rows++;
		take_listed(nss, list);
		result = SQLITE_OK;
	}
	if (result == SQLITE_OK)
		said = "there are more objects in the database than are read";
	else if (result != SQLITE_DONE)
		said = arena_printf(nss->builder->arena, "%s", sqlite3_errmsg(database));
	nss_lookup_close(&nss->lookup);
	for (size_t i = 0; i < COLUMN__COUNT; i++)
		(void)sqlite3_finalize(nss->attributes[i]);
	(void)sqlite3_finalize(list);
	return said;
}

static void
put_trust(struct nss *nss, size_t first)
{
	struct entry *entries = nss->builder->entries;

	if (nss->lists_none)
		return;
	nss_trusts_put(&nss->trusts, nss->builder, first);
	for (size_t i = 0; i < nss->strayed_count; i++) {
		entries[nss->strayed[i]].trust = (struct trust_settings){};
		entries[nss->strayed[i]].role = ENTRY_IS_UNASSIGNED;
	}
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
	const char *said = "SQLite cannot be started";

	if (nss_database_open(&nss->database, without_log(nss->builder)))
		said = read_rows(nss, nss->database.handle);
	nss_database_close(&nss->database);
	return said;
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
		put_trust(&nss, first);
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
