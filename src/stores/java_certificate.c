/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/java_certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "stores/ber.h"
#include "stores/der_out.h"

/* ECParameters: the name of a curve; ECUtil.decodePoint: a point that is not compressed. */
static bool
takes_ec_key(const X509_ALGOR *algorithm, const unsigned char *point, int length)
{
	const void *curve = NULL;
	EC_GROUP *group;
	int type = V_ASN1_UNDEF;
	bool takes = false;

	X509_ALGOR_get0(NULL, &type, &curve, algorithm);
	group = type == V_ASN1_OBJECT ? EC_GROUP_new_by_curve_name(OBJ_obj2nid(curve)) : NULL;
	if (group != NULL)
		takes = length == 1 + 2 * ((EC_GROUP_get_degree(group) + 7) / 8) &&
			point[0] == POINT_CONVERSION_UNCOMPRESSED;
	EC_GROUP_free(group);
	return takes;
}

/* Of a key whose algorithm it does not know it keeps the bits (X509Key.buildX509Key). */
static bool
takes_key(struct span spki)
{
	const unsigned char *at = spki.data, *bits = NULL;
	ASN1_OBJECT *name = NULL;
	X509_ALGOR *algorithm = NULL;
	X509_PUBKEY *key;
	bool takes;
	int length = 0;

	ERR_set_mark();
	key = d2i_X509_PUBKEY(NULL, &at, (long)spki.length);
	takes = key != NULL && X509_PUBKEY_get0_param(&name, &bits, &length, &algorithm, key) == 1;
	if (takes && OBJ_obj2nid(name) == NID_X9_62_id_ecPublicKey)
		takes = takes_ec_key(algorithm, bits, length);
	else if (takes && OBJ_obj2nid(name) == NID_rsaEncryption)
		takes = X509_PUBKEY_get0(key) != NULL;
	X509_PUBKEY_free(key);
	ERR_pop_to_mark();
	return takes;
}

enum field { FIELD_ISSUER = 2, FIELD_SUBJECT = 4, FIELD_KEY, FIELD__COUNT };

/* The signed part by the forgiving cursor: its fields from the serial number on, and the content of
 * Extensions. */
struct outline {
	struct ber_element fields[FIELD__COUNT];
	struct ber extensions;
};

static bool
outline_read(struct span der, struct outline *ret)
{
	struct ber outer = ber_of(der), inside;
	struct ber_element certificate, signed_part, element;
	size_t count = 0;

	*ret = (struct outline){};
	if (!ber_take(&outer, DER_SEQUENCE, &certificate))
		return false;
	inside = ber_enter(&certificate);
	if (!ber_take(&inside, DER_SEQUENCE, &signed_part))
		return false;
	inside = ber_enter(&signed_part);
	(void)ber_take(&inside, DER_CONTEXT_CONSTRUCTED(0), &element);
	for (; count < FIELD__COUNT; count++)
		if (!ber_take(&inside, count == 0 ? DER_INTEGER : DER_SEQUENCE,
			    &ret->fields[count]) ||
			ret->fields[count].clipped)
			return false;
	while (ber_next(&inside, &element))
		if (element.tag == DER_CONTEXT_CONSTRUCTED(3)) {
			inside = ber_enter(&element);
			if (!ber_take(&inside, DER_SEQUENCE, &element))
				return false;
			ret->extensions = ber_enter(&element);
			return true;
		}
	return true;
}

/* AVA takes a value of any type and of any characters; all else of a name must be right. */
static bool
takes_name(const struct ber_element *name)
{
	struct ber names = ber_enter(name), parts, inside;
	struct ber_element part, pair, oid, value;

	if (name->tag != DER_SEQUENCE)
		return false;
	while (ber_next(&names, &part)) {
		if (part.tag != DER_SET || part.clipped)
			return false;
		parts = ber_enter(&part);
		while (ber_next(&parts, &pair)) {
			inside = ber_enter(&pair);
			if (pair.tag != DER_SEQUENCE || pair.clipped || !ber_next(&inside, &oid) ||
				!ber_is_oid(&oid) || !ber_next(&inside, &value) || value.clipped ||
				inside.offset != inside.bytes.length)
				return false;
		}
		if (parts.damaged)
			return false;
	}
	return !names.damaged;
}

static bool
is_in(const struct ber_element *element, struct span der, size_t offset)
{
	size_t from = (size_t)(element->whole.data - der.data);

	return offset >= from && offset <= from + element->whole.length;
}

