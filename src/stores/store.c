/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/store.h"

#include <errno.h>
#include <string.h>

#include "base/quiet.h"
#include "base/sandbox.h"
#include "stores/boxed.h"
#include "stores/content.h"
#include "stores/format.h"
#include "stores/loader.h"

enum { BUCKETS = 1024 };

/* One version of one path, read once for all loaders. */
struct reading {
	struct content content;
	enum store_loader loader; /* of a directory; a file reads the same for all */
	const char *format;
	struct store_builder builder;     /* what was read, and what is added to it later */
	const char *unread;               /* why nothing could be read; or NULL */
	struct signature_batch *checking; /* of roots; NULL where that is done */
	struct opened *opened;            /* all that took from it */
	struct reading *next, *next_checking;
};

struct opened {
	struct store store;
	const struct defect *blamed; /* defects for its loader alone */
	size_t blamed_count;
	struct opened *next, *next_of_reading;
};

struct stores {
	struct arena *arena;
	struct signature_cache *signatures;
	struct boxed *boxed;
	bool borrows_box;
	bool skips_signatures, losses_only;
	struct reading *checking; /* those whose signatures are being checked */
	struct contents contents;
	struct reading *readings[BUCKETS];
	struct opened *opened[BUCKETS];
};

static struct stores *
stores_make(struct boxed *boxed)
{
	struct stores *stores = mem_zalloc(sizeof(*stores));

	stores->boxed = boxed;
	stores->arena = arena_new();
	stores->signatures = signature_cache_new();
	stores->contents.list_size = STORE_MAX_SIZE + 1;
	stores->contents.lists.boxed = boxed;
	stores->contents.arena = stores->contents.lists.arena = stores->arena;
	return stores;
}

struct stores *
stores_new(void)
{
	return stores_make(boxed_new(true));
}

struct stores *
stores_new_unboxed(void)
{
	return stores_make(boxed_new(false));
}

struct stores *
stores_new_in_thread(void)
{
	return SANDBOX_IS_SANITIZED ? stores_new_unboxed() : stores_new();
}

struct stores *
stores_new_beside(struct stores *other)
{
	struct stores *stores = stores_make(other->boxed);

	stores->borrows_box = true;
	return stores;
}

/* What was read, and behind its defects those that are one for this loader alone. */
static void
store_take(struct opened *opened, const struct reading *reading)
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
		store_take(opened, reading);
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

void
stores_free(struct stores *stores)
{
	if (stores == NULL)
		return;
	if (!stores->borrows_box)
		boxed_stop(stores->boxed);
	stores_settle(stores);
	signature_cache_free(stores->signatures);
	arena_free(stores->arena);
	if (!stores->borrows_box)
		boxed_free(stores->boxed);
	mem_free(stores);
}

void
stores_skip_signatures(struct stores *stores)
{
	stores->skips_signatures = true;
}

void
stores_skip_reviews(struct stores *stores)
{
	stores->skips_signatures = stores->losses_only = true;
}

void
stores_forget(struct stores *stores)
{
	stores_settle(stores);
	arena_free(stores->arena);
	stores->arena = arena_new();
	stores->contents.arena = stores->contents.lists.arena = stores->arena;
	stores->contents.listings = NULL;
	stores->contents.lists.first = NULL;
	memset(stores->readings, 0, sizeof(stores->readings));
	memset(stores->opened, 0, sizeof(stores->opened));
}

struct signature_cache *
stores_signatures(struct stores *stores)
{
	return stores->signatures;
}

void
stores_use_passwords(struct stores *stores, const struct passwords *passwords)
{
	boxed_use_passwords(stores->boxed, passwords);
}

void
stores_read_lists_in_parts(struct stores *stores, uint64_t size)
{
	stores->contents.list_size = size;
}

void
stores_digest_lists(struct stores *stores, enum crl_digests digests)
{
	stores->contents.lists.digests = digests;
}

void
stores_expect_serials(struct stores *stores, const struct crl_wanted *wanted)
{
	stores->contents.lists.wanted = wanted;
}

void
stores_use_ledger(struct stores *stores, struct ledger *ledger)
{
	stores->contents.lists.ledger = ledger;
}

void
stores_begin(struct stores *stores)
{
	boxed_begin(stores->boxed);
}

void
stores_rest(struct stores *stores)
{
	boxed_stop(stores->boxed);
}

struct boxed *
stores_boxed(struct stores *stores)
{
	return stores->boxed;
}

struct arena *
stores_arena(struct stores *stores)
{
	return stores->arena;
}

