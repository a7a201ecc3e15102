/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/ber.h"

enum {
	CONSTRUCTED = 0x20,
	TAG_NUMBER_MASK = 0x1f,
	LONG_FORM = 0x80,
	LENGTH_OCTETS_MAX = 8,
	INTEGER_SIGN = 0x80,
};

struct header {
	unsigned tag;
	size_t size, length; /* length: SIZE_MAX where it is indefinite, or more than can be */
	bool indefinite;
};

/* False where no element begins here. */
static bool
read_header(struct span rest, struct header *ret)
{
	size_t count;

	*ret = (struct header){ .size = 2 };
	if (rest.length < 2 || (rest.data[0] & TAG_NUMBER_MASK) == TAG_NUMBER_MASK)
		return false;
	ret->tag = rest.data[0];
	ret->length = rest.data[1];
	if (ret->length < LONG_FORM)
		return true;
	count = ret->length & ~(size_t)LONG_FORM;
	if (count == 0) {
		ret->indefinite = true;
		ret->length = SIZE_MAX;
		return (ret->tag & CONSTRUCTED) != 0;
	}
	if (count > LENGTH_OCTETS_MAX || rest.length < 2 + count)
		return false;
	ret->size += count;
	ret->length = 0;
	for (size_t i = 2; i < 2 + count; i++) {
		if (ret->length > SIZE_MAX >> 8)
			return false;
		ret->length = ret->length << 8 | rest.data[i];
	}
	return true;
}

static bool
is_end_of_contents(struct span rest)
{
	return rest.length >= 2 && rest.data[0] == 0 && rest.data[1] == 0;
}

/* Whether nothing but end-of-contents octets is left, of what is open: where more is, zeros were
 * written over something. */
static bool
is_closing(struct span rest)
{
	if (rest.length > 2 * BER_MAX_DEPTH)
		return false;
	for (size_t i = 0; i < rest.length; i++)
		if (rest.data[i] != 0)
			return false;
	return true;
}

/* Length of the content before the end-of-contents octets that close it: what stands in it is
 * passed over, and not gone into unless its own length is indefinite too. SIZE_MAX: not closed. */
static size_t
indefinite_length(struct span rest)
{
	size_t open = 1, at = 0;
	struct header header;

	while (at < rest.length) {
		struct span here = span_of(rest.data + at, rest.length - at);

		if (is_end_of_contents(here)) {
			if (--open == 0)
				return at;
			at += 2;
			continue;
		}
		if (!read_header(here, &header))
			return SIZE_MAX;
		open += header.indefinite;
		if (open > BER_MAX_DEPTH)
			return SIZE_MAX;
		at += header.size;
		if (!header.indefinite && header.length > rest.length - at)
			return SIZE_MAX;
		at += header.indefinite ? 0 : header.length;
	}
	return SIZE_MAX;
}

bool
ber_next(struct ber *ber, struct ber_element *ret)
{
	struct header header;
	struct span rest;
	size_t end = 0;

	if (ber->damaged || ber->offset >= ber->bytes.length)
		return false;
	rest = span_of(ber->bytes.data + ber->offset, ber->bytes.length - ber->offset);
	if (is_end_of_contents(rest)) {
		ber->damaged = !is_closing(rest);
		return false;
	}
	if (!read_header(rest, &header)) {
		ber->damaged = true;
		return false;
	}
	*ret = (struct ber_element){ .tag = header.tag, .depth = ber->depth + 1 };
	rest = span_of(rest.data + header.size, rest.length - header.size);
	if (header.indefinite) {
		header.length = indefinite_length(rest);
		end = 2;
	}
	if (header.length > rest.length) {
		ret->clipped = ber->clipped = true;
		header.length = rest.length;
		end = 0;
	}
	ret->content = span_of(rest.data, header.length);
	ret->whole = span_of(ber->bytes.data + ber->offset, header.size + header.length + end);
	ber->offset += ret->whole.length;
	return true;
}

bool
ber_take(struct ber *ber, unsigned tag, struct ber_element *ret)
{
	struct ber ahead = *ber;

	if (!ber_next(&ahead, ret) || ret->tag != tag)
		return false;
	*ber = ahead;
	return true;
}

struct ber
ber_enter(const struct ber_element *element)
{
	if (element->depth > BER_MAX_DEPTH)
		return (struct ber){ .damaged = true };
	return (struct ber){ .bytes = element->content, .depth = element->depth };
}

/* Segments of one level; those of a level below are gathered by the caller's stack. */
static bool
gather(const struct ber_element *element, struct buffer *out)
{
	struct ber stack[BER_MAX_DEPTH];
	struct ber_element segment;
	size_t depth = 1, segments = 0;

	stack[0] = ber_enter(element);
	while (depth > 0) {
		if (!ber_next(&stack[depth - 1], &segment)) {
			depth--;
			continue;
		}
		if (++segments > BER_MAX_SEGMENTS)
			return false;
		if (segment.tag == DER_OCTET_STRING)
			buffer_add(out, segment.content.data, segment.content.length);
		else if (segment.tag == (DER_OCTET_STRING | CONSTRUCTED) && depth < BER_MAX_DEPTH)
			stack[depth++] = ber_enter(&segment);
		else
			return false;
	}
	return true;
}

bool
ber_octets(const struct ber_element *element, struct buffer *out, struct span *ret)
{
	*ret = element->content;
	if (!(element->tag & CONSTRUCTED))
		return true;
	if (!gather(element, out))
		return false;
	*ret = buffer_span(out);
	return true;
}

bool
ber_number(const struct ber_element *element, uint64_t *ret)
{
	struct span content = element->content;

	*ret = 0;
	if (element->clipped || content.length == 0 || content.data[0] >= INTEGER_SIGN)
		return false;
	while (content.length > 1 && content.data[0] == 0)
		content = span_of(content.data + 1, content.length - 1);
	if (content.length > sizeof(*ret) ||
		(content.length == sizeof(*ret) && content.data[0] >= INTEGER_SIGN))
		return false;
	for (size_t i = 0; i < content.length; i++)
		*ret = *ret << 8 | content.data[i];
	return true;
}

bool
ber_is_whole(const struct ber_element *element)
{
	struct ber inside = ber_enter(element);
	struct ber_element each;

	while (ber_next(&inside, &each))
		;
	return !element->clipped && !inside.damaged && !inside.clipped;
}

bool
ber_is_oid(const struct ber_element *element)
{
	enum { MORE = 0x80 };
	struct span oid = element->content;
	bool begins = true;

	if (element->tag != DER_OID || element->clipped || oid.length == 0)
		return false;
	for (size_t i = 0; i < oid.length; i++) {
		if (begins && oid.data[i] == MORE)
			return false;
		begins = (oid.data[i] & MORE) == 0;
	}
	return begins;
}
