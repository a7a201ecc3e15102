/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/crl_list.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "x509/crl_list_own.h"
#include "x509/envelope.h"
#include "x509/signature_check.h"

static const char fault_short[] = "the data ends in the middle of an element";
static const char fault_past[] = "an element runs past the end of what holds it";
static const char fault_type[] = "an element is of another type than belongs here";

/* One reading. Until the entries begin, nothing is passed: at is ahead of the window. */
struct reader {
	struct crl_list *list;
	struct crl_window *window;
	size_t at;
	uint64_t end;             /* of what the next element stands in */
	struct buffer head, tail; /* all before the entries, and behind them */
	size_t head_content;      /* where in the head the fields begin */
	struct span critical;     /* copy of an entry with an unknown critical extension */
	enum crl_digests digests;
	const char *fault;
	uint64_t fault_offset;
};

static void
list_end(struct crl_list *list)
{
	crl_source_free(list->source);
	buffer_free(&list->outline);
	mem_free(list->issuers);
	mem_free(list->hits.list);
	copies_end(&list->copies);
	mem_free(list->index.list);
	for (unsigned i = 0; i < CRL_WALKS_BEFORE_INDEX; i++) {
		buffer_free(&list->walked[i].serial);
		buffer_free(&list->walked[i].offsets);
	}
	(void)pthread_mutex_destroy(&list->mutex);
	mem_free(list);
}

void
crl_list_free(struct crl_list *list)
{
	if (list != NULL)
		list_end(list);
}

struct crl_list *
list_new(struct crl_source *source, size_t block, const struct crl_wanted *wanted)
{
	struct crl_list *list = mem_zalloc(sizeof(*list));

	list->source = source;
	list->block = block != 0 ? block : CRL_BLOCK;
	list->wanted = wanted;
	(void)pthread_mutex_init(&list->mutex, NULL);
	return list;
}

static bool
fail(struct reader *reader, const char *fault, uint64_t offset)
{
	if (reader->fault == NULL) {
		reader->fault = fault;
		reader->fault_offset = offset;
	}
	return false;
}

/* Header of the element that is next; what is behind its end is none of it. */
static bool
peek(struct reader *reader, unsigned *ret_tag, size_t *ret_header, size_t *ret_length)
{
	struct span bytes = crl_window_want(reader->window, reader->at + DER_MAX_HEADER);
	size_t left;
	const char *fault;

	if (reader->at >= reader->end)
		return fail(reader, "an element is missing", reader->at);
	if (reader->at >= bytes.length)
		return fail(reader, fault_short, reader->at);
	left = bytes.length - reader->at;
	if (left > reader->end - reader->at)
		left = (size_t)(reader->end - reader->at);
	fault = der_header(span_of(bytes.data + reader->at, left), ret_tag, ret_header, ret_length);
	if (fault != NULL)
		return fail(reader, fault, reader->at);
	if (*ret_length > reader->end - reader->at - *ret_header)
		return fail(reader, fault_past, reader->at);
	return true;
}

/* Enters a sequence: the next element is its first. */
static bool
enter(struct reader *reader, uint64_t *ret_end)
{
	unsigned tag;
	size_t header, length;

	if (!peek(reader, &tag, &header, &length))
		return false;
	if (tag != DER_SEQUENCE)
		return fail(reader, fault_type, reader->at);
	reader->at += header;
	*ret_end = reader->at + length;
	return true;
}

/* Steps over one of these tags; whether it was there. Nothing is there behind the end. */
static bool
step(struct reader *reader, unsigned tag, unsigned other)
{
	unsigned found;
	size_t header, length;

	if (reader->at >= reader->end || !peek(reader, &found, &header, &length) ||
		(found != tag && found != other))
		return false;
	if (reader->at + header + length > CRL_HEAD_MAX_SIZE)
		return fail(reader, "more before the entries than any list has", reader->at);
	if (crl_window_want(reader->window, reader->at + header + length).length <
		reader->at + header + length)
		return fail(reader, fault_short, reader->at);
	reader->at += header + length;
	return true;
}

static bool
need(struct reader *reader, unsigned tag, unsigned other)
{
	if (step(reader, tag, other))
		return true;
	return fail(reader, reader->at < reader->end ? fault_type : "an element is missing",
		reader->at);
}

