/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p11-kit's own files (trust/persist.c and trust/lexer.c of p11-kit): objects with attributes, and
 * PEM blocks for the bytes of them. A certificate is trusted by an attribute of its own; extensions
 * that stand apart, for its public key, say for what.
 *
 * Where p11-kit does not understand a line, it takes the file for one of PEM blocks: certificates
 * without anything that was said of them, trust and distrust alike.
 */
#include <stdlib.h>
#include <string.h>

#include "stores/nss_trust.h"
#include "stores/p11kit.h"
#include "stores/p11kit_block.h"
#include "stores/p11kit_names.h"
#include "stores/p11kit_write.h"

enum {
	P11KIT_MAX_OBJECTS = 2 * STORE_MAX_ENTRIES,
	P11KIT_MAX_VALUE = 1 << 20, /* bytes of one attribute */
};

#define LOSES_TRUST                                                                   \
	": p11-kit takes the certificates of the whole file without what is said of " \
	"them"

#define NOTHING_BELOW ": p11-kit takes none that stands below it"

static const char header[] = "[p11-kit-object-v1]";

/* RFC 5280 4.2.1.12; and the list of refused uses of OpenSSL's trusted certificates, for which
 * p11-kit has an identifier of its own (trust/oid.h). */
static const char usage_oid[] = "\x55\x1d\x25";
static const char reject_oid[] = "\x2b\x06\x01\x04\x01\x99\x77\x06\x0a\x01";

enum object_class {
	OBJECT_NONE,
	OBJECT_CERTIFICATE,
	OBJECT_EXTENSION,
	OBJECT_TRUST,
	OBJECT_OTHER,
};

struct p11kit_object {
	enum object_class class;
	size_t offset;   /* of its header */
	bool is_skipped; /* below a header that p11-kit does not know: it reads nothing there */
	bool has_type;   /* of certificate, without which it takes none for one */
	struct span label, value, issuer, serial, key;
	struct place value_place;
	bool trusted, distrusted, has_settings;
	uint64_t trusts_client;
	bool trusts_other, is_damaged, is_authority;
};

/* What an extension says of all certificates of one key. */
struct stapled {
	struct digest key; /* of its SubjectPublicKeyInfo */
	bool is_reject, names_client;
};

struct p11kit {
	struct store_builder *builder;
	struct p11kit_object object;
	struct stapled *stapled;
	size_t stapled_count, stapled_capacity, objects, next_header;
	struct nss_trusts trusts;
	bool needs_authority;
	bool has_object; /* its header, or what stands above the first one, was read */
	bool has_no_end; /* no END line stands further on */
};

static size_t
find_line(struct span bytes, const char *text, size_t from)
{
	for (size_t at = span_find(bytes, text, from); at != SIZE_MAX;
		at = span_find(bytes, text, at + 1))
		if (at == 0 || bytes.data[at - 1] == '\n')
			return at;
	return SIZE_MAX;
}

/* No block stands before the first header, be that a damaged one: p11-kit takes that for damage. */
static bool
p11kit_sniff(struct span bytes)
{
	size_t block = find_line(bytes, "-----BEGIN ", 0), first = find_line(bytes, "[", 0);

	if (block != SIZE_MAX && block < first)
		bytes.length = block;
	return find_line(bytes, header, 0) != SIZE_MAX;
}

static void
damage(struct p11kit *p11kit, enum cause_code cause, size_t offset, size_t length, const char *text)
{
	struct defect *defect = builder_defect(p11kit->builder, cause, offset, length, "%s", text);

	p11kit->object.is_damaged = true;
	if (defect != NULL)
		defect->is_block = true;
}

/* p11-kit goes on. */
static void
damage_mild(struct p11kit *p11kit, size_t offset, size_t length, const char *text)
{
	struct defect *defect = builder_defect(
		p11kit->builder, CAUSE_STORE_FOREIGN_OBJECT, offset, length, "%s", text);

	if (defect != NULL)
		defect->harmless = true;
}

static int
hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* A constant, a number, or an identifier with dots. */
static bool
is_word(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		uint8_t byte = text.data[i];
		bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';

		if (!is_letter && (byte < '0' || byte > '9') && byte != '-' && byte != '.' &&
			byte != '_')
			return false;
	}
	return true;
}

