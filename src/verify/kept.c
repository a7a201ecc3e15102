/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "verify/kept.h"

#include <string.h>

#include "verify/issued.h"
#include "verify/rule.h"

enum {
	KEPT_BUCKETS = 1'024,        /* at first; a power of two */
	KEPT_PLAIN_POLICIES = 1'024, /* octets of policies that are few */
};

/* An issuer, and what is above it on a path without fault. */
struct way {
	struct way *next;
	uint64_t hash;      /* of the issuer's name as it stands */
	struct path path;   /* certs[0] is the client's place */
	bool decides_alone; /* nothing above the client looks at it again */
};

/* For one verifier, one content of its trust, and one moment. */
struct kept {
	struct kept *older;
	const struct verifier *verifier;
	struct digest content;
	int64_t at;
	struct way **buckets;
	size_t bucket_count, count;
};

static void
ways_free(struct kept *kept)
{
	for (size_t i = 0; i < kept->bucket_count; i++)
		while (kept->buckets[i] != NULL) {
			struct way *next = kept->buckets[i]->next;

			mem_free(kept->buckets[i]);
			kept->buckets[i] = next;
		}
	mem_free(kept->buckets);
}

void
kept_free(struct kept *kept)
{
	while (kept != NULL) {
		struct kept *older = kept->older;

		ways_free(kept);
		mem_free(kept);
		kept = older;
	}
}