/* A list of these fields: tail is the rest of the TBS, its first part, and what follows the TBS. */
static void
outline(const struct reader *reader, struct span tail, size_t tbs_tail, struct buffer *ret)
{
	CLEANUP(buffer_free) struct buffer tbs = {}, body = {};

	buffer_add(&tbs, reader->head.data + reader->head_content,
		reader->head.length - reader->head_content);
	if (reader->critical.length > 0)
		der_put(&tbs, DER_SEQUENCE, reader->critical);
	buffer_add(&tbs, tail.data, tbs_tail);
	der_put(&body, DER_SEQUENCE, buffer_span(&tbs));
	buffer_add(&body, tail.data + tbs_tail, tail.length - tbs_tail);
	der_put(ret, DER_SEQUENCE, buffer_span(&body));
}

/* Where in the list a place of the outline is. */
static uint64_t
place_of(const struct reader *reader, const struct buffer *drawn, size_t tail, size_t offset)
{
	size_t fields = reader->head.length - reader->head_content;
	size_t entries = 0, first;

	if (reader->critical.length > 0) {
		CLEANUP(buffer_free) struct buffer sequence = {};

		der_put(&sequence, DER_SEQUENCE, reader->critical);
		entries = sequence.length;
	}
	first = drawn->length - tail - entries - fields;
	if (offset < first)
		return offset;
	if (offset < first + fields)
		return reader->head_content + (offset - first);
	if (offset < first + fields + entries)
		return reader->list->entries_begin;
	return reader->list->entries_end + (offset - first - fields - entries);
}

/* The fields before the entries, by the rules of any list: a signature is made up behind them. */
static bool
check_head(struct reader *reader)
{
	CLEANUP(buffer_free) struct buffer drawn = {}, tail = {};
	struct der tbs = der_of(span_of(reader->head.data + reader->head_content,
		reader->head.length - reader->head_content));
	static const uint8_t no_bits[] = { DER_BIT_STRING, 1, 0 };
	struct span algorithm;
	const char *fault;
	struct crl crl;
	size_t offset;

	(void)der_optional(&tbs, DER_INTEGER);
	algorithm = envelope_algorithm(&tbs);
	if (tbs.fault != NULL)
		return fail(reader, tbs.fault, reader->head_content + tbs.fault_offset);
	buffer_add(&tail, algorithm.data, algorithm.length);
	buffer_add(&tail, no_bits, sizeof(no_bits));
	outline(reader, buffer_span(&tail), 0, &drawn);
	if (crl_read(buffer_span(&drawn), &crl, &fault, &offset) < 0)
		return fail(reader, fault, place_of(reader, &drawn, tail.length, offset));
	reader->list->read_digest.nid = signature_digest_nid(algorithm);
	return true;
}

/* Everything before the first entry (RFC 5280 5.1.2). */
static bool
read_head(struct reader *reader)
{
	struct crl_list *list = reader->list;
	struct span bytes;
	unsigned tag;
	size_t header, length;

	reader->end = CRL_LIST_MAX_SIZE;
	if (!enter(reader, &list->size))
		return false;
	list->tbs_begin = reader->at;
	reader->end = list->size;
	if (!enter(reader, &list->tbs_end))
		return false;
	reader->end = list->tbs_end;
	reader->head_content = reader->at;
	(void)step(reader, DER_INTEGER, DER_INTEGER);
	if (!need(reader, DER_SEQUENCE, DER_SEQUENCE) ||
		!need(reader, DER_SEQUENCE, DER_SEQUENCE) ||
		!need(reader, DER_UTC_TIME, DER_GENERALIZED_TIME))
		return false;
	(void)step(reader, DER_UTC_TIME, DER_GENERALIZED_TIME);
	if (reader->fault != NULL)
		return false;
	bytes = crl_window_want(reader->window, reader->at);
	buffer_add(&reader->head, bytes.data, reader->at);
	list->entries_begin = list->entries_end = reader->at;
	if (reader->at < reader->end) {
		if (!peek(reader, &tag, &header, &length))
			return false;
		if (tag == DER_SEQUENCE) {
			reader->at += header;
			list->entries_begin = reader->at;
			list->entries_end = reader->at + length;
		}
	}
	crl_window_pass(reader->window, reader->at);
	return check_head(reader);
}

