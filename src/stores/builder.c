/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/format.h"

#include <stdio.h>
#include <string.h>

/* Lines are counted once per step, so that any offset costs at most one step of looking. */
enum { LINE_STEP = 64 << 10 };

struct line_index {
	uint8_t end;
	unsigned *before; /* lines that end before each step */
	size_t known_offset;
	unsigned known_line; /* of the offset asked for last */
};

static unsigned
count_ends(struct span bytes, uint8_t end, size_t from, size_t to)
{
	unsigned count = 0;

	while (from < to) {
		const uint8_t *hit = memchr(bytes.data + from, end, to - from);

		if (hit == NULL)
			break;
		count++;
		from = (size_t)(hit - bytes.data) + 1;
	}
	return count;
}

static struct line_index *
index_lines(struct arena *arena, struct span bytes)
{
	struct line_index *index = arena_alloc(arena, sizeof(*index));
	size_t steps = bytes.length / LINE_STEP + 1;
	unsigned lines = 0;

	index->end = bytes.length > 0 && memchr(bytes.data, '\n', bytes.length) == NULL ? '\r' : '\n';
	index->before = arena_alloc(arena, steps * sizeof(*index->before));
	for (size_t step = 0; step < steps; step++) {
		size_t from = step * LINE_STEP, to = from + LINE_STEP;

		index->before[step] = lines;
		lines += count_ends(bytes, index->end, from, to < bytes.length ? to : bytes.length);
	}
	index->known_line = 1;
	return index;
}

unsigned
builder_line(const struct store_builder *builder, size_t offset)
{
	struct line_index *index = builder->lines;
	size_t from;

	if (builder->bytes.length == 0)
		return 1;
	if (offset > builder->bytes.length)
		offset = builder->bytes.length;
	from = offset / LINE_STEP * LINE_STEP;
	if (offset < index->known_offset || from > index->known_offset) {
		index->known_offset = from;
		index->known_line = index->before[offset / LINE_STEP] + 1;
	}
	index->known_line += count_ends(builder->bytes, index->end, index->known_offset, offset);
	index->known_offset = offset;
	return index->known_line;
}

void
builder_turn_to(struct store_builder *builder, const char *path, struct span bytes)
{
	builder->path = path;
	builder->bytes = bytes;
	builder->lines = index_lines(builder->arena, bytes);
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
