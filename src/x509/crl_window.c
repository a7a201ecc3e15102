/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/crl_window.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	BLOCKS_ALONE = 4, /* digested without a thread, which costs as much to make */
	BLOCKS = 8,       /* in turn: so far the thread may be behind */
};

struct block {
	uint8_t *data;
	size_t capacity;
};

/* The thread that digests what was passed, in the order in which it is handed over. */
struct helper {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	EVP_MD_CTX *context;
	struct span work[BLOCKS];
	size_t given, done; /* so many pieces; a place in work is the count modulo BLOCKS */
	bool runs, ends;
};

struct crl_window {
	struct crl_source *source;
	size_t block_size;
	struct block blocks[BLOCKS];
	unsigned current;
	size_t start, end; /* in the current block: what has not been passed */
	uint64_t offset;   /* of its first byte */
	unsigned refills;
	bool ended, digests;
	int error;
	struct helper helper;
	EVP_MD_CTX *other;
	uint64_t other_begin, other_end;
};

static void
digest_add(EVP_MD_CTX *context, struct span bytes)
{
	if (bytes.length > 0 && EVP_DigestUpdate(context, bytes.data, bytes.length) != 1)
		abort(); /* libcrypto without SHA-256 is none */
}

static void *
helper_run(void *argument)
{
	struct helper *helper = argument;

	(void)pthread_mutex_lock(&helper->mutex);
	for (;;) {
		while (helper->done == helper->given && !helper->ends)
			(void)pthread_cond_wait(&helper->changed, &helper->mutex);
		if (helper->done == helper->given)
			break;
		(void)pthread_mutex_unlock(&helper->mutex);
		digest_add(helper->context, helper->work[helper->done % BLOCKS]);
		(void)pthread_mutex_lock(&helper->mutex);
		helper->done++;
		(void)pthread_cond_broadcast(&helper->changed);
	}
	(void)pthread_mutex_unlock(&helper->mutex);
	return NULL;
}

/* Until no more than so many pieces are still to be digested. */
static void
helper_wait(struct helper *helper, size_t left)
{
	if (!helper->runs)
		return;
	(void)pthread_mutex_lock(&helper->mutex);
	while (helper->given - helper->done > left)
		(void)pthread_cond_wait(&helper->changed, &helper->mutex);
	(void)pthread_mutex_unlock(&helper->mutex);
}

/* Fewer than BLOCKS pieces are still to be digested. */
static void
helper_give(struct helper *helper, struct span work)
{
	if (!helper->runs) {
		digest_add(helper->context, work);
		return;
	}
	(void)pthread_mutex_lock(&helper->mutex);
	helper->work[helper->given++ % BLOCKS] = work;
	(void)pthread_cond_broadcast(&helper->changed);
	(void)pthread_mutex_unlock(&helper->mutex);
}

static void
helper_end(struct helper *helper)
{
	if (helper->runs) {
		(void)pthread_mutex_lock(&helper->mutex);
		helper->ends = true;
		(void)pthread_cond_broadcast(&helper->changed);
		(void)pthread_mutex_unlock(&helper->mutex);
		(void)pthread_join(helper->thread, NULL);
	}
	EVP_MD_CTX_free(helper->context);
	(void)pthread_mutex_destroy(&helper->mutex);
	(void)pthread_cond_destroy(&helper->changed);
}

struct crl_window *
crl_window_new(struct crl_source *source, uint64_t offset, size_t block, bool digests)
{
	struct crl_window *window = mem_zalloc(sizeof(*window));

	window->source = source;
	window->block_size = block;
	window->offset = offset;
	window->digests = digests;
	(void)pthread_mutex_init(&window->helper.mutex, NULL);
	(void)pthread_cond_init(&window->helper.changed, NULL);
	if (!digests)
		return window;
	window->helper.context = EVP_MD_CTX_new();
	if (window->helper.context == NULL ||
		EVP_DigestInit_ex(window->helper.context, EVP_sha256(), NULL) != 1)
		abort();
	return window;
}

void
crl_window_free(struct crl_window *window)
{
	helper_wait(&window->helper, 0);
	helper_end(&window->helper);
	EVP_MD_CTX_free(window->other);
	for (size_t i = 0; i < BLOCKS; i++)
		mem_free(window->blocks[i].data);
	mem_free(window);
}

