/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
/*
 * What is kept of a list between two runs: numbers in big endian, digests, and the outline. And
 * what one process tells another, of the same fork, that it has found in a list: the same, and what
 * is known of single entries, as it lies in memory.
 */
#include <openssl/objects.h>
#include <string.h>

#include "base/mem.h"
#include "x509/crl_list_own.h"

enum {
	RECORD_VERSION = 2, /* another one where less is taken for sound than before */
	NUMBERS = 11,
	OUTLINE_AT = NUMBERS * 8 + DIGEST_SIZE + EVP_MAX_MD_SIZE,
	/* Head, tail and one entry, with headers. */
	RECORD_MAX_SIZE = CRL_HEAD_MAX_SIZE + CRL_TAIL_MAX_SIZE + CRL_ENTRY_MAX_SIZE + 4096,
};

static void
add_record(const struct crl *crl, struct buffer *ret)
{
	const struct crl_list *list = crl->list;
	const uint64_t numbers[NUMBERS] = { RECORD_VERSION, list->tbs_begin, list->tbs_end,
		list->entries_begin, list->entries_end, list->size, list->entry_count,
		(uint64_t)list->read_digest.nid, list->read_digest.length, crl->entry_critical,
		list->has_fingerprint };

	for (size_t i = 0; i < NUMBERS; i++)
		for (unsigned shift = 64; shift > 0; shift -= 8) {
			uint8_t octet = (uint8_t)(numbers[i] >> (shift - 8));

			buffer_add(ret, &octet, 1);
		}
	buffer_add(ret, list->fingerprint.bytes, DIGEST_SIZE);
	buffer_add(ret, list->read_digest.bytes, sizeof(list->read_digest.bytes));
	buffer_add(ret, list->outline.data, list->outline.length);
}

int
crl_list_record(const struct crl *crl, struct buffer *ret)
{
	if (crl->list->issuer_count > 0 || crl->der.length > 0)
		return -1;
	add_record(crl, ret);
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

/* What is told: so many bytes of each, one after the other. */
enum { TOLD_RECORD, TOLD_ISSUERS, TOLD_HITS, TOLD_PLACES, TOLD_COPIES, TOLD__COUNT };

void
crl_list_tell(const struct crl *crl, struct buffer *ret)
{
	const struct crl_list *list = crl->list;
	CLEANUP(buffer_free) struct buffer record = {};
	struct span parts[TOLD__COUNT];

	add_record(crl, &record);
	parts[TOLD_RECORD] = buffer_span(&record);
	parts[TOLD_ISSUERS] = span_of(list->issuers, list->issuer_count * sizeof(*list->issuers));
	parts[TOLD_HITS] = span_of(list->hits.list, list->hits.count * sizeof(*list->hits.list));
	parts[TOLD_PLACES] =
		span_of(list->copies.places, list->copies.count * sizeof(*list->copies.places));
	parts[TOLD_COPIES] = buffer_span(&list->copies.bytes);
	for (size_t i = 0; i < TOLD__COUNT; i++)
		buffer_add(ret, &parts[i].length, sizeof(parts[i].length));
	for (size_t i = 0; i < TOLD__COUNT; i++)
		if (parts[i].length > 0)
			buffer_add(ret, parts[i].data, parts[i].length);
}

static bool
split(struct span told, struct span parts[static TOLD__COUNT])
{
	size_t at = TOLD__COUNT * sizeof(size_t), length;

	if (told.length < at)
		return false;
	for (size_t i = 0; i < TOLD__COUNT; i++) {
		memcpy(&length, told.data + i * sizeof(length), sizeof(length));
		if (length > told.length - at)
			return false;
		parts[i] = span_of(told.data + at, length);
		at += length;
	}
	return at == told.length && parts[TOLD_RECORD].length <= RECORD_MAX_SIZE;
}

/* Of numbers of this size a copy that can be changed; NULL where the last one is not whole. */
static void *
numbers_of(struct span part, size_t size, size_t *ret_count)
{
	*ret_count = part.length / size;
	return part.length % size == 0 ? mem_dup(part.data, part.length) : NULL;
}

static bool
is_entry_offset(const struct crl_list *list, uint64_t offset)
{
	return offset >= list->entries_begin && offset < list->entries_end;
}

/* Offsets of entries that are not where entries are, or in no order, nobody of ours has told. */
static bool
are_sound(const struct crl_list *list)
{
	const struct copies *copies = &list->copies;

	for (size_t i = 0; i < list->issuer_count; i++)
		if (!is_entry_offset(list, list->issuers[i]) ||
			(i > 0 && list->issuers[i - 1] >= list->issuers[i]))
			return false;
	for (size_t i = 0; i < list->hits.count; i++)
		if (!is_entry_offset(list, (uint32_t)list->hits.list[i]) ||
			(i > 0 && list->hits.list[i - 1] >= list->hits.list[i]))
			return false;
	for (size_t i = 0; i < copies->count; i++)
		if (!is_entry_offset(list, copies->places[i].offset) ||
			copies->places[i].at >= copies->bytes.length ||
			(i > 0 && (copies->places[i - 1].offset >= copies->places[i].offset ||
					  copies->places[i - 1].at >= copies->places[i].at)))
			return false;
	return true;
}

struct crl_list *
crl_list_take(struct span told, const struct crl_reading *reading, struct crl *ret)
{
	struct span parts[TOLD__COUNT] = {};
	bool is_split = split(told, parts);
	CLEANUP(crl_list_freep)
	struct crl_list *list = crl_list_recall(parts[TOLD_RECORD], reading, ret);

	if (list == NULL || !is_split)
		return NULL;
	list->issuers =
		numbers_of(parts[TOLD_ISSUERS], sizeof(*list->issuers), &list->issuer_count);
	list->hits.list = numbers_of(parts[TOLD_HITS], sizeof(*list->hits.list), &list->hits.count);
	list->copies.places =
		numbers_of(parts[TOLD_PLACES], sizeof(*list->copies.places), &list->copies.count);
	buffer_add(&list->copies.bytes, parts[TOLD_COPIES].data, parts[TOLD_COPIES].length);
	if (list->issuers == NULL || list->hits.list == NULL || list->copies.places == NULL ||
		!are_sound(list))
		return NULL;
	list->issuer_capacity = list->issuer_count;
	list->hits.capacity = list->hits.count;
	list->copies.capacity = list->copies.count;
	list->has_hits = true;
	list_describe(list, ret);
	return TAKE(list);
}
