/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/nss_write.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "stores/compare.h"
#include "stores/nss_database.h"
#include "stores/nss_trust.h"

/* One for each attribute that softoken knows (lib/softoken/sftkdb.c, known_attributes), by its
 * number: a table that lacks one is none of its own to it. */
#define ATTRIBUTES                                                                   \
	"a0, a1, a2, a3, a10, a11, a12, a80, a81, a82, a83, a84, a85, a86, a87, "    \
	"a88, a89, a8a, a8b, a90, a100, a101, a102, a103, a104, a105, a106, a107, "  \
	"a108, a109, a10a, a10b, a10c, a110, a111, a120, a121, a122, a123, a124, "   \
	"a125, a126, a127, a128, a129, a130, a131, a132, a133, a134, a160, a161, "   \
	"a162, a163, a164, a165, a166, a170, a180, a181, a200, a201, a202, a210, "   \
	"a300, a301, a302, a400, a401, a402, a403, a404, a405, a406, a480, a481, "   \
	"a482, a500, a501, a502, a503, a40000211, a40000212, a80000001, ace534351, " \
	"ace534352, ace534353, ace534354, ace534355, ace534356, ace534357, "         \
	"ace534358, ace534364, ace534365, ace534366, ace534367, ace534368, "         \
	"ace534369, ace534373, ace534374, ace536351, ace536352, ace536353, "         \
	"ace536354, ace536355, ace536356, ace536357, ace536358, ace536359, "         \
	"ace53635a, ace53635b, ace53635c, ace53635d, ace53635e, ace53635f, "         \
	"ace536360, ace5363b4, ace5363b5, ad5a0db00"

/* lib/softoken/sdb.c, sdb_init. */
#define TABLE(name)                                                                        \
	"CREATE TABLE " name " (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, " ATTRIBUTES ");" \
	"CREATE INDEX issuer ON " name " (a81);"                                           \
	"CREATE INDEX subject ON " name " (a101);"                                         \
	"CREATE INDEX label ON " name " (a3);"                                             \
	"CREATE INDEX ckaid ON " name " (a102);"

static const char public_tables[] = TABLE("nssPublic");
static const char private_tables[] =
	TABLE("nssPrivate") "CREATE TABLE metaData (id PRIMARY KEY UNIQUE ON CONFLICT REPLACE, "
			    "item1, item2);";

/* Of every object: its class, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_MODIFIABLE. */
static const char insert_certificate[] =
	"INSERT INTO nssPublic (id, a0, a1, a2, a170, a3, a11, a80, a81, a82, a101, a102) VALUES "
	"(?1, x'00000001', x'01', x'00', x'01', ?2, ?3, x'00000000', ?4, ?5, ?6, ?7)";
/* The rest: CKA_TRUST_STEP_UP_APPROVED, digests by SHA-1 and MD5, and what it is trusted for. */
static const char insert_trust[] =
	"INSERT INTO nssPublic (id, a0, a1, a2, a170, a3, a81, a82, ace536360, ace5363b4, "
	"ace5363b5, ace536359, ace536358, ace53635b, ace53635a) VALUES (?1, x'ce534353', x'01', "
	"x'00', x'01', ?2, ?3, ?4, x'00', ?5, ?6, ?7, ?8, ?9, ?10)";
/* CKA_NSS_URL, CKA_NSS_KRL. */
static const char insert_crl[] =
	"INSERT INTO nssPublic (id, a0, a1, a2, a170, a3, a11, a101, ace534351, ace534358) VALUES "
	"(?1, x'ce534351', x'01', x'00', x'01', ?2, ?3, ?4, ?2, x'00')";

/* How an attribute without a value is told from none (sdb.c, SQLITE_EXPLICIT_NULL). */
static const uint8_t explicit_null[] = { 0xa5, 0x00, 0x5a };

enum { NSS_FIRST_TRUST = 7 }; /* parameter of insert_trust */

struct writing {
	sqlite3 *handle;
	sqlite3_stmt *certificate, *trust, *crl;
	sqlite3_int64 id; /* of the last object; below 1 << 30 */
};

struct placed {
	const struct entry *entry;
	const char *name;
};

bool
nss_holds(const struct entry *entry)
{
	uint64_t values[NSS_PURPOSE__COUNT];

	return entry->kind != ENTRY_CERTIFICATE || nss_trust_of(entry, values);
}

static int
fail(const struct writing *writing, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "SQLite makes no database: %s",
		writing->handle == NULL ? "no memory" : sqlite3_errmsg(writing->handle));
}

static void
bind(sqlite3_stmt *statement, int parameter, struct span bytes)
{
	if (bytes.length == 0)
		bytes = span_of(explicit_null, sizeof(explicit_null));
	(void)sqlite3_bind_blob64(statement, parameter, bytes.data, bytes.length, SQLITE_TRANSIENT);
}

