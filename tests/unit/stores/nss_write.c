/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of NSS as they are written: what is in them, and what is not ours to replace. */
#include "stores/nss_write.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "forms.h"
#include "stores/compare.h"
#include "stores/nss_trust.h"
#include "tap.h"

static struct entry entries[DAMAGE_BLOCKS + 1];
static const struct entry *pointers[DAMAGE_BLOCKS + 1];

/* The corpus's certificates, and its CRL. */
static struct store_content
content_of(size_t count)
{
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = (struct entry){ .der = damage_ders[i], .created = MOMENT_NEVER };
		must(cert_read(damage_ders[i], &entries[i].cert, &fault, &offset) == 0, "cert");
		pointers[i] = &entries[i];
	}
	entries[DAMAGE_BLOCKS] =
		(struct entry){ .kind = ENTRY_CRL, .der = damage_crl, .created = MOMENT_NEVER };
	must(crl_read(damage_crl, &entries[DAMAGE_BLOCKS].crl, &fault, &offset) == 0, "crl");
	pointers[DAMAGE_BLOCKS] = &entries[DAMAGE_BLOCKS];
	return (struct store_content){ pointers, count, NULL, 1700000000 };
}

TEST(written, "what is written is read again, trusted for all; its bytes go by the set alone")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {}, others = {};
	struct store_content content = content_of(DAMAGE_BLOCKS + 1);
	const struct entry *last = pointers[DAMAGE_BLOCKS];
	const struct store *store;

	CHECK(store_write("nss", &content, &bytes, NULL) == 0);
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
	CHECK_TEXT(store->format, "nss");
	CHECK(store->defect_count == 0 && store->entry_count == DAMAGE_BLOCKS + 1);
	CHECK(store->loading.certificates == DAMAGE_BLOCKS && store->loading.crls == 1);
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		const struct entry *entry = entry_of(store, damage_ders[i]);

		CHECK(entry != NULL && !entry->trust.present && entry->role == ENTRY_IS_TRUSTED);
		CHECK(entry != NULL && entry->alias != NULL && strchr(entry->alias, ':') == NULL);
	}
	CHECK(entry_of(store, damage_crl) != NULL);
	pointers[DAMAGE_BLOCKS] = pointers[0];
	pointers[0] = last;
	CHECK(store_write("nss", &content, &others, NULL) == 0);
	CHECK(span_equal(buffer_span(&bytes), buffer_span(&others)));
}

/* Lists of X509_CERT_AUX: of clientAuth, serverAuth, emailProtection, codeSigning and
 * timeStamping. */
#define C "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
#define S "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define E "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04"
#define X "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03"
#define T "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08"
#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct {
	struct span bytes;
	bool holds;
	char client, server, mail, code; /* trusted, rejected, open */
} settings[] = {
	{ BYTES("\x30\x0c\x30\x0a" C), true, 't', 'o', 'o', 'o' },
	{ BYTES("\x30\x16\x30\x14" X C), true, 't', 'o', 'o', 't' },
	{ BYTES("\x30\x0c\x30\x0a" S), true, 'o', 't', 'o', 'o' },
	{ BYTES("\x30\x18\x30\x0a" C "\xa0\x0a" S), true, 't', 'r', 'o', 'o' },
	/* With nothing else said, what is not rejected is trusted. */
	{ BYTES("\x30\x0c\xa0\x0a" C), true, 'r', 't', 't', 't' },
	{ BYTES("\x30\x2a\xa0\x28" C S E X), true, 'r', 'r', 'r', 'r' },
	/* Trusted for nothing. */
	{ BYTES("\x30\x0e\x30\x00\xa0\x0a" C), true, 'r', 'o', 'o', 'o' },
	{ BYTES("\x30\x0c\x30\x0a" T), false, 0, 0, 0, 0 },
	{ BYTES("\x30\x18\x30\x0a" C "\xa0\x0a" C), false, 0, 0, 0, 0 },
	/* Bounded to what is all to NSS, and bounded is not what it would be. */
	{ BYTES("\x30\x2a\x30\x28" C S E X), false, 0, 0, 0, 0 },
	/* No settings but a name. */
	{ BYTES("\x30\x03\x0c\x01n"), false, 0, 0, 0, 0 },
};

static bool
value_is(uint64_t value, char wanted)
{
	return value == (wanted == 't'          ? NSS_TRUSTED_DELEGATOR
				: wanted == 'r' ? NSS_NOT_TRUSTED
						: NSS_MUST_VERIFY);
}

static void
check_settings(size_t number, bool *failed)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	struct store_content content = content_of(1);
	struct entry_set one = { pointers, 1, 1 }, other = {};
	uint64_t values[NSS_PURPOSE__COUNT];
	struct differences differences;
	struct span ignored;

	CHECK(trust_settings_read(settings[number].bytes, &entries[0].trust, &ignored));
	CHECK(nss_trust_of(&entries[0], values) == settings[number].holds);
	CHECK(store_format_carries("nss", &entries[0]) == settings[number].holds);
	if (!settings[number].holds)
		return;
	CHECK(value_is(values[NSS_CLIENT_AUTH], settings[number].client));
	CHECK(value_is(values[NSS_SERVER_AUTH], settings[number].server));
	CHECK(value_is(values[NSS_EMAIL_PROTECTION], settings[number].mail));
	CHECK(value_is(values[NSS_CODE_SIGNING], settings[number].code));
	CHECK(store_write("nss", &content, &bytes, NULL) == 0);
	entry_set_add(
		arena, &other, stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS));
	entry_sets_compare(arena, &one, &other, &differences);
	CHECK(differences.common == 1 && differences.count == 0);
}

