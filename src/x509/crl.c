/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl.h"

#include <string.h>

#include "base/moment.h"
#include "x509/envelope.h"

#define ID_CE "\x55\x1d"

/* Extensions of an entry, RFC 5280 5.3. */

static void
read_reason(struct der *value, bool, void *owner)
{
	((struct crl_entry *)owner)->reason = envelope_reason(value);
}

static void
read_certificate_issuer(struct der *value, bool, void *owner)
{
	struct crl_entry *entry = owner;

	entry->certificate_issuer = der_expect(value, DER_SEQUENCE).content;
}

/* OpenSSL stops at any other critical extension of an entry (x_crl.c, crl_set_issuers). */
static const struct extension_row entry_rows[] = {
	EXTENSION_ROW(ID_CE "\x15", "reasonCode", read_reason, false),
	EXTENSION_ROW(ID_CE "\x17", "holdInstructionCode", NULL, false),
	EXTENSION_ROW(ID_CE "\x18", "invalidityDate", NULL, false),
	EXTENSION_ROW(ID_CE "\x1d", "certificateIssuer", read_certificate_issuer, true),
};
static const struct extension_table entry_table = { entry_rows, COUNT_OF(entry_rows) };

/* What follows the serial. */
static void
read_entry_rest(struct der *inside, struct crl_entry *entry)
{
	struct span unknown_critical = {};

	entry->revoked_at = der_time(inside);
	if (!der_at_end(inside)) {
		struct der_element sequence = der_expect(inside, DER_SEQUENCE);
		struct der extensions = der_enter(&sequence);

		extensions_walk(&extensions, &entry_table, entry, &unknown_critical);
		der_leave(inside, &extensions);
	}
	entry->unknown_critical = unknown_critical.length > 0;
}

bool
crl_entry_next(struct der *cursor, struct crl_entry *ret)
{
	struct der_element sequence;
	struct der inside;

	if (der_at_end(cursor))
		return false;
	sequence = der_expect(cursor, DER_SEQUENCE);
	inside = der_enter(&sequence);
	*ret = (struct crl_entry){ .reason = REASON_NONE };
	ret->serial = der_integer(&inside);
	read_entry_rest(&inside, ret);
	der_leave(cursor, &inside);
	return cursor->fault == NULL;
}

/* Extensions of the list, RFC 5280 5.2. */

static void
read_authority_key_id(struct der *value, bool, void *owner)
{
	struct crl *crl = owner;

	crl->has_authority_key_id = true;
	envelope_authority_key_id(value, &crl->authority_key_id);
}

static void
read_number(struct der *value, bool, void *owner)
{
	struct crl *crl = owner;

	crl->has_number = true;
	crl->number = der_integer(value);
}

static void
read_delta(struct der *value, bool, void *owner)
{
	struct crl *crl = owner;

	crl->is_delta = true;
	crl->base_number = der_integer(value);
}

unsigned
crl_reasons(struct span content)
{
	unsigned reasons = 0;

	for (unsigned bit = 1; bit <= 8 && 1 + bit / 8 < content.length; bit++)
		if ((content.data[1 + bit / 8] & 0x80 >> bit % 8) != 0)
			reasons |= 1U << bit;
	return reasons;
}

static void
read_scope(struct der *value, bool, void *owner)
{
	struct crl_scope *scope = &((struct crl *)owner)->scope;
	struct der_element sequence = der_expect(value, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct der_element reasons;

	scope->present = true;
	scope->distribution_point = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0)).content;
	scope->only_user = envelope_flag(&inside, 1);
	scope->only_ca = envelope_flag(&inside, 2);
	reasons = der_optional(&inside, DER_CONTEXT(3));
	scope->only_some_reasons = reasons.tag != 0;
	if (reasons.tag != 0)
		scope->reasons = crl_reasons(reasons.content);
	scope->indirect = envelope_flag(&inside, 4);
	scope->only_attribute = envelope_flag(&inside, 5);
	der_leave(value, &inside);
}