/* A string in quotes, its odd bytes as %XX; anything else as it stands. False where it is wrong. */
static bool
take_value(struct p11kit *p11kit, struct span text, struct span *ret)
{
	uint8_t *out;
	size_t length = 0;

	*ret = text;
	if (text.length == 0 || text.data[0] != '"')
		return is_word(text);
	if (text.length < 2 || text.data[text.length - 1] != '"' ||
		text.length > 3 * (size_t)P11KIT_MAX_VALUE)
		return false;
	out = arena_alloc(p11kit->builder->arena, text.length);
	for (size_t at = 1; at + 1 < text.length; at++) {
		int high, low;

		out[length] = text.data[at];
		if (text.data[at] == '%') {
			if (at + 3 >= text.length)
				return false; /* no two digits follow */
			high = hex_digit(text.data[at + 1]);
			low = hex_digit(text.data[at + 2]);
			if (high < 0 || low < 0)
				return false;
			out[length] = (uint8_t)(high << 4 | low);
			at += 2;
		}
		length++;
	}
	*ret = span_of(out, length);
	return true;
}

static bool
is(struct span value, const char *text)
{
	return span_equal(value, span_of(text, strlen(text)));
}

static void
set_class(struct p11kit_object *object, struct span value)
{
	object->class = is(value, "certificate")               ? OBJECT_CERTIFICATE
			: is(value, "x-certificate-extension") ? OBJECT_EXTENSION
			: is(value, "nss-trust")               ? OBJECT_TRUST
							       : OBJECT_OTHER;
}

static uint64_t
trust_value(struct span value)
{
	return is(value, "nss-trusted")             ? NSS_TRUSTED
	       : is(value, "nss-trusted-delegator") ? NSS_TRUSTED_DELEGATOR
	       : is(value, "nss-not-trusted")       ? NSS_NOT_TRUSTED
						    : 0;
}

/* Attributes that say something of trust; the others are passed over. */
static void
set_attribute(struct p11kit *p11kit, struct span name, struct span value, struct place place)
{
	struct p11kit_object *object = &p11kit->object;
	const struct {
		const char *name;
		struct span *value;
	} spans[] = {
		{ "label", &object->label },
		{ "issuer", &object->issuer },
		{ "serial-number", &object->serial },
		{ "public-key-info", &object->key },
		{ "x-public-key-info", &object->key },
	};

	for (size_t i = 0; i < COUNT_OF(spans); i++)
		if (is(name, spans[i].name))
			*spans[i].value = value;
	if (is(name, "class"))
		set_class(object, value);
	else if (is(name, "certificate-type"))
		object->has_type = true;
	else if (is(name, "trusted"))
		object->trusted = is(value, "true");
	else if (is(name, "certificate-category"))
		object->is_authority = is(value, "authority") || is(value, "2");
	else if (is(name, "x-distrusted"))
		object->distrusted = is(value, "true");
	else if (is(name, "trust-client-auth"))
		object->trusts_client = trust_value(value);
	else if (name.length > 6 && memcmp(name.data, "trust-", 6) == 0)
		object->trusts_other |= nss_trust_is_given(trust_value(value));
	else if (is(name, "value") && object->value.length == 0) {
		object->value = value;
		object->value_place = place;
		object->value_place.is_enclosing = true;
	}
}

static struct span
trimmed(struct span bytes, size_t from, size_t to)
{
	while (from < to && p11kit_is_blank(bytes.data[from]))
		from++;
	while (to > from && p11kit_is_blank(bytes.data[to - 1]))
		to--;
	return span_of(bytes.data + from, to - from);
}

static void
read_attribute(struct p11kit *p11kit, size_t from, size_t to)
{
	struct span bytes = p11kit->builder->bytes, value;
	const uint8_t *colon = memchr(bytes.data + from, ':', to - from);
	struct place place = { from, to - from, from, false };
	size_t middle = colon == NULL ? to : (size_t)(colon - bytes.data);

	if (p11kit->object.is_skipped && colon != NULL)
		return;
	if (colon == NULL || !p11kit_is_attribute(trimmed(bytes, from, middle)))
		damage(p11kit, CAUSE_STORE_CORRUPT_ENTRY, from, to - from,
			"this is no attribute of p11-kit" LOSES_TRUST);
	else if (!take_value(p11kit, trimmed(bytes, middle + 1, to), &value) ||
		 !p11kit_is_value(trimmed(bytes, from, middle), value))
		damage(p11kit, CAUSE_STORE_CORRUPT_ENTRY, from, to - from,
			"the value of this attribute is damaged" LOSES_TRUST);
	else
		set_attribute(p11kit, trimmed(bytes, from, middle), value, place);
}

