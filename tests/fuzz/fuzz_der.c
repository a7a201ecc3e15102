/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as DER: elements lie inside what holds them, and each kind of value may be asked for.
 */
#include "fuzz.h"
#include "x509/der.h"

static void
walk(struct span bytes, unsigned depth)
{
	struct der der = der_of(bytes);
	char text[DER_OID_TEXT_SIZE];
	unsigned unused;

	while (depth < DER_MAX_DEPTH && !der_at_end(&der)) {
		struct der booleans = der, integers = der, bits = der, oids = der, times = der;
		struct der_element element = der_next(&der);

		fuzz_require(element.tag == 0 || fuzz_is_inside(element.whole, bytes));
		(void)der_boolean(&booleans);
		(void)der_unsigned(&integers);
		(void)der_bits(&bits, &unused);
		(void)der_time(&times);
		der_oid_text(der_oid(&oids), text);
		walk(element.content, depth + 1);
	}
}

FUZZ(walk(bytes, 0))
