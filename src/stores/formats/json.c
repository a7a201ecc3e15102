/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON document whose strings are stores: an array of PEM texts, an answer of an API. */
#include <string.h>

#include "stores/format.h"
#include "stores/json_walk.h"
#include "stores/pem.h"

enum { SHORTEST_STORE = 64 }; /* bytes: any certificate is longer */

static const char begin_mark[] = "-----BEGIN ";

struct json_sniff {
	size_t texts;
	bool is_deep;
};

/* An object with one text is a PEM file in quotes: damage that is mended as such. */
static void
count_texts(struct json_walk *walk, enum json_event event)
{
	struct json_sniff *sniff = walk->context;

	if (event != JSON_STRING || span_find(walk->text, begin_mark, 0) == SIZE_MAX)
		return;
	sniff->texts++;
	sniff->is_deep |= walk->depth != 1 || walk->frames[0].is_array;
	walk->stop = sniff->texts > 1 || sniff->is_deep;
}

/* Quickly, for what is no JSON: a bracket, and what may follow it. */
static bool
begins_as_json(struct span bytes)
{
	size_t at = 0;
	uint8_t first = 0;

	for (; at < bytes.length && bytes.data[at] <= ' '; at++)
		;
	if (at < bytes.length)
		first = bytes.data[at++];
	for (; at < bytes.length && bytes.data[at] <= ' '; at++)
		;
	return at < bytes.length &&
	       ((first == '{' && bytes.data[at] == '"') ||
		       (first == '[' && memchr("\"{[", bytes.data[at], 3) != NULL));
}

static bool
json_sniff(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = NULL;
	struct json_sniff sniff = {};
	struct json_walk walk = { .bytes = bytes, .visit = count_texts, .context = &sniff };

	if (!begins_as_json(bytes))
		return false;
	walk.arena = arena = arena_new();
	json_walk(&walk);
	return sniff.texts > 1 || sniff.is_deep;
}

static void
take_text(struct json_walk *walk, enum json_event event)
{
	struct store_builder *builder = walk->context;
	struct place place = { walk->from, walk->to - walk->from, walk->from, true };

	if (event == JSON_STRING && walk->text.length >= SHORTEST_STORE)
		(void)builder_read_nested(builder, walk->text, &place, json_walk_path(walk));
}

static void
json_read(struct store_builder *builder)
{
	struct json_walk walk = { .arena = builder->arena,
		.bytes = builder->bytes,
		.visit = take_text,
		.context = builder };
	struct place place = { .is_enclosing = true };
	size_t length = builder->bytes.length;

	json_walk(&walk);
	if (walk.fault == NULL)
		return;
	(void)builder_defect(builder,
		walk.to == length ? CAUSE_STORE_TRUNCATED : CAUSE_STORE_CORRUPT_ENTRY,
		walk.fault_offset, length - walk.fault_offset, "the JSON document is damaged: %s",
		walk.fault);
	/* Behind the damage, and behind the last text that was given, there may be whole ones. */
	place.offset = walk.to > walk.fault_offset ? walk.to : walk.fault_offset;
	place.text_offset = place.offset;
	place.length = length - place.offset;
	if (place.length > 0)
		(void)builder_read_nested(builder,
			span_of(builder->bytes.data + place.offset, place.length), &place,
			"behind the damage");
}

static void
put_text(struct buffer *out, const struct entry *entry)
{
	CLEANUP(buffer_free) struct buffer text = {};

	pem_write(&text, entry->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE", entry->der);
	buffer_add_text(out, "  \"");
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] == '\n')
			buffer_add_text(out, "\\n");
		else
			buffer_add(out, &text.data[i], 1);
	buffer_add_text(out, "\"");
}

static int
json_write(const struct store_content *content, struct buffer *out, struct err *)
{
	buffer_add_text(out, "[\n");
	for (size_t i = 0; i < content->count; i++) {
		put_text(out, content->entries[i]);
		buffer_add_text(out, i + 1 < content->count ? ",\n" : "\n");
	}
	buffer_add_text(out, "]\n");
	return 0;
}

const struct store_format store_json = {
	.name = "json",
	.title = "JSON document with PEM texts",
	.family = FAMILY_CARRIER,
	.container = "JSON document",
	.sniff = json_sniff,
	.read = json_read,
	.carries_crls = true,
	.write = json_write,
};
