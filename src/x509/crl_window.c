/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/crl_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { DIGEST_STEP = 8 << 10 }; /* digested at once */

struct ranged_digest {
	EVP_MD_CTX *context; /* NULL: none is made */
	uint64_t begin, end;
};

struct crl_window {
	struct crl_source *source;
	size_t block_size;
	uint8_t *data;
	size_t capacity;
	size_t digested, start, end; /* in data: up to where it was digested, passed, read */
	uint64_t offset;             /* of its first byte */
	bool ended;
	int error;
	struct ranged_digest digests[CRL_WINDOW_DIGESTS];
};

struct crl_window *
crl_window_new(struct crl_source *source, uint64_t offset, size_t block)
{
	struct crl_window *window = mem_zalloc(sizeof(*window));

	window->source = source;
	window->block_size = block;
	window->offset = offset;
	return window;
}

void
crl_window_free(struct crl_window *window)
{
	for (unsigned i = 0; i < CRL_WINDOW_DIGESTS; i++)
		EVP_MD_CTX_free(window->digests[i].context);
	mem_free(window->data);
	mem_free(window);
}

void
crl_window_digest(
	struct crl_window *window, unsigned which, const EVP_MD *kind, uint64_t begin, uint64_t end)
{
	struct ranged_digest *digest = &window->digests[which];

	digest->context = EVP_MD_CTX_new();
	if (digest->context == NULL || EVP_DigestInit_ex(digest->context, kind, NULL) != 1) {
		EVP_MD_CTX_free(digest->context);
		digest->context = NULL;
	}
	digest->begin = begin;
	digest->end = end;
}

static void
digest_range(struct ranged_digest *digest, uint64_t offset, struct span bytes)
{
	uint64_t begin = offset, end = offset + bytes.length;

	if (begin < digest->begin)
		begin = digest->begin;
	if (end > digest->end)
		end = digest->end;
	if (digest->context == NULL || begin >= end)
		return;
	if (EVP_DigestUpdate(
		    digest->context, bytes.data + (begin - offset), (size_t)(end - begin)) != 1)
		abort(); /* libcrypto takes any bytes once it has begun */
}

static void
digest_passed(struct crl_window *window)
{
	size_t length = window->start - window->digested;

	for (unsigned i = 0; length > 0 && i < CRL_WINDOW_DIGESTS; i++)
		digest_range(&window->digests[i], window->offset + window->digested,
			span_of(window->data + window->digested, length));
	window->digested = window->start;
}

/* Room for so many bytes behind what was not passed, which goes to the front. */
static void
make_room(struct crl_window *window, size_t room)
{
	size_t left = window->end - window->start;
	uint8_t *data = window->data;

	if (window->capacity < left + room) {
		window->capacity = left + room;
		data = mem_alloc(window->capacity);
	}
	if (left > 0)
		memmove(data, window->data + window->start, left);
	if (data != window->data)
		mem_free(window->data);
	window->data = data;
	window->offset += window->start;
	window->digested = window->start = 0;
	window->end = left;
}

static void
refill(struct crl_window *window, size_t wanted)
{
	size_t missing = wanted - (window->end - window->start);
	size_t room = missing > window->block_size ? missing : window->block_size;
	ssize_t got;

	digest_passed(window);
	make_room(window, room);
	got = crl_source_read(
		window->source, window->offset + window->end, window->data + window->end, room);
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
	return span_of(window->data + window->start, window->end - window->start);
}

void
crl_window_pass(struct crl_window *window, size_t length)
{
	window->start += length;
	if (window->start - window->digested >= DIGEST_STEP)
		digest_passed(window);
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
crl_window_finish(struct crl_window *window, unsigned which, uint8_t ret[static EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *context = window->digests[which].context;
	unsigned length = 0;

	digest_passed(window);
	if (context == NULL || EVP_DigestFinal_ex(context, ret, &length) != 1)
		return 0;
	return length;
}

int
crl_source_digest(struct crl_source *source, struct digest *ret)
{
	CLEANUP(crl_window_freep)
	struct crl_window *window = crl_window_new(source, 0, CRL_BLOCK);
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t length;

	crl_window_digest(window, 0, EVP_sha256(), 0, UINT64_MAX);
	while ((length = crl_window_want(window, 1).length) > 0)
		crl_window_pass(window, length);
	if (crl_window_finish(window, 0, digest) != DIGEST_SIZE)
		abort(); /* libcrypto without SHA-256 is none */
	memcpy(ret->bytes, digest, DIGEST_SIZE);
	errno = window->error;
	return window->error == 0 ? 0 : -1;
}
