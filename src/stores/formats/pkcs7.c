/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#7 (RFC 2315 section 7) in DER: recognised, so that the cause can be named. */
#include "stores/format.h"

/* 1.2.840.113549.1.7.2, signedData. */
static const char signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

static bool
pkcs7_sniff(struct span bytes)
{
	struct der cursor = der_of(bytes);
	struct der_element outer = der_expect(&cursor, DER_SEQUENCE);
	struct der inner = der_enter(&outer);
	struct der_element type = der_expect(&inner, DER_OID);

	return cursor.fault == NULL && inner.fault == NULL &&
	       der_oid_is(type.content, signed_data, sizeof(signed_data) - 1);
}

static void
pkcs7_read(struct store_builder *builder)
{
	(void)builder_defect(builder, CAUSE_STORE_WRONG_CONTAINER, 0, builder->bytes.length,
		"the file is a PKCS#7 container; a store is read as PEM");
}

const struct store_format store_pkcs7 = {
	.name = "pkcs7",
	.title = "PKCS#7 container",
	.sniff = pkcs7_sniff,
	.read = pkcs7_read,
};
