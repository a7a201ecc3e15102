/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/manifest.h"

#include <string.h>

#include <yaml.h>

enum { KEY_MAX = 256 }; /* bytes: names of members have at most 253 */

#define NO_OBJECT SIZE_MAX

struct frame {
	bool is_mapping, wants_key;
	char key[KEY_MAX]; /* of the value that comes; empty where it is too long for any we want */
	size_t object;     /* that this mapping is, or NO_OBJECT */
};

struct reading {
	struct arena *arena;
	struct manifest *manifest;
	struct span bytes;
	struct frame frames[MANIFEST_MAX_DEPTH];
	size_t depth;
	/* libyaml counts characters: where the last one that was asked for begins. */
	size_t character, offset;
	bool is_ascii;
};

static bool
fail(struct reading *reading, size_t offset, const char *fault)
{
	if (reading->manifest->fault == NULL) {
		reading->manifest->fault = fault;
		reading->manifest->fault_offset = offset;
	}
	return false;
}

/* The byte offset of a mark. Marks come in order, as good as always. */
static size_t
offset_of(struct reading *reading, const yaml_mark_t *mark)
{
	struct span bytes = reading->bytes;

	if (reading->is_ascii)
		return mark->index < bytes.length ? mark->index : bytes.length;
	if (mark->index < reading->character)
		reading->character = reading->offset = 0;
	while (reading->character < mark->index && reading->offset < bytes.length) {
		reading->offset++;
		while (reading->offset < bytes.length &&
			(bytes.data[reading->offset] & 0xc0) == 0x80)
			reading->offset++;
		reading->character++;
	}
	return reading->offset;
}

static bool
is_ascii(struct span bytes)
{
	uint8_t all = 0;

	for (size_t i = 0; i < bytes.length; i++)
		all |= bytes.data[i];
	return all < 0x80;
}

static struct frame *
top(struct reading *reading)
{
	return reading->depth == 0 ? NULL : &reading->frames[reading->depth - 1];
}

/* The object that a value directly or at any depth belongs to. */
static size_t
object_around(const struct reading *reading, size_t *ret_depth)
{
	for (size_t i = reading->depth; i-- > 0;)
		if (reading->frames[i].object != NO_OBJECT) {
			*ret_depth = i;
			return reading->frames[i].object;
		}
	return NO_OBJECT;
}

static bool
key_is(const struct frame *frame, const char *key)
{
	return frame->is_mapping && strcmp(frame->key, key) == 0;
}

/* A document's own mapping, and each one in its list of items. */
static bool
is_object(const struct reading *reading)
{
	const struct frame *frames = reading->frames;

	return reading->depth == 0 ||
	       (reading->depth == 2 && !frames[1].is_mapping && key_is(&frames[0], "items"));
}

static bool
push(struct reading *reading, bool is_mapping, size_t offset)
{
	struct manifest *manifest = reading->manifest;
	struct frame frame = { is_mapping, is_mapping, "", NO_OBJECT };

	if (reading->depth == MANIFEST_MAX_DEPTH)
		return fail(reading, offset, "it is nested deeper than is read");
	if (is_mapping && is_object(reading)) {
		if (manifest->object_count == MANIFEST_MAX_OBJECTS)
			return fail(reading, offset, "there are more objects than are read");
		manifest->objects =
			arena_grow(reading->arena, manifest->objects, manifest->object_count,
				&manifest->object_capacity, sizeof(*manifest->objects));
		manifest->objects[manifest->object_count] = (struct manifest_object){};
		frame.object = manifest->object_count++;
	}
	reading->frames[reading->depth++] = frame;
	return true;
}

/* A value is complete: in a mapping a key comes next. */
static void
value_ends(struct reading *reading)
{
	struct frame *frame = top(reading);

	if (frame != NULL)
		frame->wants_key = frame->is_mapping;
}

static void
pop(struct reading *reading)
{
	if (reading->depth > 0)
		reading->depth--;
	value_ends(reading);
}

/* Of a value that stands in a mapping of an object: which section it belongs to. */
static bool
section_of(const struct reading *reading, size_t object_depth, enum manifest_section *ret)
{
	static const struct {
		const char *key;
		enum manifest_section section;
	} of_object[] = { { "data", SECTION_DATA }, { "stringData", SECTION_STRING_DATA },
		{ "binaryData", SECTION_BINARY_DATA } },
	  anywhere[] = { { "inLine", SECTION_TEXT }, { "trustBundle", SECTION_TEXT },
		  { "caBundle", SECTION_BASE64 }, { "certificate-authority-data", SECTION_BASE64 },
		  { "client-certificate-data", SECTION_BASE64 } };
	const struct frame *frame = &reading->frames[reading->depth - 1];

	for (size_t i = 0; reading->depth == object_depth + 2 && i < COUNT_OF(of_object); i++)
		if (key_is(&reading->frames[object_depth], of_object[i].key)) {
			*ret = of_object[i].section;
			return true;
		}
	for (size_t i = 0; i < COUNT_OF(anywhere); i++)
		if (key_is(frame, anywhere[i].key)) {
			*ret = anywhere[i].section;
			return true;
		}
	return false;
}

