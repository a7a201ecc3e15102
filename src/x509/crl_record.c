/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a list between two runs: numbers in big endian, digests, and the outline. */
#include <openssl/objects.h>
#include <string.h>

#include "x509/crl_list_own.h"

enum {
	RECORD_VERSION = 2, /* another one where less is taken for sound than before */
	NUMBERS = 11,
	OUTLINE_AT = NUMBERS * 8 + DIGEST_SIZE + EVP_MAX_MD_SIZE,
};

int
crl_list_record(const struct crl *crl, struct buffer *ret)
{
	const struct crl_list *list = crl->list;
	const uint64_t numbers[NUMBERS] = { RECORD_VERSION, list->tbs_begin, list->tbs_end,
		list->entries_begin, list->entries_end, list->size, list->entry_count,
		(uint64_t)list->read_digest.nid, list->read_digest.length, crl->entry_critical,
		list->has_fingerprint };

	if (list->issuer_count > 0 || crl->der.length > 0)
		return -1;
	for (size_t i = 0; i < NUMBERS; i++)
		for (unsigned shift = 64; shift > 0; shift -= 8) {
			uint8_t octet = (uint8_t)(numbers[i] >> (shift - 8));

			buffer_add(ret, &octet, 1);
		}
	buffer_add(ret, list->fingerprint.bytes, DIGEST_SIZE);
	buffer_add(ret, list->read_digest.bytes, sizeof(list->read_digest.bytes));
	buffer_add(ret, list->outline.data, list->outline.length);
	return 0;
}

static bool
numbers_are_sound(const uint64_t numbers[static NUMBERS])
{
	return numbers[0] == RECORD_VERSION && numbers[1] <= numbers[3] &&
	       numbers[3] <= numbers[4] && numbers[4] <= numbers[2] && numbers[2] <= numbers[5] &&
	       numbers[5] <= CRL_LIST_MAX_SIZE && numbers[6] <= numbers[4] - numbers[3] &&
	       numbers[8] <= EVP_MAX_MD_SIZE && (numbers[8] > 0 || numbers[10] != 0);
}

static bool
has_digests(const uint64_t numbers[static NUMBERS], enum crl_digests asked)
{
	return (asked == CRL_DIGEST_SIGNED || numbers[10] != 0) &&
	       (asked == CRL_DIGEST_FINGERPRINT || numbers[8] > 0 ||
		       numbers[7] == (uint64_t)NID_undef);
}

static void
fill(struct crl_list *list, const uint64_t numbers[static NUMBERS], struct span record)
{
	list->tbs_begin = numbers[1];
	list->tbs_end = numbers[2];
	list->entries_begin = numbers[3];
	list->entries_end = numbers[4];
	list->size = numbers[5];
	list->entry_count = (size_t)numbers[6];
	list->read_digest.nid = (int)numbers[7];
	list->read_digest.length = (unsigned)numbers[8];
	list->has_fingerprint = numbers[10] != 0;
	memcpy(list->fingerprint.bytes, record.data + NUMBERS * 8, DIGEST_SIZE);
	memcpy(list->read_digest.bytes, record.data + NUMBERS * 8 + DIGEST_SIZE,
		sizeof(list->read_digest.bytes));
	buffer_add(&list->outline, record.data + OUTLINE_AT, record.length - OUTLINE_AT);
}

/* All behind the TBS, with which the outline ends. */
static struct span
tail_of(const struct crl_list *list)
{
	size_t length = (size_t)(list->size - list->tbs_end);

	return span_of(list->outline.data + list->outline.length - length, length);
}

struct crl_list *
crl_list_recall(struct span record, const struct crl_reading *reading, struct crl *ret)
{
	CLEANUP(crl_list_freep)
	struct crl_list *list = list_new(reading->source, reading->block, reading->wanted);
	uint64_t numbers[NUMBERS] = {};
	const char *fault;
	size_t offset;

	if (record.length <= OUTLINE_AT)
		return NULL;
	for (size_t i = 0; i < NUMBERS * 8; i++)
		numbers[i / 8] = numbers[i / 8] << 8 | record.data[i];
	if (!numbers_are_sound(numbers) || !has_digests(numbers, reading->digests))
		return NULL;
	fill(list, numbers, record);
	if (crl_read(buffer_span(&list->outline), ret, &fault, &offset) < 0)
		return NULL;
	if (list->size - list->tbs_end > list->outline.length)
		return NULL;
	list_identify(list, tail_of(list));
	list_describe(list, ret);
	ret->entry_critical = numbers[9] != 0;
	return TAKE(list);
}
