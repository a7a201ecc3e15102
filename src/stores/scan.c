/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/scan.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "stores/format.h"
#include "stores/summaries.h"

enum {
	WORKER_MAX_BYTES = 4 << 20,     /* read by a worker before it forgets what it read */
	WORKER_MAX_SIGNATURES = 10'000, /* that it keeps */
	BLOCK_SIZE = 256 << 10,
	STORE_COSTS = 8 << 10, /* bytes of memory beside those of the file */
	SHORTEST = 32,         /* bytes of what may be a store in DER */
	QUEUE_FILES = 64,      /* read in one go, */
	QUEUE_BYTES = 512 << 10,
	QUEUE_MILLISECONDS = 100, /* and soon */
};

static const char begin_mark[] = "-----BEGIN ";

enum { MARK = sizeof(begin_mark) - 1, DASHES = 5 };

struct scanning {
	const struct scan *scan;
	pthread_mutex_t lock; /* around found, and around the making of workers' stores */
};

/* What a file looks like by its first bytes. */
enum looks {
	LOOKS_LIKE_NOTHING,
	LOOKS_LIKE_TEXT, /* without a mark as far as it was read, and it goes on */
	LOOKS_LIKE_DER,  /* if it is long enough */
	LOOKS_LIKE_STORE,
};

/* One thread's. Stores keep what they read, so they forget it from time to time. */
struct scan_worker {
	struct scanning *all;
	struct stores *stores;
	struct summaries *summaries;
	struct arena *arena;
	size_t bytes;
	uint8_t *block;
	struct named_bytes queue[QUEUE_FILES]; /* what is to be read as stores */
	size_t queued, queued_bytes;
	int64_t queued_since; /* milliseconds */
};

static int64_t
milliseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

static void
worker_open(void *argument)
{
	struct scan_worker *worker = argument;

	worker->block = mem_alloc(BLOCK_SIZE);
	worker->arena = arena_new();
	worker->summaries = summaries_new();
	(void)pthread_mutex_lock(&worker->all->lock);
	worker->stores = stores_new_in_thread();
	stores_use_passwords(worker->stores, worker->all->scan->passwords);
	(void)pthread_mutex_unlock(&worker->all->lock);
}

static void
worker_forget(struct scan_worker *worker)
{
	stores_forget(worker->stores);
	signature_cache_trim(
		stores_signatures(worker->stores), WORKER_MAX_SIGNATURES, WORKER_MAX_SIGNATURES);
	arena_free(worker->arena);
	worker->arena = arena_new();
	worker->bytes = 0;
}

/* Where a BEGIN mark is among the bytes: dashes are rare, and runs of them are passed in one go, so
 * that this is as quick as the memory is. */
static bool
has_mark(struct span bytes)
{
	const uint8_t *at = bytes.data, *end = bytes.data + bytes.length;

	while ((at = memchr(at, '-', (size_t)(end - at))) != NULL) {
		const uint8_t *run = at;

		while (at < end && *at == '-')
			at++;
		if (at - run >= DASHES && end - at >= MARK - DASHES &&
			memcmp(at, begin_mark + DASHES, MARK - DASHES) == 0)
			return true;
	}
	return false;
}

