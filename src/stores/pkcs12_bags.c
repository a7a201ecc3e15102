/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pkcs12_bags.h"

#include <string.h>

/* 1.2.840.113549.1.12.10.1, bagtypes; 1.2.840.113549.1.9, pkcs-9. */
#define BAGS  "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"
#define PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"

static const char friendly_name[] = PKCS9 "\x14", local_key_id[] = PKCS9 "\x15",
		  x509_certificate[] = PKCS9 "\x16\x01", x509_crl[] = PKCS9 "\x17\x01",
		  trusted_usage[] = PKCS12_TRUSTED_KEY_USAGE, bag_oid[] = "\x06\x0b" BAGS;

enum bag_type { BAG_KEY = 1, BAG_SHROUDED_KEY, BAG_CERT, BAG_CRL, BAG_SECRET, BAG_SAFE };

struct bag {
	enum bag_type type;
	struct span whole;
	struct ber_element value; /* behind [0] */
	const char *alias;
	struct span key_id;
	bool is_trusted;
};

/* BMPString (RFC 7292 5.1) to UTF-8. */
static const char *
bmp_text(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.length / 2 * 3 + 1);
	size_t length = 0;

	for (size_t i = 0; i + 1 < text.length; i += 2) {
		unsigned unit = (unsigned)text.data[i] << 8 | text.data[i + 1];

		if (unit == 0 && i + 2 == text.length)
			break; /* some writers end it as C does */
		if (unit < 0x80) {
			out[length++] = (char)unit;
		} else if (unit < 0x800) {
			out[length++] = (char)(0xc0 | unit >> 6);
			out[length++] = (char)(0x80 | (unit & 0x3f));
		} else {
			out[length++] = (char)(0xe0 | unit >> 12);
			out[length++] = (char)(0x80 | (unit >> 6 & 0x3f));
			out[length++] = (char)(0x80 | (unit & 0x3f));
		}
	}
	return text_sanitize(arena, out, length);
}

/* [0] EXPLICIT; Java takes one that is said to be primitive, too. */
static bool
is_explicit(const struct ber_element *wrapped)
{
	enum { CONSTRUCTED = 0x20 };

	return (wrapped->tag | CONSTRUCTED) == DER_CONTEXT_CONSTRUCTED(0);
}

static bool
are_oids(struct ber values)
{
	struct ber_element oid;

	while (ber_next(&values, &oid))
		if (!ber_is_oid(&oid))
			return false;
	return true;
}

/* False where it is none (RFC 7292 4.2: an identifier, and a SET of values of the type that it is
 * said to have): Java reads no more of the keystore then. */
static bool
read_attribute(const struct pkcs12_bags *bags, const struct ber_element *attribute, struct bag *bag)
{
	struct ber inside = ber_enter(attribute), set;
	struct ber_element oid, values, value = {};

	if (attribute->tag != DER_SEQUENCE || !ber_take(&inside, DER_OID, &oid) ||
		!ber_is_oid(&oid) || !ber_take(&inside, DER_SET, &values) || !ber_is_whole(&values))
		return false;
	set = ber_enter(&values);
	if (der_oid_is(oid.content, trusted_usage, sizeof(trusted_usage) - 1)) {
		bag->is_trusted = true;
		return are_oids(set);
	}
	if (!ber_next(&set, &value))
		return true;
	if (der_oid_is(oid.content, friendly_name, sizeof(friendly_name) - 1)) {
		if (value.tag != DER_BMP_STRING)
			return false;
		bag->alias = bmp_text(bags->builder->arena, value.content);
	}
	if (der_oid_is(oid.content, local_key_id, sizeof(local_key_id) - 1)) {
		if (value.tag != DER_OCTET_STRING)
			return false;
		bag->key_id = span_of(
			arena_dup(bags->builder->arena, value.content.data, value.content.length),
			value.content.length);
	}
	return true;
}

static void
note(const struct pkcs12_bags *bags, struct span whole, bool harmless, const char *text)
{
	struct place place = builder_place(bags->builder, whole, &bags->place);
	struct defect *defect = builder_defect(
		bags->builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset, place.length, "%s", text);

	if (defect != NULL)
		defect->harmless = harmless;
}

/* Where the SET itself is damaged, Java takes the bag for one without any. */
static void
read_attributes(const struct pkcs12_bags *bags, struct ber *inside, struct bag *bag)
{
	struct ber_element set, attribute;
	struct ber attributes;

	if (inside->offset == inside->bytes.length)
		return;
	if (!ber_take(inside, DER_SET, &set) || inside->offset != inside->bytes.length ||
		!ber_is_whole(&set)) {
		note(bags, bag->whole, true,
			"the attributes of this bag are damaged: its name and trust are lost");
		return;
	}
	attributes = ber_enter(&set);
	while (ber_next(&attributes, &attribute))
		if (!read_attribute(bags, &attribute, bag))
			note(bags, bag->whole, false, "an attribute of this bag is damaged");
}

