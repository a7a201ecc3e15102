/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x509/attribute.h"

/*
 * The canonical encoding (OpenSSL, crypto/x509/x_name.c, x509_name_canon): the SETs without their
 * SEQUENCE; in them each text as folded UTF8String and any other value as it is; SETs of several
 * attributes sorted anew. Empty SETs vanish, so that a name of these alone equals the empty name.
 *
 * Each element is written behind the room for its largest header and then moved down to where its
 * real header ends.
 */

enum {
	HEADER_MAX = 6,
	SCRATCH_SIZE = 1024,
	/* Two octets of BMPString become three, one of Latin-1 two; headers, which have two octets
	 * at least, grow by one at most: so nothing grows to more than its double. */
	CANONICAL_GROWTH = 2,
	CANONICAL_SLACK = 3 * HEADER_MAX,
	HASH_OCTETS = 4,
};

static size_t
write_header(uint8_t *out, unsigned tag, size_t length)
{
	unsigned octets = 0;

	out[0] = (uint8_t)tag;
	if (length < 0x80) {
		out[1] = (uint8_t)length;
		return 2;
	}
	for (size_t rest = length; rest > 0; rest >>= 8)
		octets++;
	out[1] = (uint8_t)(0x80 | octets);
	for (unsigned i = 0; i < octets; i++)
		out[2 + i] = (uint8_t)(length >> 8 * (octets - 1 - i));
	return 2 + octets;
}

/* Puts the header before a content that waits at out + room. */
static size_t
close_element(uint8_t *out, unsigned tag, size_t room, size_t length)
{
	uint8_t header[HEADER_MAX];
	size_t header_length = write_header(header, tag, length);

	(void)memmove(out + header_length, out + room, length);
	(void)memcpy(out, header, header_length);
	return header_length + length;
}

/* isspace of the C locale. */
static bool
is_space(uint8_t character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}

/* In place: ASCII in lower case, white space of any kind one space, and none at the ends. */
static size_t
fold_text(uint8_t *text, size_t length)
{
	size_t from = 0, to = 0;

	while (length > 0 && is_space(text[length - 1]))
		length--;
	while (from < length && is_space(text[from]))
		from++;
	while (from < length) {
		uint8_t character = text[from++];

		if (is_space(character)) {
			character = ' ';
			while (is_space(text[from]))
				from++;
		} else if (character >= 'A' && character <= 'Z') {
			character += 'a' - 'A';
		}
		text[to++] = character;
	}
	return to;
}

/* How many octets, or -1 where a text is not of its type. */
static ssize_t
write_value(const struct der_element *value, uint8_t *out)
{
	ssize_t length;

	if (!attribute_is_text(value)) {
		(void)memcpy(out, value->whole.data, value->whole.length);
		return (ssize_t)value->whole.length;
	}
	length = attribute_utf8(value, out + HEADER_MAX);
	if (length < 0)
		return -1;
	length = (ssize_t)fold_text(out + HEADER_MAX, (size_t)length);
	return (ssize_t)close_element(out, DER_UTF8_STRING, HEADER_MAX, (size_t)length);
}

static ssize_t
write_attribute(const struct attribute *attribute, uint8_t *out)
{
	uint8_t *content = out + HEADER_MAX;
	size_t used = write_header(content, DER_OID, attribute->oid.length);
	ssize_t value;

	(void)memcpy(content + used, attribute->oid.data, attribute->oid.length);
	used += attribute->oid.length;
	value = write_value(&attribute->value, content + used);
	if (value < 0)
		return -1;
	return (ssize_t)close_element(out, DER_SEQUENCE, HEADER_MAX, used + (size_t)value);
}

/* One SET that is being written. */
struct set {
	uint8_t *start; /* of the room for its header */
	size_t length;  /* of its content */
	size_t count;
	size_t lengths[NAME_MAX_ATTRIBUTES];
};

static int
compare_encodings(const void *a_pointer, const void *b_pointer)
{
	const struct span *a = a_pointer, *b = b_pointer;
	int order = memcmp(a->data, b->data, a->length < b->length ? a->length : b->length);

	if (order != 0)
		return order;
	return (a->length > b->length) - (a->length < b->length);
}

/* X.690 11.6 */
static void
sort_set(struct set *set)
{
	CLEANUP(mem_freep) uint8_t *copy = mem_dup(set->start + HEADER_MAX, set->length);
	struct span attributes[NAME_MAX_ATTRIBUTES];
	uint8_t *from = copy, *to = set->start + HEADER_MAX;

	for (size_t i = 0; i < set->count; i++) {
		attributes[i] = span_of(from, set->lengths[i]);
		from += set->lengths[i];
	}
	qsort(attributes, set->count, sizeof(attributes[0]), compare_encodings);
	for (size_t i = 0; i < set->count; i++) {
		(void)memcpy(to, attributes[i].data, attributes[i].length);
		to += attributes[i].length;
	}
}

/* Returns where the next SET begins. */
static uint8_t *
close_set(struct set *set)
{
	uint8_t *start = set->start;

	if (set->count == 0)
		return start;
	if (set->count > 1)
		sort_set(set);
	start += close_element(start, DER_SET, HEADER_MAX, set->length);
	set->start = start;
	set->length = set->count = 0;
	return start;
}

/* How many octets, or -1 where OpenSSL could not read the name either (or a SET has more attributes
 * than we sort). */
