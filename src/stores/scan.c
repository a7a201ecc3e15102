/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/scan.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "stores/format.h"

enum {
	WORKER_MAX_BYTES = 16 << 20, /* read by a worker before it begins anew */
	BLOCK_SIZE = 256 << 10,
	STORE_COSTS = 8 << 10, /* bytes of memory beside those of the file */
	SHORTEST = 32,         /* bytes of what may be a store in DER */
};

static const char begin_mark[] = "-----BEGIN ";

enum { MARK = sizeof(begin_mark) - 1, DASHES = 5 };

struct scanning {
	const struct scan *scan;
	pthread_mutex_t lock; /* around found, and around the making of workers' stores */
};

/* One thread's. Stores keep what they read, so they are made anew from time to time. */
struct scan_worker {
	struct scanning *all;
	struct stores *stores;
	struct arena *arena;
	size_t bytes;
	uint8_t *block;
};

static void
worker_open(struct scan_worker *worker)
{
	(void)pthread_mutex_lock(&worker->all->lock);
	worker->stores = stores_new_in_thread();
	worker->arena = arena_new();
	worker->bytes = 0;
	stores_use_passwords(worker->stores, worker->all->scan->passwords);
	(void)pthread_mutex_unlock(&worker->all->lock);
}

static void
worker_close(struct scan_worker *worker)
{
	stores_free(worker->stores);
	arena_free(worker->arena);
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

/* Whether the file goes on being text behind what was read of it, and has a PEM block there. */
static bool
has_mark_further_on(struct scan_worker *worker, const struct swept *file)
{
	const size_t kept = MARK - 1,
		     end = file->size < STORE_MAX_SIZE ? file->size : STORE_MAX_SIZE;
	size_t before = 0, at = file->head.length - kept;

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
may_be_der(const struct swept *file)
{
	const uint8_t *head = file->head.data;
	size_t length = 0, octets;

	if (file->head.length < SHORTEST || head[0] != DER_SEQUENCE || head[1] < 0x80)
		return false;
	octets = head[1] & 0x7f;
	if (octets > 4)
		return false;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | head[2 + i];
	return length + 2 + octets <= file->size &&
	       (head[2 + octets] == DER_SEQUENCE || head[2 + octets] == DER_INTEGER ||
		       head[2 + octets] == DER_OID);
}

/* By the first bytes, whether it is worth being read whole. UTF-16 and base64 without a frame are
 * told by the format's own look at them. */
static bool
may_be_store(struct scan_worker *worker, const struct swept *file)
{
	static const struct store_format *const by_magic[] = { &store_jks, &store_bks,
		&store_uber };
	struct span head = file->head;
	bool is_whole = head.length >= file->size;

	if (has_mark(head) || may_be_der(file))
		return true;
	for (size_t i = 0; i < COUNT_OF(by_magic); i++)
		if (by_magic[i]->sniff(head))
			return true;
	if (memchr(head.data, 0, head.length) == NULL)
		return !is_whole && head.length > sizeof(begin_mark) &&
		       has_mark_further_on(worker, file);
	return head.length >= 2 &&
	       (memcmp(head.data, "\xff\xfe", 2) == 0 || memcmp(head.data, "\xfe\xff", 2) == 0 ||
		       memcmp(head.data, "-\0", 2) == 0 || memcmp(head.data, "\0-", 2) == 0);
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

static int
read_whole(struct scan_worker *worker, const struct swept *file, struct span *ret)
{
	size_t size = file->size < STORE_MAX_SIZE ? file->size : STORE_MAX_SIZE, length = 0;
	uint8_t *bytes = arena_alloc(worker->arena, size + 1);

	while (length < size) {
		ssize_t count = pread(file->fd, bytes + length, size - length, (off_t)length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		length += (size_t)count;
	}
	*ret = span_of(bytes, length);
	worker->bytes += size + STORE_COSTS;
	return length > 0 ? 0 : -1;
}

static void
visit(void *argument, const struct swept *file)
{
	struct scan_worker *worker = argument;
	struct found_store found = { .path = file->path };
	const struct store *store;
	struct span bytes;

	if (!may_be_store(worker, file) || read_whole(worker, file, &bytes) < 0)
		return;
	store = stores_open_bytes(worker->stores, file->path, bytes, LOADER_ANY);
	if (is_store(store)) {
		found.format = store->format;
		summarize(store, &found);
		(void)pthread_mutex_lock(&worker->all->lock);
		worker->all->scan->found(worker->all->scan->context, &found);
		(void)pthread_mutex_unlock(&worker->all->lock);
	}
	if (worker->bytes >= WORKER_MAX_BYTES) {
		worker_close(worker);
		worker_open(worker);
	}
}

int
stores_scan(struct world *world, const char *directory, const struct scan *scan,
	struct sweep_result *ret, struct err *err)
{
	struct scanning all = { .scan = scan, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct scan_worker workers[SWEEP_MAX_WORKERS] = {};
	void *list[SWEEP_MAX_WORKERS];
	size_t count = pipeline_workers();
	int result;

	for (size_t i = 0; i < count; i++) {
		workers[i].all = &all;
		workers[i].block = mem_alloc(BLOCK_SIZE);
		worker_open(&workers[i]);
		list[i] = &workers[i];
	}
	result = world_sweep(world, directory, &(struct sweep){ visit, list, count }, ret, err);
	for (size_t i = 0; i < count; i++) {
		worker_close(&workers[i]);
		mem_free(workers[i].block);
	}
	return result;
}