void
list_note_issuer(struct crl_list *list, uint64_t offset)
{
	list->issuers = mem_grow(list->issuers, list->issuer_count, &list->issuer_capacity,
		sizeof(list->issuers[0]));
	list->issuers[list->issuer_count++] = (uint32_t)offset;
}

static void
note_hit(struct crl_list *list, uint32_t hash, struct span entry, uint64_t offset)
{
	if (!wanted_has_place(list->wanted, hash))
		return;
	slots_add(&list->hits, hash, offset);
	copies_add(&list->copies, offset, entry);
}

static void
note_plain(struct reader *reader, const struct list_walk *walk, const uint8_t *const *entries,
	size_t count)
{
	struct crl_list *list = reader->list;
	struct crl_wanted wanted;

	list->entry_count += count;
	if (list->wanted == NULL)
		return;
	wanted = *list->wanted;
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = serial_hash(wanted.key, plain_serial(entries[i]));

		if (wanted_may_have(&wanted, hash))
			note_hit(list, hash, plain_whole(entries[i]),
				plain_offset(walk, entries[i]));
	}
}

static void
note_entry(struct reader *reader, const struct list_walk *walk)
{
	struct crl_list *list = reader->list;

	list->entry_count++;
	if (list->wanted != NULL)
		note_hit(list, serial_hash(list->wanted->key, walk->entry.serial), walk->whole,
			walk->offset);
	if (walk->entry.certificate_issuer.length > 0)
		list_note_issuer(list, walk->offset);
	if (walk->entry.unknown_critical && reader->critical.length == 0)
		reader->critical =
			span_of(mem_dup(walk->whole.data, walk->whole.length), walk->whole.length);
}

static bool
read_entries(struct reader *reader)
{
	struct list_walk walk = list_walk_begin(reader->window, reader->list->entries_end);
	const uint8_t *plain[LIST_WALK_MANY];
	size_t count;

	do
		while ((count = list_walk_plain(&walk, plain)) > 0)
			note_plain(reader, &walk, plain, count);
	while (list_walk_next(&walk) && (note_entry(reader, &walk), true));
	list_walk_end(&walk);
	return walk.fault == NULL ? true : fail(reader, walk.fault, walk.offset);
}

/* Extensions, algorithm, signature: as long as the outermost element says, and nothing more. */
static bool
read_tail(struct reader *reader)
{
	struct crl_list *list = reader->list;
	uint64_t wanted = list->size - list->entries_end;
	struct span bytes;

	if (wanted > CRL_TAIL_MAX_SIZE)
		return fail(reader, "more behind the entries than any list has", list->entries_end);
	bytes = crl_window_want(reader->window, (size_t)wanted + 1);
	if (bytes.length < wanted)
		return fail(reader, fault_short, list->entries_end);
	buffer_add(&reader->tail, bytes.data, (size_t)wanted);
	crl_window_pass(reader->window, (size_t)wanted);
	if (bytes.length > wanted)
		return fail(reader, "something follows the outermost element", list->size);
	return true;
}

void
list_describe(struct crl_list *list, struct crl *ret)
{
	ret->der = ret->tbs = ret->entries = (struct span){};
	ret->entry_count = list->entry_count;
	ret->entry_issuers = list->issuer_count > 0;
	ret->has_fingerprint = list->has_fingerprint;
	ret->fingerprint = list->fingerprint;
	ret->identity = list->identity;
	ret->list = list;
}

static bool
read_fields(struct reader *reader, struct crl *ret)
{
	struct crl_list *list = reader->list;
	const char *fault;
	size_t offset;

	outline(reader, buffer_span(&reader->tail), (size_t)(list->tbs_end - list->entries_end),
		&list->outline);
	if (crl_read(buffer_span(&list->outline), ret, &fault, &offset) < 0)
		return fail(reader, fault,
			place_of(reader, &list->outline, reader->tail.length, offset));
	list_digests_take(list, reader->window, buffer_span(&reader->tail));
	list_describe(list, ret);
	ret->entry_critical = reader->critical.length > 0;
	slots_sort(&list->hits);
	list->has_hits = true;
	return true;
}

