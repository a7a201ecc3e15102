/* SPDX-License-Identifier: Apache-2.0 */
/* Where each object stands in a container, whether it can be kept, and what is still whole where
 * the container is not. */
#include "stores/format.h"

#include <stdlib.h>
#include <string.h>

/* The shortest of a certificate or CRL that anybody signs is longer. */
enum { SHORTEST_OBJECT = 64 };

static bool
is_of_file(const struct store_builder *builder, struct span bytes)
{
	const uint8_t *from = builder->bytes.data;

	return bytes.data >= from && bytes.data <= from + builder->bytes.length &&
	       bytes.length <= (size_t)(from + builder->bytes.length - bytes.data);
}

struct place
builder_place(const struct store_builder *builder, struct span bytes, const struct place *enclosing)
{
	struct place place = { .length = bytes.length };

	if (bytes.data == NULL || builder->bytes.data == NULL || !is_of_file(builder, bytes)) {
		place = *enclosing;
		place.text_offset = place.offset;
		place.is_enclosing = true;
		return place;
	}
	place.offset = place.text_offset = (size_t)(bytes.data - builder->bytes.data);
	return place;
}

struct span
builder_keep(struct store_builder *builder, struct span bytes)
{
	if (bytes.length == 0 || (builder->bytes.data != NULL && is_of_file(builder, bytes)))
		return bytes;
	return span_of(arena_dup(builder->arena, bytes.data, bytes.length), bytes.length);
}

/* The length of the certificate or CRL that begins here, or 0. */
static size_t
object_at(struct span rest, enum entry_kind *ret_kind)
{
	struct der cursor = der_of(rest);
	struct der_element whole;
	const char *fault;
	size_t offset;
	struct cert cert;
	struct crl crl;

	if (rest.length < SHORTEST_OBJECT || rest.data[0] != DER_SEQUENCE || rest.data[1] < 0x80)
		return 0;
	whole = der_next(&cursor);
	if (cursor.fault != NULL ||
		der_peek(&(struct der){ .bytes = whole.content }) != DER_SEQUENCE)
		return 0;
	*ret_kind = ENTRY_CERTIFICATE;
	if (cert_read(whole.whole, &cert, &fault, &offset) == 0)
		return whole.whole.length;
	*ret_kind = ENTRY_CRL;
	return crl_read(whole.whole, &crl, &fault, &offset) == 0 ? whole.whole.length : 0;
}

void
builder_salvage(struct store_builder *builder, struct span bytes, const struct place *enclosing)
{
	for (size_t at = 0; at < bytes.length;) {
		struct span rest = span_of(bytes.data + at, bytes.length - at), found;
		struct object object = {};
		size_t length = object_at(rest, &object.kind);
		struct place place;

		if (length == 0) {
			at++;
			continue;
		}
		found = span_of(rest.data, length);
		place = builder_place(builder, found, enclosing);
		object.der = builder_keep(builder, found);
		(void)builder_object(builder, &object, &place, NULL);
		at += length;
	}
}

static const uint8_t *
entry_digest(const struct entry *entry)
{
	return entry->kind == ENTRY_CRL ? entry->crl.fingerprint.bytes
					: entry->cert.fingerprint.bytes;
}

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

void
builder_salvage_rest(struct store_builder *builder, const struct place *enclosing)
{
	size_t known = builder->entry_count, kept = known, count = 0;
	struct digest *digests = arena_alloc(builder->arena, (known + 1) * sizeof(*digests));

	for (size_t i = 0; i < known; i++)
		if (builder->entries[i].der.length > 0)
			memcpy(digests[count++].bytes, entry_digest(&builder->entries[i]),
				sizeof(digests->bytes));
	qsort(digests, count, sizeof(*digests), compare_digests);
	builder_salvage(builder, builder->bytes, enclosing);
	for (size_t i = known; i < builder->entry_count; i++)
		if (bsearch(entry_digest(&builder->entries[i]), digests, count, sizeof(*digests),
			    compare_digests) == NULL)
			builder->entries[kept++] = builder->entries[i];
	builder->entry_count = kept;
}
