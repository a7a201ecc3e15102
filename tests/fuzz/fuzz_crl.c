/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CRL: each entry can be walked again, and is found unless it was taken off. Read in
 * parts, in blocks of all small sizes, it is the same list, or none as well. */
#include "fuzz.h"
#include "x509/crl_list.h"

enum { LARGEST_BLOCK = 40, MANY = 64 };

static bool
is_same_entry(const struct crl_entry *a, const struct crl_entry *b)
{
	return span_equal(a->serial, b->serial) && a->revoked_at == b->revoked_at &&
	       a->reason == b->reason && a->unknown_critical == b->unknown_critical &&
	       span_equal(a->certificate_issuer, b->certificate_issuer);
}

/* Both find the same of this serial, which is there. */
static void
compare_searches(const struct crl *whole, const struct crl *parts, struct span serial)
{
	CLEANUP(crl_search_end) struct crl_search one = crl_search_begin(whole, serial);
	CLEANUP(crl_search_end) struct crl_search other = crl_search_begin(parts, serial);
	struct crl_entry a, b;
	size_t count = 0;
	int found;

	while ((found = crl_search_next(&one, &a)) > 0) {
		fuzz_require(crl_search_next(&other, &b) == 1 && is_same_entry(&a, &b));
		count++;
	}
	fuzz_require(found == 0 && count > 0 && crl_search_next(&other, &b) == 0);
}

static void
compare(struct span bytes, const struct crl *whole, size_t block)
{
	struct crl_reading reading = { crl_source_bytes(bytes), block, NULL };
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;
	struct crl_fault fault;
	struct crl_entry entry;
	struct der cursor;
	struct crl parts;

	fuzz_require((crl_list_read(&reading, &parts, &list, &fault) == 0) == (whole != NULL));
	fuzz_require((list != NULL) == (whole != NULL) && (fault.text == NULL) == (whole != NULL));
	fuzz_require(fault.offset <= bytes.length && fault.sys == 0);
	if (whole == NULL)
		return;
	fuzz_require(parts.entry_count == whole->entry_count &&
		     parts.this_update == whole->this_update &&
		     parts.next_update == whole->next_update &&
		     parts.entry_critical == whole->entry_critical &&
		     parts.entry_issuers == whole->entry_issuers &&
		     span_equal(parts.issuer, whole->issuer) &&
		     span_equal(parts.number, whole->number) &&
		     span_equal(parts.signature, whole->signature) &&
		     span_equal(parts.unknown_critical, whole->unknown_critical) &&
		     digest_equal(&parts.fingerprint, &whole->fingerprint));
	cursor = der_of(whole->entries);
	for (size_t i = 0; i < MANY && crl_entry_next(&cursor, &entry); i++)
		compare_searches(whole, &parts, entry.serial);
}

static void
compare_blocks(struct span bytes, const struct crl *whole)
{
	for (size_t block = 1; block <= LARGEST_BLOCK; block = block * 2 + 1)
		compare(bytes, whole, block);
}

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
	compare_blocks(bytes, fault == NULL ? &crl : NULL);
	if (fault != NULL)
		return;
	cursor = der_of(crl.entries);
	while (crl_entry_next(&cursor, &entry)) {
		fuzz_require(
			entry.reason == REASON_REMOVED || crl_find(&crl, entry.serial, NULL) == 1);
		count++;
	}
	fuzz_require(cursor.fault == NULL && count == crl.entry_count);
}

FUZZ(use(bytes))
