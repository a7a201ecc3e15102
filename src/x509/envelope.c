/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/envelope.h"

#include <string.h>

#include "x509/attribute.h"

void
envelope_read(struct der *der, struct envelope *ret)
{
	struct der_element whole = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&whole);

	ret->tbs = der_expect(&inside, DER_SEQUENCE);
	ret->algorithm = envelope_algorithm(&inside);
	ret->signature = der_bits(&inside, NULL);
	der_leave(der, &inside);
	if (!der_at_end(der))
		der_fail(der, "something follows the outermost element");
}

static struct span
read_algorithm(struct der *der, struct span *ret_oid)
{
	struct der_element algorithm = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&algorithm);

	*ret_oid = der_oid(&inside);
	if (!der_at_end(&inside))
		(void)der_next(&inside);
	der_leave(der, &inside);
	return algorithm.whole;
}

struct span
envelope_algorithm(struct der *der)
{
	struct span oid;

	return read_algorithm(der, &oid);
}

struct span
envelope_algorithm_oid(struct der *der)
{
	struct span oid;

	(void)read_algorithm(der, &oid);
	return oid;
}

unsigned
envelope_version(struct der *der, unsigned last, const char *fault)
{
	struct der_element element = der_optional(der, DER_CONTEXT_CONSTRUCTED(0));
	struct der inside = der_enter(&element);
	uint64_t version;

	if (element.tag == 0)
		return 0;
	version = der_unsigned(&inside);
	if (version > last)
		der_fail(&inside, fault);
	der_leave(der, &inside);
	return version > last ? last : (unsigned)version;
}

int
envelope_reason(struct der *der)
{
	struct span content = der_expect(der, DER_ENUMERATED).content;

	if (content.length == 1 && content.data[0] <= REASON_LAST)
		return content.data[0];
	der_fail(der, "a reason that RFC 5280 5.3.1 does not know");
	return REASON_NONE;
}

static void
check_attribute(struct der *set, bool *ret_is_odd)
{
	struct der_element attribute = der_expect(set, DER_SEQUENCE);
	struct der inside = der_enter(&attribute);

	struct der_element value;
	const char *fault;

	(void)der_oid(&inside);
	value = der_next(&inside);
	fault = inside.fault == NULL ? attribute_fault(&value) : NULL;
	*ret_is_odd |= !attribute_is_text(&value) || value.content.length == 0;
	if (fault != NULL)
		der_fail(&inside, fault);
	der_leave(set, &inside);
}

/* An empty SET and one out of order are taken, as OpenSSL takes them. */
struct span
envelope_name_noting(struct der *der, bool *ret_has_odd_values)
{
	struct der_element name = der_expect(der, DER_SEQUENCE);
	struct der sequence = der_enter(&name);

	while (!der_at_end(&sequence)) {
		struct der_element element = der_expect(&sequence, DER_SET);
		struct der set = der_enter(&element);

		while (!der_at_end(&set))
			check_attribute(&set, ret_has_odd_values);
		der_leave(&sequence, &set);
	}
	der_leave(der, &sequence);
	return name.whole;
}

struct span
envelope_name(struct der *der)
{
	bool ignored = false;

	return envelope_name_noting(der, &ignored);
}

bool
envelope_flag(struct der *der, unsigned number)
{
	struct der_element element = der_optional(der, DER_CONTEXT(number));

	if (element.tag == 0)
		return false;
	if (element.content.length != 1 ||
		(element.content.data[0] != 0 && element.content.data[0] != 0xff)) {
		der_fail(der, "a BOOLEAN that is neither 00 nor FF");
		return false;
	}
	return element.content.data[0] != 0;
}

void
envelope_authority_key_id(struct der *value, struct authority_key_id *ret)
{
	struct der_element sequence = der_expect(value, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	ret->key_id = der_optional(&inside, DER_CONTEXT(0)).content;
	ret->issuer = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(1)).content;
	ret->serial = der_optional(&inside, DER_CONTEXT(2)).content;
	der_leave(value, &inside);
}

