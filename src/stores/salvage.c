/* SPDX-License-Identifier: Apache-2.0 */
/* Where each object stands in a container, whether it can be kept, and what is still whole where
 * the container is not. */
#include "stores/format.h"

#include <string.h>

#include "stores/entry_index.h"

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

/* The length of the certificate or CRL that begins here, or 0; and how far it was read in vain. */
static size_t
object_at(struct span rest, enum entry_kind *ret_kind, size_t *ret_vain)
{
	struct der cursor = der_of(rest);
	struct der_element whole;
	const char *fault;
	size_t offset;
	struct cert cert;
	struct crl crl;

	*ret_vain = 0;
	if (rest.length < SHORTEST_OBJECT || rest.data[0] != DER_SEQUENCE || rest.data[1] < 0x80)
		return 0;
	whole = der_next(&cursor);
	if (cursor.fault != NULL ||
		der_peek(&(struct der){ .bytes = whole.content }) != DER_SEQUENCE)
		return 0;
	*ret_kind = ENTRY_CERTIFICATE;
	if (cert_read(whole.whole, &cert, &fault, &offset) == 0)
		return whole.whole.length;
	/* To have both read costs something, be the first byte wrong. */
	*ret_vain = sizeof(cert) + sizeof(crl) + offset;
	*ret_kind = ENTRY_CRL;
	if (crl_read(whole.whole, &crl, &fault, &offset) == 0)
		return whole.whole.length;
	*ret_vain += offset;
	return 0;
}

static size_t
next_sequence(struct span bytes, size_t from)
{
	const uint8_t *found =
		from < bytes.length ? memchr(bytes.data + from, DER_SEQUENCE, bytes.length - from)
				    : NULL;

	return found != NULL ? (size_t)(found - bytes.data) : bytes.length;
}

/* A list that fails at its end may begin at each of its bytes, in a file made for that. */
bool
salvage_may(struct store_builder *builder, size_t bytes)
{
	builder->salvage.read += bytes;
	return builder->salvage.read <= SALVAGE_MAX_READ;
}

void
builder_salvage(struct store_builder *builder, struct span bytes, const struct place *enclosing)
{
	for (size_t at = next_sequence(bytes, 0); at < bytes.length && salvage_may(builder, 0);) {
		struct span rest = span_of(bytes.data + at, bytes.length - at), found;
		struct object object = {};
		size_t vain, length = object_at(rest, &object.kind, &vain);
		struct place place;

		if (length == 0) {
			(void)salvage_may(builder, vain);
			at = next_sequence(bytes, at + 1);
			continue;
		}
		found = span_of(rest.data, length);
		place = builder_place(builder, found, enclosing);
		object.der = builder_keep(builder, found);
		(void)builder_object(builder, &object, &place, NULL);
		at = next_sequence(bytes, at + length);
	}
	(void)salvage_may(builder, bytes.length);
}

void
builder_drop_known(struct store_builder *builder, size_t first, size_t known)
{
	struct entry_index index = entry_index_new(builder->arena, builder->entry_count - first);
	size_t kept = known;

	for (size_t i = first; i < builder->entry_count; i++) {
		const enum entry_kind kind = builder->entries[i].kind;

		if (builder->losses_only && kind == ENTRY_CERTIFICATE)
			cert_digest(&builder->entries[i].cert);
		if (i < known) {
			if (kind == ENTRY_CERTIFICATE || kind == ENTRY_CRL)
				(void)entry_index_add(&index, &builder->entries[i]);
			continue;
		}
		builder->entries[kept] = builder->entries[i];
		if (entry_index_add(&index, &builder->entries[kept]) == NULL)
			kept++;
	}
	builder->entry_count = kept;
}
