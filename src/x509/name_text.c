/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "x509/attribute.h"
#include "x509/name.h"

#define ID_AT        "\x55\x04"
#define COSINE       "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01"
#define JURISDICTION "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01"

enum {
	/* Octets shown of a value that is no text. */
	VALUE_SHOWN_MAX = 32,
	/* Octets of a value that need no memory of their own, and of a whole name. */
	VALUE_USUAL_MAX = 256,
	NAME_USUAL_MAX = 192,
};

/* RFC 4514 section 3, and what OpenSSL calls the others. */
static const struct {
	const char *oid;
	size_t oid_length;
	const char *name;
} labels[] = {
#define LABEL(oid, name)                   \
	{                                  \
		oid, sizeof(oid) - 1, name \
	}
	LABEL(ID_AT "\x03", "CN"),
	LABEL(ID_AT "\x0a", "O"),
	LABEL(ID_AT "\x0b", "OU"),
	LABEL(ID_AT "\x06", "C"),
	LABEL(ID_AT "\x07", "L"),
	LABEL(ID_AT "\x08", "ST"),
	LABEL("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
	LABEL(COSINE "\x01", "UID"),
	LABEL(COSINE "\x19", "DC"),
	LABEL(ID_AT "\x04", "SN"),
	LABEL(ID_AT "\x05", "serialNumber"),
	LABEL(ID_AT "\x09", "street"),
	LABEL(ID_AT "\x0c", "title"),
	LABEL(ID_AT "\x0d", "description"),
	LABEL(ID_AT "\x0f", "businessCategory"),
	LABEL(ID_AT "\x11", "postalCode"),
	LABEL(ID_AT "\x29", "name"),
	LABEL(ID_AT "\x2a", "GN"),
	LABEL(ID_AT "\x2b", "initials"),
	LABEL(ID_AT "\x2c", "generationQualifier"),
	LABEL(ID_AT "\x2d", "x500UniqueIdentifier"),
	LABEL(ID_AT "\x2e", "dnQualifier"),
	LABEL(ID_AT "\x41", "pseudonym"),
	LABEL(ID_AT "\x61", "organizationIdentifier"),
	LABEL(JURISDICTION "\x01", "jurisdictionL"),
	LABEL(JURISDICTION "\x02", "jurisdictionST"),
	LABEL(JURISDICTION "\x03", "jurisdictionC"),
#undef LABEL
};

static bool
is_common_name(struct span oid)
{
	return der_oid_is(oid, labels[0].oid, labels[0].oid_length);
}

static void
add_label(struct span oid, struct buffer *text)
{
	char dotted[DER_OID_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		if (der_oid_is(oid, labels[i].oid, labels[i].oid_length)) {
			buffer_add_text(text, labels[i].name);
			return;
		}
	}
	der_oid_text(oid, dotted);
	buffer_add_text(text, dotted);
}

static bool
is_syntax(uint8_t character)
{
	switch (character) {
	case ',':
	case '+':
	case '"':
	case '\\':
	case '<':
	case '>':
	case ';':
		return true;
	default:
		return false;
	}
}

/* RFC 4514 2.4: the characters that would be taken for the syntax get a backslash. */
static void
add_escaped(struct span value, struct buffer *text)
{
	size_t from = 0;

	for (size_t i = 0; i < value.length; i++) {
		bool at_end = i == 0 || i + 1 == value.length;

		if (!is_syntax(value.data[i]) && !(value.data[i] == ' ' && at_end) &&
			!(value.data[i] == '#' && i == 0))
			continue;
		buffer_add(text, value.data + from, i - from);
		buffer_add(text, "\\", 1);
		from = i;
	}
	buffer_add(text, value.data + from, value.length - from);
}

/* RFC 4514 2.4: "#" and the DER in hex; of a long one, its beginning. */
static void
add_octets(struct span value, struct buffer *text)
{
	char hex[2 * VALUE_SHOWN_MAX + 1];
	struct span shown = value;

	if (shown.length > VALUE_SHOWN_MAX)
		shown.length = VALUE_SHOWN_MAX;
	hex_encode(shown, hex);
	buffer_addf(text, "#%s%s", hex, shown.length < value.length ? "…" : "");
}

static void
add_attribute(const struct attribute *attribute, struct buffer *text)
{
	CLEANUP(mem_freep) uint8_t *grown = NULL;
	uint8_t fixed[VALUE_USUAL_MAX], *utf8 = fixed;
	ssize_t length;

	if (attribute_utf8_bound(&attribute->value) > sizeof(fixed))
		utf8 = grown = mem_alloc(attribute_utf8_bound(&attribute->value));
	length = attribute_utf8(&attribute->value, utf8);

	add_label(attribute->oid, text);
	buffer_add_text(text, "=");
	if (length >= 0)
		add_escaped(span_of(utf8, (size_t)length), text);
	else
		add_octets(attribute->value.whole, text);
}

/* RFC 4514 2.1: from the last relative distinguished name to the first. */
static void
add_reversed(const struct attribute *attributes, size_t count, struct buffer *text)
{
	size_t end = count;

	while (end > 0) {
		size_t first = end - 1;

		while (first > 0 && !attributes[first].begins_set)
			first--;
		for (size_t i = first; i < end; i++) {
			if (i > first)
				buffer_add_text(text, " + ");
			add_attribute(&attributes[i], text);
		}
		if (first > 0)
			buffer_add_text(text, ", ");
		end = first;
	}
}

const char *
name_text(struct arena *arena, struct span name)
{
	CLEANUP(buffer_free) struct buffer text = {};
	struct attribute attributes[NAME_MAX_ATTRIBUTES], next;
	struct attribute_walk walk = attribute_walk_of(name);
	size_t count = 0;
	bool more = attribute_next(&walk, &next);

	while (more && count < NAME_MAX_ATTRIBUTES) {
		attributes[count++] = next;
		more = attribute_next(&walk, &next);
	}
	if (count == 0)
		return attribute_walk_is_whole(&walk) ? "(empty)" : "(damaged)";
	buffer_reserve(&text, NAME_USUAL_MAX);
	if (more)
		buffer_add_text(&text, "…, ");
	add_reversed(attributes, count, &text);
	if (!more && !attribute_walk_is_whole(&walk))
		buffer_add_text(&text, ", (damaged)");
	return text_sanitize(arena, (const char *)text.data, text.length);
}

const char *
name_common(struct arena *arena, struct span name)
{
	CLEANUP(mem_freep) uint8_t *utf8 = NULL;
	struct attribute_walk walk = attribute_walk_of(name);
	struct attribute attribute;
	struct der_element last = { .tag = 0 };
	ssize_t length;

	while (attribute_next(&walk, &attribute)) {
		if (is_common_name(attribute.oid))
			last = attribute.value;
	}
	if (last.content.length == 0)
		return name_text(arena, name);
	utf8 = mem_alloc(attribute_utf8_bound(&last) + 1);
	length = attribute_utf8(&last, utf8);
	if (length <= 0)
		return name_text(arena, name);
	return text_sanitize(arena, (const char *)utf8, (size_t)length);
}