/* False where no bag is here, or not all of it. */
static bool
bag_read(const struct pkcs12_bags *bags, const struct ber_element *element, struct bag *ret)
{
	struct ber inside = ber_enter(element), box;
	struct ber_element oid, wrapped;

	*ret = (struct bag){ .whole = element->whole };
	if (element->tag != DER_SEQUENCE || element->clipped || !ber_take(&inside, DER_OID, &oid) ||
		oid.content.length != sizeof(BAGS) ||
		memcmp(oid.content.data, BAGS, sizeof(BAGS) - 1) != 0)
		return false;
	ret->type = oid.content.data[sizeof(BAGS) - 1];
	if (!ber_next(&inside, &wrapped) || wrapped.clipped || !is_explicit(&wrapped))
		return false;
	if (wrapped.tag != DER_CONTEXT_CONSTRUCTED(0))
		note(bags, ret->whole, false, "a tag in this bag is damaged");
	box = ber_enter(&wrapped);
	if (!ber_next(&box, &ret->value) || ret->value.clipped)
		return false;
	read_attributes(bags, &inside, ret);
	return true;
}

static enum entry_role
bag_role(const struct bag *bag)
{
	return bag->is_trusted ? ENTRY_IS_TRUSTED : ENTRY_IS_UNASSIGNED;
}

static void
bag_entry(const struct bag *bag, struct entry *entry)
{
	entry->alias = bag->alias;
	entry->key_id = bag->key_id;
	entry->role = bag_role(bag);
	/* Java knows no key that is not encrypted by itself, and passes over it. */
	if (bag->type == BAG_SHROUDED_KEY || bag->type == BAG_SECRET)
		entry->role = ENTRY_IS_KEY;
	if (entry->kind == ENTRY_CRL)
		entry->role = ENTRY_IS_PLAIN;
}

/* A key or a secret: that it is there, and nothing of it. */
static void
read_key(const struct pkcs12_bags *bags, const struct bag *bag, enum entry_kind kind)
{
	struct store_builder *builder = bags->builder;
	struct place place = builder_place(builder, bag->whole, &bags->place);
	struct entry *entry = builder_entry(builder);
	struct defect *defect;

	if (entry == NULL)
		return;
	entry->kind = kind;
	entry->offset = entry->text_offset = place.offset;
	entry->length = place.length;
	entry->is_enclosed = place.is_enclosing;
	entry->line = builder_line(builder, place.offset);
	bag_entry(bag, entry);
	if (bag->type != BAG_KEY)
		return;
	defect = builder_defect(builder, CAUSE_STORE_FOREIGN_OBJECT, place.offset, place.length,
		"a private key stands here without encryption of its own");
	if (defect != NULL)
		defect->harmless = true;
}

/* PrivateKeyInfo and EncryptedPrivateKeyInfo (RFC 5958), and a SecretBag that is none of the bags
 * of its form: else the type is what is damaged. */
static bool
is_key(const struct bag *bag)
{
	struct ber inside = ber_enter(&bag->value), algorithm;
	struct ber_element first, oid;

	if (bag->value.tag != DER_SEQUENCE)
		return false;
	if (bag->type == BAG_SECRET)
		return ber_take(&inside, DER_OID, &first) &&
		       !der_oid_is(first.content, x509_certificate, sizeof(x509_certificate) - 1) &&
		       !der_oid_is(first.content, x509_crl, sizeof(x509_crl) - 1);
	if (bag->type == BAG_KEY && !ber_take(&inside, DER_INTEGER, &first))
		return false;
	if (!ber_take(&inside, DER_SEQUENCE, &first))
		return false;
	algorithm = ber_enter(&first);
	return ber_take(&algorithm, DER_OID, &oid);
}

/* CertBag and CRLBag: SEQUENCE { OID, [0] EXPLICIT OCTET STRING } */
static bool
read_object(const struct pkcs12_bags *bags, const struct bag *bag, enum entry_kind kind)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct store_builder *builder = bags->builder;
	struct ber inside = ber_enter(&bag->value), box;
	struct ber_element oid, wrapped, octets;
	struct object object = { .kind = kind };
	struct place place = builder_place(builder, bag->whole, &bags->place);
	size_t first_defect = builder->defect_count;
	struct entry *entry;
	bool is_known;

	if (bag->value.tag != DER_SEQUENCE || !ber_take(&inside, DER_OID, &oid) ||
		!ber_next(&inside, &wrapped) || wrapped.clipped || !is_explicit(&wrapped))
		return false;
	if (wrapped.tag != DER_CONTEXT_CONSTRUCTED(0))
		note(bags, bag->whole, false, "a tag in this bag is damaged");
	is_known = kind == ENTRY_CRL ? der_oid_is(oid.content, x509_crl, sizeof(x509_crl) - 1)
				     : der_oid_is(oid.content, x509_certificate,
					       sizeof(x509_certificate) - 1);
	box = ber_enter(&wrapped);
	if (!ber_next(&box, &octets) || octets.clipped ||
		(octets.tag & ~0x20U) != DER_OCTET_STRING ||
		!ber_octets(&octets, &segments, &object.der))
		return false;
	/* Java takes it for one of X.509 all the same. */
	if (!is_known)
		note(bags, bag->whole, false,
			"what kind of certificate or CRL this bag holds is damaged: OpenSSL passes "
			"over it");
	object.der = builder_keep(builder, object.der);
	entry = builder_object(builder, &object, &place, NULL);
	if (entry != NULL) {
		bag_entry(bag, entry);
		return true;
	}
	if (kind == ENTRY_CERTIFICATE)
		builder_put_role(builder, first_defect, bag_role(bag));
	builder_salvage(builder, bag->whole, &bags->place);
	return true;
}