static size_t
line_end(struct span bytes, size_t from, size_t limit)
{
	const uint8_t *end = from < limit ? memchr(bytes.data + from, '\n', limit - from) : NULL;

	return end == NULL ? limit : (size_t)(end - bytes.data);
}

/* Extension: its identifier, whether it is critical, and in an OCTET STRING its value. */
static void
take_extension(struct p11kit *p11kit)
{
	struct der outer = der_of(p11kit->object.value), inside, list;
	struct der_element extension = der_expect(&outer, DER_SEQUENCE), oid, value;
	struct stapled stapled = { .key = digest_of(p11kit->object.key) };

	inside = der_enter(&extension);
	oid = der_expect(&inside, DER_OID);
	(void)der_optional(&inside, DER_BOOLEAN);
	value = der_expect(&inside, DER_OCTET_STRING);
	if (outer.fault != NULL || inside.fault != NULL)
		return;
	stapled.is_reject = der_oid_is(oid.content, reject_oid, sizeof(reject_oid) - 1);
	if (!stapled.is_reject && !der_oid_is(oid.content, usage_oid, sizeof(usage_oid) - 1))
		return;
	list = der_of(value.content);
	value = der_expect(&list, DER_SEQUENCE);
	stapled.names_client = list.fault == NULL && usages_name_client(&value);
	p11kit->stapled = arena_grow(p11kit->builder->arena, p11kit->stapled, p11kit->stapled_count,
		&p11kit->stapled_capacity, sizeof(*p11kit->stapled));
	p11kit->stapled[p11kit->stapled_count++] = stapled;
}

static void
take_certificate(struct p11kit *p11kit)
{
	struct store_builder *builder = p11kit->builder;
	const struct p11kit_object *object = &p11kit->object;
	struct object cert = { ENTRY_CERTIFICATE, object->has_settings, object->value };
	size_t first = builder->entry_count, first_defect = builder->defect_count;
	bool is_passed_over = p11kit->needs_authority && !object->is_authority;
	enum entry_role role =
		object->trusted && !is_passed_over ? ENTRY_IS_TRUSTED : ENTRY_IS_UNASSIGNED;

	if (object->trusted && is_passed_over)
		damage_mild(p11kit, object->offset, sizeof(header) - 1,
			"a certificate that is marked as trusted, and by its category is no "
			"authority: GnuTLS does not take it for an anchor");
	if (object->is_damaged)
		builder_salvage(builder, object->value, &object->value_place);
	else if (object->value.length > 0)
		(void)builder_object(builder, &cert, &object->value_place,
			object->value_place.is_enclosing ? NULL : "CERTIFICATE");
	builder_put_role(builder, first_defect, object->distrusted ? ENTRY_IS_UNASSIGNED : role);
	for (size_t i = first; i < builder->entry_count; i++) {
		struct entry *entry = &builder->entries[i];

		entry->role = role;
		if (object->label.length > 0)
			entry->alias = text_sanitize(builder->arena,
				(const char *)object->label.data, object->label.length);
		if (object->distrusted)
			entry->trust.present = entry->trust.has_reject =
				entry->trust.rejects_client = true;
	}
}

/* Objects are taken one by one, up to the first that lacks what it must have
 * (trust/builder.c, build_for_schema). */
static void
stop(struct p11kit *p11kit, const char *text)
{
	(void)builder_defect(p11kit->builder, CAUSE_STORE_CORRUPT_ENTRY, p11kit->object.offset,
		sizeof(header) - 1, "%s", text);
}

