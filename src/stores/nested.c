/* SPDX-License-Identifier: Apache-2.0 */
/* Stores within stores: what a manifest, a JSON document or an object of a token carries. */
#include "stores/format.h"

enum { NESTED_MAX_DEPTH = 2 }; /* a store in a document in a manifest */

static const char *
why_not(const struct store_builder *builder, const struct store_format *format)
{
	if (builder->nesting >= NESTED_MAX_DEPTH)
		return "it is not read: too many stores stand within each other here";
	if (format->family == FAMILY_KEYSTORE && builder->nested_keystores >= NESTED_MAX_KEYSTORES)
		return "it is not read: there are more keystores in this file than are opened";
	return NULL;
}

/* What was found stands, for who reads the file, where that which holds it does. */
static void
put_in_place(struct store_builder *builder, const struct store_builder *before,
	const struct place *place, const char *name)
{
	unsigned line = builder_line(builder, place->offset);

	for (size_t i = before->entry_count; i < builder->entry_count; i++) {
		struct entry *entry = &builder->entries[i];

		entry->offset = place->offset;
		entry->length = place->length;
		entry->text_offset = place->text_offset;
		entry->line = line;
		entry->is_enclosed = true;
		entry->alias = entry->alias == NULL
				       ? name
				       : arena_printf(builder->arena, "%s: %s", name, entry->alias);
	}
	for (size_t i = before->defect_count; i < builder->defect_count; i++) {
		struct defect *defect = &builder->defects[i];

		defect->offset = place->offset;
		defect->length = place->length;
		defect->line = line;
		defect->text = arena_printf(builder->arena, "%s: %s", name, defect->text);
	}
}

bool
builder_read_nested(struct store_builder *builder, struct span bytes, const struct place *place,
	const char *name)
{
	const struct store_format *format = format_of(bytes);
	const struct store_builder before = *builder;
	const char *refused = why_not(builder, format);

	if (format == &store_unknown)
		return false;
	if (refused != NULL) {
		(void)builder_defect(builder, CAUSE_STORE_FOREIGN_OBJECT, place->offset,
			place->length, "%s: %s", name, refused);
		return true;
	}
	builder->nesting++;
	builder->nested_keystores += format->family == FAMILY_KEYSTORE;
	builder_turn_to(builder, before.path, builder_keep(builder, bytes));
	format->read(builder);
	builder->bytes = before.bytes;
	builder->lines = before.lines;
	builder->nesting = before.nesting;
	builder->profile = before.profile;
	builder->integrity = before.integrity;
	builder->password_source = before.password_source;
	builder->password_is_empty = before.password_is_empty;
	put_in_place(builder, &before, place, name);
	return true;
}
