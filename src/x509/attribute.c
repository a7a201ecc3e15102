/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/attribute.h"

#include <string.h>

enum { WIDTH_NONE = -1, WIDTH_UTF8 = 0 };

struct attribute_walk
attribute_walk_of(struct span name)
{
	struct attribute_walk walk = { .outer = der_of(name) };
	struct der_element sequence = der_expect(&walk.outer, DER_SEQUENCE);

	walk.name = der_enter(&sequence);
	return walk;
}

bool
attribute_next(struct attribute_walk *walk, struct attribute *ret)
{
	struct der_element element;
	struct der inside;

	ret->begins_set = false;
	while (der_at_end(&walk->set)) {
		if (walk->set.fault != NULL || der_at_end(&walk->name))
			return false;
		element = der_expect(&walk->name, DER_SET);
		walk->set = der_enter(&element);
		ret->begins_set = true;
	}
	element = der_expect(&walk->set, DER_SEQUENCE);
	inside = der_enter(&element);
	ret->oid = der_oid(&inside);
	ret->value = der_next(&inside);
	der_leave(&walk->set, &inside);
	return walk->set.fault == NULL;
}

bool
attribute_walk_is_whole(const struct attribute_walk *walk)
{
	return walk->outer.fault == NULL && walk->name.fault == NULL && walk->set.fault == NULL &&
	       der_at_end(&walk->outer);
}

/* Octets of a character. OpenSSL reads T61String as Latin-1, as everybody writes it. */
static int
character_width(unsigned tag)
{
	switch (tag) {
	case DER_UTF8_STRING:
		return WIDTH_UTF8;
	case DER_PRINTABLE_STRING:
	case DER_T61_STRING:
	case DER_IA5_STRING:
	case DER_VISIBLE_STRING:
		return 1;
	case DER_BMP_STRING:
		return 2;
	case DER_UNIVERSAL_STRING:
		return 4;
	default:
		return WIDTH_NONE;
	}
}

bool
attribute_is_text(const struct der_element *value)
{
	return character_width(value->tag) != WIDTH_NONE;
}

/* Surrogates and what is beyond U+10FFFF are no characters. */
static bool
character_is_valid(uint32_t character)
{
	return character < 0xd800 || (character > 0xdfff && character <= 0x10ffff);
}

static size_t
put_utf8(uint32_t character, uint8_t *out)
{
	if (character < 0x80) {
		out[0] = (uint8_t)character;
		return 1;
	}
	if (character < 0x800) {
		out[0] = (uint8_t)(0xc0 | character >> 6);
		out[1] = (uint8_t)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		out[0] = (uint8_t)(0xe0 | character >> 12);
		out[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (character & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | character >> 18);
	out[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (character & 0x3f));
	return 4;
}

/* The octets of the UTF-8 character that text, which is not empty, begins with; 0 where it begins
 * with none (RFC 3629: the shortest form alone). */
static size_t
utf8_length(struct span text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = text.data[0];
	size_t length = lead < 0x80   ? 1
			: lead < 0xc0 ? 0
			: lead < 0xe0 ? 2
			: lead < 0xf0 ? 3
			: lead < 0xf8 ? 4
				      : 0;
	uint32_t character;

	if (length <= 1)
		return length;
	if (length > text.length)
		return 0;
	character = lead & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text.data[i] & 0x3f);
	}
	return character >= least[length] && character_is_valid(character) ? length : 0;
}

static bool
utf8_is_valid(struct span text)
{
	for (size_t at = 0; at < text.length;) {
		size_t length = 1;

		if (text.data[at] >= 0x80)
			length = utf8_length(span_of(text.data + at, text.length - at));
		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

static uint32_t
wide_character(const uint8_t *octets, size_t width)
{
	uint32_t character = 0;

	for (size_t i = 0; i < width; i++)
		character = character << 8 | octets[i];
	return character;
}

static bool
text_is_valid(struct span text, int width)
{
	if (width == WIDTH_UTF8)
		return utf8_is_valid(text);
	if (text.length % (size_t)width != 0)
		return false;
	for (size_t at = 0; width > 1 && at < text.length; at += (size_t)width) {
		if (!character_is_valid(wide_character(text.data + at, (size_t)width)))
			return false;
	}
	return true;
}

/* ASN1_PRINTABLE, as which OpenSSL reads the value: the types that a DirectoryString may have, and
 * some that nobody uses. */
static bool
type_is_read_by_openssl(unsigned tag)
{
	static const uint32_t universal = 1u << 3 | 7u << 7 | 1u << 11 | 1u << 12 | 7u << 13 |
					  1u << 18 | 1u << 19 | 1u << 20 | 1u << 22 | 7u << 28;

	return tag == DER_SEQUENCE || (tag < 0x20 && (universal >> tag & 1) != 0);
}

const char *
attribute_fault(const struct der_element *value)
{
	int width = character_width(value->tag);

	if (!type_is_read_by_openssl(value->tag))
		return "a value in a name is of a type that OpenSSL does not read";
	if (width != WIDTH_NONE && !text_is_valid(value->content, width))
		return "a text in a name is not of the characters that its type wants";
	return NULL;
}

ssize_t
attribute_utf8(const struct der_element *value, uint8_t *out)
{
	int width = character_width(value->tag);
	struct span text = value->content;
	size_t used = 0;

	if (width == WIDTH_NONE || !text_is_valid(text, width))
		return -1;
	if (width == WIDTH_UTF8) {
		(void)memcpy(out, text.data, text.length);
		return (ssize_t)text.length;
	}
	for (size_t at = 0; at < text.length; at += (size_t)width)
		used += put_utf8(wide_character(text.data + at, (size_t)width), out + used);
	return (ssize_t)used;
}
