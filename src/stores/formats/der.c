/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate or CRL in DER, or several in a row. OpenSSL's readers of stores want PEM. */
#include "stores/format.h"

static bool
der_sniff(struct span bytes)
{
	struct der cursor = der_of(bytes);
	struct der_element outer = der_expect(&cursor, DER_SEQUENCE);
	struct der inner = der_enter(&outer);

	return cursor.fault == NULL && der_peek(&inner) == DER_SEQUENCE;
}

/* A CRL's TBS begins with its version, or the signature's algorithm; a certificate's with [0] or
 * the serial. After that a CRL has a time where a certificate has its validity (RFC 5280 4.1, 5.1).
 */
static enum entry_kind
der_kind(struct span der)
{
	struct cert cert;
	struct crl crl;
	const char *fault;
	size_t as_cert, as_crl;

	if (cert_read(der, &cert, &fault, &as_cert) == 0)
		return ENTRY_CERTIFICATE;
	/* A damaged one is what it is longer taken for. */
	return crl_read(der, &crl, &fault, &as_crl) == 0 || as_crl > as_cert ? ENTRY_CRL
									     : ENTRY_CERTIFICATE;
}

static void
der_read(struct store_builder *builder)
{
	struct der cursor = der_of(builder->bytes);

	(void)builder_defect(builder, CAUSE_STORE_WRONG_FORMAT, 0, builder->bytes.length,
		"the file is binary DER; a store is read as PEM");
	while (!der_at_end(&cursor) && cursor.fault == NULL) {
		size_t offset = cursor.offset;
		struct der_element element = der_next(&cursor);
		struct object object = { .der = element.whole };
		struct place place = { offset, element.whole.length, offset };

		if (cursor.fault != NULL)
			break;
		object.kind = der_kind(element.whole);
		(void)builder_object(builder, &object, &place, NULL);
	}
	if (cursor.fault != NULL) {
		struct defect *defect = builder_defect(builder, CAUSE_STORE_TRUNCATED,
			cursor.offset, builder->bytes.length - cursor.offset,
			"the DER ends too early or is damaged: %s", cursor.fault);

		if (defect != NULL)
			defect->salvage = span_of(builder->bytes.data + cursor.offset,
				builder->bytes.length - cursor.offset);
	}
}

/* Readers of DER take the first object and no more. */
static int
der_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	if (content->count != 1)
		return err_set(err, ERR_DATA,
			"a DER file holds one certificate or CRL, and there are %zu",
			content->count);
	buffer_add(out, content->entries[0]->der.data, content->entries[0]->der.length);
	return 0;
}

const struct store_format store_der = {
	.name = "der",
	.title = "certificates or CRLs in DER",
	.sniff = der_sniff,
	.read = der_read,
	.carries_crls = true,
	.write = der_write,
};
