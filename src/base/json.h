/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON writer: one document, streamed into a buffer. Nesting and commas are its own; text is
 * escaped, control characters and invalid UTF-8 never leave as they are. (JSON is read with
 * jansson.)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { JSON_MAX_DEPTH = 32 };

struct json {
	struct buffer *out;
	unsigned depth;
	bool has_items[JSON_MAX_DEPTH];
	bool after_key;
};

void json_begin(struct json *, struct buffer *out);
void json_object_open(struct json *);
void json_object_close(struct json *);
void json_array_open(struct json *);
void json_array_close(struct json *);
void json_key(struct json *, const char *key);
void json_text(struct json *, const char *text); /* NULL becomes null */
void json_number(struct json *, int64_t);
void json_bool(struct json *, bool);
void json_none(struct json *); /* null; jansson has a json_null of its own */

/* key and value at once, inside an object. */
void json_member_text(struct json *, const char *key, const char *text);
void json_member_number(struct json *, const char *key, int64_t);
void json_member_bool(struct json *, const char *key, bool);
void json_member_moment(
	struct json *, const char *key, int64_t moment); /* RFC 3339; null for never */
