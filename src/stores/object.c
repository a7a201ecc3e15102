/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of one object to an entry. Where our strict reader refuses them, OpenSSL is asked
 * whether it does so too: that decides whether the damage matters to a server.
 */
#include "stores/ber.h"
#include "stores/der_out.h"
#include "stores/format.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

enum { INDEFINITE = 0x80 };

/* RFC 5280 4.2.1.12: id-kp-clientAuth and anyExtendedKeyUsage. */
static const char client_auth[] = "\x2b\x06\x01\x05\x05\x07\x03\x02";
static const char server_auth[] = "\x2b\x06\x01\x05\x05\x07\x03\x01";
static const char any_usage[] = "\x55\x1d\x25\x00";

/* Whether a list of usages has this one or anyExtendedKeyUsage. */
static bool
list_names(const struct der_element *list, const char *wanted, size_t wanted_length)
{
	struct der cursor = der_enter(list);
	bool found = false;

	while (!der_at_end(&cursor)) {
		struct der_element usage = der_expect(&cursor, DER_OID);

		if (cursor.fault == NULL)
			found |= der_oid_is(usage.content, wanted, wanted_length) ||
				 der_oid_is(usage.content, any_usage, sizeof(any_usage) - 1);
	}
	return found;
}

bool
usages_name_client(const struct der_element *list)
{
	return list_names(list, client_auth, sizeof(client_auth) - 1);
}

/* X509_CERT_AUX of OpenSSL (crypto/x509/x_x509a.c): trust, [0] reject, alias, key id, [1] other. */
bool
trust_settings_read(struct span bytes, struct trust_settings *ret, struct span *ret_alias)
{
	struct der outer = der_of(bytes);
	struct der_element settings = der_expect(&outer, DER_SEQUENCE), list, alias;
	struct der cursor = der_enter(&settings);

	ret->present = true;
	ret->bytes = bytes;
	list = der_optional(&cursor, DER_SEQUENCE);
	if (list.tag != 0) {
		ret->has_trust = true;
		ret->trusts_client = list_names(&list, client_auth, sizeof(client_auth) - 1);
		ret->trusts_server = list_names(&list, server_auth, sizeof(server_auth) - 1);
	}
	list = der_optional(&cursor, DER_CONTEXT_CONSTRUCTED(0));
	if (list.tag != 0) {
		ret->has_reject = true;
		ret->rejects_client = list_names(&list, client_auth, sizeof(client_auth) - 1);
		ret->rejects_server = list_names(&list, server_auth, sizeof(server_auth) - 1);
	}
	alias = der_optional(&cursor, DER_UTF8_STRING);
	if (alias.tag != 0)
		*ret_alias = alias.content;
	return outer.fault == NULL && cursor.fault == NULL;
}

static bool
openssl_reads(const struct object *object)
{
	const unsigned char *at = object->der.data;
	long length = (long)object->der.length;
	bool reads;

	ERR_set_mark();
	if (object->kind == ENTRY_CRL) {
		X509_CRL *crl = d2i_X509_CRL(NULL, &at, length);

		reads = crl != NULL;
		X509_CRL_free(crl);
	} else {
		X509 *cert = object->has_trust ? d2i_X509_AUX(NULL, &at, length)
					       : d2i_X509(NULL, &at, length);

		reads = cert != NULL;
		X509_free(cert);
	}
	ERR_pop_to_mark();
	return reads;
}

static void
object_defect(struct store_builder *builder, const struct object *object, const struct place *place,
	const char *fault, size_t offset)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
		place->length, "the bytes of this %s are damaged: %s at byte %zu of %zu",
		entry_kind_name(object->kind), fault == NULL ? "not DER" : fault, offset,
		object->der.length);

	if (defect == NULL)
		return;
	defect->salvage = object->der;
	defect->is_block = true;
	defect->harmless = openssl_reads(object);
}

/* d2i_X509 reads one object and is content with whatever follows. */
static void
object_surplus(
	struct store_builder *builder, const struct place *place, struct span der, size_t surplus)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
		place->length, "%zu bytes that do not belong to it follow the object in its block",
		surplus);

	if (defect == NULL)
		return;
	defect->salvage = der;
	defect->harmless = true;
}

/* RFC 5280 4.1.1.2 and 5.1.1.2: the two must be the same. No library looks at that while it loads;
 * the signature holds by one of them at most. */
static void
check_algorithms(
	struct store_builder *builder, const struct place *place, const struct entry *entry)
{
	bool is_crl = entry->kind == ENTRY_CRL;
	struct span inner = is_crl ? entry->crl.inner_algorithm : entry->cert.inner_algorithm;
	struct defect *defect;

	if (inner.length == 0 || span_equal(inner, is_crl ? entry->crl.signature_algorithm
							  : entry->cert.signature_algorithm))
		return;
	defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset, place->length,
		"this %s is signed by another algorithm than its signed part names: one of the two "
		"is damaged",
		entry_kind_name(entry->kind));
	if (defect == NULL)
		return;
	defect->salvage = entry->der;
	defect->harmless = true;
}