static ssize_t
write_canonical(struct span name, uint8_t *out)
{
	struct attribute_walk walk = attribute_walk_of(name);
	struct attribute attribute;
	struct set set;

	set.start = out;
	set.length = set.count = 0;
	while (attribute_next(&walk, &attribute)) {
		ssize_t length;

		if (attribute.begins_set)
			(void)close_set(&set);
		if (set.count == NAME_MAX_ATTRIBUTES)
			return -1;
		length = write_attribute(&attribute, set.start + HEADER_MAX + set.length);
		if (length < 0)
			return -1;
		set.lengths[set.count++] = (size_t)length;
		set.length += (size_t)length;
	}
	if (!attribute_walk_is_whole(&walk))
		return -1;
	return close_set(&set) - out;
}

/* Room for the canonical encoding that seldom needs the heap. */
struct scratch {
	uint8_t fixed[SCRATCH_SIZE];
	uint8_t *grown;
};

static void
scratch_end(struct scratch *scratch)
{
	mem_free(scratch->grown);
}

static size_t
canonical_bound(struct span name)
{
	return CANONICAL_GROWTH * name.length + CANONICAL_SLACK;
}

/* A name that cannot be brought into canonical form stands for itself: its SEQUENCE tag keeps it
 * apart from those that can, which begin with a SET. */
static struct span
canonical_in(struct scratch *scratch, struct span name)
{
	uint8_t *out = scratch->fixed;
	ssize_t length;

	scratch->grown = NULL;
	if (canonical_bound(name) > sizeof(scratch->fixed))
		out = scratch->grown = mem_alloc(canonical_bound(name));
	length = write_canonical(name, out);
	return length < 0 ? name : span_of(out, (size_t)length);
}

bool
name_equal(struct span a, struct span b)
{
	CLEANUP(scratch_end) struct scratch a_scratch;
	CLEANUP(scratch_end) struct scratch b_scratch;

	a_scratch.grown = b_scratch.grown = NULL;
	if (span_equal(a, b))
		return true;
	return span_equal(canonical_in(&a_scratch, a), canonical_in(&b_scratch, b));
}

/* As a text; -1 where it is none. */
static ssize_t
value_text(const struct der_element *value, uint8_t *out)
{
	if (value->tag != DER_NUMERIC_STRING)
		return attribute_utf8(value, out);
	(void)memcpy(out, value->content.data, value->content.length);
	return (ssize_t)value->content.length;
}

static bool
value_same_text(const struct der_element *a, const struct der_element *b)
{
	CLEANUP(mem_freep) uint8_t *left = mem_alloc(attribute_utf8_bound(a) + 1);
	CLEANUP(mem_freep) uint8_t *right = mem_alloc(attribute_utf8_bound(b) + 1);
	ssize_t left_length, right_length;

	if (span_equal(a->whole, b->whole))
		return true;
	left_length = value_text(a, left);
	right_length = value_text(b, right);
	return left_length >= 0 && left_length == right_length &&
	       memcmp(left, right, (size_t)left_length) == 0;
}

bool
name_same_text(struct span a, struct span b)
{
	struct attribute_walk left = attribute_walk_of(a), right = attribute_walk_of(b);
	struct attribute mine, other;

	while (attribute_next(&left, &mine))
		if (!attribute_next(&right, &other) || mine.begins_set != other.begins_set ||
			!span_equal(mine.oid, other.oid) ||
			!value_same_text(&mine.value, &other.value))
			return false;
	return !attribute_next(&right, &other) && attribute_walk_is_whole(&left) &&
	       attribute_walk_is_whole(&right);
}

uint64_t
name_hash(struct span name)
{
	CLEANUP(scratch_end) struct scratch scratch;
	struct span canonical = canonical_in(&scratch, name);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < canonical.length; i++)
		hash = (hash ^ canonical.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

bool
name_is_empty(struct span name)
{
	struct attribute_walk walk = attribute_walk_of(name);

	return walk.outer.fault == NULL && walk.name.bytes.length == 0;
}

struct span
name_canonical(struct arena *arena, struct span name)
{
	CLEANUP(scratch_end) struct scratch scratch;
	struct span canonical = canonical_in(&scratch, name);

	return span_of(arena_dup(arena, canonical.data, canonical.length), canonical.length);
}

/* The first four octets of the digest, the lowest first (crypto/x509/x509_cmp.c). */
static int
hash_text(struct span bytes, const EVP_MD *digest, char text[static NAME_HASH_TEXT_SIZE])
{
	uint8_t value[EVP_MAX_MD_SIZE];
	uint32_t hash = 0;

	if (EVP_Digest(bytes.data, bytes.length, value, NULL, digest, NULL) != 1)
		return -1;
	for (unsigned i = 0; i < HASH_OCTETS; i++)
		hash |= (uint32_t)value[i] << 8 * i;
	(void)snprintf(text, NAME_HASH_TEXT_SIZE, "%08x", hash);
	return 0;
}

int
name_openssl_hash(struct span name, char text[static NAME_HASH_TEXT_SIZE])
{
	CLEANUP(scratch_end) struct scratch scratch;

	return hash_text(canonical_in(&scratch, name), EVP_sha1(), text);
}

int
name_openssl_hash_old(struct span name, char text[static NAME_HASH_TEXT_SIZE])
{
	return hash_text(name, EVP_md5(), text);
}
