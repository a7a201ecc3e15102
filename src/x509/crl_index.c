/* SPDX-License-Identifier: Apache-2.0 */
/* Serials of a list: those that are wanted before it is read, and the index of all. */
#define CONSTRUCTS
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "x509/crl_list_own.h"

enum {
	HASH_BITS = 32,
	DIGIT_BITS = 11, /* sorted by three digits of the hash, the lowest first */
	DIGITS = 1 << DIGIT_BITS,
	ENTRY_GUESS = 512, /* read of an entry at once */
};

static struct serial_key key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

/* Whoever writes a list must not choose which serials fall together. */
static void
key_make(void)
{
	if (RAND_bytes((unsigned char *)key.words, sizeof(key.words)) != 1)
		abort();
	key.words[0] |= 1;
	key.words[1] |= 1;
}

struct serial_key
serial_key(void)
{
	(void)pthread_once(&key_once, key_make);
	return key;
}

void
slots_add(struct slots *slots, uint32_t hash, uint64_t offset)
{
	slots->list = mem_grow(slots->list, slots->count, &slots->capacity, sizeof(uint64_t));
	slots->list[slots->count++] = (uint64_t)hash << HASH_BITS | offset;
}

/* They come in the order of their offsets, and each pass keeps the order that is there. */
void
slots_sort(struct slots *slots)
{
	uint64_t *from = slots->list, *into;
	size_t begins[DIGITS];

	if (slots->count < 2)
		return;
	into = mem_alloc(slots->count * sizeof(*into));
	for (unsigned shift = HASH_BITS; shift < 2 * HASH_BITS; shift += DIGIT_BITS) {
		uint64_t *done = from;
		size_t sum = 0;

		memset(begins, 0, sizeof(begins));
		for (size_t i = 0; i < slots->count; i++)
			begins[from[i] >> shift & (DIGITS - 1)]++;
		for (size_t i = 0; i < DIGITS; i++) {
			size_t count = begins[i];

			begins[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < slots->count; i++)
			into[begins[from[i] >> shift & (DIGITS - 1)]++] = from[i];
		from = into;
		into = done;
	}
	slots->list = from;
	slots->capacity = slots->count;
	mem_free(into);
}

/* The first slot of this hash or of a higher one. */
static size_t
slots_find(const struct slots *slots, uint32_t hash)
{
	size_t low = 0, high = slots->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (slots->list[middle] >> HASH_BITS < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
crl_wanted_free(struct crl_wanted *wanted)
{
	if (wanted == NULL)
		return;
	mem_free(wanted->filter);
	mem_free(wanted->places);
	mem_free(wanted);
}

static uint32_t *
wanted_place(const struct crl_wanted *wanted, uint32_t hash)
{
	size_t at = hash & wanted->mask;

	while (wanted->places[at] != 0 && wanted->places[at] != hash)
		at = (at + 1) & wanted->mask;
	return &wanted->places[at];
}

struct crl_wanted *
crl_wanted_new(const struct span *serials, size_t count)
{
	struct crl_wanted *wanted = mem_zalloc(sizeof(*wanted));
	size_t capacity = WANTED_MIN_PLACES;

	while (capacity < 2 * count)
		capacity *= 2;
	wanted->mask = capacity - 1;
	wanted->key = serial_key();
	wanted->places = mem_zalloc(capacity * sizeof(wanted->places[0]));
	wanted->filter = mem_zalloc(capacity / 8 * sizeof(wanted->filter[0]));
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = serial_hash(wanted->key, serials[i]);

		*wanted_place(wanted, hash) = hash;
		*wanted_word(wanted, hash) |= wanted_bits(hash);
	}
	return wanted;
}

bool
wanted_has_place(const struct crl_wanted *wanted, uint32_t hash)
{
	return *wanted_place(wanted, hash) != 0;
}

void
copies_add(struct copies *copies, uint64_t offset, struct span entry)
{
	if (copies->bytes.length + entry.length > CRL_KEPT_MAX_SIZE)
		return;
	copies->places = mem_grow(
		copies->places, copies->count, &copies->capacity, sizeof(copies->places[0]));
	copies->places[copies->count++] =
		(struct copy_place){ (uint32_t)offset, (uint32_t)copies->bytes.length };
	buffer_add(&copies->bytes, entry.data, entry.length);
}

void
copies_end(struct copies *copies)
{
	buffer_free(&copies->bytes);
	mem_free(copies->places);
}

/* The copy of the entry at offset, or what is empty. */
static struct span
copies_find(const struct copies *copies, uint64_t offset)
{
	size_t low = 0, high = copies->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (copies->places[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == copies->count || copies->places[low].offset != offset)
		return (struct span){};
	end = low + 1 < copies->count ? copies->places[low + 1].at : copies->bytes.length;
	return span_of(copies->bytes.data + copies->places[low].at, end - copies->places[low].at);
}

/* What a walk over all entries looks for: those of one serial, whose offsets it adds; or what
 * belongs in slots, all of them or those that are wanted. */
struct quest {
	const struct span *serial;
	struct buffer *offsets;
	struct slots *slots;
	const struct crl_wanted *wanted;
	struct serial_key key;
};

static void
meet(const struct quest *quest, struct span serial, uint64_t at)
{
	uint32_t offset = (uint32_t)at, hash;

	if (quest->serial != NULL) {
		if (span_equal(serial, *quest->serial))
			buffer_add(quest->offsets, &offset, sizeof(offset));
		return;
	}
	hash = serial_hash(quest->key, serial);
	if (quest->wanted == NULL || wanted_has(quest->wanted, hash))
		slots_add(quest->slots, hash, offset);
}

static int
walk_all(struct crl_list *list, const struct quest *quest)
{
	CLEANUP(crl_window_freep)
	struct crl_window *window = crl_window_new(list->source, list->entries_begin, list->block);
	struct list_walk walk = list_walk_begin(window, list->entries_end);
	const uint8_t *plain[LIST_WALK_MANY];
	size_t count = 0, many;

	do {
		while ((many = list_walk_plain(&walk, plain)) > 0) {
			for (size_t i = 0; i < many; i++)
				meet(quest, plain_serial(plain[i]), plain_offset(&walk, plain[i]));
			count += many;
		}
		if (!list_walk_next(&walk))
			break;
		meet(quest, walk.entry.serial, walk.offset);
		count++;
	} while (true);
	/* It was sound when it was read. */
	return walk.fault == NULL && crl_window_error(window) == 0 && count == list->entry_count
		       ? 0
		       : -1;
}

/* Slots by a walk; of what is wanted, or of all, for which room is made at once. */
static int
slots_make(struct crl_list *list, struct slots *slots, const struct crl_wanted *wanted)
{
	const struct quest quest = { .slots = slots, .wanted = wanted, .key = serial_key() };

	if (wanted == NULL) {
		slots->capacity = list->entry_count + 1;
		slots->list = mem_alloc(slots->capacity * sizeof(slots->list[0]));
	}
	if (walk_all(list, &quest) < 0) {
		mem_free(slots->list);
		*slots = (struct slots){};
		return -1;
	}
	slots_sort(slots);
	return 0;
}

static void
add_range(const struct slots *slots, uint32_t hash, struct buffer *offsets)
{
	for (size_t i = slots_find(slots, hash);
		i < slots->count && slots->list[i] >> HASH_BITS == hash; i++) {
		uint32_t offset = (uint32_t)slots->list[i];

		buffer_add(offsets, &offset, sizeof(offset));
	}
}

/* Whether a walk has answered it: the same CA is asked about for each of its clients. */
static bool
walked_before(const struct crl_list *list, struct span serial, struct buffer *offsets)
{
	for (unsigned i = 0; i < list->walks; i++) {
		const struct walked *walked = &list->walked[i];

		if (!span_equal(buffer_span(&walked->serial), serial))
			continue;
		if (walked->offsets.length > 0)
			buffer_add(offsets, walked->offsets.data, walked->offsets.length);
		return true;
	}
	return false;
}

static int
walk_for(struct crl_list *list, struct span serial, struct buffer *offsets)
{
	struct walked *walked = &list->walked[list->walks];
	const struct quest quest = { .serial = &serial, .offsets = offsets };

	TRY(walk_all(list, &quest));
	buffer_add(&walked->serial, serial.data, serial.length);
	if (offsets->length > 0)
		buffer_add(&walked->offsets, offsets->data, offsets->length);
	list->walks++;
	return 0;
}

/* Offsets of all entries that may bear the serial, ascending. */
static int
find_offsets(struct crl_list *list, struct span serial, struct buffer *offsets)
{
	uint32_t hash = serial_hash(serial_key(), serial);

	if (!list->has_index && list->wanted != NULL && wanted_has(list->wanted, hash)) {
		if (!list->has_hits)
			TRY(slots_make(list, &list->hits, list->wanted));
		list->has_hits = true;
		add_range(&list->hits, hash, offsets);
		return 0;
	}
	if (!list->has_index && walked_before(list, serial, offsets))
		return 0;
	if (!list->has_index && list->walks < CRL_WALKS_BEFORE_INDEX)
		return walk_for(list, serial, offsets);
	if (!list->has_index)
		TRY(slots_make(list, &list->index, NULL));
	list->has_index = true;
	add_range(&list->index, hash, offsets);
	return 0;
}

/* The bytes of the entry at offset, read again. */
static int
read_again(struct crl_list *list, uint64_t offset, struct buffer *bytes)
{
	uint8_t guess[ENTRY_GUESS];
	uint64_t left = list->entries_end - offset;
	size_t wanted = left < sizeof(guess) ? (size_t)left : sizeof(guess), header, length;
	ssize_t got = crl_source_read(list->source, offset, guess, wanted);
	unsigned tag;

	if (got != (ssize_t)wanted ||
		der_header(span_of(guess, wanted), &tag, &header, &length) != NULL ||
		length > left - header || length > CRL_ENTRY_MAX_SIZE)
		return -1;
	buffer_add(bytes, guess, header + length < wanted ? header + length : wanted);
	if (header + length > wanted) {
		CLEANUP(mem_freep) uint8_t *rest = mem_alloc(header + length - wanted);

		got = crl_source_read(
			list->source, offset + wanted, rest, header + length - wanted);
		if (got != (ssize_t)(header + length - wanted))
			return -1;
		buffer_add(bytes, rest, (size_t)got);
	}
	return 0;
}

/* The entry at offset, into bytes. */
static int
read_entry(struct crl_list *list, uint64_t offset, struct buffer *bytes, struct crl_entry *ret)
{
	struct span copy = copies_find(&list->copies, offset);
	struct der cursor;

	buffer_clear(bytes);
	if (copy.length > 0)
		buffer_add(bytes, copy.data, copy.length);
	else
		TRY(read_again(list, offset, bytes));
	cursor = der_of(buffer_span(bytes));
	return crl_entry_next(&cursor, ret) ? 0 : -1;
}

/* RFC 5280 5.3.3: the issuer that the last entry up to this one names. */
static int
find_issuer(struct crl_search *search, uint64_t offset, struct crl_entry *entry)
{
	struct crl_list *list = search->crl->list;
	size_t low = 0, high = list->issuer_count;
	struct crl_entry named;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->issuers[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	TRY(read_entry(list, list->issuers[low - 1], &search->issuer_entry, &named));
	entry->certificate_issuer = named.certificate_issuer;
	return 0;
}

static int
list_next(struct crl_search *search, struct crl_entry *ret)
{
	struct crl_list *list = search->crl->list;

	if (!search->began) {
		search->began = true;
		TRY(find_offsets(list, search->serial, &search->offsets));
	}
	while (search->next < search->offsets.length / sizeof(uint32_t)) {
		uint32_t offset;

		memcpy(&offset, search->offsets.data + search->next++ * sizeof(offset),
			sizeof(offset));
		TRY(read_entry(list, offset, &search->entry, ret));
		if (span_equal(ret->serial, search->serial))
			return find_issuer(search, offset, ret) < 0 ? -1 : 1;
	}
	return 0;
}

struct crl_search
crl_search_begin(const struct crl *crl, struct span serial)
{
	return (struct crl_search){ .crl = crl, .serial = serial, .cursor = der_of(crl->entries) };
}

void
crl_search_end(struct crl_search *search)
{
	buffer_free(&search->offsets);
	buffer_free(&search->entry);
	buffer_free(&search->issuer_entry);
}

int
crl_search_next(struct crl_search *search, struct crl_entry *ret)
{
	int result;

	if (search->crl->list != NULL) {
		(void)pthread_mutex_lock(&search->crl->list->mutex);
		result = list_next(search, ret);
		(void)pthread_mutex_unlock(&search->crl->list->mutex);
		return result;
	}
	while (crl_entry_next(&search->cursor, ret)) {
		if (ret->certificate_issuer.length > 0)
			search->issuer = ret->certificate_issuer;
		if (!span_equal(ret->serial, search->serial))
			continue;
		ret->certificate_issuer = search->issuer;
		return 1;
	}
	return 0;
}
