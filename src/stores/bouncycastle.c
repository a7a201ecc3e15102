/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/bouncycastle.h"

enum {
	VERSION_NEWEST = 2,
	SALT_SHORTEST = 8,
	SALT_LONGEST = 64,
	PADDING_LONGEST = 16, /* of what was decrypted */
	RECORD_END = 0,
	RECORD_CERT = 1,
	RECORD_KEY = 2,
	RECORD_SECRET = 3,
	RECORD_SEALED = 4,
	KEY_SECRET = 2, /* of a key that is not sealed */
};

bool
bouncycastle_header(struct span bytes, struct bouncycastle *ret)
{
	struct java_cursor cursor = { .bytes = bytes };
	uint64_t salt;

	*ret = (struct bouncycastle){ .derivation = { DERIVE_PKCS12, "SHA1", {}, 0 } };
	ret->version = java_number(&cursor, 4);
	salt = java_number(&cursor, 4);
	if (cursor.ended || ret->version > VERSION_NEWEST || salt < SALT_SHORTEST ||
		salt > SALT_LONGEST)
		return false;
	ret->derivation.salt = java_bytes(&cursor, salt);
	ret->derivation.rounds = java_number(&cursor, 4);
	ret->body = cursor.at;
	return !cursor.ended && ret->derivation.rounds > 0;
}

bool
bouncycastle_is_plain(struct span body)
{
	struct java_cursor cursor = { .bytes = body };
	uint64_t type = java_number(&cursor, 1);
	struct span alias = java_text(&cursor);
	uint64_t created = java_number(&cursor, 8);

	if (type == RECORD_END && body.length > 0)
		return body.length <= 1 + JAVA_SHA1_SIZE + PADDING_LONGEST;
	return type <= RECORD_SEALED && !cursor.ended && java_alias_is_likely(alias) &&
	       java_date_is_likely(created);
}

struct record {
	struct store_builder *builder;
	struct java_cursor *cursor;
	const struct place *enclosing;
	struct java_entry entry;
	size_t offset;
};

static struct place
place_from(const struct record *record, size_t offset)
{
	struct span bytes =
		span_of(record->cursor->bytes.data + offset, record->cursor->at - offset);

	return builder_place(record->builder, bytes, record->enclosing);
}

static bool
read_chain(struct record *record, uint64_t count, bool adds)
{
	struct java_cert cert;

	if (count > JAVA_MAX_CHAIN)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!java_cert_read(record->cursor, true, &cert))
			return false;
		record->entry.place = place_from(record, cert.offset);
		if (adds)
			(void)java_cert_add(record->builder, &cert, &record->entry);
	}
	return true;
}

/* What follows the chain, by the record's type. */
static bool
read_value(struct record *record, uint64_t type, bool has_chain, enum entry_kind *ret_kind)
{
	struct java_cursor *cursor = record->cursor;
	uint64_t key;

	*ret_kind = has_chain ? ENTRY_PRIVATE_KEY : ENTRY_SECRET_KEY;
	if (type == RECORD_KEY) {
		key = java_number(cursor, 1);
		(void)java_text(cursor);
		(void)java_text(cursor);
		*ret_kind = key == KEY_SECRET ? ENTRY_SECRET_KEY : ENTRY_PRIVATE_KEY;
	}
	(void)java_bytes(cursor, java_number(cursor, 4));
	return !cursor->ended;
}

/* The key stands before its certificates in the list, and behind them in the bytes. */
static bool
read_record(struct record *record, uint64_t type)
{
	struct java_cursor *cursor = record->cursor, chain;
	enum entry_kind kind;
	uint64_t count;
	bool done;

	record->entry.alias = java_text(cursor);
	record->entry.created = (int64_t)java_number(cursor, 8);
	count = java_number(cursor, 4);
	chain = *cursor;
	if (cursor->ended || type > RECORD_SEALED || !read_chain(record, count, false))
		return false;
	if (type == RECORD_CERT) {
		record->entry.role = ENTRY_IS_TRUSTED;
		return read_chain(record, 1, true);
	}
	if (!read_value(record, type, count > 0, &kind))
		return false;
	record->entry.role = ENTRY_IS_KEY;
	record->entry.place = place_from(record, record->offset);
	java_key_add(record->builder, kind, &record->entry);
	record->cursor = &chain;
	record->entry.role = ENTRY_IS_CHAIN;
	done = read_chain(record, count, true);
	record->cursor = cursor;
	return done;
}

bool
bouncycastle_read(
	struct store_builder *builder, struct java_cursor *cursor, const struct place *enclosing)
{
	while (builder->entry_count < STORE_MAX_ENTRIES) {
		struct record record = { .builder = builder,
			.cursor = cursor,
			.enclosing = enclosing,
			.offset = cursor->at };
		uint64_t type = java_number(cursor, 1);
		struct span lost;

		if (!cursor->ended && type == RECORD_END)
			return true;
		if (!cursor->ended && read_record(&record, type))
			continue;
		lost = span_of(
			cursor->bytes.data + record.offset, cursor->bytes.length - record.offset);
		builder_salvage(builder, lost, enclosing);
		cursor->at = record.offset;
		return false;
	}
	return false;
}
