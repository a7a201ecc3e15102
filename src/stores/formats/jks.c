/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java keystores (sun.security.provider.JavaKeyStore; com.sun.crypto.provider.JceKeyStore for
 * JCEKS): a count, the entries one behind the other, and a SHA-1 of password, a constant and all
 * bytes before. Keys are passed over; sealed ones by the grammar of their stream, never
 * deserialised.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "stores/java_entries.h"
#include "stores/java_stream.h"
#include "stores/jks_write.h"

enum {
	JKS_HEADER_SIZE = 12,
	JKS_TAG_KEY = 1,
	JKS_TAG_CERT = 2,
	JKS_TAG_SECRET = 3,         /* JCEKS alone */
	JKS_MAX_SEARCH = 5'000'000, /* certificates passed over in search of a whole entry */
};

static const char jks_magic[] = "\xfe\xed\xfe\xed", jceks_magic[] = "\xce\xce\xce\xce",
		  sealed_class[] = "com.sun.crypto.provider.SealedObjectForKeyProtector";

struct jks {
	struct store_builder *builder;
	struct java_cursor cursor;
	unsigned version;
	bool is_jceks, is_damaged;
	unsigned searched;
	size_t doubtful; /* see note_doubt; SIZE_MAX: nothing before the cursor is */
};

/* An entry read to its end, and not added yet. */
struct record {
	unsigned tag;
	struct span alias, sealed;
	uint64_t created, chain;
	size_t offset, body, end; /* body: where its certificates begin */
};

static bool
jks_sniff(struct span bytes)
{
	return bytes.length >= sizeof(jks_magic) - 1 &&
	       (memcmp(bytes.data, jks_magic, sizeof(jks_magic) - 1) == 0 ||
		       memcmp(bytes.data, jceks_magic, sizeof(jceks_magic) - 1) == 0);
}

static bool
pass_chain(struct java_cursor *cursor, bool has_type, uint64_t count)
{
	struct java_cert cert;

	for (uint64_t i = 0; i < count; i++)
		if (!java_cert_read(cursor, has_type, &cert))
			return false;
	return true;
}

static bool
record_begin(const struct jks *jks, struct java_cursor *cursor, struct record *ret)
{
	*ret = (struct record){ .offset = cursor->at, .chain = 1 };
	ret->tag = (unsigned)java_number(cursor, 4);
	if (ret->tag < JKS_TAG_KEY || ret->tag > (jks->is_jceks ? JKS_TAG_SECRET : JKS_TAG_CERT))
		return false;
	ret->alias = java_text(cursor);
	ret->created = java_number(cursor, 8);
	return !cursor->ended;
}

/* Reads one entry without adding anything; the cursor is left behind it. */
static bool
record_read(struct jks *jks, struct java_cursor *cursor, struct record *ret)
{
	bool has_type = jks->version == 2;
	struct span rest;
	size_t length;

	if (!record_begin(jks, cursor, ret))
		return false;
	if (ret->tag == JKS_TAG_SECRET) {
		rest = span_of(cursor->bytes.data + cursor->at, cursor->bytes.length - cursor->at);
		length = java_stream_length(rest, &ret->sealed);
		ret->end = cursor->at += length;
		return length > 0;
	}
	if (ret->tag == JKS_TAG_KEY) {
		(void)java_bytes(cursor, java_number(cursor, 4));
		ret->chain = java_number(cursor, 4);
	}
	ret->body = cursor->at;
	if (ret->chain > JAVA_MAX_CHAIN)
		return false;
	jks->searched += (unsigned)ret->chain;
	if (cursor->ended || !pass_chain(cursor, has_type, ret->chain))
		return false;
	ret->end = cursor->at;
	return true;
}

/* From where on bytes may belong to something else than they seem to: from a certificate that is
 * damaged, or from the end of one that is shorter than it is said to be. */
static void
note_doubt(struct jks *jks, const struct java_cert *cert, bool added)
{
	const struct store_builder *builder = jks->builder;
	size_t whole;

	if (jks->doubtful != SIZE_MAX)
		return;
	if (!added) {
		jks->doubtful = cert->offset;
		return;
	}
	whole = builder->entry_count > 0 ? builder->entries[builder->entry_count - 1].der.length
					 : 0;
	if (whole < cert->der.length)
		jks->doubtful = cert->offset + cert->length - (cert->der.length - whole);
}