/* BasicConstraintsExtension: what is no BOOLEAN in front says "no CA". */
static bool
is_no_boolean(struct span der, size_t offset, const struct ber_element *oid)
{
	static const char basic_constraints[] = "\x55\x1d\x13";

	return der_oid_is(oid->content, basic_constraints, sizeof(basic_constraints) - 1) &&
	       der.data[offset] != DER_BOOLEAN && der.data[offset - 2] == DER_SEQUENCE;
}

/* Extension: of the tag of its value its number alone counts. */
static bool
is_extension(const struct ber_element *extension, struct ber_element *ret_oid, bool *ret_critical)
{
	enum { NUMBER = 0x1f };
	struct ber inside = ber_enter(extension);
	struct ber_element critical, value;

	*ret_critical = false;
	if (extension->tag != DER_SEQUENCE || !ber_is_whole(extension) ||
		!ber_next(&inside, ret_oid) || !ber_is_oid(ret_oid))
		return false;
	if (ber_take(&inside, DER_BOOLEAN, &critical)) {
		if (critical.content.length != 1)
			return false;
		*ret_critical = critical.content.data[0] != 0;
	}
	return ber_next(&inside, &value) && (value.tag & NUMBER) == DER_OCTET_STRING;
}

/* CertificateExtensions.parseExtension: one that is not critical may be whatever it is. */
static bool
takes_extensions(struct outline *outline, struct span der, size_t offset)
{
	struct ber_element extension, oid;
	bool takes = false, is_critical;

	while (ber_next(&outline->extensions, &extension)) {
		size_t from = (size_t)(extension.whole.data - der.data);

		if (!is_extension(&extension, &oid, &is_critical))
			return false;
		if (offset >= from && offset < from + extension.whole.length)
			takes = !is_critical || is_no_boolean(der, offset, &oid);
	}
	return takes && !outline->extensions.damaged;
}

/* X509CertInfo.parse: what is neither [1], [2] nor [3] behind the key. */
static bool
is_passed_over(uint8_t tag)
{
	enum { CLASS = 0xc0, CONTEXT = 0x80, NUMBER = 0x1f };

	return (tag & CLASS) != CONTEXT || (tag & NUMBER) == 0 || (tag & NUMBER) > 3;
}

/* What our strict reader finds wrong, and Java does not. */
static bool
takes_fault(struct span der, const char *fault, size_t offset)
{
	struct outline outline;

	/* DerValue.getBoolean: any octet but zero is true. */
	if (!outline_read(der, &outline) || offset + 1 >= der.length || offset < 2)
		return false;
	if (fault == der_odd_boolean)
		return der.data[offset + 1] == 1;
	if (is_in(&outline.fields[FIELD_ISSUER], der, offset) ||
		is_in(&outline.fields[FIELD_SUBJECT], der, offset))
		return takes_name(&outline.fields[FIELD_ISSUER]) &&
		       takes_name(&outline.fields[FIELD_SUBJECT]);
	if (offset == (size_t)(outline.fields[FIELD_KEY].whole.data - der.data) +
			      outline.fields[FIELD_KEY].whole.length)
		return is_passed_over(der.data[offset]);
	return takes_extensions(&outline, der, offset);
}

/* DerIndefLenConverter: BER of indefinite length is made definite first. */
static struct span
definite(struct span der, struct buffer *out)
{
	enum { INDEFINITE = 0x80 };
	struct ber cursor = ber_of(der);
	struct ber_element outer;

	if (der.length < 2 || der.data[1] != INDEFINITE || !ber_next(&cursor, &outer) ||
		outer.clipped)
		return der;
	der_put(out, outer.tag, outer.content);
	return buffer_span(out);
}

bool
java_takes_certificate(struct span der)
{
	CLEANUP(buffer_free) struct buffer made = {};
	struct cert cert;
	const char *fault;
	size_t offset;

	der = definite(der, &made);
	if (cert_read(der, &cert, &fault, &offset) < 0)
		return takes_fault(der, fault, offset);
	/* X509CertImpl.parse: RFC 5280 4.1.1.2; X509CertInfo.parse: 4.1.2.9. */
	return (cert.version == 3 || cert.extensions.length == 0) &&
	       span_equal(cert.signature_algorithm, cert.inner_algorithm) && takes_key(cert.spki);
}

bool
java_takes_certificates(const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE &&
			!java_takes_certificate(store->entries[i].der))
			return false;
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].role != ENTRY_IS_PLAIN &&
			!java_takes_certificate(store->defects[i].salvage))
			return false;
	return true;
}