/* The last column is what OpenSSL takes as critical in a CRL (x_crl.c, crl_cb). */
static const struct extension_row crl_rows[] = {
	EXTENSION_ROW(ID_CE "\x12", "issuerAltName", NULL, false),
	EXTENSION_ROW(ID_CE "\x14", "cRLNumber", read_number, false),
	EXTENSION_ROW(ID_CE "\x1b", "deltaCRLIndicator", read_delta, true),
	EXTENSION_ROW(ID_CE "\x1c", "issuingDistributionPoint", read_scope, true),
	EXTENSION_ROW(ID_CE "\x23", "authorityKeyIdentifier", read_authority_key_id, true),
	EXTENSION_ROW(ID_CE "\x2e", "freshestCRL", NULL, false),
};
static const struct extension_table crl_table = { crl_rows, COUNT_OF(crl_rows) };

static void
read_entries(struct der *tbs, struct crl *crl)
{
	struct der_element sequence = der_optional(tbs, DER_SEQUENCE);
	struct der entries = der_enter(&sequence);
	struct crl_entry entry;

	crl->entries = sequence.content;
	while (crl_entry_next(&entries, &entry)) {
		crl->entry_count++;
		crl->entry_critical = crl->entry_critical || entry.unknown_critical;
		crl->entry_issuers = crl->entry_issuers || entry.certificate_issuer.length > 0;
	}
	if (sequence.tag != 0)
		der_leave(tbs, &entries);
}

static bool
time_follows(const struct der *tbs)
{
	unsigned tag = der_peek(tbs);

	return tag == DER_UTC_TIME || tag == DER_GENERALIZED_TIME;
}

/* RFC 5280 5.1.2, field by field. */
static void
read_tbs(struct der *tbs, struct crl *crl)
{
	crl->version = 1;
	if (der_peek(tbs) == DER_INTEGER) {
		uint64_t version = der_unsigned(tbs);

		if (version > 1)
			der_fail(tbs, "a version above 2");
		crl->version = (int)(version & 1) + 1;
	}
	crl->inner_algorithm = envelope_algorithm(tbs);
	crl->issuer = envelope_name(tbs);
	crl->this_update = der_time(tbs);
	crl->next_update = time_follows(tbs) ? der_time(tbs) : MOMENT_NEVER;
	read_entries(tbs, crl);
	(void)envelope_extensions(tbs, 0, &crl_table, crl, &crl->unknown_critical);
}

static void
read_list(struct der *der, struct crl *crl)
{
	struct envelope envelope = {};
	struct der tbs;

	if (der->bytes.length > CRL_MAX_SIZE)
		der_fail(der, "larger than any CRL");
	envelope_read(der, &envelope);
	crl->tbs = envelope.tbs.whole;
	crl->signature_algorithm = envelope.algorithm;
	crl->signature = envelope.signature;
	tbs = der_enter(&envelope.tbs);
	read_tbs(&tbs, crl);
	der_leave(der, &tbs);
}

int
crl_read(struct span bytes, struct crl *ret, const char **ret_fault, size_t *ret_offset)
{
	struct der der = der_of(bytes);

	*ret = (struct crl){
		.der = bytes, .next_update = MOMENT_NEVER, .scope.reasons = CRL_REASONS_ALL
	};
	read_list(&der, ret);
	*ret_fault = der.fault;
	*ret_offset = der.fault_offset;
	if (der.fault != NULL)
		return -1;
	ret->fingerprint = ret->identity = digest_of(ret->der);
	ret->has_fingerprint = true;
	return 0;
}

int
crl_find(const struct crl *crl, struct span serial, struct crl_entry *ret)
{
	CLEANUP(crl_search_end) struct crl_search search = crl_search_begin(crl, serial);
	struct crl_entry entry;
	int found;

	do
		found = crl_search_next(&search, &entry);
	while (found > 0 && entry.reason == REASON_REMOVED);
	if (found > 0 && ret != NULL) {
		*ret = entry;
		if (crl->list != NULL)
			ret->serial = ret->certificate_issuer = (struct span){};
	}
	return found;
}

static struct span
without_leading_zeros(struct span number)
{
	while (number.length > 0 && number.data[0] == 0)
		number = span_of(number.data + 1, number.length - 1);
	return number;
}

int
crl_number_compare(struct span a, struct span b)
{
	int order;

	a = without_leading_zeros(a);
	b = without_leading_zeros(b);
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	order = a.length > 0 ? memcmp(a.data, b.data, a.length) : 0;
	return (order > 0) - (order < 0);
}
