/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/java_pkcs12.h"

#include <string.h>

#include "stores/ber.h"
#include "stores/java_certificate.h"
#include "stores/pkcs12_bags.h"

#define PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"

static const char data_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
		  signed_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
		  encrypted_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
		  bag_types[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01",
		  friendly_name[] = PKCS9 "\x14", local_key_id[] = PKCS9 "\x15",
		  trusted_usage[] = PKCS12_TRUSTED_KEY_USAGE;

enum { BAG_SHROUDED_KEY = 2, BAG_CERTIFICATE = 3, BAG_SECRET = 5, PFX_VERSION = 3 };

struct walk {
	bool is_other, is_signed;
};

/* DerInputStream.readVector: all of what is in it, whole. */
static bool
take_vector(struct ber *from, unsigned tag, struct ber *ret)
{
	struct ber_element element;

	if (!ber_take(from, tag, &element) || !ber_is_whole(&element))
		return false;
	*ret = ber_enter(&element);
	return true;
}

static bool
take_oid(struct ber *from, struct ber_element *ret)
{
	return ber_next(from, ret) && ber_is_oid(ret);
}

/* DerValue.getOctetString: in one piece, or in segments. */
static bool
is_octets(const struct ber_element *element)
{
	return (element->tag & ~0x20U) == DER_OCTET_STRING && !element->clipped;
}

/* ContentInfo: of its [0] the tag is not looked at. */
static bool
take_content(struct ber *from, struct ber_element *ret_type, struct ber_element *ret)
{
	struct ber inside, box;
	struct ber_element wrapped;

	if (!take_vector(from, DER_SEQUENCE, &inside) || !take_oid(&inside, ret_type) ||
		!ber_next(&inside, &wrapped) || !ber_is_whole(&wrapped))
		return false;
	box = ber_enter(&wrapped);
	return ber_next(&box, ret);
}

static bool
is_context(const struct ber_element *element)
{
	return (element->tag & 0xdf) == DER_CONTEXT(0) && !element->clipped;
}

static bool
attribute_is_good(const struct ber_element *attribute)
{
	struct ber inside = ber_enter(attribute), values;
	struct ber_element type, value, rest;

	if (attribute->tag != DER_SEQUENCE || !ber_is_whole(attribute) ||
		!take_oid(&inside, &type) || !take_vector(&inside, DER_SET, &values) ||
		ber_next(&inside, &rest))
		return false;
	if (der_oid_is(type.content, trusted_usage, sizeof(trusted_usage) - 1)) {
		while (ber_next(&values, &value))
			if (!ber_is_oid(&value))
				return false;
		return true;
	}
	if (!ber_next(&values, &value))
		return false;
	if (der_oid_is(type.content, friendly_name, sizeof(friendly_name) - 1))
		return value.tag == DER_BMP_STRING;
	if (der_oid_is(type.content, local_key_id, sizeof(local_key_id) - 1))
		return is_octets(&value);
	return true;
}

/* Where they are no SET, there are none. */
static bool
attributes_are_good(struct ber *bag)
{
	struct ber attributes;
	struct ber_element attribute;

	if (!take_vector(bag, DER_SET, &attributes))
		return true;
	while (ber_next(&attributes, &attribute))
		if (!attribute_is_good(&attribute))
			return false;
	return true;
}

static bool
certificate_is_good(const struct ber_element *value)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct ber inside = ber_enter(value), box, certificate;
	struct ber_element type, wrapped, octets, whole, rest;
	struct span der;

	if (value->tag != DER_SEQUENCE || !ber_is_whole(value) || !take_oid(&inside, &type) ||
		!ber_next(&inside, &wrapped) || !is_context(&wrapped) || ber_next(&inside, &rest))
		return false;
	box = ber_enter(&wrapped);
	if (!ber_next(&box, &octets) || !is_octets(&octets) ||
		!ber_octets(&octets, &segments, &der))
		return false;
	certificate = ber_of(der);
	return ber_next(&certificate, &whole) && !whole.clipped &&
	       java_takes_certificate(whole.whole);
}

static bool
bag_is_good(struct walk *walk, const struct ber_element *bag)
{
	struct ber inside = ber_enter(bag), box;
	struct ber_element type, wrapped, value;
	unsigned kind = 0;

	if ((bag->tag != DER_SEQUENCE && bag->tag != DER_SET) || !take_oid(&inside, &type) ||
		!ber_next(&inside, &wrapped) || !is_context(&wrapped))
		return false;
	box = ber_enter(&wrapped);
	if (!ber_next(&box, &value) || value.clipped)
		return false;
	if (type.content.length == sizeof(bag_types) &&
		memcmp(type.content.data, bag_types, sizeof(bag_types) - 1) == 0)
		kind = type.content.data[sizeof(bag_types) - 1];
	walk->is_other |= kind == BAG_SHROUDED_KEY || kind == BAG_SECRET;
	/* What it does not know it passes over. */
	if (kind == BAG_CERTIFICATE && !certificate_is_good(&value))
		return false;
	return attributes_are_good(&inside);
}

static bool
part_is_good(struct walk *walk, const struct ber_element *part)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct ber whole = ber_of(part->whole), content, bags;
	struct ber_element type, value, bag;
	struct span octets;

	if (!take_content(&whole, &type, &value))
		return false;
	walk->is_other |= der_oid_is(type.content, encrypted_type, sizeof(encrypted_type) - 1);
	if (walk->is_other || !der_oid_is(type.content, data_type, sizeof(data_type) - 1))
		return false;
	if (!is_octets(&value) || !ber_octets(&value, &segments, &octets))
		return false;
	content = ber_of(octets);
	if (!take_vector(&content, DER_SEQUENCE, &bags))
		return false;
	while (ber_next(&bags, &bag))
		if (!bag_is_good(walk, &bag))
			return false;
	return true;
}

static bool
container_is_good(struct walk *walk, struct span bytes)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct ber file = ber_of(bytes), pfx, content, parts;
	struct ber_element outer, version, type, value, part;
	struct span octets;
	uint64_t number;

	if (!ber_take(&file, DER_SEQUENCE, &outer) || outer.clipped)
		return false;
	pfx = ber_enter(&outer);
	if (!ber_take(&pfx, DER_INTEGER, &version) || !ber_number(&version, &number) ||
		number != PFX_VERSION || !take_content(&pfx, &type, &value))
		return false;
	walk->is_signed = der_oid_is(type.content, signed_type, sizeof(signed_type) - 1);
	if (!der_oid_is(type.content, data_type, sizeof(data_type) - 1))
		return false;
	walk->is_other = pfx.offset < pfx.bytes.length;
	if (walk->is_other || !is_octets(&value) || !ber_octets(&value, &segments, &octets))
		return false;
	content = ber_of(octets);
	if (!take_vector(&content, DER_SEQUENCE, &parts))
		return false;
	while (ber_next(&parts, &part))
		if (!part_is_good(walk, &part))
			return false;
	return true;
}

enum java_pkcs12
java_pkcs12_read(struct span bytes)
{
	struct walk walk = {};
	bool is_good = container_is_good(&walk, bytes);

	if (walk.is_signed)
		return JAVA_PKCS12_SIGNED;
	return walk.is_other ? JAVA_PKCS12_OTHER : is_good ? JAVA_PKCS12_OPENS : JAVA_PKCS12_FAILS;
}