/* RFC 5280 4.1: a criticality of FALSE is its default and should not be written; many write it. */
static struct cert_extension
read_extension(struct der *extensions)
{
	struct der_element sequence = der_expect(extensions, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct cert_extension extension = { .oid = der_oid(&inside) };

	if (der_peek(&inside) == DER_BOOLEAN)
		extension.critical = der_boolean(&inside);
	extension.value = der_expect(&inside, DER_OCTET_STRING).content;
	der_leave(extensions, &inside);
	return extension;
}

bool
cert_extension_next(struct der *extensions, struct cert_extension *ret)
{
	if (der_at_end(extensions))
		return false;
	*ret = read_extension(extensions);
	return extensions->fault == NULL;
}

bool
cert_extension_find(const struct cert *cert, const char *oid, struct cert_extension *ret)
{
	struct der extensions = der_of(cert->extensions);

	while (cert_extension_next(&extensions, ret))
		if (der_oid_is(ret->oid, oid, strlen(oid)))
			return true;
	return false;
}

bool
cert_has_critical(const struct cert *cert, const char *const *known, size_t known_count,
	struct span *ret_unknown)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension)) {
		if (!extension.critical || der_oid_is_among(extension.oid, known, known_count))
			continue;
		*ret_unknown = extension.oid;
		return true;
	}
	return false;
}

bool
cert_extension_is_critical(const struct cert *cert, const char *oid, size_t length)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension))
		if (der_oid_is(extension.oid, oid, length))
			return extension.critical;
	return false;
}

static const struct extension_row *
find_row(const struct extension_table *table, struct span oid)
{
	uint8_t last = oid.data[oid.length - 1];

	for (size_t i = 0; i < table->count; i++) {
		const struct extension_row *row = &table->rows[i];

		if (row->oid_length == oid.length && (uint8_t)row->oid[oid.length - 1] == last &&
			der_oid_is(oid, row->oid, row->oid_length))
			return row;
	}
	return NULL;
}

/* RFC 5280 4.2: no extension more than once. */
struct seen {
	uint64_t rows;
	size_t count, unknown_count;
	struct span unknown[CERT_MAX_EXTENSIONS];
};

static const char *
note_seen(struct seen *seen, const struct extension_table *table, const struct extension_row *row,
	struct span oid)
{
	static const char twice[] = "an extension that comes twice";

	if (++seen->count > CERT_MAX_EXTENSIONS)
		return "more extensions than anyone uses";
	if (row != NULL) {
		uint64_t bit = UINT64_C(1) << (row - table->rows);

		if ((seen->rows & bit) != 0)
			return twice;
		seen->rows |= bit;
		return NULL;
	}
	for (size_t i = 0; i < seen->unknown_count; i++) {
		if (span_equal(seen->unknown[i], oid))
			return twice;
	}
	seen->unknown[seen->unknown_count++] = oid;
	return NULL;
}

void
extensions_walk(struct der *extensions, const struct extension_table *table, void *owner,
	struct span *ret_unknown_critical)
{
	struct seen seen;

	/* The array of spans stays as it is: only what was counted is read. */
	seen.rows = 0;
	seen.count = seen.unknown_count = 0;
	while (!der_at_end(extensions)) {
		struct der before = *extensions;
		struct cert_extension extension = read_extension(extensions);
		const struct extension_row *row;
		const char *fault;

		if (extensions->fault != NULL)
			return;
		row = find_row(table, extension.oid);
		fault = note_seen(&seen, table, row, extension.oid);
		if (fault != NULL) {
			der_fail(&before, fault);
			*extensions = before;
			return;
		}
		if (extension.critical && (row == NULL || !row->critical_is_handled) &&
			ret_unknown_critical->length == 0)
			*ret_unknown_critical = extension.oid;
		if (row != NULL && row->read != NULL) {
			struct der value = der_of(extension.value);

			row->read(&value, extension.critical, owner);
			der_leave(extensions, &value);
		}
	}
}

struct span
envelope_extensions(struct der *der, unsigned number, const struct extension_table *table,
	void *owner, struct span *ret_unknown_critical)
{
	struct der_element element = der_optional(der, DER_CONTEXT_CONSTRUCTED(number));
	struct der inside = der_enter(&element);
	struct der_element sequence;
	struct der extensions;

	if (element.tag == 0)
		return (struct span){};
	sequence = der_expect(&inside, DER_SEQUENCE);
	extensions = der_enter(&sequence);
	extensions_walk(&extensions, table, owner, ret_unknown_critical);
	der_leave(&inside, &extensions);
	der_leave(der, &inside);
	return sequence.content;
}
