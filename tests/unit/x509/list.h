/* SPDX-License-Identifier: Apache-2.0 */
/* Lists written octet by octet, with whatever entries a test wants; and two readers that must say
 * the same of them. */
#pragma once

#include "make.h"
#include "x509/x509.h"

/* UTCTime 240229235959Z, a day that only a leap year has. */
#define UTC        \
	"\x17\x0d" \
	"240229235959Z"
#define REASON(code) "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01" code

static inline void
put_text(struct buffer *out, unsigned tag, const char *text, size_t length)
{
	der_put(out, tag, span_of(text, length));
}

static inline void
put_entry(struct buffer *entries, const char *content, size_t length)
{
	put_text(entries, DER_SEQUENCE, content, length);
}
#define ENTRY(entries, content) put_entry(entries, content, sizeof(content) - 1)

/* A list of these entries; extensions: the content of [0], or NULL. Its signature is none. */
static inline void
put_list(struct buffer *out, const struct buffer *entries, struct span extensions)
{
	static const char head[] = "\x02\x01\x01"
				   "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
				   "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
				   "A" UTC "\x18\x0f"
				   "20500101000000Z";
	static const char tail[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
				   "\x03\x03\x00\x01\x02";
	CLEANUP(buffer_free) struct buffer tbs = {}, body = {};

	buffer_add(&tbs, head, sizeof(head) - 1);
	if (entries->length > 0)
		der_put(&tbs, DER_SEQUENCE, buffer_span(entries));
	if (extensions.length > 0)
		der_put(&tbs, DER_CONTEXT_CONSTRUCTED(0), extensions);
	der_put(&body, DER_SEQUENCE, buffer_span(&tbs));
	buffer_add(&body, tail, sizeof(tail) - 1);
	der_put(out, DER_SEQUENCE, buffer_span(&body));
}

static inline struct crl_list *
list_of(struct span bytes, size_t block, const struct crl_wanted *wanted, struct crl *ret,
	struct crl_fault *ret_fault)
{
	struct crl_reading reading = { crl_source_bytes(bytes), block, wanted };
	struct crl_list *list;

	(void)crl_list_read(&reading, ret, &list, ret_fault);
	return list;
}

static inline bool
same_entry(const struct crl_entry *a, const struct crl_entry *b)
{
	return span_equal(a->serial, b->serial) && a->revoked_at == b->revoked_at &&
	       a->reason == b->reason && a->unknown_critical == b->unknown_critical &&
	       span_equal(a->certificate_issuer, b->certificate_issuer);
}

/* Both find the same entries of this serial, and how many; -1 where they do not. */
static inline int
same_search(const struct crl *whole, const struct crl *parts, struct span serial)
{
	struct crl_search a = crl_search_begin(whole, serial), b = crl_search_begin(parts, serial);
	struct crl_entry one, other;
	int count = 0, more_a, more_b;

	for (;;) {
		more_a = crl_search_next(&a, &one);
		more_b = crl_search_next(&b, &other);
		if (more_a != more_b || more_a < 0 || (more_a > 0 && !same_entry(&one, &other)))
			count = -1;
		if (more_a <= 0 || count < 0)
			break;
		count++;
	}
	crl_search_end(&a);
	crl_search_end(&b);
	return count;
}

static inline bool
same_fields(const struct crl *a, const struct crl *b)
{
	return span_equal(a->issuer, b->issuer) && a->version == b->version &&
	       span_equal(a->signature_algorithm, b->signature_algorithm) &&
	       span_equal(a->signature, b->signature) && a->this_update == b->this_update &&
	       a->next_update == b->next_update && a->has_number == b->has_number &&
	       span_equal(a->number, b->number) && a->is_delta == b->is_delta &&
	       a->scope.present == b->scope.present && a->scope.indirect == b->scope.indirect &&
	       span_equal(a->unknown_critical, b->unknown_critical) &&
	       a->entry_count == b->entry_count && a->entry_critical == b->entry_critical &&
	       a->entry_issuers == b->entry_issuers &&
	       digest_equal(&a->fingerprint, &b->fingerprint);
}

/* Every entry of the one is found in the other, the first so many; each time. */
static inline bool
same_entries(const struct crl *whole, const struct crl *parts, size_t limit)
{
	struct der cursor = der_of(whole->entries);
	struct crl_entry entry;

	while (limit-- > 0 && crl_entry_next(&cursor, &entry))
		if (same_search(whole, parts, entry.serial) < 1)
			return false;
	return true;
}

/* The reader of whole lists and that of parts, in blocks of this size, say the same. */
static inline bool
readers_agree(struct span bytes, size_t block, size_t limit)
{
	struct crl whole, parts;
	struct crl_fault fault;
	const char *text;
	size_t offset;
	bool is_whole = crl_read(bytes, &whole, &text, &offset) == 0;
	struct crl_list *list = list_of(bytes, block, NULL, &parts, &fault);
	bool agree = is_whole == (list != NULL) &&
		     (list != NULL ? fault.text == NULL
				   : fault.text != NULL && fault.offset <= bytes.length);

	if (agree && list != NULL)
		agree = same_fields(&whole, &parts) && same_entries(&whole, &parts, limit);
	crl_list_free(list);
	return agree;
}