void
crl_window_sign(struct crl_window *window, const EVP_MD *digest, uint64_t begin, uint64_t end)
{
	window->other = EVP_MD_CTX_new();
	if (window->other == NULL || EVP_DigestInit_ex(window->other, digest, NULL) != 1) {
		EVP_MD_CTX_free(window->other);
		window->other = NULL;
	}
	window->other_begin = begin;
	window->other_end = end;
}

/* What was passed of the current block; the thread still looks at it when this returns. */
static void
digest_passed(struct crl_window *window)
{
	const uint8_t *data = window->blocks[window->current].data;
	uint64_t begin = window->offset, end = window->offset + window->start;

	if (!window->digests)
		return;
	helper_give(&window->helper, span_of(data, window->start));
	if (begin < window->other_begin)
		begin = window->other_begin;
	if (end > window->other_end)
		end = window->other_end;
	if (window->other != NULL && begin < end)
		digest_add(window->other,
			span_of(data + (begin - window->offset), (size_t)(end - begin)));
}

static void
block_reserve(struct block *block, size_t capacity)
{
	if (block->capacity >= capacity)
		return;
	mem_free(block->data);
	block->data = mem_alloc(capacity);
	block->capacity = capacity;
}

/* The next block: what is left of this one, and what comes after it. */
static void
refill(struct crl_window *window, size_t wanted)
{
	struct block *from = &window->blocks[window->current],
		     *into = &window->blocks[(window->current + 1) % BLOCKS];
	size_t left = window->end - window->start, room;
	ssize_t got;

	/* Each block gives one piece, be it empty: the oldest is that of the block that is written
	 * to. */
	helper_wait(&window->helper, BLOCKS - 2);
	room = wanted - left > window->block_size ? wanted - left : window->block_size;
	block_reserve(into, left + room);
	if (window->digests && !window->helper.runs && ++window->refills > BLOCKS_ALONE)
		window->helper.runs = pthread_create(&window->helper.thread, NULL, helper_run,
					      &window->helper) == 0;
	digest_passed(window);
	if (left > 0)
		memcpy(into->data, from->data + window->start, left);
	window->offset += window->start;
	window->current = (window->current + 1) % BLOCKS;
	window->start = 0;
	window->end = left;
	got = crl_source_read(window->source, window->offset + left, into->data + left, room);
	if (got < 0)
		window->error = errno;
	if (got < (ssize_t)room)
		window->ended = true;
	window->end += got > 0 ? (size_t)got : 0;
}

struct span
crl_window_want(struct crl_window *window, size_t wanted)
{
	while (window->end - window->start < wanted && !window->ended)
		refill(window, wanted);
	return span_of(
		window->blocks[window->current].data + window->start, window->end - window->start);
}

void
crl_window_pass(struct crl_window *window, size_t length)
{
	window->start += length;
}

uint64_t
crl_window_offset(const struct crl_window *window)
{
	return window->offset + window->start;
}

int
crl_window_error(const struct crl_window *window)
{
	return window->error;
}

unsigned
crl_window_finish(
	struct crl_window *window, struct digest *ret, uint8_t ret_other[static EVP_MAX_MD_SIZE])
{
	unsigned length = 0;

	digest_passed(window);
	helper_wait(&window->helper, 0);
	window->digests = false;
	if (EVP_DigestFinal_ex(window->helper.context, ret->bytes, &length) != 1)
		abort();
	if (window->other == NULL || EVP_DigestFinal_ex(window->other, ret_other, &length) != 1)
		return 0;
	return length;
}

int
crl_source_digest(struct crl_source *source, struct digest *ret)
{
	CLEANUP(crl_window_freep)
	struct crl_window *window = crl_window_new(source, 0, CRL_BLOCK, true);
	uint8_t other[EVP_MAX_MD_SIZE];
	size_t length;

	while ((length = crl_window_want(window, 1).length) > 0)
		crl_window_pass(window, length);
	(void)crl_window_finish(window, ret, other);
	errno = window->error;
	return window->error == 0 ? 0 : -1;
}
