/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/signature_batch.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/quiet.h"
#include "x509/public_key.h"
#include "x509/signature_check.h"

enum {
	/* A thread costs about as much as one signature; more than a few fight over libcrypto's
	   locks. */
	BATCH_PER_THREAD = 32,
	BATCH_MAX_THREADS = 7,
	BATCH_STEP = 4, /* certificates taken at once */
};

struct signature_batch {
	struct signature_cache *cache;
	const struct cert **certs;
	enum signature_result *results; /* each written by whoever took it */
	size_t count;
	atomic_size_t next; /* the first that nobody has taken */
	pthread_t threads[BATCH_MAX_THREADS];
	size_t thread_count;
};

static enum signature_result
check_own(struct key_decoder *decoder, const struct cert *cert)
{
	EVP_PKEY *key;

	if (!signature_algorithms_agree(cert))
		return SIGNATURE_BAD;
	key = key_borrow(decoder, cert->spki);
	if (key == NULL)
		return SIGNATURE_UNSUPPORTED;
	return signature_check(key, cert->tbs, cert->signature_algorithm, cert->signature);
}

static void *
work(void *data)
{
	struct signature_batch *batch = data;
	struct key_decoder decoder = {};
	size_t first;

	quiet_hold();
	(void)ERR_set_mark();
	quiet_release();
	while ((first = atomic_fetch_add(&batch->next, BATCH_STEP)) < batch->count) {
		quiet_hold();
		for (size_t i = first; i < batch->count && i < first + BATCH_STEP; i++)
			batch->results[i] = check_own(&decoder, batch->certs[i]);
		quiet_release();
	}
	quiet_hold();
	(void)ERR_pop_to_mark();
	key_decoder_free(&decoder);
	quiet_release();
	return NULL;
}

/* All processors but the one that this thread goes on with. */
static size_t
thread_count(size_t count)
{
	long processors = count < BATCH_PER_THREAD ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = processors > 1 ? (size_t)processors - 1 : 0;

	if (threads > BATCH_MAX_THREADS)
		threads = BATCH_MAX_THREADS;
	return threads < count / BATCH_PER_THREAD ? threads : count / BATCH_PER_THREAD;
}

struct signature_batch *
signature_batch_new(struct signature_cache *cache, const struct cert *const *certs, size_t count)
{
	struct signature_batch *batch = mem_zalloc(sizeof(*batch));
	struct signature_memory *memory = signature_cache_memory(cache);
	size_t threads;

	if (memory != NULL && count >= SIGNATURE_MEMORY_WORTH)
		signature_memory_read(memory);
	batch->cache = cache;
	batch->certs = mem_alloc((count + 1) * sizeof(const struct cert *));
	for (size_t i = 0; i < count; i++)
		if (!signature_own_is_known(cache, certs[i]))
			batch->certs[batch->count++] = certs[i];
	batch->results = mem_alloc((batch->count + 1) * sizeof(*batch->results));
	threads = thread_count(batch->count);
	while (batch->thread_count < threads &&
		pthread_create(&batch->threads[batch->thread_count], NULL, work, batch) == 0)
		batch->thread_count++;
	return batch;
}

void
signature_batch_end(struct signature_batch *batch)
{
	struct signature_memory *memory = signature_cache_memory(batch->cache);

	(void)work(batch);
	for (size_t i = 0; i < batch->thread_count; i++)
		(void)pthread_join(batch->threads[i], NULL);
	batch->thread_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct cert *cert = batch->certs[i];

		signature_note(
			batch->cache, &cert->fingerprint, &cert->key_digest, batch->results[i]);
		if (memory != NULL && batch->results[i] == SIGNATURE_GOOD)
			signature_memory_add(memory, &cert->fingerprint);
	}
	batch->count = 0;
}

void
signature_batch_free(struct signature_batch *batch)
{
	if (batch == NULL)
		return;
	signature_batch_end(batch);
	mem_free(batch->certs);
	mem_free(batch->results);
	mem_free(batch);
}
