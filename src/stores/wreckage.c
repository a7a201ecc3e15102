/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/wreckage.h"

#include <stdlib.h>

#include "stores/pkcs12_salvage.h"

enum {
	SHORTEST_GAP = 64, /* bytes: no object has less */
	SHORTEST_RUN = 86, /* digits: no object has less than 64 bytes */
	PHASES = 4,        /* where in a group of four digits the first byte may begin */
	ENCODED_TWICE = 2, /* base64 of base64: a member of a Secret */
	NOT_A_DIGIT = 0xff,
};

struct range {
	size_t from, to;
};

struct wreckage {
	struct store_builder *builder;
	struct range *covered; /* by entries, in order */
	size_t covered_count;
};

static int
compare_ranges(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	return left->from < right->from ? -1 : left->from > right->from;
}

/* The bytes that an entry came from: its DER where that stands in the file, else its block. */
static bool
range_of(const struct store_builder *builder, const struct entry *entry, struct range *ret)
{
	const uint8_t *start = builder->bytes.data;

	if (entry->der.length == 0)
		return false;
	if (entry->der.data >= start && entry->der.data < start + builder->bytes.length)
		*ret = (struct range){ (size_t)(entry->der.data - start),
			(size_t)(entry->der.data - start) + entry->der.length };
	else
		*ret = (struct range){ entry->offset, entry->offset + entry->length };
	return !entry->is_enclosed;
}

static bool
is_damaged(const struct store_builder *builder, struct range range, size_t first_defect)
{
	for (size_t i = first_defect; i < builder->defect_count; i++) {
		const struct defect *defect = &builder->defects[i];

		if (defect->is_block && defect->offset == range.from)
			return true;
	}
	return false;
}

static void
cover(struct wreckage *wreckage, size_t first_entry, size_t first_defect)
{
	const struct store_builder *builder = wreckage->builder;
	size_t count = builder->entry_count - first_entry;

	wreckage->covered = arena_alloc(builder->arena, (count + 1) * sizeof(struct range));
	for (size_t i = first_entry; i < builder->entry_count; i++) {
		struct range range;

		if (range_of(builder, &builder->entries[i], &range) &&
			!is_damaged(builder, range, first_defect))
			wreckage->covered[wreckage->covered_count++] = range;
	}
	qsort(wreckage->covered, wreckage->covered_count, sizeof(struct range), compare_ranges);
}

static void salvage_text(
	struct store_builder *builder, struct span text, const struct place *place, unsigned depth);

/* phase: so many digits are left of a group whose first ones are lost. The bytes of it that they
 * make whole come out as well. */
static size_t
decode_run(struct span digits, size_t phase, uint8_t *out)
{
	size_t length = 0;
	uint32_t bits = 0;
	int count = -(int)(6 * phase % 8);

	for (size_t i = 0; i < digits.length; i++) {
		bits = bits << 6 | digits.data[i];
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		out[length++] = (uint8_t)(bits >> count);
	}
	return length;
}

static void
salvage_run(struct store_builder *builder, struct span digits, const struct place *place,
	unsigned depth)
{
	CLEANUP(mem_freep) uint8_t *out = NULL;

	if (digits.length < SHORTEST_RUN)
		return;
	out = mem_alloc(digits.length);
	for (size_t phase = 0; phase < PHASES && salvage_may(builder, 0); phase++) {
		struct span bytes = span_of(out, decode_run(digits, phase, out));

		builder_salvage(builder, bytes, place);
		pkcs12_salvage(builder, bytes, place);
		if (depth + 1 < ENCODED_TWICE)
			salvage_text(builder, bytes, place, depth + 1);
	}
}

static uint8_t
digit_of(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : NOT_A_DIGIT;
}

/* How many bytes stand for no digit at all: blanks, NUL bytes, escaped line ends. */
static size_t
blank_at(struct span text, size_t at)
{
	uint8_t byte = text.data[at], next = at + 1 < text.length ? text.data[at + 1] : 0;

	if (byte <= ' ')
		return 1;
	if (byte != '\\')
		return 0;
	return next == 'n' || next == 'r' || next == 't' ? 2 : next == '/';
}

/* Runs of digits, however they are broken into lines; whatever else there is ends one. */
static void
salvage_text(
	struct store_builder *builder, struct span text, const struct place *place, unsigned depth)
{
	CLEANUP(mem_freep) uint8_t *digits = NULL;
	struct place run = *place;
	size_t length = 0;

	if (text.length < SHORTEST_RUN || !salvage_may(builder, text.length))
		return;
	digits = mem_alloc(text.length);
	for (size_t at = 0; at < text.length;) {
		size_t blank = blank_at(text, at);
		uint8_t digit = digit_of(text.data[at]);

		if (blank == 0 && digit == NOT_A_DIGIT) {
			salvage_run(builder, span_of(digits, length), &run, depth);
			length = 0;
		} else if (blank == 0) {
			if (length == 0 && depth == 0)
				run.offset = run.text_offset = place->offset + at;
			digits[length++] = digit;
			if (depth == 0)
				run.length = place->offset + at + 1 - run.offset;
		}
		at += blank > 0 ? blank : 1;
	}
	salvage_run(builder, span_of(digits, length), &run, depth);
}

/* From within the entry before the gap: it may be longer than it should be. */
static void
salvage_gap(struct wreckage *wreckage, size_t from, size_t to)
{
	struct store_builder *builder = wreckage->builder;
	struct span bytes = span_of(builder->bytes.data + from, to - from);
	struct place place = { from, to - from, from, true };

	builder_salvage(builder, bytes, &place);
	salvage_text(builder, bytes, &place, 0);
}

/* Where it was given up, all that is known is that there may be more. */
static void
tell_spent(struct store_builder *builder)
{
	const struct salvage_work *work = &builder->salvage;

	if (work->read > SALVAGE_MAX_READ || work->decrypted > SALVAGE_MAX_DECRYPTED ||
		work->parts > SALVAGE_MAX_PARTS)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"the file is damaged, and so large or so made that it was not searched to "
			"its end for what is whole: more may be in it than is listed");
}

void
builder_salvage_wreckage(struct store_builder *builder, size_t first_entry, size_t first_defect)
{
	struct wreckage wreckage = { .builder = builder };
	const struct place whole = { .length = builder->bytes.length, .is_enclosing = true };
	size_t known = builder->entry_count, known_defects = builder->defect_count, at = 0,
	       from = 0;

	cover(&wreckage, first_entry, first_defect);
	for (size_t i = 0; i < wreckage.covered_count; i++) {
		const struct range *range = &wreckage.covered[i];

		if (range->from >= at + SHORTEST_GAP)
			salvage_gap(&wreckage, from, range->from);
		if (range->to > at) {
			at = range->to;
			from = range->from + 1;
		}
	}
	if (builder->bytes.length >= at + SHORTEST_GAP)
		salvage_gap(&wreckage, from, builder->bytes.length);
	pkcs12_salvage(builder, builder->bytes, &whole);
	/* What was found stands for itself: it is no entry twice, and trusted is nothing of it
	 * where a form has marks for that. */
	builder_drop_known(builder, first_entry, known);
	builder->defect_count = known_defects;
	tell_spent(builder);
}
