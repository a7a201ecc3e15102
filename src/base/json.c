/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/moment.h"
#include "base/text.h"

enum { FIRST_OF_PLANE_1 = 0x10000, SURROGATE_HIGH = 0xd800, SURROGATE_LOW = 0xdc00 };

void
json_begin(struct json *json, struct buffer *out)
{
	*json = (struct json){ .out = out };
}

/* The comma before an item that is not the first of its kind; a value behind its key has none. */
static void
item_begin(struct json *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->has_items[json->depth])
		buffer_add_text(json->out, ",");
	json->has_items[json->depth] = true;
}

static void
nest(struct json *json, const char *bracket)
{
	item_begin(json);
	assert(json->depth + 1 < JSON_MAX_DEPTH);
	json->has_items[++json->depth] = false;
	buffer_add_text(json->out, bracket);
}

static void
unnest(struct json *json, const char *bracket)
{
	assert(json->depth > 0 && !json->after_key);
	json->depth--;
	buffer_add_text(json->out, bracket);
}

void
json_object_open(struct json *json)
{
	nest(json, "{");
}

void
json_object_close(struct json *json)
{
	unnest(json, "}");
}

void
json_array_open(struct json *json)
{
	nest(json, "[");
}

void
json_array_close(struct json *json)
{
	unnest(json, "]");
}

/* RFC 8259 7: code points above U+FFFF are written as two surrogates. */
static void
add_unicode_escape(struct buffer *out, uint32_t code)
{
	if (code >= FIRST_OF_PLANE_1) {
		code -= FIRST_OF_PLANE_1;
		buffer_addf(out, "\\u%04x", (unsigned)(SURROGATE_HIGH + (code >> 10)));
		code = SURROGATE_LOW + (code & 0x3ff);
	}
	buffer_addf(out, "\\u%04x", (unsigned)code);
}

static void
add_code(struct buffer *out, const char *text, size_t size, uint32_t code)
{
	static const struct {
		char character, letter;
	} short_escapes[] = { { '"', '"' }, { '\\', '\\' }, { '\n', 'n' }, { '\r', 'r' },
		{ '\t', 't' } };

	for (size_t i = 0; i < COUNT_OF(short_escapes); i++) {
		if (code == (uint32_t)short_escapes[i].character) {
			buffer_addf(out, "\\%c", short_escapes[i].letter);
			return;
		}
	}
	if (text_code_is_unsafe(code))
		add_unicode_escape(out, code);
	else
		buffer_add(out, text, size);
}

/* Bytes that are no UTF-8 have no place in JSON: they become the text \xNN, as text_sanitize
 * writes it. */
static void
add_quoted(struct buffer *out, const char *text)
{
	size_t length = strlen(text), size;
	uint32_t code;

	buffer_add_text(out, "\"");
	for (size_t i = 0; i < length; i += size) {
		size = text_utf8_decode(text + i, length - i, &code);
		if (size > 0) {
			add_code(out, text + i, size, code);
			continue;
		}
		buffer_addf(out, "\\\\x%02x", (unsigned)(uint8_t)text[i]);
		size = 1;
	}
	buffer_add_text(out, "\"");
}

void
json_key(struct json *json, const char *key)
{
	assert(json->depth > 0 && !json->after_key);
	item_begin(json);
	add_quoted(json->out, key);
	buffer_add_text(json->out, ":");
	json->after_key = true;
}

void
json_text(struct json *json, const char *text)
{
	if (text == NULL) {
		json_none(json);
		return;
	}
	item_begin(json);
	add_quoted(json->out, text);
}

void
json_number(struct json *json, int64_t number)
{
	item_begin(json);
	buffer_addf(json->out, "%" PRId64, number);
}

void
json_bool(struct json *json, bool value)
{
	item_begin(json);
	buffer_add_text(json->out, value ? "true" : "false");
}

void
json_none(struct json *json)
{
	item_begin(json);
	buffer_add_text(json->out, "null");
}

void
json_member_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

void
json_member_number(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_number(json, number);
}

void
json_member_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

void
json_member_moment(struct json *json, const char *key, int64_t moment)
{
	char text[MOMENT_TEXT_SIZE];

	moment_text(moment, text);
	json_member_text(json, key, moment == MOMENT_NEVER ? NULL : text);
}