static size_t
bucket_of(const struct content *content)
{
	size_t bucket;

	memcpy(&bucket, content->digest.bytes, sizeof(bucket));
	for (const char *at = content->path; *at != '\0'; at++)
		bucket = bucket * 31 + (unsigned char)*at;
	return bucket % BUCKETS;
}

static struct reading *
find_reading(const struct stores *stores, const struct content *content, enum store_loader loader)
{
	struct reading *reading = stores->readings[bucket_of(content)];

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

static struct parse_task
task_of(const struct content *content, enum store_loader loader)
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

/* What was read of the bytes is the reading's; what its loader has to say of them comes behind it,
 * and is a defect for that loader alone. */
static void
take_loading(struct opened *opened, const struct parsed *parsed)
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

/* What a loader makes of a list that was read in parts: it is shown the outline. */
static void
load_listed(struct stores *stores, const struct content *content, struct opened *opened)
{
	struct parse_task task = task_of(content, opened->store.loader);
	struct parsed parsed = {};

	task.bytes = content->listed->outline;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	take_loading(opened, &parsed);
	if (parsed.entry_count == 0)
		opened->store.loading.loaded = arena_alloc(stores->arena, 1);
}

static struct reading *
reading_of_listed(struct stores *stores, const struct content *content)
{
	struct reading *reading = arena_alloc(stores->arena, sizeof(*reading));

	reading->content = *content;
	reading->loader = LOADER_ANY;
	reading->builder = (struct store_builder){ .arena = stores->arena };
	builder_turn_to(&reading->builder, content->path, content->bytes);
	reading->format = listed_fill(content->listed, &reading->builder);
	reading->next = stores->readings[bucket_of(content)];
	stores->readings[bucket_of(content)] = reading;
	return reading;
}

/* Of a version that was not read before. */
static struct reading *
reading_of(struct stores *stores, const struct content *content, struct opened *opened,
	struct parsed *parsed)
{
	struct reading **bucket = &stores->readings[bucket_of(content)];
	struct reading *reading = arena_alloc(stores->arena, sizeof(*reading));

	take_loading(opened, parsed);
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

/* Asks its loader in one go. */
static struct reading *
reading_new(struct stores *stores, const struct content *content, struct opened *opened)
{
	struct parse_task task = task_of(content, opened->store.loader);
	struct parsed parsed = {};

	task.losses_only = stores->losses_only;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	return reading_of(stores, content, opened, &parsed);
}

static const struct store *
find_opened(const struct stores *stores, const struct content *content, enum store_loader loader)
{
	const struct opened *opened = stores->opened[bucket_of(content)];

	while (opened != NULL &&
		(opened->store.loader != loader || !content_is_same(content, &opened->store)))
		opened = opened->next;
	return opened != NULL ? &opened->store : NULL;
}

static bool
load_names_as_file(const struct stores *stores, const struct content *content, struct store *store)
{
	const struct store *file = store->loader == LOADER_OPENSSL_NAMES
					   ? find_opened(stores, content, LOADER_OPENSSL_FILE)
					   : NULL;

	if (file == NULL || !store_is_plain(file))
		return false;
	store->loading = file->loading;
	return true;
}

/* Its bytes are known, but not what this loader makes of them. */
static void
store_load_known(struct stores *stores, struct reading *reading, struct opened *opened)
{
	struct parse_task task = task_of(&reading->content, opened->store.loader);
	struct parsed parsed = {
		.entries = reading->builder.entries,
		.entry_count = reading->builder.entry_count,
	};

	task.loading_only = true;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	take_loading(opened, &parsed);
}

/* Nothing is there to be read: what its library says of that. */
static void
store_load_nothing(struct stores *stores, struct store *store)
{
	struct loader_task task = {
		.arena = stores->arena, .store = store, .loaded = arena_alloc(stores->arena, 1)
	};

	quiet_hold();
	task.openssl = openssl_reader_new();
	loader_get(store->loader)->load(&task, &store->loading);
	openssl_reader_free(task.openssl);
	quiet_release();
	store->loading.loaded = task.loaded;
}

/* Parsed: what was read of it already, or NULL. */
static void
store_fill_present(struct stores *stores, const struct content *content, struct parsed *parsed,
	struct opened *opened)
{
	struct store *store = &opened->store;
	struct reading *reading = find_reading(stores, content, store->loader);

	if (content->listed != NULL) {
		if (reading == NULL)
			reading = reading_of_listed(stores, content);
		load_listed(stores, content, opened);
	} else if (reading == NULL)
		reading = parsed == NULL ? reading_new(stores, content, opened)
					 : reading_of(stores, content, opened, parsed);
	else if (reading->unread != NULL)
		take_loading(opened, &(struct parsed){
					     .unread = reading->unread,
					     .loading = { .error = reading->unread,
						     .loaded = arena_alloc(stores->arena, 1) },
				     });
	else if (store->loader != LOADER_ANY && !load_names_as_file(stores, content, store))
		store_load_known(stores, reading, opened);
	opened->next_of_reading = reading->opened;
	reading->opened = opened;
	store_take(opened, reading);
}

static void
store_fill(struct stores *stores, const struct content *content, struct parsed *parsed,
	struct opened *opened)
{
	struct store *store = &opened->store;

	store->path = content->path;
	store->format = "unknown";
	store->state = content->state;
	store->problem = content->problem;
	store->identity = content->identity;
	store->digest = content->digest;
	store->bytes = content->bytes;
	if (content->state == STORE_PRESENT)
		store_fill_present(stores, content, parsed, opened);
	else if (store->loader != LOADER_ANY)
		store_load_nothing(stores, store);
}

static bool
has_path(const struct stores *stores, const char *path)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct opened *opened = stores->opened[i]; opened != NULL;
			opened = opened->next)
			if (strcmp(opened->store.path, path) == 0)
				return true;
	return false;
}

