/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: a span is a view of somebody else's bytes; a buffer owns and grows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/own.h"

struct span {
	const uint8_t *data;
	size_t length;
};

static inline struct span
span_of(const void *data, size_t length)
{
	return (struct span){ data, length };
}

bool span_equal(struct span, struct span);
/* memcmp order, the shorter first. */
int span_compare(struct span, struct span);
/* Where needle first stands at or after from, or SIZE_MAX. */
size_t span_find(struct span haystack, const char *needle, size_t from);
/* How often this octet stands in it. */
size_t span_count(struct span, uint8_t octet);
/* The octets of the line end at this place, LF or CR LF; 0 where there is none. */
size_t span_line_end(struct span text, size_t at);

/* A growing buffer; zero-initialised is empty. Always has a NUL behind its last byte once anything
 * was added. */
struct buffer {
	uint8_t *data;
	size_t length, capacity;
};

void buffer_free(struct buffer *); /* for CLEANUP as well */
/* Room for length more bytes, and the NUL behind them. */
void buffer_reserve(struct buffer *, size_t length);
void buffer_add(struct buffer *, const void *bytes, size_t length);
void buffer_add_text(struct buffer *, const char *text);
/* The number in decimal, with blanks before it as far as width. */
void buffer_add_number(struct buffer *, uint64_t number, size_t width);
void buffer_addf(struct buffer *, const char *format, ...) PRINTF(2, 3);
void buffer_clear(struct buffer *);
static inline struct span
buffer_span(const struct buffer *buffer)
{
	return (struct span){ buffer->data, buffer->length };
}

/* Lower-case hex of the bytes into text, which holds 2 * length + 1. */
void hex_encode(struct span, char *text);
/* Into out of at most capacity bytes; the count, or -1 where text is no even run of hex digits. */
ssize_t hex_decode(const char *text, uint8_t *out, size_t capacity);

/* One code point up to U+10FFFF as UTF-8 (RFC 3629 3) into out, which holds 4; the count of octets.
 */
size_t utf8_encode(uint8_t *out, uint32_t code);

/* The value of a digit of RFC 4648 base64; -1 of anything else. */
int base64_value(uint8_t character);
/* RFC 4648 base64 in lines of 64 characters, as RFC 7468 wants it, each ended by "\n". */
void base64_encode_lines(struct span, struct buffer *out);
/*
 * Decodes what it can, skipping space, tab, CR and LF. Returns 0 where all was clean; else -1,
 * *ret_bad being the offset of the first byte that does not belong, and out holding what was
 * decoded before it.
 */
int base64_decode(struct span text, struct buffer *out, size_t *ret_bad);