static void
record_add(struct jks *jks, const struct record *record)
{
	struct store_builder *builder = jks->builder;
	struct java_cursor certs = { .bytes = jks->cursor.bytes, .at = record->body };
	struct java_entry entry = { .alias = record->alias, .created = (int64_t)record->created };
	struct java_cert cert;
	size_t end = record->tag == JKS_TAG_KEY ? record->body : record->end;

	entry.role = record->tag == JKS_TAG_CERT ? ENTRY_IS_TRUSTED : ENTRY_IS_KEY;
	entry.place = (struct place){ record->offset, end - record->offset, record->offset, false };
	if (record->tag == JKS_TAG_SECRET) {
		java_key_add(builder, ENTRY_SECRET_KEY, &entry);
		if (span_equal(record->sealed, span_of(sealed_class, sizeof(sealed_class) - 1)))
			return;
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, entry.place.offset,
			entry.place.length,
			"the sealed object is of the class %.*s: Java refuses the whole keystore "
			"for it (\"Invalid secret key format\")",
			(int)(record->sealed.length < 128 ? record->sealed.length : 128),
			(const char *)record->sealed.data);
		return;
	}
	if (record->tag == JKS_TAG_KEY) {
		java_key_add(builder, ENTRY_PRIVATE_KEY, &entry);
		entry.role = ENTRY_IS_CHAIN;
	}
	for (uint64_t i = 0; i < record->chain; i++) {
		(void)java_cert_read(&certs, jks->version == 2, &cert);
		if (record->tag == JKS_TAG_KEY)
			entry.place =
				(struct place){ cert.offset, cert.length, cert.offset, false };
		note_doubt(jks, &cert, java_cert_add(builder, &cert, &entry));
	}
}

/* What a person made, and its certificates are what they say: no chance run of bytes is that. */
static bool
record_is_likely(const struct jks *jks, const struct record *record)
{
	struct java_cursor certs = { .bytes = jks->cursor.bytes, .at = record->body };
	struct java_cert cert;

	for (uint64_t i = 0; record->tag != JKS_TAG_SECRET && i < record->chain; i++) {
		(void)java_cert_read(&certs, jks->version == 2, &cert);
		if (cert.der.length < 2 || cert.der.data[0] != DER_SEQUENCE)
			return false;
	}
	return true;
}

/* The next entry that is whole at or behind from; where there is none, the end. */
static size_t
resync(struct jks *jks, size_t from)
{
	struct span bytes = jks->cursor.bytes;

	jks->searched = 0;
	for (size_t at = from;
		at + JKS_HEADER_SIZE < bytes.length && jks->searched < JKS_MAX_SEARCH; at++) {
		struct java_cursor cursor = { .bytes = bytes, .at = at }, again = cursor;
		struct record record;

		if (bytes.data[at] != 0 || bytes.data[at + 1] != 0 || bytes.data[at + 2] != 0 ||
			!record_begin(jks, &cursor, &record) ||
			!java_date_is_likely(record.created) || !java_alias_is_likely(record.alias))
			continue;
		if (record_read(jks, &again, &record) && record_is_likely(jks, &record))
			return at;
	}
	return bytes.length;
}

static void
lose(struct jks *jks, size_t from, size_t to)
{
	struct store_builder *builder = jks->builder;
	struct place whole = { .length = builder->bytes.length };
	bool is_last = to >= jks->cursor.bytes.length;
	size_t start = jks->doubtful < from ? jks->doubtful : from;
	struct defect *defect = builder_defect(builder,
		is_last ? CAUSE_STORE_TRUNCATED : CAUSE_STORE_CORRUPT_ENTRY, from, to - from, "%s",
		is_last ? "the keystore ends in the middle of this entry, or the entry is damaged"
			: "an entry of the keystore is damaged");

	if (defect != NULL)
		defect->is_block = true;
	jks->is_damaged = true;
	builder_salvage(builder, span_of(builder->bytes.data + start, to - start), &whole);
}

