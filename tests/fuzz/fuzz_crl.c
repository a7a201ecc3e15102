/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CRL: each entry can be walked again, and is found unless it was taken off. */
#include "fuzz.h"
#include "x509/crl.h"

static void
use(struct span bytes)
{
	const char *fault = NULL;
	struct crl_entry entry;
	struct der cursor;
	struct crl crl;
	size_t offset, count = 0;

	fuzz_require((crl_read(bytes, &crl, &fault, &offset) < 0) == (fault != NULL));
	fuzz_require(offset <= bytes.length);
	if (fault != NULL)
		return;
	cursor = der_of(crl.entries);
	while (crl_entry_next(&cursor, &entry)) {
		fuzz_require(entry.reason == 8 || crl_find(&crl, entry.serial, NULL));
		count++;
	}
	fuzz_require(cursor.fault == NULL && count == crl.entry_count);
}

FUZZ(use(bytes))
