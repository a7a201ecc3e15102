/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/format.h"

#include <stdio.h>
#include <string.h>

enum { LINE_STEP = 64 << 10 /* lines before each step are kept, once they were counted */ };

struct line_index {
	uint8_t end;
	unsigned *before; /* lines that end before each step, as far as was counted */
	size_t steps;
	size_t offset; /* of the last question, and lines that end before it */
	unsigned lines;
};

static struct line_index *
index_new(struct arena *arena, struct span bytes)
{
	struct line_index *index = arena_alloc(arena, sizeof(*index));

	index->end =
		bytes.length > 0 && memchr(bytes.data, '\n', bytes.length) == NULL ? '\r' : '\n';
	index->before = arena_alloc(arena, (bytes.length / LINE_STEP + 1) * sizeof(*index->before));
	index->steps = 1;
	return index;
}

/* Counts on to an offset, and keeps what was counted before each step on the way. */
static void
index_advance(struct line_index *index, struct span bytes, size_t offset)
{
	while (index->offset < offset) {
		size_t step = index->offset / LINE_STEP + 1, to = step * LINE_STEP;

		if (to > offset)
			to = offset;
		index->lines += (unsigned)span_count(
			span_of(bytes.data + index->offset, to - index->offset), index->end);
		index->offset = to;
		if (to == step * LINE_STEP && step == index->steps)
			index->before[index->steps++] = index->lines;
	}
}

unsigned
builder_line(const struct store_builder *builder, size_t offset)
{
	struct line_index *index = builder->lines;
	size_t step;

	if (offset > builder->bytes.length)
		offset = builder->bytes.length;
	step = offset / LINE_STEP;
	if (offset < index->offset) {
		index->offset = step * LINE_STEP;
		index->lines = index->before[step];
	}
	index_advance(index, builder->bytes, offset);
	return index->lines + 1;
}

void
builder_reserve(struct store_builder *builder, size_t entries)
{
	if (builder->entry_count > 0 || builder->entry_capacity >= entries)
		return;
	builder->entry_capacity = entries < STORE_MAX_ENTRIES ? entries : STORE_MAX_ENTRIES;
	builder->entries =
		arena_alloc(builder->arena, builder->entry_capacity * sizeof(*builder->entries));
}

void
builder_turn_to(struct store_builder *builder, const char *path, struct span bytes)
{
	builder->path = path;
	builder->bytes = bytes;
	builder->lines = index_new(builder->arena, bytes);
}

struct entry *
builder_entry(struct store_builder *builder)
{
	if (builder->entry_count >= STORE_MAX_ENTRIES)
		return NULL;
	builder->entries = arena_grow(builder->arena, builder->entries, builder->entry_count,
		&builder->entry_capacity, sizeof(*builder->entries));
	memset(&builder->entries[builder->entry_count], 0, sizeof(*builder->entries));
	builder->entries[builder->entry_count].path = builder->path;
	builder->entries[builder->entry_count].created = MOMENT_NEVER;
	return &builder->entries[builder->entry_count++];
}

static struct defect *
defect_add(struct store_builder *builder, enum cause_code cause, size_t offset, size_t length)
{
	struct defect *defect;

	builder->defects = arena_grow(builder->arena, builder->defects, builder->defect_count,
		&builder->defect_capacity, sizeof(*builder->defects));
	defect = &builder->defects[builder->defect_count++];
	*defect = (struct defect){
		.cause = cause,
		.path = builder->path,
		.offset = offset,
		.length = length,
		.line = builder_line(builder, offset),
	};
	return defect;
}

struct defect *
builder_defect(struct store_builder *builder, enum cause_code cause, size_t offset, size_t length,
	const char *format, ...)
{
	struct defect *defect;
	char text[512];
	va_list arguments;

	if (builder->defect_count > STORE_MAX_DEFECTS)
		return NULL;
	defect = defect_add(builder, cause, offset, length);
	if (builder->defect_count > STORE_MAX_DEFECTS) {
		defect->text = "there are more defects than are listed";
		return NULL;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	defect->text = text_sanitize(builder->arena, text, strlen(text));
	return defect;
}
