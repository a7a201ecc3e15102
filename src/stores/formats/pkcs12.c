/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#12 (RFC 7292 section 4): recognised, so that the cause can be named; never decrypted. */
#include "stores/format.h"

enum { PFX_VERSION = 3 };

static bool
pkcs12_sniff(struct span bytes)
{
	struct der cursor = der_of(bytes);
	struct der_element outer = der_expect(&cursor, DER_SEQUENCE);
	struct der inner = der_enter(&outer);

	if (cursor.fault != NULL || der_peek(&inner) != DER_INTEGER)
		return false;
	return der_unsigned(&inner) == PFX_VERSION && der_peek(&inner) == DER_SEQUENCE;
}

static void
pkcs12_read(struct store_builder *builder)
{
	(void)builder_defect(builder, CAUSE_STORE_WRONG_CONTAINER, 0, builder->bytes.length,
		"the file is a PKCS#12 container; a store is read as PEM");
}

const struct store_format store_pkcs12 = {
	.name = "pkcs12",
	.title = "PKCS#12 container",
	.sniff = pkcs12_sniff,
	.read = pkcs12_read,
};
