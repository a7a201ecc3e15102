/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#7 and CMS SignedData (RFC 2315 9, RFC 5652 5), in DER, BER or PEM: certificates and CRLs,
 * signed by nobody as a rule. */
#include <stdlib.h>
#include <string.h>

#include "stores/ber.h"
#include "stores/der_out.h"
#include "stores/pem_scan.h"
#include "stores/pkcs7.h"

/* 1.2.840.113549.1.7.2, signedData. */
static const char signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

struct pkcs7 {
	struct store_builder *builder;
	struct place place; /* of the container in the file */
	bool is_cut;
};

static bool
binary_sniff(struct span bytes)
{
	struct ber cursor = ber_of(bytes), inside;
	struct ber_element outer, type;

	if (!ber_take(&cursor, DER_SEQUENCE, &outer))
		return false;
	inside = ber_enter(&outer);
	return ber_take(&inside, DER_OID, &type) &&
	       der_oid_is(type.content, signed_data, sizeof(signed_data) - 1);
}

/* RFC 7468 8 and 9, and what older programs write. */
bool
pkcs7_is_label(struct span label)
{
	static const char *const labels[] = { "PKCS7", "CMS", "PKCS #7 SIGNED DATA" };

	for (size_t i = 0; i < COUNT_OF(labels); i++)
		if (span_equal(label, span_of(labels[i], strlen(labels[i]))))
			return true;
	return false;
}

/* All blocks are containers: one beside certificates is a foreign object among them. */
static bool
text_sniff(struct span bytes)
{
	static const char begin[] = "-----BEGIN ";
	bool found = false;

	for (size_t at = span_find(bytes, begin, 0); at != SIZE_MAX;
		at = span_find(bytes, begin, at)) {
		size_t end;

		at += sizeof(begin) - 1;
		end = span_find(bytes, "-----", at);
		if (end == SIZE_MAX || !pkcs7_is_label(span_of(bytes.data + at, end - at)))
			return false;
		found = true;
	}
	return found;
}

static bool
pkcs7_sniff(struct span bytes)
{
	return binary_sniff(bytes) || text_sniff(bytes);
}

/* False where it is damaged: then its length may be what is wrong. */
static bool
add_object(struct pkcs7 *pkcs7, const struct ber_element *element, enum entry_kind kind)
{
	struct store_builder *builder = pkcs7->builder;
	struct object object = { .kind = kind };
	struct place place = builder_place(builder, element->whole, &pkcs7->place);

	if (element->clipped)
		return false;
	/* Attribute certificates and other choices (RFC 5652 10.2) are trusted by nobody. */
	if (element->tag != DER_SEQUENCE)
		return (element->tag & 0xe0) == DER_CONTEXT_CONSTRUCTED(0);
	object.der = builder_keep(builder, element->whole);
	return builder_object(builder, &object, &place, NULL) != NULL;
}

/* Up to the first that is damaged; from there on, whatever is whole. */
static void
add_set(struct pkcs7 *pkcs7, const struct ber_element *set, enum entry_kind kind)
{
	struct ber inside = ber_enter(set);
	struct ber_element element;
	struct span rest;
	struct place place;
	size_t from = 0;

	while (ber_next(&inside, &element) && add_object(pkcs7, &element, kind))
		from = inside.offset;
	if (from == inside.bytes.length || (from == inside.offset && !inside.damaged))
		return;
	rest = span_of(inside.bytes.data + from, inside.bytes.length - from);
	place = builder_place(pkcs7->builder, rest, &pkcs7->place);
	if (!pkcs7->is_cut)
		(void)builder_defect(pkcs7->builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset,
			place.length, "the list of the container's objects is damaged");
	builder_salvage(pkcs7->builder, rest, &pkcs7->place);
}

/* SignedData: version, digestAlgorithms, contentInfo, [0] certificates, [1] crls, signerInfos. */
static bool
read_signed(struct pkcs7 *pkcs7, const struct ber_element *data)
{
	struct ber inside = ber_enter(data);
	struct ber_element element;

	if (!ber_take(&inside, DER_INTEGER, &element) || !ber_take(&inside, DER_SET, &element) ||
		!ber_take(&inside, DER_SEQUENCE, &element))
		return false;
	if (ber_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &element))
		add_set(pkcs7, &element, ENTRY_CERTIFICATE);
	if (ber_take(&inside, DER_CONTEXT_CONSTRUCTED(1), &element))
		add_set(pkcs7, &element, ENTRY_CRL);
	return inside.clipped || ber_take(&inside, DER_SET, &element);
}

static void
note_surplus(struct store_builder *builder, const struct place *place, size_t surplus)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
		place->length, "%zu bytes follow the container", surplus);

	if (defect != NULL)
		defect->harmless = true;
}

