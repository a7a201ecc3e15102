/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { COUNT_BLOCK = 64 /* bytes that are looked at together */ };
enum { BUFFER_FIRST = 64, NUMBER_MAX_WIDTH = 32, BASE64_LINE_BYTES = 48 /* 64 characters */ };

bool
span_equal(struct span a, struct span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

int
span_compare(struct span a, struct span b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

size_t
span_find(struct span haystack, const char *needle, size_t from)
{
	const uint8_t *found;

	if (from > haystack.length)
		return SIZE_MAX;
	if (*needle == '\0')
		return from;
	if (haystack.length == 0)
		return SIZE_MAX;
	found = memmem(haystack.data + from, haystack.length - from, needle, strlen(needle));
	return found != NULL ? (size_t)(found - haystack.data) : SIZE_MAX;
}

size_t
span_count(struct span bytes, uint8_t octet)
{
	size_t count = 0, at = 0;

	for (; bytes.length - at >= COUNT_BLOCK; at += COUNT_BLOCK) {
		const uint8_t *block = bytes.data + at;
		uint8_t found = 0;

		for (size_t i = 0; i < COUNT_BLOCK; i++)
			found = (uint8_t)(found + (block[i] == octet));
		count += found;
	}
	for (; at < bytes.length; at++)
		count += bytes.data[at] == octet;
	return count;
}

size_t
span_line_end(struct span text, size_t at)
{
	if (at < text.length && text.data[at] == '\n')
		return 1;
	return at + 1 < text.length && text.data[at] == '\r' && text.data[at + 1] == '\n' ? 2 : 0;
}

void
buffer_free(struct buffer *buffer)
{
	mem_free(buffer->data);
	*buffer = (struct buffer){};
}

void
buffer_reserve(struct buffer *buffer, size_t length)
{
	/* SIZE_MAX where the sum would overflow: no machine has it, so mem_resize ends us. */
	size_t needed = length < SIZE_MAX - buffer->length ? buffer->length + length + 1 : SIZE_MAX;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST;

	if (needed <= buffer->capacity)
		return;
	while (capacity < needed)
		capacity = capacity <= SIZE_MAX / 2 ? capacity * 2 : SIZE_MAX;
	buffer->data = mem_resize(buffer->data, capacity);
	buffer->capacity = capacity;
}

void
buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	buffer_reserve(buffer, length);
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void
buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void
buffer_add_number(struct buffer *buffer, uint64_t number, size_t width)
{
	char text[NUMBER_MAX_WIDTH], *end = text + sizeof(text), *at = end;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while ((size_t)(end - at) < width && at > text)
		*--at = ' ';
	buffer_add(buffer, at, (size_t)(end - at));
}

void
buffer_addf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	size_t room;
	int length;

	assert(format != NULL);
	buffer_reserve(buffer, BUFFER_FIRST);
	room = buffer->capacity - buffer->length;
	va_start(arguments, format);
	length = vsnprintf((char *)buffer->data + buffer->length, room, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort(); /* a format of ours that is none, or a text beyond INT_MAX */
	if ((size_t)length >= room) {
		buffer_reserve(buffer, (size_t)length);
		va_start(arguments, format);
		(void)vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format,
			arguments);
		va_end(arguments);
	}
	buffer->length += (size_t)length;
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	if (buffer->data != NULL)
		buffer->data[0] = '\0';
}

void
hex_encode(struct span bytes, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.length; i++) {
		*text++ = digits[bytes.data[i] >> 4];
		*text++ = digits[bytes.data[i] & 0xf];
	}
	*text = '\0';
}

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

ssize_t
hex_decode(const char *text, uint8_t *out, size_t capacity)
{
	size_t count = 0;

	for (; *text != '\0'; text += 2) {
		int high = hex_value(text[0]);
		int low = high >= 0 ? hex_value(text[1]) : -1;

		if (low < 0 || count == capacity)
			return -1;
		out[count++] = (uint8_t)(high << 4 | low);
	}
	return (ssize_t)count;
}

static void
base64_encode_line(struct span line, struct buffer *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < line.length; i += 3) {
		size_t left = line.length - i;
		uint32_t group = (uint32_t)line.data[i] << 16;
		char text[4];

		if (left > 1)
			group |= (uint32_t)line.data[i + 1] << 8;
		if (left > 2)
			group |= line.data[i + 2];
		text[0] = digits[group >> 18];
		text[1] = digits[group >> 12 & 0x3f];
		text[2] = left > 1 ? digits[group >> 6 & 0x3f] : '=';
		text[3] = left > 2 ? digits[group & 0x3f] : '=';
		buffer_add(out, text, sizeof(text));
	}
	buffer_add_text(out, "\n");
}

void
base64_encode_lines(struct span bytes, struct buffer *out)
{
	for (size_t i = 0; i < bytes.length; i += BASE64_LINE_BYTES) {
		size_t left = bytes.length - i;

		base64_encode_line(span_of(bytes.data + i,
					   left < BASE64_LINE_BYTES ? left : BASE64_LINE_BYTES),
			out);
	}
}

int
base64_value(uint8_t character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	if (character == '+')
		return 62;
	return character == '/' ? 63 : -1;
}

/* A group of four characters while it is read. */
struct base64_group {
	uint32_t bits;
	unsigned digits, padding;
};

/* Takes one character; false where it does not belong. */
static bool
base64_take(struct base64_group *group, uint8_t character)
{
	int value = base64_value(character);

	if (character == '=') {
		/* Only the third and fourth place can be padding. */
		if (group->digits < 2 || group->digits + group->padding >= 4)
			return false;
		group->padding++;
		return true;
	}
	if (value < 0 || group->padding > 0)
		return false;
	group->bits = group->bits << 6 | (uint32_t)value;
	group->digits++;
	return true;
}

/* The whole bytes of the group; bits that fill up the last digit are dropped unseen, as all
 * engines do (RFC 4648 3.5 leaves it open). */
static void
base64_flush(const struct base64_group *group, struct buffer *out)
{
	uint32_t bits = group->bits << 6 * (4 - group->digits);
	uint8_t bytes[3] = { (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits };

	if (group->digits > 1)
		buffer_add(out, bytes, group->digits - 1);
}

int
base64_decode(struct span text, struct buffer *out, size_t *ret_bad)
{
	struct base64_group group = {};
	size_t i;

	for (i = 0; i < text.length; i++) {
		uint8_t character = text.data[i];

		if (character == ' ' || character == '\t' || character == '\r' || character == '\n')
			continue;
		if (!base64_take(&group, character))
			break;
		if (group.digits == 4) {
			base64_flush(&group, out);
			group = (struct base64_group){};
		}
	}
	base64_flush(&group, out);
	if (i == text.length && (group.digits == 0 || group.digits + group.padding == 4))
		return 0;
	*ret_bad = i;
	return -1;
}

size_t
utf8_encode(uint8_t *out, uint32_t code)
{
	size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size; i-- > 1; code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)(leads[size] | code);
	return size;
}
