/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/reading.h"

#include <string.h>

void
opened_take(struct opened *opened, const struct reading *reading)
{
	const struct store_builder *builder = &reading->builder;
	struct store *store = &opened->store;
	struct defect *defects = builder->defects;

	if (opened->blamed_count > 0) {
		defects = arena_alloc(builder->arena,
			(builder->defect_count + opened->blamed_count) * sizeof(*defects));
		if (builder->defect_count > 0)
			memcpy(defects, builder->defects, builder->defect_count * sizeof(*defects));
		memcpy(defects + builder->defect_count, opened->blamed,
			opened->blamed_count * sizeof(*defects));
	}
	store->format = reading->format;
	store->entries = builder->entries;
	store->entry_count = builder->entry_count;
	store->defects = defects;
	store->defect_count = builder->defect_count + opened->blamed_count;
	store->profile = builder->profile;
	store->integrity = builder->integrity;
	store->password_source = builder->password_source;
	store->password_is_empty = builder->password_is_empty;
}

static void
reading_settle(struct stores *stores, struct reading *reading)
{
	signature_batch_free(reading->checking);
	reading->checking = NULL;
	builder_review_signatures(&reading->builder, stores->signatures);
	for (struct opened *opened = reading->opened; opened != NULL;
		opened = opened->next_of_reading)
		opened_take(opened, reading);
}

void
stores_settle(struct stores *stores)
{
	while (stores->checking != NULL) {
		struct reading *reading = stores->checking;

		stores->checking = reading->next_checking;
		reading_settle(stores, reading);
	}
}

/* Begins to check the signatures of its roots. */
static void
reading_check(struct stores *stores, struct reading *reading)
{
	reading->checking = builder_check_signatures(&reading->builder, stores->signatures);
	if (reading->checking == NULL)
		return;
	reading->next_checking = stores->checking;
	stores->checking = reading;
}

size_t
stores_bucket_of(const struct content *content)
{
	size_t bucket;

	memcpy(&bucket, content->digest.bytes, sizeof(bucket));
	for (const char *at = content->path; *at != '\0'; at++)
		bucket = bucket * 31 + (unsigned char)*at;
	return bucket % BUCKETS;
}

struct reading *
reading_find(const struct stores *stores, const struct content *content, enum store_loader loader)
{
	struct reading *reading = stores->readings[stores_bucket_of(content)];

	if (content->comes_once)
		return NULL;
	if (content->directory == NULL)
		loader = LOADER_ANY;
	while (reading != NULL &&
		(reading->loader != loader ||
			reading->content.identity.type != content->identity.type ||
			!digest_equal(&reading->content.digest, &content->digest) ||
			strcmp(reading->content.path, content->path) != 0))
		reading = reading->next;
	return reading;
}

struct parse_task
reading_task(const struct content *content, enum store_loader loader)
{
	return (struct parse_task){
		.path = content->path,
		.bytes = content->bytes,
		.directory = content->directory,
		.loader = loader,
	};
}

static void
mark_unread(struct store *store, const char *why)
{
	store->state = STORE_UNREAD;
	store->problem = why;
}

void
opened_take_loading(struct opened *opened, const struct parsed *parsed)
{
	if (parsed->unread != NULL)
		mark_unread(&opened->store, parsed->unread);
	opened->store.loading = parsed->loading;
	opened->blamed_count = parsed->defect_count - parsed->own_defects;
	if (opened->blamed_count > 0)
		opened->blamed = parsed->defects + parsed->own_defects;
}

static void
list_end(void *list)
{
	crl_list_free(list);
}

/* Of lists of more than a few entries: for their index. */
static void
index_lists(struct stores *stores, struct parsed *parsed)
{
	for (size_t i = 0; i < parsed->entry_count; i++) {
		struct crl *crl = &parsed->entries[i].crl;

		if (parsed->entries[i].kind == ENTRY_CRL && crl_list_of(crl) != NULL)
			arena_adopt(stores->arena, crl->list, list_end);
	}
}

void
reading_load_listed(struct stores *stores, const struct content *content, struct opened *opened)
{
	struct parse_task task = reading_task(content, opened->store.loader);
	struct parsed parsed = {};

	task.bytes = content->listed->outline;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	opened_take_loading(opened, &parsed);
	if (parsed.entry_count == 0)
		opened->store.loading.loaded = arena_alloc(stores->arena, 1);
}

struct reading *
reading_of_listed(struct stores *stores, const struct content *content)
{
	struct reading *reading = arena_alloc(stores->arena, sizeof(*reading));

	reading->content = *content;
	reading->loader = LOADER_ANY;
	reading->builder = (struct store_builder){ .arena = stores->arena };
	builder_turn_to(&reading->builder, content->path, content->bytes);
	reading->format = listed_fill(content->listed, &reading->builder);
	reading->next = stores->readings[stores_bucket_of(content)];
	stores->readings[stores_bucket_of(content)] = reading;
	return reading;
}

struct reading *
reading_of(struct stores *stores, const struct content *content, struct opened *opened,
	struct parsed *parsed)
{
	struct reading **bucket = &stores->readings[stores_bucket_of(content)];
	struct reading *reading = arena_alloc(stores->arena, sizeof(*reading));

	opened_take_loading(opened, parsed);
	index_lists(stores, parsed);
	reading->content = *content;
	reading->loader = content->directory == NULL ? LOADER_ANY : opened->store.loader;
	reading->format = parsed->format;
	reading->unread = parsed->unread;
	reading->builder = (struct store_builder){
		.arena = stores->arena,
		.entries = parsed->entries,
		.entry_count = parsed->entry_count,
		.entry_capacity = parsed->entry_count,
		.defects = parsed->defects,
		.defect_count = parsed->own_defects,
		.defect_capacity = parsed->own_defects,
		.profile = parsed->profile,
		.integrity = parsed->integrity,
		.password_source = parsed->password_source,
		.password_is_empty = parsed->password_is_empty,
	};
	builder_turn_to(&reading->builder, content->path, content->bytes);
	if (!stores->skips_signatures)
		reading_check(stores, reading);
	reading->next = *bucket;
	*bucket = reading;
	return reading;
}

struct reading *
reading_new(struct stores *stores, const struct content *content, struct opened *opened)
{
	struct parse_task task = reading_task(content, opened->store.loader);
	struct parsed parsed = {};

	task.losses_only = stores->losses_only;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	return reading_of(stores, content, opened, &parsed);
}
