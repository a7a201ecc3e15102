/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/parse.h"

#include <assert.h>
#include <string.h>

#include "stores/format.h"
#include "stores/loader.h"
#include "stores/wreckage.h"

static const struct store_format *const formats[] = {
#define FORMAT(name) &store_##name,
#include "stores/formats.def"
#undef FORMAT
};

static const struct store_loader_driver *const drivers[] = {
#define LOADER(enumerator, name) [LOADER_##enumerator] = &loader_##name,
#include "stores/loaders.def"
#undef LOADER
};
static_assert(COUNT_OF(drivers) == LOADER__COUNT);

const struct store_loader_driver *
loader_get(enum store_loader loader)
{
	return drivers[loader];
}

const struct store_format *
format_get(size_t index)
{
	return index < COUNT_OF(formats) ? formats[index] : NULL;
}

const struct store_format *
format_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return &store_unknown;
}

unsigned
format_keystores(struct span bytes)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		const char *mark = formats[i]->keystore_mark;

		if (formats[i]->family == FAMILY_KEYSTORE && formats[i]->sniff(bytes))
			return 1;
		if (mark != NULL && span_find(bytes, mark, 0) != SIZE_MAX)
			return NESTED_MAX_KEYSTORES;
	}
	return 0;
}

const struct store_format *
format_of(struct span bytes)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (formats[i]->sniff(bytes))
			return formats[i];
	return &store_unknown;
}

/* What is closed, or of a kind that nobody reads, is whole all the same. */
static bool
is_damaged(const struct store_builder *builder, size_t first_defect)
{
	for (size_t i = first_defect; i < builder->defect_count; i++) {
		enum cause_code cause = builder->defects[i].cause;

		if (cause != CAUSE_STORE_KEYSTORE_TYPE && cause != CAUSE_STORE_KEYSTORE_PASSWORD &&
			cause != CAUSE_STORE_LEGACY_ENCRYPTION)
			return true;
	}
	return false;
}

const char *
format_read(struct store_builder *builder)
{
	const struct store_format *format = format_of(builder->bytes);
	size_t first = builder->entry_count, first_defect = builder->defect_count;

	format->read(builder);
	if (is_damaged(builder, first_defect))
		builder_salvage_wreckage(builder, first, first_defect);
	builder_review(builder, first);
	return format->name;
}

/* To who looks for hash links, or for files of certain names, it is a directory of files. */
const char *
format_read_directory(struct store_builder *builder)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		const struct store_format *format = formats[i];

		if (format->claims == NULL || !format->claims(builder->directory) ||
			(builder->loader != LOADER_ANY &&
				builder->loader != format_family_loader(format->family)))
			continue;
		format->read(builder);
		builder_review(builder, 0);
		return format->name;
	}
	store_hashdir.read(builder);
	return store_hashdir.name;
}

/* What a reader of files of certificates says to a container of another kind. */
static void
blame_container(struct store_builder *builder, const struct store *store)
{
	const char *container = format_find(store->format)->container;

	if (container != NULL)
		(void)builder_defect(builder, CAUSE_STORE_WRONG_CONTAINER, 0, store->bytes.length,
			"the file is a %s; a store is read as PEM", container);
}

static void
load(struct store_builder *builder, const struct parse_task *task, struct parsed *ret)
{
	const struct store_loader_driver *driver = drivers[task->loader];
	struct store store = {
		.path = task->path,
		.format = ret->format,
		.profile = builder->profile,
		.integrity = builder->integrity,
		.password_source = builder->password_source,
		.password_is_empty = builder->password_is_empty,
		.loader = task->loader,
		.state = STORE_PRESENT,
		.bytes = task->bytes,
		.entries = builder->entries,
		.entry_count = builder->entry_count,
		.defects = builder->defects,
		.defect_count = builder->defect_count,
	};
	struct loader_task asked = { builder->arena, task->directory, builder->openssl, &store,
		arena_alloc(builder->arena, builder->entry_count + 1) };

	driver->load(&asked, &store.loading);
	store.loading.loaded = asked.loaded;
	ret->loading = store.loading;
	if (driver->wants_text)
		blame_container(builder, &store);
	if (driver->blame != NULL)
		driver->blame(builder, &store);
}

void
parse(struct arena *arena, const struct parser *parser, const struct parse_task *task,
	struct parsed *ret)
{
	/* A file reads the same for all loaders. */
	struct store_builder builder = {
		.arena = arena,
		.directory = task->directory,
		.openssl = parser->openssl,
		.crypt = parser->crypt,
		.passwords = parser->passwords,
		.loader = task->directory != NULL ? task->loader : LOADER_ANY,
		.losses_only = task->losses_only,
		.decoding = task->decoding,
	};

	*ret = (struct parsed){};
	builder_turn_to(&builder, task->path, task->bytes);
	ret->format =
		task->directory != NULL ? format_read_directory(&builder) : format_read(&builder);
	ret->own_defects = builder.defect_count;
	if (task->loader != LOADER_ANY)
		load(&builder, task, ret);
	ret->entries = builder.entries;
	ret->entry_count = builder.entry_count;
	ret->defects = builder.defects;
	ret->defect_count = builder.defect_count;
	ret->profile = builder.profile;
	ret->integrity = builder.integrity;
	ret->password_source = builder.password_source;
	ret->password_is_empty = builder.password_is_empty;
	if (task->decoding != NULL)
		ret->decoded = task->decoding->bytes;
}