static void
object_is_ber(struct store_builder *builder, const struct place *place, const struct entry *entry)
{
	struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
		place->length, "this %s is of indefinite length: BER, which strict readers refuse",
		entry_kind_name(entry->kind));

	if (defect == NULL)
		return;
	defect->salvage = entry->der;
	defect->harmless = true;
}

void
builder_put_role(struct store_builder *builder, size_t first_defect, enum entry_role role)
{
	for (size_t i = first_defect; i < builder->defect_count; i++) {
		struct defect *defect = &builder->defects[i];

		if (defect->is_block && defect->salvage.length > 0)
			defect->role = role;
	}
}

static bool
has_harm(const struct store_builder *builder)
{
	for (size_t i = 0; i < builder->defect_count; i++)
		if (!builder->defects[i].harmless)
			return true;
	return false;
}

void
builder_blame(struct store_builder *builder, const char *error)
{
	for (size_t i = 0; i < builder->entry_count && !has_harm(builder); i++) {
		const struct entry *entry = &builder->entries[i];
		struct object object = { entry->kind, false, entry->der };
		struct defect *defect;

		if ((entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL) ||
			openssl_reads(&object))
			continue;
		defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, entry->offset,
			entry->length, "OpenSSL does not read this %s: %s",
			entry_kind_name(entry->kind), error);
		if (defect == NULL)
			return;
		defect->salvage = entry->der;
		defect->is_block = true;
	}
	if (!has_harm(builder))
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"OpenSSL does not read the file: %s", error);
}

/* BER of indefinite length, which libraries read and Java writes into nothing: the same in DER,
 * where the content is DER. Its signature is over a part of that. */
static bool
normalise(struct store_builder *builder, const struct object *object, struct object *ret)
{
	CLEANUP(buffer_free) struct buffer der = {};
	struct ber cursor = ber_of(object->der);
	struct ber_element outer;

	if (object->der.length < 2 || object->der.data[0] != DER_SEQUENCE ||
		object->der.data[1] != INDEFINITE || !ber_take(&cursor, DER_SEQUENCE, &outer) ||
		outer.clipped)
		return false;
	der_put(&der, DER_SEQUENCE, outer.content);
	buffer_add(&der, object->der.data + cursor.offset, object->der.length - cursor.offset);
	*ret = *object;
	ret->der = span_of(arena_dup(builder->arena, der.data, der.length), der.length);
	return true;
}

/* Of a certificate, whoever reviews asks for the digests; else builder_drop_known alone. */
static int
read_entry(const struct store_builder *builder, struct entry *entry, const char **ret_fault,
	size_t *ret_offset)
{
	if (entry->kind == ENTRY_CRL)
		return crl_read(entry->der, &entry->crl, ret_fault, ret_offset);
	if (builder->losses_only)
		return cert_read_undigested(entry->der, &entry->cert, ret_fault, ret_offset);
	return cert_read(entry->der, &entry->cert, ret_fault, ret_offset);
}

struct entry *
builder_object(struct store_builder *builder, const struct object *object,
	const struct place *place, const char *label)
{
	struct der cursor = der_of(object->der);
	struct der_element whole = der_next(&cursor);
	const char *fault = cursor.fault;
	size_t offset = cursor.fault_offset;
	struct entry *entry, unkept;
	struct object normal;
	int result = -1;

	if (fault != NULL && normalise(builder, object, &normal)) {
		entry = builder_object(builder, &normal, place, label);
		if (entry != NULL)
			object_is_ber(builder, place, entry);
		return entry;
	}
	entry = builder_entry(builder);
	/* Past the bound it is read for its defects. */
	if (entry == NULL)
		entry = memset(&unkept, 0, sizeof(unkept));
	entry->kind = object->kind;
	entry->label = label;
	entry->der = whole.whole;
	if (fault == NULL)
		result = read_entry(builder, entry, &fault, &offset);
	if (result < 0) {
		builder->entry_count -= entry != &unkept;
		object_defect(builder, object, place, fault, offset);
		return NULL;
	}
	check_algorithms(builder, place, entry);
	if (object->has_trust && cursor.offset < object->der.length) {
		struct span settings = span_of(
			object->der.data + cursor.offset, object->der.length - cursor.offset);
		struct span alias = {};

		if (!trust_settings_read(settings, &entry->trust, &alias))
			object_defect(builder, object, place, "trust settings", cursor.offset);
		if (alias.data != NULL)
			entry->alias = text_sanitize(
				builder->arena, (const char *)alias.data, alias.length);
	} else if (!object->has_trust && cursor.offset < object->der.length) {
		object_surplus(builder, place, entry->der, object->der.length - cursor.offset);
	}
	if (entry == &unkept)
		return NULL;
	entry->offset = place->offset;
	entry->length = place->length;
	entry->is_enclosed = place->is_enclosing;
	entry->text_offset = place->text_offset;
	entry->line = builder_line(builder, place->offset);
	return entry;
}