static void
object_end(struct p11kit *p11kit)
{
	const struct p11kit_object *object = &p11kit->object;
	const struct nss_trust trust = { .issuer = object->issuer,
		.serial = object->serial,
		.values = { [NSS_CLIENT_AUTH] = object->trusts_client },
		.other = object->trusts_other };

	if (object->class == OBJECT_CERTIFICATE)
		take_certificate(p11kit);
	else if (object->class == OBJECT_EXTENSION)
		take_extension(p11kit);
	else if (object->class == OBJECT_TRUST)
		nss_trusts_add(p11kit->builder->arena, &p11kit->trusts, &trust);
	if (object->is_skipped || object->is_damaged)
		; /* said already, or nothing to p11-kit */
	else if (object->class == OBJECT_NONE)
		stop(p11kit, "this object has no class" NOTHING_BELOW);
	else if (object->class == OBJECT_CERTIFICATE && !object->has_type)
		stop(p11kit,
			object->value.length > 0
				? "this certificate has no certificate-type" NOTHING_BELOW
				: "this object is to be a certificate, and has none" NOTHING_BELOW);
	else if (object->class == OBJECT_CERTIFICATE && object->value.length == 0)
		damage_mild(p11kit, object->offset, sizeof(header) - 1,
			"this object is to be a certificate, and has none");
	p11kit->object = (struct p11kit_object){};
}

/* Below a header that it does not know, p11-kit only looks for a block's end. */
static void
block_damaged(struct p11kit *p11kit, const struct p11kit_block *block)
{
	size_t length = block->to - block->from;

	if (p11kit->object.is_skipped && !block->has_no_end)
		damage_mild(p11kit, block->from, length, block->fault);
	else
		damage(p11kit,
			block->has_no_end ? CAUSE_STORE_TRUNCATED : CAUSE_STORE_CORRUPT_ENTRY,
			block->from, length,
			arena_printf(p11kit->builder->arena, "%s" LOSES_TRUST, block->fault));
}

static size_t
read_block(struct p11kit *p11kit, size_t from, size_t limit)
{
	struct p11kit_object *object = &p11kit->object;
	struct p11kit_block block;
	bool has_settings;

	p11kit_block_read(p11kit->builder->arena, p11kit->builder->bytes, from, limit,
		p11kit->has_no_end, &block);
	p11kit->has_no_end = block.is_last;
	has_settings = is(block.label, "TRUSTED CERTIFICATE");
	if (block.fault != NULL)
		block_damaged(p11kit, &block);
	p11kit_block_note_passed(p11kit->builder, &block, object->is_skipped);
	if (is(block.label, "PUBLIC KEY")) {
		object->key = block.der;
		return block.to;
	}
	if (!is(block.label, "CERTIFICATE") && block.fault == NULL && !object->is_skipped)
		damage(p11kit, CAUSE_STORE_FOREIGN_OBJECT, from, block.to - from,
			"p11-kit has no use for a block of this label here" LOSES_TRUST);
	if (!has_settings && !is(block.label, "CERTIFICATE"))
		return block.to;
	if (object->value.length > 0) {
		damage_mild(p11kit, from, block.to - from,
			"a second certificate in one object: p11-kit passes over it");
		object_end(p11kit);
		object->is_skipped = true;
	}
	object->class = OBJECT_CERTIFICATE;
	object->has_type = true;
	object->value = block.der;
	object->value_place =
		(struct place){ block.begin, block.end - block.begin, block.begin, false };
	object->has_settings = has_settings;
	return block.to;
}

static void
read_other_header(struct p11kit *p11kit, size_t from, size_t to)
{
	struct span line = trimmed(p11kit->builder->bytes, from, to);

	if (line.data[line.length - 1] != ']') {
		damage(p11kit, CAUSE_STORE_CORRUPT_ENTRY, from, to - from,
			"this header does not end" LOSES_TRUST);
		return;
	}
	damage_mild(p11kit, from, to - from,
		"this header is not one that p11-kit knows: it passes over what stands below it");
	if (p11kit->has_object)
		object_end(p11kit);
	p11kit->has_object = true;
	p11kit->object = (struct p11kit_object){ .offset = from, .is_skipped = true };
}

/* Where a block that is cut ends, for us. */
static size_t
next_header(struct p11kit *p11kit, size_t from)
{
	struct span bytes = p11kit->builder->bytes;

	if (p11kit->next_header < from)
		p11kit->next_header = find_line(bytes, header, from);
	return p11kit->next_header < bytes.length ? p11kit->next_header : bytes.length;
}

static void
read_header(struct p11kit *p11kit, struct span line, size_t from, size_t to)
{
	if (!is(line, header)) {
		read_other_header(p11kit, from, to);
		return;
	}
	if (p11kit->has_object)
		object_end(p11kit);
	p11kit->objects++;
	p11kit->has_object = true;
	p11kit->object = (struct p11kit_object){ .offset = from };
}

