/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/store.h"

#include <errno.h>
#include <string.h>

#include "base/quiet.h"
#include "base/sandbox.h"
#include "stores/reading.h"

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

static const struct store *
find_opened(const struct stores *stores, const struct content *content, enum store_loader loader)
{
	const struct opened *opened = stores->opened[stores_bucket_of(content)];

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
	struct parse_task task = reading_task(&reading->content, opened->store.loader);
	struct parsed parsed = {
		.entries = reading->builder.entries,
		.entry_count = reading->builder.entry_count,
	};

	task.loading_only = true;
	boxed_parse(stores->boxed, stores->arena, &task, &parsed);
	opened_take_loading(opened, &parsed);
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
	struct reading *reading = reading_find(stores, content, store->loader);

	if (content->listed != NULL) {
		if (reading == NULL)
			reading = reading_of_listed(stores, content);
		reading_load_listed(stores, content, opened);
	} else if (reading == NULL)
		reading = parsed == NULL ? reading_new(stores, content, opened)
					 : reading_of(stores, content, opened, parsed);
	else if (reading->unread != NULL)
		opened_take_loading(
			opened, &(struct parsed){
					.unread = reading->unread,
					.loading = { .error = reading->unread,
						.loaded = arena_alloc(stores->arena, 1) },
				});
	else if (store->loader != LOADER_ANY && !load_names_as_file(stores, content, store))
		store_load_known(stores, reading, opened);
	opened->next_of_reading = reading->opened;
	reading->opened = opened;
	opened_take(opened, reading);
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
	struct parse_task task = reading_task(content, loader);
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
	bucket = &stores->opened[stores_bucket_of(content)];
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
content_of(struct stores *stores, const struct named_bytes *named)
{
	return (struct content){
		.path = arena_strdup(stores->arena, named->name),
		.identity = { .type = FILE_REGULAR, .size = named->bytes.length },
		.digest = named->digest,
		.bytes = named->bytes,
	};
}

const struct store *
stores_open_bytes(
	struct stores *stores, const char *name, struct span bytes, enum store_loader loader)
{
	const struct named_bytes named = { name, bytes, digest_of(bytes) };
	struct content content = content_of(stores, &named);
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
		struct content content = content_of(stores, &list[i]);

		ret[i] = store_of(stores, &content, LOADER_ANY, &parsed[i]);
	}
	stores_settle(stores);
}