static bool
bag_add(const struct pkcs12_bags *bags, const struct bag *bag)
{
	switch (bag->type) {
	case BAG_KEY:
	case BAG_SHROUDED_KEY:
		if (is_key(bag))
			read_key(bags, bag, ENTRY_PRIVATE_KEY);
		return is_key(bag);
	case BAG_CERT:
		return read_object(bags, bag, ENTRY_CERTIFICATE);
	case BAG_CRL:
		return read_object(bags, bag, ENTRY_CRL);
	case BAG_SECRET:
		if (is_key(bag))
			read_key(bags, bag, ENTRY_SECRET_KEY);
		return is_key(bag);
	case BAG_SAFE:
		break;
	}
	return false;
}

/* Where the next bag begins behind from: the SEQUENCE in front of its OID. */
static size_t
next_bag(struct span contents, size_t from)
{
	enum { LONGEST_HEADER = 6 };
	size_t oid = span_find(contents, bag_oid, from + LONGEST_HEADER);

	if (oid == SIZE_MAX)
		return SIZE_MAX;
	for (size_t header = 2; header <= LONGEST_HEADER && header <= oid - from; header++) {
		size_t at = oid - header;
		size_t octets = contents.data[at + 1] & 0x7f;
		bool is_long = contents.data[at + 1] > 0x80;

		if (contents.data[at] == DER_SEQUENCE && header == 2 + (is_long ? octets : 0))
			return at;
	}
	return oid;
}

/* What is between two bags, or behind the last, and leads nowhere. */
static void
lose(const struct pkcs12_bags *bags, struct span contents, size_t from, size_t to)
{
	struct store_builder *builder = bags->builder;
	struct span lost = span_of(contents.data + from, to - from);
	struct place place = builder_place(builder, lost, &bags->place);
	struct defect *defect;

	if (!bags->is_cut || to < contents.length) {
		defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset,
			place.length, "%zu bytes of a bag of this container are damaged",
			lost.length);
		if (defect != NULL)
			defect->is_block = true;
	}
	builder_salvage(builder, lost, &bags->place);
}

/* A SafeContents bag holds bags again (RFC 7292 4.2.6): the cursor's depth is their bound. */
static bool
read_run(const struct pkcs12_bags *bags, struct ber *inside, struct ber_element *ret_safe)
{
	struct span contents = inside->bytes;

	while (inside->offset < contents.length) {
		size_t from = inside->offset, next;
		struct ber_element element;
		struct bag bag;

		if (ber_next(inside, &element) && bag_read(bags, &element, &bag)) {
			if (bag.type == BAG_SAFE && bag.value.tag == DER_SEQUENCE) {
				*ret_safe = bag.value;
				return true;
			}
			if (bag_add(bags, &bag))
				continue;
		} else if (!inside->damaged && !inside->clipped && inside->offset == from) {
			return false; /* end-of-contents octets */
		}
		next = next_bag(contents, from + 1);
		lose(bags, contents, from, next == SIZE_MAX ? contents.length : next);
		inside->damaged = inside->clipped = false;
		inside->offset = next == SIZE_MAX ? contents.length : next;
	}
	return false;
}

void
pkcs12_bags_read(const struct pkcs12_bags *bags, struct span contents)
{
	struct ber stack[BER_MAX_DEPTH], outer = ber_of(contents);
	struct ber_element safe;
	size_t depth = 0;

	if (contents.length == 0)
		return;
	if (!ber_take(&outer, DER_SEQUENCE, &safe)) {
		lose(bags, contents, 0, contents.length);
		return;
	}
	if (safe.clipped && !bags->is_cut)
		note(bags, contents, false,
			"the list of bags is said to be longer than what holds it");
	stack[depth++] = ber_enter(&safe);
	while (depth > 0)
		if (!read_run(bags, &stack[depth - 1], &safe))
			depth--;
		else if (depth < BER_MAX_DEPTH)
			stack[depth++] = ber_enter(&safe);
}
