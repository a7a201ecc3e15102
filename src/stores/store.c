/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/store.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "stores/format.h"
#include "stores/loader.h"
#include "stores/token.h"

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

enum { BUCKETS = 1024 };

/* What a path holds at one moment, before anybody reads it. */
struct content {
	const char *path;
	enum store_state state;
	const char *problem;
	struct file_identity identity;
	struct digest digest;
	struct span bytes;
	struct directory *directory;
};

/* One version of one path, read once for all loaders. */
struct reading {
	struct content content;
	enum store_loader loader; /* of a directory; a file reads the same for all */
	struct store_builder builder;
	const char *format;
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

/* What a token was found to hold. */
struct listing {
	const char *name;
	struct span bytes;
	struct listing *next;
};

struct stores {
	struct arena *arena;
	struct signature_cache *signatures;
	struct openssl_reader *openssl;
	struct keystore_crypt *crypt;
	const struct passwords *passwords;
	bool skips_signatures;
	struct reading *checking; /* those whose signatures are being checked */
	struct listing *listings;
	struct reading *readings[BUCKETS];
	struct opened *opened[BUCKETS];
};

struct stores *
stores_new(void)
{
	struct stores *stores = mem_zalloc(sizeof(*stores));

	stores->arena = arena_new();
	stores->signatures = signature_cache_new();
	stores->openssl = openssl_reader_new();
	stores->crypt = keystore_crypt_new();
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

void
stores_free(struct stores *stores)
{
	if (stores == NULL)
		return;
	stores_settle(stores);
	openssl_reader_free(stores->openssl);
	keystore_crypt_free(stores->crypt);
	signature_cache_free(stores->signatures);
	arena_free(stores->arena);
	mem_free(stores);
}

void
stores_skip_signatures(struct stores *stores)
{
	stores->skips_signatures = true;
}

void
stores_forget(struct stores *stores)
{
	stores_settle(stores);
	arena_free(stores->arena);
	stores->arena = arena_new();
	stores->listings = NULL;
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
	stores->passwords = passwords;
}

const struct store_loader_driver *
loader_get(enum store_loader loader)
{
	return drivers[loader];
}

const struct store_format *
format_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return &store_unknown;
}

const struct store_format *
format_of(struct span bytes)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (formats[i]->sniff(bytes))
			return formats[i];
	return &store_unknown;
}