/* A CK_ULONG is four octets there, the highest first. */
static void
bind_number(sqlite3_stmt *statement, int parameter, uint64_t number)
{
	const uint8_t octets[] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	bind(statement, parameter, span_of(octets, sizeof(octets)));
}

static int
insert(struct writing *writing, sqlite3_stmt *statement, struct err *err)
{
	int result;

	(void)sqlite3_bind_int64(statement, 1, ++writing->id);
	result = sqlite3_step(statement);
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE ? 0 : fail(writing, err);
}

/* CKA_ID, by which a key would find its certificate (lib/pk11wrap/pk11cert.c,
 * PK11_GetPubIndexKeyID): SHA-1 of the modulus, of DSA's number, or of the point. */
static bool
key_id(const struct cert *cert, uint8_t ret[static EVP_MAX_MD_SIZE], unsigned *ret_size)
{
	struct der outer = der_of(cert->spki);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der info = der_enter(&sequence), inside;
	enum key_kind kind = cert->key.kind;
	struct span value, number;

	(void)der_next(&info);
	value = der_bits(&info, NULL);
	inside = der_of(value);
	if (kind == KEY_RSA || kind == KEY_RSA_PSS) {
		sequence = der_expect(&inside, DER_SEQUENCE);
		inside = der_enter(&sequence);
	}
	number = der_integer(&inside);
	if (inside.fault == NULL && (kind == KEY_RSA || kind == KEY_RSA_PSS || kind == KEY_DSA))
		value = number;
	while (kind != KEY_EC && value.length > 1 && value.data[0] == 0)
		value = span_of(value.data + 1, value.length - 1);
	return EVP_Digest(value.data, value.length, ret, ret_size, EVP_sha1(), NULL) == 1;
}

static int
put_certificate(struct writing *writing, const struct placed *placed, struct err *err)
{
	const struct cert *cert = &placed->entry->cert;
	CLEANUP(buffer_free) struct buffer serial = {};
	uint8_t id[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!key_id(cert, id, &size))
		return err_set(err, ERR_INTERNAL, "libcrypto makes no SHA-1 of a key");
	der_put(&serial, DER_INTEGER, cert->serial);
	bind(writing->certificate, 2, span_of(placed->name, strlen(placed->name)));
	bind(writing->certificate, 3, placed->entry->der);
	bind(writing->certificate, 4, cert->issuer);
	bind(writing->certificate, 5, buffer_span(&serial));
	bind(writing->certificate, 6, cert->subject);
	bind(writing->certificate, 7, span_of(id, size));
	return insert(writing, writing->certificate, err);
}

static int
put_trust(struct writing *writing, const struct entry *entry, struct err *err)
{
	CLEANUP(buffer_free) struct buffer serial = {};
	uint8_t sha1[EVP_MAX_MD_SIZE], md5[EVP_MAX_MD_SIZE];
	unsigned sha1_size = 0, md5_size = 0;
	uint64_t values[NSS_PURPOSE__COUNT];

	if (!nss_trust_of(entry, values))
		return err_set(err, ERR_DATA,
			"NSS has no way to say what the trust settings of a certificate say");
	if (EVP_Digest(entry->der.data, entry->der.length, sha1, &sha1_size, EVP_sha1(), NULL) !=
			1 ||
		EVP_Digest(entry->der.data, entry->der.length, md5, &md5_size, EVP_md5(), NULL) !=
			1)
		return err_set(err, ERR_INTERNAL,
			"libcrypto makes no SHA-1 and MD5 of a certificate, which NSS needs");
	der_put(&serial, DER_INTEGER, entry->cert.serial);
	bind(writing->trust, 2, (struct span){});
	bind(writing->trust, 3, entry->cert.issuer);
	bind(writing->trust, 4, buffer_span(&serial));
	bind(writing->trust, 5, span_of(sha1, sha1_size));
	bind(writing->trust, 6, span_of(md5, md5_size));
	for (int i = 0; i < NSS_PURPOSE__COUNT; i++)
		bind_number(writing->trust, NSS_FIRST_TRUST + i, values[i]);
	return insert(writing, writing->trust, err);
}

static int
put_crl(struct writing *writing, const struct entry *entry, struct err *err)
{
	bind(writing->crl, 2, (struct span){});
	bind(writing->crl, 3, entry->der);
	bind(writing->crl, 4, entry->crl.issuer);
	return insert(writing, writing->crl, err);
}

