/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/relations.h"

#include <stdlib.h>
#include <string.h>

/* An entry under a hash of what it is looked for by. */
struct key {
	uint64_t hash;
	size_t index;
};

struct relating {
	struct arena *arena;
	const struct store *store;
	struct signature_cache *signatures;
	struct relation *relations;
	struct key *subjects, *others;
	size_t count; /* of certificates */
	size_t checked;
};

static const struct cert *
cert_at(const struct relating *relating, size_t index)
{
	return &relating->store->entries[index].cert;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct key *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static uint64_t
hash_subject(const struct cert *cert)
{
	return name_hash(cert->subject);
}

static uint64_t
hash_digest(const struct digest *digest)
{
	uint64_t hash;

	memcpy(&hash, digest->bytes, sizeof(hash));
	return hash;
}

static uint64_t
hash_key(const struct cert *cert)
{
	return hash_digest(&cert->key_digest);
}

static uint64_t
hash_bytes(const struct cert *cert)
{
	return hash_digest(&cert->fingerprint);
}

static bool
same_subject(const struct cert *a, const struct cert *b)
{
	return name_equal(a->subject, b->subject);
}

static bool
same_key(const struct cert *a, const struct cert *b)
{
	return digest_equal(&a->key_digest, &b->key_digest);
}

static void
keys_sort(const struct relating *relating, struct key *keys, uint64_t (*hash)(const struct cert *))
{
	const struct store *store = relating->store;
	size_t count = 0;

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE)
			keys[count++] = (struct key){ hash(&store->entries[i].cert), i };
	qsort(keys, count, sizeof(*keys), compare_keys);
}

static size_t *
field_of(struct relation *relation, size_t offset)
{
	return (size_t *)(void *)((char *)relation + offset);
}

/* Sets the field of all that are equal to the first of them; to both where include_first is set. */
static void
group(const struct relating *relating, const struct key *keys, size_t offset,
	bool (*same)(const struct cert *, const struct cert *), bool include_first)
{
	size_t first = 0;

	for (size_t i = 1; i < relating->count; i++) {
		size_t *field = field_of(&relating->relations[keys[i].index], offset);

		/* Names of one hash that are not equal are as good as unheard of: those that are
		 * not like the first of the run begin another one. */
		if (keys[i].hash != keys[first].hash ||
			!same(cert_at(relating, keys[i].index),
				cert_at(relating, keys[first].index))) {
			first = i;
			continue;
		}
		*field = keys[first].index;
		if (include_first)
			*field_of(&relating->relations[keys[first].index], offset) =
				keys[first].index;
	}
}

static bool
key_ids_agree(const struct cert *cert, const struct cert *issuer)
{
	return cert->authority_key_id.key_id.length == 0 || issuer->subject_key_id.length == 0 ||
	       span_equal(cert->authority_key_id.key_id, issuer->subject_key_id);
}

static bool
signed_by(struct relating *relating, const struct cert *cert, const struct cert *issuer)
{
	if (!name_equal(cert->issuer, issuer->subject) || !key_ids_agree(cert, issuer))
		return false;
	if (relating->checked >= RELATIONS_MAX_SIGNATURES)
		return true;
	relating->checked++;
	return signature_cert(relating->signatures, cert, issuer->spki) != SIGNATURE_BAD;
}

/* The first entry whose subject has this hash. */
static size_t
subject_find(const struct relating *relating, uint64_t hash)
{
	size_t low = 0, high = relating->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (relating->subjects[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
find_issuer(struct relating *relating, size_t index)
{
	const struct cert *cert = cert_at(relating, index);
	uint64_t hash = name_hash(cert->issuer);
	size_t at = subject_find(relating, hash), tried = 0;

	/* Who signed itself is its own issuer, whoever else has its name. */
	if (cert_is_self_issued(cert) && signed_by(relating, cert, cert)) {
		relating->relations[index].issuer = index;
		return;
	}
	for (; at < relating->count && relating->subjects[at].hash == hash &&
		tried < RELATIONS_MAX_CANDIDATES;
		at++, tried++) {
		size_t candidate = relating->subjects[at].index;

		if (candidate == index || !signed_by(relating, cert, cert_at(relating, candidate)))
			continue;
		relating->relations[index].issuer = candidate;
		return;
	}
}

/* Same name and key, and another issuer's word for them (RFC 5280 3.2, and 6.1 of what a path is).
 */
static void
mark_cross(const struct relating *relating, size_t index)
{
	struct relation *relation = &relating->relations[index];
	size_t first = relation->same_key;

	if (first == RELATION_NONE || first == index ||
		!same_subject(cert_at(relating, index), cert_at(relating, first)) ||
		name_equal(cert_at(relating, index)->issuer, cert_at(relating, first)->issuer))
		return;
	relation->is_cross = relating->relations[first].is_cross = true;
}

const struct relation *
relations_of(struct arena *arena, const struct store *store, struct signature_cache *signatures)
{
	size_t size = store->entry_count + 1;
	struct relating relating = { .arena = arena,
		.store = store,
		.signatures = signatures,
		.relations = arena_alloc(arena, size * sizeof(*relating.relations)),
		.subjects = arena_alloc(arena, size * sizeof(*relating.subjects)),
		.others = arena_alloc(arena, size * sizeof(*relating.others)),
		.count = store_count(store, ENTRY_CERTIFICATE) };

	for (size_t i = 0; i < store->entry_count; i++)
		relating.relations[i] = (struct relation){ RELATION_NONE, RELATION_NONE,
			RELATION_NONE, RELATION_NONE, false };
	keys_sort(&relating, relating.subjects, hash_subject);
	group(&relating, relating.subjects, offsetof(struct relation, same_subject), same_subject,
		true);
	keys_sort(&relating, relating.others, hash_key);
	group(&relating, relating.others, offsetof(struct relation, same_key), same_key, true);
	keys_sort(&relating, relating.others, hash_bytes);
	group(&relating, relating.others, offsetof(struct relation, duplicate_of), cert_same,
		false);
	for (size_t i = 0; i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE)
			continue;
		find_issuer(&relating, i);
		mark_cross(&relating, i);
	}
	return relating.relations;
}