/* Whether the file goes on behind what was read of it, and has a PEM block there. */
static bool
has_mark_further_on(struct scan_worker *worker, const struct swept *file)
{
	const size_t kept = MARK - 1,
		     end = file->size < STORE_MAX_SIZE ? file->size : STORE_MAX_SIZE;
	size_t before = 0, at = file->head.length > kept ? file->head.length - kept : 0;

	while (at < end) {
		size_t room = BLOCK_SIZE - before;
		ssize_t count = pread(file->fd, worker->block + before,
			end - at < room ? end - at : room, (off_t)at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += (size_t)count;
		before += (size_t)count;
		if (has_mark(span_of(worker->block, before)))
			return true;
		/* The mark may lie across two blocks. */
		if (before > kept) {
			memmove(worker->block, worker->block + before - kept, kept);
			before = kept;
		}
	}
	return false;
}

/* DER and BER that begin with a SEQUENCE no longer than the file, of more than a few bytes ("0" is
 * such a tag too), whose first element is one that a certificate, CRL or container begins with. */
static bool
may_be_der(struct span file, size_t size)
{
	const uint8_t *head = file.data;
	size_t length = 0, octets;

	if (file.length < SHORTEST || head[0] != DER_SEQUENCE || head[1] < 0x80)
		return false;
	octets = head[1] & 0x7f;
	if (octets > 4)
		return false;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | head[2 + i];
	return length + 2 + octets <= size &&
	       (head[2 + octets] == DER_SEQUENCE || head[2 + octets] == DER_INTEGER ||
		       head[2 + octets] == DER_OID);
}

static bool
has_magic(struct span head)
{
	static const struct store_format *const by_magic[] = { &store_jks, &store_bks,
		&store_uber };

	for (size_t i = 0; i < COUNT_OF(by_magic); i++)
		if (by_magic[i]->sniff(head))
			return true;
	return false;
}

static bool
may_be_utf16(struct span head)
{
	return head.length >= 2 &&
	       (memcmp(head.data, "\xff\xfe", 2) == 0 || memcmp(head.data, "\xfe\xff", 2) == 0 ||
		       memcmp(head.data, "-\0", 2) == 0 || memcmp(head.data, "\0-", 2) == 0);
}

/* By the first bytes, whether it is worth being read whole. UTF-16 and base64 without a frame are
 * told by the format's own look at them. */
static unsigned
look(void *, struct span head, bool is_whole)
{
	bool may_be_wide = may_be_utf16(head);

	if (has_mark(head) || has_magic(head))
		return LOOKS_LIKE_STORE;
	if (may_be_der(head, is_whole ? head.length : SIZE_MAX))
		return LOOKS_LIKE_DER;
	if (is_whole && !may_be_wide)
		return LOOKS_LIKE_NOTHING;
	if (memchr(head.data, 0, head.length) != NULL)
		return may_be_wide ? LOOKS_LIKE_STORE : LOOKS_LIKE_NOTHING;
	return is_whole ? LOOKS_LIKE_NOTHING : LOOKS_LIKE_TEXT;
}

/* The same of what is too long to be told by its first bytes. */
static bool
may_be_store(struct scan_worker *worker, const struct swept *file)
{
	if (file->looks == LOOKS_LIKE_STORE ||
		(file->looks == LOOKS_LIKE_DER && may_be_der(file->head, file->size)))
		return true;
	return (file->looks == LOOKS_LIKE_TEXT ||
		       memchr(file->head.data, 0, file->head.length) == NULL) &&
	       has_mark_further_on(worker, file);
}

static bool
is_keystore(const struct store *store)
{
	return store_native_loader(store) == LOADER_JAVA_KEYSTORE;
}

/* A block that was to be a certificate or CRL: PEM frames other things too. */
static bool
is_lost_entry(const struct store *store, const struct defect *defect)
{
	enum { LINE = 80 };
	struct span line = span_of(store->bytes.data, store->bytes.length);

	if (!defect->is_block || defect->offset >= store->bytes.length)
		return false;
	line.data += defect->offset;
	line.length -= defect->offset;
	line.length = line.length < LINE ? line.length : LINE;
	return span_find(line, "CERTIFICATE-----", 0) != SIZE_MAX ||
	       span_find(line, "CRL-----", 0) != SIZE_MAX;
}

/* What a file of other things says of itself is no damage: it must have lost a block, or be a
 * keystore, or hold something. */
static bool
is_store(const struct store *store)
{
	if (is_keystore(store) || store_is_unknown(store))
		return true;
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE ||
			store->entries[i].kind == ENTRY_CRL)
			return true;
	for (size_t i = 0; i < store->defect_count; i++)
		if (is_lost_entry(store, &store->defects[i]))
			return true;
	return false;
}

static void
summarize(const struct store *store, struct found_store *ret)
{
	ret->next_end = MOMENT_NEVER;
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		int64_t end = entry->kind == ENTRY_CERTIFICATE ? entry->cert.not_after
			      : entry->kind == ENTRY_CRL       ? entry->crl.next_update
							       : MOMENT_NEVER;

		ret->next_end = end < ret->next_end ? end : ret->next_end;
	}
	ret->certificates = store_count(store, ENTRY_CERTIFICATE);
	ret->crls = store_count(store, ENTRY_CRL);
	ret->defects = store->defect_count;
	ret->is_damaged = store_is_damaged(store);
	ret->is_unread = store_is_unknown(store);
	ret->problem = store->problem;
	for (size_t i = 0; i < store->defect_count; i++) {
		const struct defect *defect = &store->defects[i];

		if (defect->cause == CAUSE_STORE_KEYSTORE_PASSWORD && ret->problem == NULL)
			ret->problem = defect->text;
	}
}