static void
read_entries(struct jks *jks, uint64_t count)
{
	for (uint64_t i = 0; i < count && jks->cursor.at < jks->cursor.bytes.length; i++) {
		struct java_cursor ahead = jks->cursor;
		struct record record;
		size_t next;

		if (record_read(jks, &ahead, &record)) {
			jks->doubtful = SIZE_MAX;
			record_add(jks, &record);
			jks->cursor = ahead;
			continue;
		}
		next = resync(jks, jks->cursor.at + 1);
		lose(jks, jks->cursor.at, next);
		jks->cursor.at = next;
	}
}

static bool
digest_fits(struct span password, struct span body, struct span digest)
{
	uint8_t value[JKS_DIGEST_SIZE];

	return jks_digest(password, body, value) &&
	       CRYPTO_memcmp(value, digest.data, digest.length) == 0;
}

static bool
find_password(struct store_builder *builder, struct span body, struct span digest)
{
	struct password password;

	for (size_t i = 0; passwords_get(builder->passwords, i, &password); i++) {
		if (!digest_fits(password.text, body, digest))
			continue;
		builder->integrity = INTEGRITY_GOOD;
		builder->password_source =
			text_sanitize(builder->arena, password.source, strlen(password.source));
		return true;
	}
	return false;
}

static void
check_digest(struct store_builder *builder, struct span body, struct span digest)
{
	struct defect *defect;

	builder->integrity = INTEGRITY_UNKNOWN;
	if (find_password(builder, body, digest))
		return;
	defect = builder_defect(builder, CAUSE_STORE_KEYSTORE_PASSWORD,
		builder->bytes.length - digest.length, digest.length,
		passwords_given(builder->passwords)
			? "the digest fits neither the passwords given nor the known ones: the "
			  "password is another one, or the file has changed"
			: "whether the keystore is as it was written cannot be told: none of the "
			  "known passwords fits its digest");
	/* Without a password, Java reads the entries and checks nothing. */
	if (defect != NULL)
		defect->harmless = !passwords_given(builder->passwords);
}

static void
read_end(struct jks *jks)
{
	struct store_builder *builder = jks->builder;
	size_t at = jks->cursor.at, rest = builder->bytes.length - at;

	if (rest == JAVA_SHA1_SIZE) {
		check_digest(builder, span_of(builder->bytes.data, at),
			span_of(builder->bytes.data + at, rest));
	} else if (rest < JAVA_SHA1_SIZE && !jks->is_damaged) {
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, at, rest,
			"the keystore ends before its digest");
	} else if (rest > JAVA_SHA1_SIZE &&
		   find_password(builder, span_of(builder->bytes.data, at),
			   span_of(builder->bytes.data + at, JAVA_SHA1_SIZE))) {
		java_bytes_behind(builder, at + JAVA_SHA1_SIZE);
	} else if (rest > JAVA_SHA1_SIZE) {
		struct place whole = { .length = builder->bytes.length };
		size_t from = jks->doubtful < at ? jks->doubtful : at;

		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, at, rest,
			"the keystore goes on behind its last entry: their count is damaged, or "
			"two files are in one");
		builder_salvage(builder,
			span_of(builder->bytes.data + from, builder->bytes.length - from), &whole);
	}
}

static void
jks_read(struct store_builder *builder)
{
	struct jks jks = {
		.builder = builder, .cursor = { .bytes = builder->bytes }, .doubtful = SIZE_MAX
	};
	uint32_t magic = (uint32_t)java_number(&jks.cursor, 4);
	uint64_t count;

	jks.is_jceks = magic == 0xcececece;
	builder->profile = jks.is_jceks ? "JCEKS" : "JKS";
	jks.version = (unsigned)java_number(&jks.cursor, 4);
	count = java_number(&jks.cursor, 4);
	if (jks.cursor.ended) {
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, 0, builder->bytes.length,
			"the keystore ends within its header");
		return;
	}
	if (jks.version != 1 && jks.version != 2) {
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 4, 4,
			"the version of the keystore is %u, and there are 1 and 2", jks.version);
		jks.version = 2;
	}
	read_entries(&jks, count);
	read_end(&jks);
}

const struct store_format store_jks = {
	.name = "jks",
	.title = "Java keystore",
	.family = FAMILY_KEYSTORE,
	.container = "Java keystore",
	.sniff = jks_sniff,
	.read = jks_read,
	.carries_names = true,
	.write = jks_write,
};