/* What is read for the first time is read before anybody knows its digest. */
static struct parsed *
content_digest(struct stores *stores, struct content *content, enum store_loader loader)
{
	struct parse_task task = task_of(content, loader);
	struct parsed *parsed;

	if (has_path(stores, content->path)) {
		content->digest = digest_of(content->bytes);
		return NULL;
	}
	parsed = arena_alloc(stores->arena, sizeof(*parsed));
	boxed_parse_and_digest(stores->boxed, stores->arena, &task, &content->digest, parsed);
	return parsed;
}

static const struct store *
store_of(struct stores *stores, struct content *content, enum store_loader loader,
	struct parsed *parsed)
{
	const struct store *known;
	struct opened **bucket, *opened;

	if (content->is_undigested)
		parsed = content_digest(stores, content, loader);
	bucket = &stores->opened[bucket_of(content)];
	known = find_opened(stores, content, loader);
	if (known != NULL)
		return known;
	opened = arena_alloc(stores->arena, sizeof(*opened));
	opened->store.loader = loader;
	store_fill(stores, content, parsed, opened);
	opened->next = *bucket;
	*bucket = opened;
	return &opened->store;
}

const struct store *
stores_open_early(
	struct stores *stores, struct world *world, const char *path, enum store_loader loader)
{
	struct content content = { .path = arena_strdup(stores->arena, path) };

	content_read(&stores->contents, world, loader, &content);
	return store_of(stores, &content, loader, NULL);
}

const struct store *
stores_open(struct stores *stores, struct world *world, const char *path, enum store_loader loader)
{
	const struct store *store = stores_open_early(stores, world, path, loader);

	stores_settle(stores);
	return store;
}

static struct content
content_of(struct stores *stores, const char *name, struct span bytes)
{
	return (struct content){
		.path = arena_strdup(stores->arena, name),
		.identity = { .type = FILE_REGULAR, .size = bytes.length },
		.digest = digest_of(bytes),
		.bytes = bytes,
	};
}

const struct store *
stores_open_bytes(
	struct stores *stores, const char *name, struct span bytes, enum store_loader loader)
{
	struct content content = content_of(stores, name, bytes);
	const struct store *store = store_of(stores, &content, loader, NULL);

	stores_settle(stores);
	return store;
}

const struct store *
stores_read_bytes(struct stores *stores, const char *name, struct span bytes)
{
	struct content content = {
		.path = arena_strdup(stores->arena, name),
		.identity = { .type = FILE_REGULAR, .size = bytes.length },
		.bytes = bytes,
		.comes_once = true,
	};
	struct opened *opened = arena_alloc(stores->arena, sizeof(*opened));

	opened->store.loader = LOADER_ANY;
	store_fill(stores, &content, NULL, opened);
	stores_settle(stores);
	return &opened->store;
}

void
stores_open_several(struct stores *stores, const struct named_bytes *list, size_t count,
	const struct store *ret[])
{
	struct parse_task *tasks = arena_alloc(stores->arena, count * sizeof(*tasks));
	struct parsed *parsed = arena_alloc(stores->arena, count * sizeof(*parsed));

	for (size_t i = 0; i < count; i++)
		tasks[i] = (struct parse_task){ .path = list[i].name, .bytes = list[i].bytes };
	boxed_parse_several(stores->boxed, stores->arena, tasks, count, parsed);
	for (size_t i = 0; i < count; i++) {
		struct content content = content_of(stores, list[i].name, list[i].bytes);

		ret[i] = store_of(stores, &content, LOADER_ANY, &parsed[i]);
	}
	stores_settle(stores);
}
