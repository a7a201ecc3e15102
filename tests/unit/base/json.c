/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <jansson.h>

#include "base/moment.h"
#include "tap.h"

TEST(nesting, "commas and nesting are the writer's own")
{
	CLEANUP(buffer_free) struct buffer out = {};
	struct json json;

	json_begin(&json, &out);
	json_object_open(&json);
	json_member_text(&json, "a", "x");
	json_key(&json, "b");
	json_array_open(&json);
	json_number(&json, INT64_MIN);
	json_array_open(&json);
	json_array_close(&json);
	json_object_open(&json);
	json_object_close(&json);
	json_bool(&json, true);
	json_none(&json);
	json_array_close(&json);
	json_member_bool(&json, "c", false);
	json_member_number(&json, "d", 7);
	json_member_moment(&json, "e", 0);
	json_member_moment(&json, "f", MOMENT_NEVER);
	json_member_text(&json, "g", NULL);
	json_object_close(&json);
	CHECK_TEXT((const char *)out.data,
		"{\"a\":\"x\",\"b\":[-9223372036854775808,[],{},true,null],\"c\":false,\"d\":7,"
		"\"e\":\"1970-01-01T00:00:00Z\",\"f\":null,\"g\":null}");
}

static const char *
written(struct buffer *out, const char *text)
{
	struct json json;

	buffer_clear(out);
	json_begin(&json, out);
	json_text(&json, text);
	return (const char *)out->data;
}

TEST(escapes, "control characters and invalid UTF-8 never leave as they are")
{
	static const char *const cases[][2] = {
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\n\r\t\b\x1b\x7f", "\"\\n\\r\\t\\u0008\\u001b\\u007f\"" },
		{ "\xc2\x9b\xe2\x80\xa8\xe2\x80\xae", "\"\\u009b\\u2028\\u202e\"" },
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },
		{ "\xc3\xa4\xf0\x9f\x99\x82", "\"\xc3\xa4\xf0\x9f\x99\x82\"" },
		{ "a\xff\xed\xa0\x80", "\"a\\\\xff\\\\xed\\\\xa0\\\\x80\"" },
	};
	CLEANUP(buffer_free) struct buffer out = {};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		CHECK_TEXT(written(&out, cases[i][0]), cases[i][1]);
}

TEST(keys, "keys are escaped as texts are")
{
	CLEANUP(buffer_free) struct buffer out = {};
	struct json json;

	json_begin(&json, &out);
	json_object_open(&json);
	json_member_number(&json, "a\"\n", 1);
	json_object_close(&json);
	CHECK_TEXT((const char *)out.data, "{\"a\\\"\\n\":1}");
}

TEST(read_back, "a JSON reader reads back every code point that can be text")
{
	CLEANUP(buffer_free) struct buffer out = {};

	for (unsigned code = 1; code <= 0x10ffff; code += code < 0x3000 ? 1 : 251) {
		char text[5] = {};
		json_t *value;
		bool same;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		if (code < 0x80) {
			text[0] = (char)code;
		} else if (code < 0x800) {
			text[0] = (char)(0xc0 | code >> 6);
			text[1] = (char)(0x80 | (code & 0x3f));
		} else if (code < 0x10000) {
			text[0] = (char)(0xe0 | code >> 12);
			text[1] = (char)(0x80 | (code >> 6 & 0x3f));
			text[2] = (char)(0x80 | (code & 0x3f));
		} else {
			text[0] = (char)(0xf0 | code >> 18);
			text[1] = (char)(0x80 | (code >> 12 & 0x3f));
			text[2] = (char)(0x80 | (code >> 6 & 0x3f));
			text[3] = (char)(0x80 | (code & 0x3f));
		}
		value = json_loads(written(&out, text), JSON_DECODE_ANY, NULL);
		same = value != NULL && strcmp(json_string_value(value), text) == 0;
		json_decref(value);
		CHECK(same);
	}
}

TAP_MAIN()
