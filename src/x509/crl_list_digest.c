/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tells a list from any other: made in the pass that reads it, asked for once more where all
 * of its bytes are. A source that says another thing by then is found by them.
 */
#include <errno.h>
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "x509/crl_list_own.h"

/* Whether nobody can make two lists of one digest of this kind. */
static bool
tells_apart(int nid)
{
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* The window's: what shows that all bytes are the same, and what is signed. */
enum { ALL, SIGNED };

void
list_digests_begin(struct crl_list *list, struct crl_window *window, enum crl_digests asked)
{
	int nid = list->read_digest.nid;
	const EVP_MD *kind = nid != NID_undef ? EVP_get_digestbynid(nid) : NULL;

	if (kind == NULL)
		list->read_digest.nid = NID_undef;
	list->has_fingerprint = asked != CRL_DIGEST_SIGNED || kind == NULL || !tells_apart(nid);
	if (list->has_fingerprint)
		crl_window_digest(window, ALL, EVP_sha256(), 0, UINT64_MAX);
	if (kind != NULL && asked != CRL_DIGEST_FINGERPRINT)
		crl_window_digest(window, SIGNED, kind, list->tbs_begin, list->tbs_end);
}

void
list_digests_take(struct crl_list *list, struct crl_window *window, struct span tail)
{
	struct signed_digest *made = &list->read_digest;
	uint8_t digest[EVP_MAX_MD_SIZE];

	made->length = crl_window_finish(window, SIGNED, made->bytes);
	if (list->has_fingerprint ? crl_window_finish(window, ALL, digest) != DIGEST_SIZE
				  : made->length == 0)
		abort(); /* libcrypto without SHA-2 is none */
	if (list->has_fingerprint)
		memcpy(list->fingerprint.bytes, digest, DIGEST_SIZE);
	list_identify(list, tail);
}

/* The kind of digest decides its length, so that no two lists are the same text here. */
void
list_identify(struct crl_list *list, struct span tail)
{
	static const char what[] = "CRL by what is signed, and what follows";
	CLEANUP(buffer_free) struct buffer text = {};
	const struct signed_digest *made = &list->read_digest;

	list->identity = list->fingerprint;
	if (list->has_fingerprint)
		return;
	buffer_add(&text, what, sizeof(what));
	buffer_add(&text, &made->nid, sizeof(made->nid));
	buffer_add(&text, made->bytes, made->length);
	buffer_add(&text, tail.data, tail.length);
	list->identity = digest_of(buffer_span(&text));
}

/* The file is the one that was read; that it says the same is for the caller to find. */
static int
read_whole(struct crl_list *list, struct buffer *ret)
{
	uint8_t *bytes = mem_alloc((size_t)list->size + 1);
	ssize_t got;

	(void)pthread_mutex_lock(&list->mutex);
	got = crl_source_read(list->source, 0, bytes, (size_t)list->size);
	(void)pthread_mutex_unlock(&list->mutex);
	if (got < 0 || (uint64_t)got != list->size) {
		mem_free(bytes);
		return -1;
	}
	*ret = (struct buffer){ bytes, (size_t)got, (size_t)got + 1 };
	bytes[got] = 0;
	return 0;
}

/* Whether these are the bytes that were read: as many as there were. */
static bool
is_of_list(const struct crl_list *list, struct span der)
{
	struct crl_list other = { .read_digest.nid = list->read_digest.nid };
	struct digest digest;

	if (list->has_fingerprint) {
		digest = digest_of(der);
		return digest_equal(&digest, &list->fingerprint);
	}
	if (EVP_Digest(der.data + list->tbs_begin, (size_t)(list->tbs_end - list->tbs_begin),
		    other.read_digest.bytes, &other.read_digest.length,
		    EVP_get_digestbynid(list->read_digest.nid), NULL) != 1)
		return false;
	list_identify(
		&other, span_of(der.data + list->tbs_end, (size_t)(list->size - list->tbs_end)));
	return digest_equal(&other.identity, &list->identity);
}

int
crl_list_der(struct crl_list *list, size_t limit, struct buffer *ret)
{
	if (list->size == 0 || list->size > limit || read_whole(list, ret) < 0)
		return -1;
	if (is_of_list(list, buffer_span(ret)))
		return 0;
	buffer_free(ret);
	return -1;
}

int
crl_list_tbs(struct crl_list *list, struct buffer *ret)
{
	struct buffer der = {};

	if (crl_list_der(list, CRL_WHOLE_MAX_SIZE, &der) < 0)
		return -1;
	memmove(der.data, der.data + list->tbs_begin, (size_t)(list->tbs_end - list->tbs_begin));
	der.length = (size_t)(list->tbs_end - list->tbs_begin);
	*ret = der;
	return 0;
}

/* Whether what was passed is what was read. Of one without fingerprint the TBS alone is compared,
 * of which a digest is asked for; what stands behind it is kept. */
static bool
is_same_again(const struct crl_list *list, struct crl_window *window)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = crl_window_finish(window, ALL, digest);

	if (list->has_fingerprint)
		return length == DIGEST_SIZE &&
		       memcmp(digest, list->fingerprint.bytes, DIGEST_SIZE) == 0;
	return length > 0 && length == list->read_digest.length &&
	       memcmp(digest, list->read_digest.bytes, length) == 0;
}

/* Once more through all of it, for a digest that the TBS did not announce. */
static int
digest_again(struct crl_list *list, const EVP_MD *kind, struct signed_digest *ret)
{
	CLEANUP(crl_window_freep)
	struct crl_window *window = crl_window_new(list->source, 0, list->block);
	uint64_t left;

	if (list->has_fingerprint)
		crl_window_digest(window, ALL, EVP_sha256(), 0, UINT64_MAX);
	else
		crl_window_digest(window, ALL, EVP_get_digestbynid(list->read_digest.nid),
			list->tbs_begin, list->tbs_end);
	crl_window_digest(window, SIGNED, kind, list->tbs_begin, list->tbs_end);
	while ((left = list->size - crl_window_offset(window)) > 0) {
		size_t part = left < list->block ? (size_t)left : list->block;

		if (crl_window_want(window, part).length < part)
			break;
		crl_window_pass(window, part);
	}
	ret->length = crl_window_finish(window, SIGNED, ret->bytes);
	return left == 0 && is_same_again(list, window) ? 0 : -1;
}

int
crl_list_digest(struct crl_list *list, int nid, uint8_t *ret, unsigned *ret_length)
{
	const EVP_MD *kind = EVP_get_digestbynid(nid);
	struct signed_digest *made = &list->read_digest;

	if (kind == NULL)
		return -1;
	(void)pthread_mutex_lock(&list->mutex);
	if (made->nid != nid || made->length == 0) {
		made = &list->asked_digest;
		if (made->nid != nid && digest_again(list, kind, made) < 0)
			made->length = 0;
		made->nid = made->length > 0 ? nid : NID_undef;
	}
	memcpy(ret, made->bytes, made->length);
	*ret_length = made->length;
	(void)pthread_mutex_unlock(&list->mutex);
	return *ret_length > 0 ? 0 : -1;
}
