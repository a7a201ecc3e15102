/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "x509/public_key.h"
#include "x509/signature_check.h"
#include "x509/verifying_key.h"

enum {
	TABLE_CAPACITY_FIRST = 64, /* a power of two, as all its successors */
	SECURITY_BITS_UNKNOWN = -1,
};

/* What is known of an object's signature by a key, or (where object is all zero) of a key. */
struct slot {
	struct digest object, key;
	struct verifying_key *decoded; /* of a key; NULL where libcrypto cannot read it */
	enum signature_result result;
	bool used;
};

/* Open addressing: the digests are as good as random. */
struct table {
	struct slot *slots;
	size_t capacity, count;
};

struct signature_cache {
	struct table keys, results;
	struct key_decoder decoder;
	struct signature_memory *memory; /* borrowed, or NULL */
	struct key_tables *tables;       /* borrowed, or NULL */
	BN_CTX *numbers;                 /* made at first use */
	bool has_failed;
};

static size_t
slot_hash(const struct digest *object, const struct digest *key)
{
	uint64_t object_part, key_part;

	(void)memcpy(&object_part, object->bytes, sizeof(object_part));
	(void)memcpy(&key_part, key->bytes, sizeof(key_part));
	return (size_t)(object_part ^ (key_part << 32 | key_part >> 32));
}

/* The slot of this pair, or the free one where it belongs. */
static struct slot *
probe(const struct table *table, const struct digest *object, const struct digest *key)
{
	size_t mask = table->capacity - 1, at = slot_hash(object, key) & mask;

	while (table->slots[at].used && !(digest_equal(&table->slots[at].object, object) &&
						digest_equal(&table->slots[at].key, key)))
		at = (at + 1) & mask;
	return &table->slots[at];
}

static void
table_grow(struct table *table)
{
	struct table grown = {
		.capacity = table->capacity > 0 ? 2 * table->capacity : TABLE_CAPACITY_FIRST,
		.count = table->count,
	};

	grown.slots = mem_zalloc(grown.capacity * sizeof(grown.slots[0]));
	for (size_t i = 0; i < table->capacity; i++) {
		const struct slot *slot = &table->slots[i];

		if (slot->used)
			*probe(&grown, &slot->object, &slot->key) = *slot;
	}
	mem_free(table->slots);
	*table = grown;
}

/* The slot of this pair; where *ret_new, it was free and awaits its value. */
static struct slot *
table_find(
	struct table *table, const struct digest *object, const struct digest *key, bool *ret_new)
{
	struct slot *slot;

	if (4 * (table->count + 1) > 3 * table->capacity)
		table_grow(table);
	slot = probe(table, object, key);
	*ret_new = !slot->used;
	if (*ret_new) {
		*slot = (struct slot){ .object = *object, .key = *key, .used = true };
		table->count++;
	}
	return slot;
}

struct signature_cache *
signature_cache_new(void)
{
	return mem_zalloc(sizeof(struct signature_cache));
}

/* As it was made, but for the room that it has. */
static void
table_clear(struct table *table)
{
	if (table->count > 0)
		(void)memset(table->slots, 0, table->capacity * sizeof(*table->slots));
	table->count = 0;
}

static void
table_end(struct table *table)
{
	for (size_t i = 0; i < table->capacity; i++)
		verifying_key_free(table->slots[i].decoded);
	mem_free(table->slots);
	*table = (struct table){};
}

size_t
signature_cache_count(const struct signature_cache *cache)
{
	return cache->results.count;
}

void
signature_cache_trim(struct signature_cache *cache, size_t results, size_t keys)
{
	if (cache->results.count > results)
		table_clear(&cache->results);
	if (cache->keys.count > keys)
		table_end(&cache->keys);
}

void
signature_cache_free(struct signature_cache *cache)
{
	if (cache == NULL)
		return;
	table_end(&cache->results);
	table_end(&cache->keys);
	key_decoder_free(&cache->decoder);
	BN_CTX_free(cache->numbers);
	mem_free(cache);
}

/* Borrowed from the cache; NULL where libcrypto cannot read it. */
static struct verifying_key *
find_key(struct signature_cache *cache, const struct digest *digest, struct span spki)
{
	static const struct digest no_object;
	bool is_new;
	struct slot *slot = table_find(&cache->keys, &no_object, digest, &is_new);

	if (!is_new)
		return slot->decoded;
	slot->decoded = verifying_key_adopt(key_decode(&cache->decoder, spki));
	if (slot->decoded != NULL && cache->tables != NULL)
		verifying_key_watch(slot->decoded, cache->tables, digest);
	return slot->decoded;
}

struct signed_object {
	const struct digest *fingerprint;
	struct span tbs, algorithm, signature;
	const struct crl *crl; /* or NULL: its bytes are all there */
};

static enum signature_result
signature_of(struct signature_cache *cache, const struct signed_object *object, struct span spki,
	const struct digest *digest)
{
	bool is_new;
	struct slot *slot = table_find(&cache->results, object->fingerprint, digest, &is_new);
	struct verifying_key *key;

	if (!is_new)
		return slot->result;
	key = find_key(cache, digest, spki);
	slot->result = SIGNATURE_UNSUPPORTED;
	if (key == NULL) {
		cache->has_failed = true;
		return slot->result;
	}
	(void)ERR_set_mark();
	slot->result = object->crl != NULL ? signature_check_crl(key->key, object->crl)
					   : verifying_key_check(key, object->tbs,
						     object->algorithm, object->signature);
	(void)ERR_pop_to_mark();
	cache->has_failed |= slot->result != SIGNATURE_GOOD;
	return slot->result;
}