TEST(settings, "trust settings go by purpose and come back; what NSS has no word for stays behind")
{
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		check_settings(i, failed);
}

TEST(unmarked, "what its store does not trust is not trusted here")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer bytes = {};
	struct store_content content = content_of(2);
	const struct store *store;

	entries[0].role = ENTRY_IS_UNASSIGNED;
	CHECK(store_write("nss", &content, &bytes, NULL) == 0);
	store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_NSS);
	CHECK(store->entry_count == 2 && store->loading.certificates == 1);
	CHECK(store_leaves_untrusted(store, entry_of(store, damage_ders[0])));
}

TEST(numbers, "of two with the same issuer and serial number NSS holds one: none is written")
{
	CLEANUP(buffer_free) struct buffer bytes = {};
	struct store_content content = content_of(2);
	struct err err = {};

	entries[1].cert.issuer = entries[0].cert.issuer;
	entries[1].cert.serial = entries[0].cert.serial;
	CHECK(store_write("nss", &content, &bytes, &err) < 0 && bytes.length == 0);
	CHECK(err.code == ERR_DATA && strstr(err.message, "same issuer and serial") != NULL);
	/* One that is there twice is one. */
	pointers[1] = pointers[0];
	CHECK(store_write("nss", &content, &bytes, NULL) == 0);
}

static void
put_file(const char *directory, const char *name, const char *text)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	must(file_replace(path_join(arena, directory, name), span_of(text, strlen(text)), 0600,
		     NULL) == 0,
		name);
}

/* Why the directory may not be replaced; "" where it may. */
static const char *
why_not(const char *directory)
{
	static struct err err;
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *host = world_host();

	err = (struct err){};
	return nss_directory.may_replace(stores, host, directory, &err) == 0 ? "" : err.message;
}

static void
run(const char *directory, const char *sql)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	sqlite3 *database = NULL;

	must(sqlite3_open(path_join(arena, directory, "key4.db"), &database) == SQLITE_OK &&
			sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK,
		sql);
	(void)sqlite3_close(database);
}

TEST(directory, "cert9.db alone is replaced; what else there is stays")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	char path[] = "/tmp/trustmend-nss-XXXXXX";
	struct store_content content = content_of(DAMAGE_BLOCKS);
	const char *staged, *certificates;
	CLEANUP(buffer_free) struct buffer bytes = {}, wanted = {};
	struct stat status;

	must(mkdtemp(path) != NULL && rmdir(path) == 0, path);
	staged = arena_printf(arena, "%s.staged", path);
	certificates = path_join(arena, path, "cert9.db");
	CHECK(nss_directory.write(&content, path, NULL) == 0);
	CHECK(nss_directory.write(&content, path, NULL) < 0);
	CHECK_TEXT(why_not(path), "");
	put_file(path, "pkcs11.txt", "library=mine\n");
	CHECK(chmod(certificates, 0640) == 0);
	content.count = 1;
	CHECK(nss_directory.write(&content, staged, NULL) == 0);
	CHECK(nss_directory.replace(staged, path, NULL) == 0);
	CHECK(store_write("nss", &content, &wanted, NULL) == 0);
	CHECK(file_read(certificates, STORE_MAX_SIZE, &bytes, NULL) == 0);
	CHECK(span_equal(buffer_span(&bytes), buffer_span(&wanted)));
	CHECK(stat(certificates, &status) == 0 && (status.st_mode & 07777) == 0640);
	CHECK(access(path_join(arena, path, "pkcs11.txt"), F_OK) == 0);
	CHECK(access(path_join(arena, path, "key4.db"), F_OK) == 0);
	directory_remove(staged);
	directory_remove(path);
}

TEST(guarded, "what a password guards, what has keys, logs or is no database is not replaced")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	char path[] = "/tmp/trustmend-nss-XXXXXX";
	struct store_content content = content_of(1);

	must(mkdtemp(path) != NULL, path);
	CHECK_TEXT(why_not(path), "");
	put_file(path, "README", "mine\n");
	CHECK(strstr(why_not(path), "README, and is no database of NSS") != NULL);
	directory_remove(path);
	CHECK(nss_directory.write(&content, path, NULL) == 0);
	put_file(path, "cert9.db-journal", "");
	CHECK(strstr(why_not(path), "cert9.db-journal") != NULL);
	must(unlink(path_join(arena, path, "cert9.db-journal")) == 0, "unlink");
	CHECK_TEXT(why_not(path), "");
	run(path, "INSERT INTO nssPrivate (id, a0) VALUES (1, x'00000003')");
	CHECK(strstr(why_not(path), "with private keys, which only NSS can write") != NULL);
	run(path, "DELETE FROM nssPrivate; INSERT INTO metaData VALUES ('password', x'00', x'00')");
	CHECK(strstr(why_not(path), "guarded by a password") != NULL);
	CHECK(strstr(why_not(path), "certutil -A -d sql:") != NULL);
	put_file(path, "key4.db", "what is this?");
	CHECK(strstr(why_not(path), "key4.db cannot be read") != NULL);
	must(unlink(path_join(arena, path, "key4.db")) == 0, "unlink");
	CHECK_TEXT(why_not(path), "");
	must(unlink(path_join(arena, path, "cert9.db")) == 0 &&
			symlink("/nowhere/cert9.db", path_join(arena, path, "cert9.db")) == 0,
		"symlink");
	CHECK(strstr(why_not(path), "is a link") != NULL);
	directory_remove(path);
}

TAP_MAIN()