static size_t
read_line(struct p11kit *p11kit, size_t from, size_t to)
{
	struct span bytes = p11kit->builder->bytes, line = trimmed(bytes, from, to);
	bool is_block = p11kit_is_block(bytes, from);

	if (line.length == 0 || line.data[0] == '#')
		return to;
	if (line.data[0] == '[') {
		read_header(p11kit, line, from, to);
		return to;
	}
	if (!p11kit->has_object) {
		p11kit->has_object = true;
		p11kit->object = (struct p11kit_object){ .offset = from };
		damage(p11kit, CAUSE_STORE_CORRUPT_ENTRY, from, to - from,
			"this stands above the first header" LOSES_TRUST);
	}
	if (is_block)
		return read_block(p11kit, from, next_header(p11kit, to));
	read_attribute(p11kit, from, to);
	return to;
}

static int
compare_stapled(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static void
put_stapled(const struct p11kit *p11kit, struct entry *entry)
{
	const struct digest key = digest_of(entry->cert.spki);
	const struct stapled *end = p11kit->stapled + p11kit->stapled_count;
	const struct stapled *found = bsearch(
		&key, p11kit->stapled, p11kit->stapled_count, sizeof(*found), compare_stapled);

	while (found != NULL && found > p11kit->stapled && digest_equal(&found[-1].key, &key))
		found--;
	for (; found != NULL && found < end && digest_equal(&found->key, &key); found++) {
		entry->trust.present = true;
		if (found->is_reject) {
			entry->trust.has_reject = true;
			entry->trust.rejects_client |= found->names_client;
		} else {
			entry->trust.has_trust = true;
			entry->trust.trusts_client |= found->names_client;
		}
	}
}

static void
put_settings(struct p11kit *p11kit, size_t first)
{
	struct store_builder *builder = p11kit->builder;

	if (p11kit->stapled_count > 0)
		qsort(p11kit->stapled, p11kit->stapled_count, sizeof(*p11kit->stapled),
			compare_stapled);
	for (size_t i = first; i < builder->entry_count && p11kit->stapled_count > 0; i++)
		if (builder->entries[i].kind == ENTRY_CERTIFICATE)
			put_stapled(p11kit, &builder->entries[i]);
	nss_trusts_put(&p11kit->trusts, builder, first);
	for (size_t i = first; i < builder->entry_count; i++)
		builder->entries[i].trust.bytes = trust_settings_bytes(&builder->entries[i].trust);
}

/* Whether a file is one of its own p11-kit sees by a header; and strnstr(3), by which it looks for
 * that, looks no further than a NUL byte. */
static void
note_nul(struct p11kit *p11kit)
{
	struct span bytes = p11kit->builder->bytes;
	size_t first = span_find(bytes, header, 0);
	const uint8_t *nul = memchr(bytes.data, 0, first == SIZE_MAX ? bytes.length : first);

	if (nul != NULL)
		damage(p11kit, CAUSE_STORE_NUL_BYTES, (size_t)(nul - bytes.data), 1,
			"a NUL byte stands above the first header" LOSES_TRUST);
}

void
p11kit_read_objects(struct store_builder *builder, bool needs_authority)
{
	struct p11kit p11kit = { .builder = builder, .needs_authority = needs_authority };
	struct span bytes = builder->bytes;
	size_t first = builder->entry_count, at = 0;

	note_nul(&p11kit);
	while (at < bytes.length && p11kit.objects <= P11KIT_MAX_OBJECTS)
		at = read_line(&p11kit, at, line_end(bytes, at, bytes.length)) + 1;
	if (p11kit.has_object)
		object_end(&p11kit);
	if (at < bytes.length)
		damage(&p11kit, CAUSE_STORE_WRONG_FORMAT, at, bytes.length - at,
			"there are more objects in the file than are read");
	put_settings(&p11kit, first);
	if (builder->entry_count == first && builder->defect_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, bytes.length,
			"no object of the file is a certificate");
}

static void
p11kit_read(struct store_builder *builder)
{
	p11kit_read_objects(builder, false);
}

const struct store_format store_p11kit = {
	.name = "p11kit",
	.title = "trust of p11-kit",
	.family = FAMILY_P11KIT,
	.marks_trust = true,
	.carries_settings = true,
	.holds = p11kit_holds,
	.carries_names = true,
	.carries_unmarked = true,
	.sniff = p11kit_sniff,
	.read = p11kit_read,
	.write = p11kit_write,
};