static struct span
read_whole(struct scan_worker *worker, const struct swept *file)
{
	size_t size = file->size < STORE_MAX_SIZE ? file->size : STORE_MAX_SIZE;
	size_t length = file->head.length;
	uint8_t *bytes = arena_alloc(worker->arena, (size > length ? size : length) + 1);

	memcpy(bytes, file->head.data, length);
	while (length < size) {
		ssize_t count = pread(file->fd, bytes + length, size - length, (off_t)length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		length += (size_t)count;
	}
	return span_of(bytes, length);
}

static void
tell(struct scan_worker *worker, const struct found_store *found, const char *path)
{
	struct found_store named = *found;

	if (found->format == NULL)
		return;
	named.path = path;
	(void)pthread_mutex_lock(&worker->all->lock);
	worker->all->scan->found(worker->all->scan->context, &named);
	(void)pthread_mutex_unlock(&worker->all->lock);
}

/* What nobody gets through today is no fact about its bytes. */
static void
take_read(struct scan_worker *worker, const struct store *store)
{
	struct found_store found = {};

	if (is_store(store)) {
		found.format = store->format;
		summarize(store, &found);
	}
	if (store->state != STORE_UNREAD)
		summaries_add(worker->summaries, &store->digest, &found);
	tell(worker, &found, store->path);
}

static void
read_queue(struct scan_worker *worker)
{
	const struct store *stores[QUEUE_FILES];

	if (worker->queued > 0)
		stores_open_several(worker->stores, worker->queue, worker->queued, stores);
	for (size_t i = 0; i < worker->queued; i++)
		take_read(worker, stores[i]);
	worker->queued = worker->queued_bytes = 0;
	if (worker->bytes >= WORKER_MAX_BYTES)
		worker_forget(worker);
}

static bool
has_work(const struct scan_worker *worker)
{
	return worker->queued == QUEUE_FILES || worker->queued_bytes >= QUEUE_BYTES ||
	       worker->bytes >= WORKER_MAX_BYTES;
}

static bool
visit(void *argument, const struct swept *file)
{
	struct scan_worker *worker = argument;
	const struct found_store *known;
	struct named_bytes named;

	if (!may_be_store(worker, file))
		return false;
	named.bytes = read_whole(worker, file);
	named.digest = digest_of(named.bytes);
	worker->bytes += named.bytes.length + STORE_COSTS;
	known = summaries_find(worker->summaries, &named.digest);
	if (known != NULL) {
		tell(worker, known, file->path);
		return has_work(worker);
	}
	named.name = arena_strdup(worker->arena, file->path);
	if (worker->queued == 0)
		worker->queued_since = milliseconds_now();
	worker->queue[worker->queued++] = named;
	worker->queued_bytes += named.bytes.length;
	return has_work(worker);
}

/* Who watches sees what is found while it is looked for. */
static void
work(void *argument)
{
	struct scan_worker *worker = argument;

	if (has_work(worker) || (worker->queued > 0 && milliseconds_now() - worker->queued_since >=
							       QUEUE_MILLISECONDS))
		read_queue(worker);
}

static void
worker_close(void *argument)
{
	struct scan_worker *worker = argument;

	read_queue(worker);
	stores_free(worker->stores);
	summaries_free(worker->summaries);
	arena_free(worker->arena);
	mem_free(worker->block);
}

int
stores_scan(struct world *world, const char *directory, const struct scan *scan,
	struct sweep_result *ret, struct err *err)
{
	struct scanning all = { .scan = scan, .lock = PTHREAD_MUTEX_INITIALIZER };
	CLEANUP(mem_freep) struct scan_worker *workers = NULL;
	void *list[SWEEP_MAX_WORKERS];
	size_t count = pipeline_workers();
	const struct sweep sweep = {
		.look = look,
		.visit = visit,
		.begin = worker_open,
		.work = work,
		.end = worker_close,
		.workers = list,
		.worker_count = count,
	};

	workers = mem_zalloc(count * sizeof(*workers));
	for (size_t i = 0; i < count; i++) {
		workers[i].all = &all;
		list[i] = &workers[i];
	}
	return world_sweep(world, directory, &sweep, ret, err);
}