static bool
is_remembered(const struct signature_cache *cache, const struct cert *cert)
{
	return cache->memory != NULL && signature_memory_has(cache->memory, &cert->fingerprint);
}

static enum signature_result
cert_by_key(struct signature_cache *cache, const struct cert *cert, struct span spki,
	const struct digest *digest)
{
	struct signed_object object = { &cert->fingerprint, cert->tbs, cert->signature_algorithm,
		cert->signature, NULL };

	if (!signature_algorithms_agree(cert))
		return SIGNATURE_BAD;
	if (spki.data == cert->spki.data && is_remembered(cache, cert))
		return SIGNATURE_GOOD;
	return signature_of(cache, &object, spki, digest);
}

enum signature_result
signature_cert(struct signature_cache *cache, const struct cert *cert, struct span issuer_spki)
{
	struct digest digest = digest_of(issuer_spki);

	return cert_by_key(cache, cert, issuer_spki, &digest);
}

enum signature_result
signature_by(struct signature_cache *cache, const struct cert *cert, const struct cert *issuer)
{
	return cert_by_key(cache, cert, issuer->spki, &issuer->key_digest);
}

/* X509_CRL_verify does not compare the two algorithms, so neither do we. */
enum signature_result
signature_crl(struct signature_cache *cache, const struct crl *crl, struct span issuer_spki)
{
	struct signed_object object = { &crl->identity, crl->tbs, crl->signature_algorithm,
		crl->signature, crl };
	struct digest digest = digest_of(issuer_spki);

	return signature_of(cache, &object, issuer_spki, &digest);
}

enum signature_result
signature_ocsp(struct signature_cache *cache, const struct ocsp_response *response,
	struct span signer_spki)
{
	struct signed_object object = { &response->fingerprint, response->tbs,
		response->signature_algorithm, response->signature, NULL };
	struct digest digest = digest_of(signer_spki);

	return signature_of(cache, &object, signer_spki, &digest);
}

int
key_security_bits(struct signature_cache *cache, struct span spki)
{
	struct digest digest = digest_of(spki);
	const struct verifying_key *key = find_key(cache, &digest, spki);
	int bits = key != NULL ? EVP_PKEY_get_security_bits(key->key) : SECURITY_BITS_UNKNOWN;

	return bits >= 0 ? bits : SECURITY_BITS_UNKNOWN;
}

bool
signature_own_is_known(const struct signature_cache *cache, const struct cert *cert)
{
	return is_remembered(cache, cert) ||
	       (cache->results.capacity > 0 &&
		       probe(&cache->results, &cert->fingerprint, &cert->key_digest)->used);
}

bool
signature_cache_has_failed(const struct signature_cache *cache)
{
	return cache->has_failed;
}

void
signature_cache_use_memory(struct signature_cache *cache, struct signature_memory *memory)
{
	cache->memory = memory;
}

void
signature_cache_use_tables(struct signature_cache *cache, struct key_tables *tables)
{
	cache->tables = tables;
}

struct signature_memory *
signature_cache_memory(const struct signature_cache *cache)
{
	return cache->memory;
}

void
signature_note(struct signature_cache *cache, const struct digest *object, const struct digest *key,
	enum signature_result result)
{
	bool is_new;

	table_find(&cache->results, object, key, &is_new)->result = result;
	cache->has_failed |= result != SIGNATURE_GOOD;
}

static bool
is_known(const struct signature_cache *cache, const struct signature_pair *pair)
{
	return cache->results.capacity > 0 &&
	       probe(&cache->results, &pair->cert->fingerprint, &pair->issuer->key_digest)->used;
}

/* The claims of some pairs, and whose they are. */
static size_t
take_claims(struct signature_cache *cache, const struct signature_pair *pairs, size_t count,
	struct claimed claimed[static POINT_CLAIMS],
	const struct signature_pair *whose[static POINT_CLAIMS])
{
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cert *cert = pairs[i].cert, *issuer = pairs[i].issuer;
		struct verifying_key *key = find_key(cache, &issuer->key_digest, issuer->spki);

		if (key == NULL || is_known(cache, &pairs[i]) ||
			!verifying_key_claims(key, cert->tbs, cert->signature_algorithm,
				cert->signature, &claimed[taken]))
			continue;
		whose[taken++] = &pairs[i];
	}
	return taken;
}

void
signature_foresee(struct signature_cache *cache, const struct signature_pair *pairs, size_t count)
{
	struct claimed claimed[POINT_CLAIMS];
	struct point_claim claims[POINT_CLAIMS];
	const struct signature_pair *whose[POINT_CLAIMS];

	if (cache->numbers == NULL)
		cache->numbers = BN_CTX_new();
	while (cache->numbers != NULL && count > 0) {
		size_t some = count < POINT_CLAIMS ? count : POINT_CLAIMS;
		size_t taken = take_claims(cache, pairs, some, claimed, whose);

		for (size_t i = 0; i < taken; i++)
			claims[i] = claimed[i].claim;
		point_table_check(claims, taken, cache->numbers);
		for (size_t i = 0; i < taken; i++)
			if (claims[i].holds)
				signature_note(cache, &whose[i]->cert->fingerprint,
					&whose[i]->issuer->key_digest, SIGNATURE_GOOD);
		pairs += some;
		count -= some;
	}
}