static void
read_container(struct pkcs7 *pkcs7, struct span bytes)
{
	struct store_builder *builder = pkcs7->builder;
	const struct place *place = &pkcs7->place;
	struct ber cursor = ber_of(bytes), inside, box;
	struct ber_element outer = {}, type, wrapped, data;
	size_t first = builder->entry_count;
	bool done = false;

	if (ber_take(&cursor, DER_SEQUENCE, &outer)) {
		pkcs7->is_cut |= outer.clipped;
		inside = ber_enter(&outer);
		if (ber_take(&inside, DER_OID, &type) &&
			ber_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &wrapped)) {
			box = ber_enter(&wrapped);
			done = ber_take(&box, DER_SEQUENCE, &data) && read_signed(pkcs7, &data);
		}
	}
	if (pkcs7->is_cut)
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, place->offset, place->length,
			"the container ends too early");
	else if (!done)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
			place->length, "the container is damaged");
	else if (cursor.offset < bytes.length)
		note_surplus(builder, place, bytes.length - cursor.offset);
	if (!done && builder->entry_count == first)
		builder_salvage(builder, bytes, place);
}

void
pkcs7_read_block(struct store_builder *builder, struct span der, const struct place *place)
{
	struct pkcs7 pkcs7 = { .builder = builder, .place = *place };

	pkcs7.place.is_enclosing = true;
	read_container(&pkcs7, der);
}

/* The base64 between two markers, up to what does not belong to it. */
static void
read_block(struct store_builder *builder, size_t from, size_t body, size_t end, size_t to)
{
	CLEANUP(buffer_free) struct buffer der = {};
	const struct place place = { from, to - from, from, true };
	size_t bad;

	if (base64_decode(span_of(builder->bytes.data + body, end - body), &der, &bad) < 0)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, body + bad,
			end - body - bad, "the base64 of the container is damaged");
	pkcs7_read_block(builder, buffer_span(&der), &place);
}

static void
read_text(struct store_builder *builder)
{
	struct pem_markers markers;

	pem_scan(builder->bytes, &markers);
	for (size_t i = 0; i < markers.count; i++) {
		const struct pem_marker *begin = &markers.items[i], *next = begin + 1;
		bool is_last = i + 1 == markers.count;
		size_t end = is_last ? builder->bytes.length : next->offset;

		if (begin->is_end && (i == 0 || begin[-1].is_end))
			(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, begin->offset,
				begin->end - begin->offset,
				"the BEGIN line of this block is missing");
		if (begin->is_end)
			continue;
		read_block(builder, begin->offset, begin->end, end,
			!is_last && next->is_end ? next->end : end);
	}
	pem_markers_free(&markers);
}

static void
pkcs7_read(struct store_builder *builder)
{
	struct pkcs7 pkcs7 = { .builder = builder, .place = { .length = builder->bytes.length } };

	builder->profile = "SignedData";
	if (binary_sniff(builder->bytes))
		read_container(&pkcs7, builder->bytes);
	else
		read_text(builder);
	if (builder->entry_count == 0 && builder->defect_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"the container holds no certificate or CRL");
}

static int
compare_spans(const void *a, const void *b)
{
	const struct span *left = a, *right = b;
	size_t shorter = left->length < right->length ? left->length : right->length;
	int order = memcmp(left->data, right->data, shorter);

	/* X.690 11.6: the elements of a SET OF, the shorter padded with zeros. */
	return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

static void
put_set(struct buffer *out, unsigned tag, const struct store_content *content, enum entry_kind kind)
{
	CLEANUP(mem_freep) struct span *ders = mem_alloc((content->count + 1) * sizeof(*ders));
	size_t count = 0, set;

	for (size_t i = 0; i < content->count; i++)
		if (content->entries[i]->kind == kind)
			ders[count++] = content->entries[i]->der;
	if (count == 0)
		return;
	qsort(ders, count, sizeof(*ders), compare_spans);
	set = der_open(out, tag);
	for (size_t i = 0; i < count; i++)
		buffer_add(out, ders[i].data, ders[i].length);
	der_close(out, set);
}

/* RFC 5652 5.1: signed by nobody, of version 1 since all is plain X.509. */
static int
pkcs7_write(const struct store_content *content, struct buffer *out, struct err *)
{
	size_t info = der_open(out, DER_SEQUENCE), box, data, inner;

	der_put(out, DER_OID, span_of(signed_data, sizeof(signed_data) - 1));
	box = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(out, DER_SEQUENCE);
	der_put_number(out, 1);
	der_put(out, DER_SET, (struct span){});
	inner = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, span_of("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 9));
	der_close(out, inner);
	put_set(out, DER_CONTEXT_CONSTRUCTED(0), content, ENTRY_CERTIFICATE);
	put_set(out, DER_CONTEXT_CONSTRUCTED(1), content, ENTRY_CRL);
	der_put(out, DER_SET, (struct span){});
	der_close(out, data);
	der_close(out, box);
	der_close(out, info);
	return 0;
}

const struct store_format store_pkcs7 = {
	.name = "pkcs7",
	.title = "PKCS#7 container",
	.family = FAMILY_CONTAINER,
	.container = "PKCS#7 container",
	.sniff = pkcs7_sniff,
	.read = pkcs7_read,
	.carries_crls = true,
	.write = pkcs7_write,
};