static uint64_t
hash_of(struct span name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325), word;

	/* Names end in what tells them apart, and are compared in full. */
	for (; name.length >= sizeof(word); name.length -= sizeof(word)) {
		(void)memcpy(&word, name.data, sizeof(word));
		name.data += sizeof(word);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (size_t i = 0; i < name.length; i++)
		hash = (hash ^ name.data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static struct kept *
kept_of(struct kept **list, const struct question *question)
{
	struct kept *kept;

	for (kept = *list; kept != NULL; kept = kept->older)
		if (kept->verifier == question->verifier && kept->at == question->at &&
			digest_equal(&kept->content, &question->trust->content))
			return kept;
	kept = mem_zalloc(sizeof(*kept));
	kept->verifier = question->verifier;
	kept->content = question->trust->content;
	kept->at = question->at;
	kept->bucket_count = KEPT_BUCKETS;
	kept->buckets = mem_zalloc(KEPT_BUCKETS * sizeof(struct way *));
	kept->older = *list;
	return *list = kept;
}

/* RFC 4158 2.4.1: what the client is leads nowhere when it comes again. */
static bool
is_above(const struct path *path, const struct cert *client)
{
	for (unsigned i = 1; i < path->length; i++)
		if (cert_same(path->certs[i], client))
			return true;
	return false;
}

static bool
is_plain(const struct cert *client)
{
	return client->policy_constraints.length == 0 && client->policy_mappings.length == 0 &&
	       client->inhibit_any_policy.length == 0 &&
	       client->policies.length <= KEPT_PLAIN_POLICIES;
}

/*
 * The rules look at the client and at its issuer, who stands as the anchor of a path of two where
 * nothing above it looks at the client again; else at all of the path.
 */
static bool
accepts(struct way *way, const struct question *question)
{
	struct path *path = &way->path;
	const struct cert *client = &question->sent[0];
	unsigned length = path->length;
	bool is_accepted;

	path->certs[0] = client;
	path->failure_count = 0;
	path->ocsp = NULL;
	path->ocsp_count = 0;
	path->bounded = false;
	if (way->decides_alone && is_plain(client))
		path->length = 2;
	path_examine(question, path);
	is_accepted = path->failure_count == 0 && !path->bounded;
	path->length = length;
	return is_accepted;
}

/* Only one whose key identifier is the one that the client names: to try others is the matter of
 * the full judgement. */
static bool
is_issuer(const struct way *way, uint64_t hash, const struct cert *client)
{
	const struct cert *issuer = way->path.certs[1];

	return way->hash == hash && span_equal(issuer->subject, client->issuer) &&
	       span_equal(issuer->subject_key_id, client->authority_key_id.key_id) &&
	       key_id_fits_subject(issuer, client);
}

static struct way *
find_way(struct kept **list, const struct question *question)
{
	const struct cert *client = &question->sent[0];
	struct kept *kept = kept_of(list, question);
	uint64_t hash = hash_of(client->issuer);
	struct way *way = kept->buckets[hash & (kept->bucket_count - 1)];

	while (way != NULL && !is_issuer(way, hash, client))
		way = way->next;
	return way;
}

const struct cert *
kept_issuer(struct kept **list, const struct question *question)
{
	const struct way *way = find_way(list, question);

	return way != NULL ? way->path.certs[1] : NULL;
}

bool
kept_accepts(struct kept **list, const struct question *question)
{
	const struct cert *client = &question->sent[0];
	struct way *way = find_way(list, question);

	return way != NULL && !is_above(&way->path, client) && accepts(way, question);
}

/* Name constraints, policies and revocation look from the whole path at the client. */
static bool
decides_alone(const struct question *question, const struct path *path)
{
	bool is_alone = question->verifier->crl_check == CRL_CHECK_NONE &&
			question->verifier->ocsp.check == CRL_CHECK_NONE &&
			question->verifier->policy_count == 0;

	for (unsigned i = 1; i < path->length; i++)
		is_alone = is_alone && path->certs[i]->name_constraints.length == 0 &&
			   path->certs[i]->policy_constraints.length == 0 &&
			   path->certs[i]->policy_mappings.length == 0 &&
			   path->certs[i]->inhibit_any_policy.length == 0;
	return is_alone;
}

static const struct cert *
find_shared(const struct cert *cert, const struct cert *shared, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cert_same(&shared[i], cert))
			return &shared[i];
	return NULL;
}

static bool
outlives(const struct path *path, const struct cert *shared, size_t count)
{
	for (unsigned i = 1; i < path->length; i++)
		if (path->origins[i] != ORIGIN_STORE &&
			find_shared(path->certs[i], shared, count) == NULL)
			return false;
	return true;
}

static bool
is_kept(const struct kept *kept, uint64_t hash, const struct path *path)
{
	const struct way *way = kept->buckets[hash & (kept->bucket_count - 1)];

	while (way != NULL &&
		(way->hash != hash ||
			!span_equal(way->path.certs[1]->subject, path->certs[1]->subject) ||
			!digest_equal(
				&way->path.certs[1]->key_digest, &path->certs[1]->key_digest)))
		way = way->next;
	return way != NULL;
}

static void
grow(struct kept *kept)
{
	size_t count = 2 * kept->bucket_count;
	struct way **buckets = mem_zalloc(count * sizeof(struct way *)), *way;

	for (size_t i = 0; i < kept->bucket_count; i++)
		while ((way = kept->buckets[i]) != NULL) {
			kept->buckets[i] = way->next;
			way->next = buckets[way->hash & (count - 1)];
			buckets[way->hash & (count - 1)] = way;
		}
	mem_free(kept->buckets);
	kept->buckets = buckets;
	kept->bucket_count = count;
}

void
kept_add(struct kept **list, const struct question *question, const struct path *path,
	const struct cert *shared, size_t shared_count)
{
	struct kept *kept = kept_of(list, question);
	uint64_t hash;
	struct way *way;

	if (path->length < 2 || !path->ends_in_anchor || path->failure_count > 0 || path->bounded ||
		kept->count == KEPT_MAX || !outlives(path, shared, shared_count))
		return;
	hash = hash_of(path->certs[1]->subject);
	if (is_kept(kept, hash, path))
		return;
	if (kept->count >= kept->bucket_count)
		grow(kept);
	way = mem_zalloc(sizeof(*way));
	way->hash = hash;
	way->path = *path;
	way->decides_alone = decides_alone(question, path);
	for (unsigned i = 1; i < path->length; i++)
		if (path->origins[i] != ORIGIN_STORE)
			way->path.certs[i] = find_shared(path->certs[i], shared, shared_count);
	way->next = kept->buckets[hash & (kept->bucket_count - 1)];
	kept->buckets[hash & (kept->bucket_count - 1)] = way;
	kept->count++;
}