static bool
read_all(struct reader *reader, struct crl *ret)
{
	if (!read_head(reader))
		return false;
	list_digests_begin(reader->list, reader->window, reader->digests);
	return read_entries(reader) && read_tail(reader) && read_fields(reader, ret);
}

static const char *
source_fault(int sys)
{
	if (sys == EAGAIN)
		return "the file was changed while it was read";
	return sys == EBADMSG ? "it is not PEM in plain lines" : "the file cannot be read";
}

int
crl_list_read(const struct crl_reading *reading, struct crl *ret, struct crl_list **ret_list,
	struct crl_fault *ret_fault)
{
	struct crl_list *list = list_new(reading->source, reading->block, reading->wanted);
	struct reader reader = { .list = list, .digests = reading->digests };
	bool good;

	reader.window = crl_window_new(list->source, 0, list->block);
	good = read_all(&reader, ret);
	*ret_fault = (struct crl_fault){ reader.fault, reader.fault_offset, 0 };
	/* Bytes that did not come are not bytes that are wrong. */
	if (crl_window_error(reader.window) != 0)
		*ret_fault = (struct crl_fault){ source_fault(crl_window_error(reader.window)),
			crl_window_error(reader.window) == EBADMSG ? crl_source_fault(list->source)
								   : reader.fault_offset,
			crl_window_error(reader.window) };
	good = good && ret_fault->text == NULL;
	crl_window_free(reader.window);
	buffer_free(&reader.head);
	buffer_free(&reader.tail);
	mem_free((void *)(uintptr_t)reader.critical.data);
	*ret_list = good ? list : NULL;
	if (good)
		return 0;
	list_end(list);
	return -1;
}

struct span
crl_list_outline(const struct crl_list *list)
{
	return buffer_span(&list->outline);
}

uint64_t
crl_list_size(const struct crl_list *list)
{
	return list->size;
}

struct crl_list *
crl_list_of(struct crl *crl)
{
	struct crl_source *source;
	struct der cursor = der_of(crl->entries);
	struct crl_entry entry;

	if (crl->entry_count < CRL_INDEX_MIN_ENTRIES)
		return NULL;
	source = crl_source_bytes(crl->entries);
	crl->list = list_new(source, 0, NULL);
	crl->list->entries_end = crl->entries.length;
	crl->list->entry_count = crl->entry_count;
	for (size_t offset = 0; crl->entry_issuers && crl_entry_next(&cursor, &entry);
		offset = cursor.offset)
		if (entry.certificate_issuer.length > 0)
			list_note_issuer(crl->list, offset);
	return crl->list;
}

static struct span
find_critical(const struct crl *crl)
{
	struct der cursor = der_of(crl->entries);
	struct crl_entry entry;

	for (size_t offset = 0; crl->entry_critical && crl_entry_next(&cursor, &entry);
		offset = cursor.offset)
		if (entry.unknown_critical)
			return span_of(crl->entries.data + offset, cursor.offset - offset);
	return (struct span){};
}

/* Every element but the entries, as it stands. */
static void
copy_fields(const struct crl *crl, struct buffer *ret)
{
	struct der outer = der_of(crl->tbs);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der tbs = der_enter(&sequence);

	while (!der_at_end(&tbs)) {
		struct der_element element = der_next(&tbs);

		if (crl->entry_count == 0 || element.content.data != crl->entries.data)
			buffer_add(ret, element.whole.data, element.whole.length);
		else if (crl->entry_critical)
			der_put(ret, DER_SEQUENCE, find_critical(crl));
	}
}

void
crl_outline(const struct crl *crl, struct buffer *ret)
{
	CLEANUP(buffer_free) struct buffer tbs = {}, body = {};
	const uint8_t *end;

	if (crl->der.length == 0) {
		buffer_add(ret, crl->list->outline.data, crl->list->outline.length);
		return;
	}
	end = crl->tbs.data + crl->tbs.length;
	copy_fields(crl, &tbs);
	der_put(&body, DER_SEQUENCE, buffer_span(&tbs));
	buffer_add(&body, end, (size_t)(crl->der.data + crl->der.length - end));
	der_put(ret, DER_SEQUENCE, buffer_span(&body));
}