static int
compare_placed(const void *a, const void *b)
{
	const struct placed *left = a, *right = b;

	return memcmp(
		entry_digest(left->entry)->bytes, entry_digest(right->entry)->bytes, DIGEST_SIZE);
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct cert *left = &(*(const struct entry *const *)a)->cert,
			  *right = &(*(const struct entry *const *)b)->cert;
	int issuers = span_compare(left->issuer, right->issuer);

	return issuers != 0 ? issuers : span_compare(left->serial, right->serial);
}

/* NSS knows a certificate, and its trust, by issuer and serial number. */
static int
check_numbers(struct arena *arena, const struct store_content *content, struct err *err)
{
	const struct entry **list = arena_alloc(arena, (content->count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < content->count; i++)
		if (content->entries[i]->kind == ENTRY_CERTIFICATE)
			list[count++] = content->entries[i];
	qsort(list, count, sizeof(*list), compare_numbers);
	for (size_t i = 1; i < count; i++)
		if (compare_numbers(&list[i - 1], &list[i]) == 0 &&
			!span_equal(list[i - 1]->der, list[i]->der))
			return err_set(err, ERR_DATA,
				"two certificates \"%s\" have the same issuer and serial number: a "
				"database of NSS holds one of them",
				name_common(arena, list[i]->cert.subject));
	return 0;
}

/* Before a colon stands the name of a token, where NSS is given one. */
static char *
without_colons(struct arena *arena, void *, const char *name)
{
	char *text = arena_strdup(arena, name);

	for (char *at = text; (at = strchr(at, ':')) != NULL;)
		*at = '_';
	return text;
}

static int
put_all(struct writing *writing, const struct placed *placed, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = placed[i].entry;

		/* The same certificate twice is one. */
		if (i > 0 && compare_placed(&placed[i - 1], &placed[i]) == 0)
			continue;
		if (entry->kind == ENTRY_CRL) {
			TRY(put_crl(writing, entry, err));
			continue;
		}
		TRY(put_certificate(writing, &placed[i], err));
		TRY(put_trust(writing, entry, err));
	}
	return 0;
}

static void
end_writing(struct writing *writing)
{
	(void)sqlite3_finalize(writing->certificate);
	(void)sqlite3_finalize(writing->trust);
	(void)sqlite3_finalize(writing->crl);
	(void)sqlite3_close(writing->handle);
}

static int
begin_writing(struct writing *writing, const char *tables, struct err *err)
{
	if (sqlite3_open_v2(":memory:", &writing->handle,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK ||
		sqlite3_exec(writing->handle, tables, NULL, NULL, NULL) != SQLITE_OK)
		return fail(writing, err);
	return 0;
}

static int
take_bytes(const struct writing *writing, struct buffer *out, struct err *err)
{
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(writing->handle, "main", &size, 0);

	if (bytes == NULL)
		return fail(writing, err);
	if (size <= STORE_MAX_SIZE)
		buffer_add(out, bytes, (size_t)size);
	sqlite3_free(bytes);
	if (size > STORE_MAX_SIZE)
		return err_set(err, ERR_LIMIT,
			"the database would have %lld bytes, and no store of more than %d is read",
			(long long)size, STORE_MAX_SIZE);
	return 0;
}

/* Names go by the order: equal sets have equal ones. */
static struct placed *
place_all(struct arena *arena, const struct store_content *content)
{
	struct placed *placed = arena_alloc(arena, (content->count + 1) * sizeof(*placed));
	const struct entry **list = arena_alloc(arena, (content->count + 1) * sizeof(*list));
	const struct store_content sorted = { .entries = list, .count = content->count };
	const char *const *names;

	for (size_t i = 0; i < content->count; i++)
		placed[i].entry = content->entries[i];
	qsort(placed, content->count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < content->count; i++)
		list[i] = placed[i].entry;
	names = store_names(arena, &sorted, without_colons, NULL);
	for (size_t i = 0; i < content->count; i++)
		placed[i].name = names[i];
	return placed;
}

int
nss_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(end_writing) struct writing writing = {};

	TRY(check_numbers(arena, content, err));
	TRY(begin_writing(&writing, public_tables, err));
	if (sqlite3_exec(writing.handle, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(writing.handle, insert_certificate, -1, &writing.certificate,
			NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(writing.handle, insert_trust, -1, &writing.trust, NULL) !=
			SQLITE_OK ||
		sqlite3_prepare_v2(writing.handle, insert_crl, -1, &writing.crl, NULL) != SQLITE_OK)
		return fail(&writing, err);
	TRY(put_all(&writing, place_all(arena, content), content->count, err));
	if (sqlite3_exec(writing.handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return fail(&writing, err);
	return take_bytes(&writing, out, err);
}

int
nss_write_keys(struct buffer *out, struct err *err)
{
	CLEANUP(end_writing) struct writing writing = {};

	TRY(begin_writing(&writing, private_tables, err));
	return take_bytes(&writing, out, err);
}