static bool
take_member(struct reading *reading, const yaml_event_t *event, size_t object,
	enum manifest_section section)
{
	struct manifest *manifest = reading->manifest;
	const struct frame *frame = top(reading);
	size_t from = offset_of(reading, &event->start_mark),
	       to = offset_of(reading, &event->end_mark);

	if (manifest->member_count == MANIFEST_MAX_MEMBERS)
		return fail(reading, from, "there are more members than are read");
	manifest->members = arena_grow(reading->arena, manifest->members, manifest->member_count,
		&manifest->member_capacity, sizeof(*manifest->members));
	manifest->members[manifest->member_count++] = (struct manifest_member){
		.object = object,
		.section = section,
		.key = text_sanitize(reading->arena, frame->key, strlen(frame->key)),
		.value = span_of(arena_dup(reading->arena, event->data.scalar.value,
					 event->data.scalar.length),
			event->data.scalar.length),
		.place = { from, to > from ? to - from : 0, from, true },
	};
	return true;
}

static void
take_name(struct reading *reading, const yaml_event_t *event, size_t object, size_t object_depth)
{
	struct manifest_object *named = &reading->manifest->objects[object];
	const struct frame *frame = top(reading);
	const char *value = text_sanitize(reading->arena, (const char *)event->data.scalar.value,
		event->data.scalar.length < KEY_MAX ? event->data.scalar.length : (size_t)KEY_MAX);

	if (reading->depth == object_depth + 1 && key_is(frame, "kind"))
		named->kind = value;
	if (reading->depth != object_depth + 2 ||
		!key_is(&reading->frames[object_depth], "metadata"))
		return;
	if (key_is(frame, "name"))
		named->name = value;
	if (key_is(frame, "namespace"))
		named->namespace = value;
}

static bool
take_scalar(struct reading *reading, const yaml_event_t *event)
{
	struct frame *frame = top(reading);
	enum manifest_section section;
	size_t object, object_depth;
	bool done = true;

	if (frame != NULL && frame->wants_key) {
		frame->wants_key = false;
		frame->key[0] = '\0';
		if (event->data.scalar.length < KEY_MAX)
			memcpy(frame->key, event->data.scalar.value, event->data.scalar.length + 1);
		return true;
	}
	object = object_around(reading, &object_depth);
	if (object != NO_OBJECT && frame->is_mapping) {
		take_name(reading, event, object, object_depth);
		if (section_of(reading, object_depth, &section))
			done = take_member(reading, event, object, section);
	}
	value_ends(reading);
	return done;
}

static bool
take_event(struct reading *reading, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return fail(reading, offset_of(reading, &event->start_mark),
			"it has an alias, and aliases are not followed");
	case YAML_SCALAR_EVENT:
		return take_scalar(reading, event);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return push(reading, event->type == YAML_MAPPING_START_EVENT,
			offset_of(reading, &event->start_mark));
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		pop(reading);
		return true;
	case YAML_DOCUMENT_START_EVENT:
		reading->depth = 0;
		return true;
	default:
		return true;
	}
}

void
manifest_read(struct arena *arena, struct span bytes, struct manifest *ret)
{
	struct reading reading = { .arena = arena, .manifest = ret, .bytes = bytes };
	yaml_parser_t parser;
	bool goes_on = true;
	size_t events = 0;

	*ret = (struct manifest){};
	reading.is_ascii = is_ascii(bytes);
	if (yaml_parser_initialize(&parser) == 0) {
		ret->fault = "libyaml cannot be started";
		return;
	}
	yaml_parser_set_input_string(&parser, bytes.data, bytes.length);
	while (goes_on) {
		yaml_event_t event;

		if (yaml_parser_parse(&parser, &event) == 0) {
			(void)fail(&reading, offset_of(&reading, &parser.problem_mark),
				arena_strdup(arena, parser.problem != NULL ? parser.problem
									   : "it cannot be read"));
			break;
		}
		goes_on = take_event(&reading, &event) && event.type != YAML_STREAM_END_EVENT;
		if (goes_on && ++events == MANIFEST_MAX_EVENTS)
			goes_on = fail(&reading, offset_of(&reading, &event.start_mark),
				"there is more in it than is read");
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}