const char *
format_read(struct store_builder *builder)
{
	const struct store_format *format = format_of(builder->bytes);
	size_t first = builder->entry_count;

	format->read(builder);
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

static size_t
bucket_of(const struct content *content)
{
	size_t bucket;

	memcpy(&bucket, content->digest.bytes, sizeof(bucket));
	for (const char *at = content->path; *at != '\0'; at++)
		bucket = bucket * 31 + (unsigned char)*at;
	return bucket % BUCKETS;
}

static bool
content_is_same(const struct content *a, const struct store *b)
{
	return a->state == b->state && digest_equal(&a->digest, &b->digest) &&
	       strcmp(a->path, b->path) == 0;
}

static void
content_fail(struct stores *stores, struct content *content, const struct err *err)
{
	content->state = err->sys == EFBIG || err->code == ERR_LIMIT ? STORE_TOO_LARGE
			 : err->code == ERR_PERMISSION || err->sys == EACCES || err->sys == EPERM
				 ? STORE_UNREADABLE
			 : err->sys == EISDIR ? STORE_NOT_A_FILE
					      : STORE_MISSING;
	content->problem = text_sanitize(stores->arena, err->message, strlen(err->message));
}

static void
content_read_directory(struct stores *stores, struct world *world, struct content *content)
{
	struct directory *directory = arena_alloc(stores->arena, sizeof(*directory));
	struct err err = {};

	if (directory_read(stores->arena, world, content->path, directory, &err) < 0) {
		content_fail(stores, content, &err);
		return;
	}
	content->directory = directory;
	content->digest = directory_digest(directory);
}

static bool
wants(enum store_loader loader, enum file_type type)
{
	if (type != FILE_DIRECTORY && type != FILE_REGULAR)
		return false;
	if (loader == LOADER_ANY)
		return true;
	return type == FILE_DIRECTORY ? drivers[loader]->wants_directory
				      : drivers[loader]->wants_file;
}

/* What the objects of this name are now; asked once. */
static void
content_read_token(struct stores *stores, struct world *world, enum store_loader loader,
	struct content *content)
{
	struct listing *listing = stores->listings;
	struct err err = {};

	if (loader != LOADER_ANY && loader != LOADER_P11KIT) {
		content->state = STORE_MISSING;
		content->problem = "it is the name of a token, and no file";
		return;
	}
	while (listing != NULL && strcmp(listing->name, content->path) != 0)
		listing = listing->next;
	if (listing == NULL) {
		listing = arena_alloc(stores->arena, sizeof(*listing));
		if (token_list(stores->arena, world, content->path, &listing->bytes, &err) < 0) {
			content->path = arena_strndup(
				stores->arena, content->path, strcspn(content->path, "?"));
			content_fail(stores, content, &err);
			return;
		}
		listing->name = content->path;
		listing->next = stores->listings;
		stores->listings = listing;
	}
	content->bytes = listing->bytes;
	content->identity =
		(struct file_identity){ .type = FILE_REGULAR, .size = listing->bytes.length };
	content->digest = digest_of(content->bytes);
}

static void
content_read(struct stores *stores, struct world *world, enum store_loader loader,
	struct content *content)
{
	struct err err = {};

	if (token_is_name(content->path)) {
		content_read_token(stores, world, loader, content);
	} else if (world_stat(world, content->path, &content->identity, &err) < 0) {
		content_fail(stores, content, &err);
	} else if (!wants(loader, content->identity.type)) {
		content->state = STORE_NOT_A_FILE;
		content->problem = content->identity.type == FILE_DIRECTORY ? "it is a directory"
				   : content->identity.type == FILE_REGULAR
					   ? "it is no directory"
					   : "it is no regular file";
	} else if (content->identity.type == FILE_DIRECTORY) {
		content_read_directory(stores, world, content);
	} else if (world_read(world, content->path, STORE_MAX_SIZE, &content->bytes, &err) < 0) {
		content_fail(stores, content, &err);
	} else {
		content->digest = digest_of(content->bytes);
	}
}

/* Reads the content, unless the same version was read before. */
static struct reading *
reading_of(struct stores *stores, const struct content *content, enum store_loader loader)
{
	struct reading **bucket = &stores->readings[bucket_of(content)], *reading;

	if (content->directory == NULL)
		loader = LOADER_ANY;
	for (reading = *bucket; reading != NULL; reading = reading->next)
		if (reading->loader == loader &&
			reading->content.identity.type == content->identity.type &&
			digest_equal(&reading->content.digest, &content->digest) &&
			strcmp(reading->content.path, content->path) == 0)
			return reading;
	reading = arena_alloc(stores->arena, sizeof(*reading));
	reading->content = *content;
	reading->loader = loader;
	reading->builder = (struct store_builder){
		.arena = stores->arena,
		.directory = content->directory,
		.openssl = stores->openssl,
		.crypt = stores->crypt,
		.passwords = stores->passwords,
		.loader = loader,
	};
	builder_turn_to(&reading->builder, content->path, content->bytes);
	reading->format = content->directory != NULL ? format_read_directory(&reading->builder)
						     : format_read(&reading->builder);
	if (!stores->skips_signatures)
		reading->checking = builder_check_signatures(&reading->builder, stores->signatures);
	if (reading->checking != NULL) {
		reading->next_checking = stores->checking;
		stores->checking = reading;
	}
	reading->next = *bucket;
	*bucket = reading;
	return reading;
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

/* All of it was read, and it is all plain certificates: the library reads their names from the very
 * same blocks, and need not be asked again. "TRUSTED" ones are passed over there. */
static bool
is_plain(const struct store *store)
{
	if (!store->loading.loads || store->loading.certificates != store->entry_count ||
		store->defect_count > 0 || span_find(store->bytes, "TRUSTED", 0) != SIZE_MAX)
		return false;
	for (size_t i = 0; i < store->entry_count; i++)
		if (!store->loading.loaded[i] || store->entries[i].kind != ENTRY_CERTIFICATE)
			return false;
	return true;
}

static bool
load_names_as_file(const struct stores *stores, const struct content *content, struct store *store)
{
	const struct store *file = store->loader == LOADER_OPENSSL_NAMES
					   ? find_opened(stores, content, LOADER_OPENSSL_FILE)
					   : NULL;

	if (file == NULL || !is_plain(file))
		return false;
	store->loading = file->loading;
	return true;
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
store_load(struct stores *stores, struct world *world, const struct reading *reading,
	struct opened *opened)
{
	struct store *store = &opened->store;
	const struct store_loader_driver *driver = drivers[store->loader];
	struct loader_task task = { stores->arena, world, stores->openssl, store,
		arena_alloc(stores->arena, store->entry_count + 1) };
	struct store_builder builder;

	driver->load(&task, &store->loading);
	store->loading.loaded = task.loaded;
	if (reading == NULL)
		return;
	/* What is added must not come into the list of the reading, which others take from. */
	builder = reading->builder;
	builder.defect_capacity = builder.defect_count;
	if (driver->wants_text)
		blame_container(&builder, store);
	if (driver->blame != NULL)
		driver->blame(&builder, store);
	opened->blamed_count = builder.defect_count - reading->builder.defect_count;
	if (opened->blamed_count > 0)
		opened->blamed = builder.defects + reading->builder.defect_count;
	store_take(opened, reading);
}

static void
store_fill(struct stores *stores, struct world *world, const struct content *content,
	struct opened *opened)
{
	struct store *store = &opened->store;
	struct reading *reading = NULL;

	if (content->state == STORE_PRESENT)
		reading = reading_of(stores, content, store->loader);
	store->path = content->path;
	store->format = reading == NULL ? "unknown" : reading->format;
	store->state = content->state;
	store->problem = content->problem;
	store->identity = content->identity;
	store->digest = content->digest;
	store->bytes = content->bytes;
	if (reading != NULL) {
		opened->next_of_reading = reading->opened;
		reading->opened = opened;
		store_take(opened, reading);
	}
	if (store->loader != LOADER_ANY && !load_names_as_file(stores, content, store))
		store_load(stores, world, reading, opened);
}

static const struct store *
store_of(struct stores *stores, struct world *world, const struct content *content,
	enum store_loader loader)
{
	struct opened **bucket = &stores->opened[bucket_of(content)], *opened;
	const struct store *known = find_opened(stores, content, loader);

	if (known != NULL)
		return known;
	opened = arena_alloc(stores->arena, sizeof(*opened));
	opened->store.loader = loader;
	store_fill(stores, world, content, opened);
	opened->next = *bucket;
	*bucket = opened;
	return &opened->store;
}

const struct store *
stores_open_early(
	struct stores *stores, struct world *world, const char *path, enum store_loader loader)
{
	struct content content = { .path = arena_strdup(stores->arena, path) };

	content_read(stores, world, loader, &content);
	return store_of(stores, world, &content, loader);
}

const struct store *
stores_open(struct stores *stores, struct world *world, const char *path, enum store_loader loader)
{
	const struct store *store = stores_open_early(stores, world, path, loader);

	stores_settle(stores);
	return store;
}

const struct store *
stores_open_bytes(
	struct stores *stores, const char *name, struct span bytes, enum store_loader loader)
{
	struct content content = {
		.path = arena_strdup(stores->arena, name),
		.identity = { .type = FILE_REGULAR, .size = bytes.length },
		.digest = digest_of(bytes),
		.bytes = bytes,
	};
	const struct store *store;

	store = store_of(stores, NULL, &content, loader);
	stores_settle(stores);
	return store;
}

const char *
store_loader_title(enum store_loader loader)
{
	return loader == LOADER_ANY ? "" : drivers[loader]->title;
}

const char *
store_loader_engine(enum store_loader loader)
{
	return loader == LOADER_ANY ? "" : drivers[loader]->engine;
}
