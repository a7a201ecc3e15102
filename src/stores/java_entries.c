/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/java_entries.h"

#include <string.h>

enum { MILLISECONDS = 1000, ALIAS_LONGEST = 1024 };

uint64_t
java_number(struct java_cursor *cursor, size_t size)
{
	uint64_t number = 0;

	if (cursor->ended || size > cursor->bytes.length - cursor->at) {
		cursor->ended = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		number = number << 8 | cursor->bytes.data[cursor->at++];
	return number;
}

struct span
java_bytes(struct java_cursor *cursor, uint64_t length)
{
	struct span bytes = {};

	if (cursor->ended || length > cursor->bytes.length - cursor->at) {
		cursor->ended = true;
		return bytes;
	}
	bytes = span_of(cursor->bytes.data + cursor->at, (size_t)length);
	cursor->at += (size_t)length;
	return bytes;
}

struct span
java_text(struct java_cursor *cursor)
{
	return java_bytes(cursor, java_number(cursor, 2));
}

bool
java_cert_read(struct java_cursor *cursor, bool has_type, struct java_cert *ret)
{
	*ret = (struct java_cert){ .type = span_of("X.509", 5), .offset = cursor->at };
	if (has_type)
		ret->type = java_text(cursor);
	ret->der = java_bytes(cursor, java_number(cursor, 4));
	ret->length = cursor->at - ret->offset;
	return !cursor->ended;
}

static void
put_facts(struct store_builder *builder, const struct java_entry *from, struct entry *entry)
{
	entry->role = from->role;
	if (from->alias.data != NULL)
		entry->alias = text_sanitize(
			builder->arena, (const char *)from->alias.data, from->alias.length);
	if (from->created > 0)
		entry->created = from->created / MILLISECONDS;
}

bool
java_cert_add(
	struct store_builder *builder, const struct java_cert *cert, const struct java_entry *from)
{
	struct object object = { .kind = ENTRY_CERTIFICATE,
		.der = builder_keep(builder, cert->der) };
	struct entry *entry;

	if (!span_equal(cert->type, span_of("X.509", 5)) &&
		!span_equal(cert->type, span_of("X509", 4))) {
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, from->place.offset,
			from->place.length,
			"a certificate of the type \"%.*s\", for which Java has no reader: it "
			"refuses the whole keystore",
			(int)(cert->type.length < 64 ? cert->type.length : 64),
			(const char *)cert->type.data);
		builder_salvage(builder, cert->der, &from->place);
		return true;
	}
	entry = builder_object(builder, &object, &from->place, NULL);
	if (entry != NULL)
		put_facts(builder, from, entry);
	return entry != NULL;
}

void
java_key_add(struct store_builder *builder, enum entry_kind kind, const struct java_entry *from)
{
	struct entry *entry = builder_entry(builder);

	if (entry == NULL)
		return;
	entry->kind = kind;
	entry->offset = entry->text_offset = from->place.offset;
	entry->length = from->place.length;
	entry->is_enclosed = from->place.is_enclosing;
	entry->line = builder_line(builder, from->place.offset);
	put_facts(builder, from, entry);
}

bool
java_date_is_likely(uint64_t milliseconds)
{
	static const uint64_t first = UINT64_C(788918400000), last = UINT64_C(4102444800000);

	return milliseconds >= first && milliseconds <= last;
}

bool
java_alias_is_likely(struct span alias)
{
	size_t size;
	uint32_t code;

	if (alias.length > ALIAS_LONGEST)
		return false;
	for (size_t at = 0; at < alias.length; at += size) {
		size = text_utf8_decode((const char *)alias.data + at, alias.length - at, &code);
		if (size == 0 || code < ' ')
			return false;
	}
	return true;
}

void
java_bytes_behind(struct store_builder *builder, size_t from)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, from,
		builder->bytes.length - from,
		"%zu bytes follow the keystore: Java takes what is before them",
		builder->bytes.length - from);

	if (defect != NULL)
		defect->harmless = true;
}
