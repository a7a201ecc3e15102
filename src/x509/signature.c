/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "x509/envelope.h"
#include "x509/public_key.h"

enum {
	TABLE_CAPACITY_FIRST = 64, /* a power of two, as all its successors */
	SECURITY_BITS_UNKNOWN = -1,
	/* A thread costs about as much as one signature; more than a few fight over libcrypto's
	   locks. */
	BATCH_PER_THREAD = 32,
	BATCH_MAX_THREADS = 8,
};

/* What is known of an object's signature by a key, or (where object is all zero) of a key. */
struct slot {
	struct digest object, key;
	EVP_PKEY *decoded; /* of a key; NULL where libcrypto cannot read it */
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
probe(struct table *table, const struct digest *object, const struct digest *key)
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

void
signature_cache_free(struct signature_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->keys.capacity; i++)
		EVP_PKEY_free(cache->keys.slots[i].decoded);
	mem_free(cache->keys.slots);
	mem_free(cache->results.slots);
	key_decoder_free(&cache->decoder);
	mem_free(cache);
}

/* Borrowed from the cache; NULL where libcrypto cannot read it. */
static EVP_PKEY *
find_key(struct signature_cache *cache, const struct digest *digest, struct span spki)
{
	static const struct digest no_object;
	bool is_new;
	struct slot *slot = table_find(&cache->keys, &no_object, digest, &is_new);

	if (is_new)
		slot->decoded = key_decode(&cache->decoder, spki);
	return slot->decoded;
}

static void
end_algorithm(X509_ALGOR **algorithm)
{
	X509_ALGOR_free(*algorithm);
}

static void
end_type(ASN1_TYPE **type)
{
	ASN1_TYPE_free(*type);
}

static void
end_bits(ASN1_BIT_STRING **bits)
{
	ASN1_BIT_STRING_free(*bits);
}

static bool
algorithm_is_supported(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *oid;
	int digest, key;

	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &digest, &key) != 1)
		return false;
	/* No digest of its own: RSASSA-PSS has it in the parameters, Ed25519 inside. */
	return digest == NID_undef || EVP_get_digestbynid(digest) != NULL;
}

/*
 * ASN1_item_verify is what X509_verify calls: it matches the algorithm with the kind of key and
 * obeys the parameters of RSASSA-PSS. It encodes what it is given; an ASN1_TYPE of a SEQUENCE is
 * encoded as the very bytes that it was read from.
 */
static enum signature_result
verify(EVP_PKEY *key, struct span signed_bytes, struct span algorithm_der, struct span signature)
{
	const unsigned char *at = algorithm_der.data;
	CLEANUP(end_algorithm)
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)algorithm_der.length);
	CLEANUP(end_type) ASN1_TYPE *content = NULL;
	CLEANUP(end_bits) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	if (algorithm == NULL || bits == NULL || !algorithm_is_supported(algorithm))
		return SIGNATURE_UNSUPPORTED;
	at = signed_bytes.data;
	content = d2i_ASN1_TYPE(NULL, &at, (long)signed_bytes.length);
	if (content == NULL || ASN1_STRING_set(bits, signature.data, (int)signature.length) != 1)
		return SIGNATURE_UNSUPPORTED;
	if (ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, bits, content, key) != 1)
		return SIGNATURE_BAD;
	return SIGNATURE_GOOD;
}

struct signed_object {
	const struct digest *fingerprint;
	struct span tbs, algorithm, signature;
};

static enum signature_result
signature_of(
	struct signature_cache *cache, const struct signed_object *object, struct span issuer_spki)
{
	struct digest digest = digest_of(issuer_spki);
	bool is_new;
	struct slot *slot = table_find(&cache->results, object->fingerprint, &digest, &is_new);
	EVP_PKEY *key;

	if (!is_new)
		return slot->result;
	key = find_key(cache, &digest, issuer_spki);
	slot->result = SIGNATURE_UNSUPPORTED;
	if (key == NULL)
		return slot->result;
	(void)ERR_set_mark();
	slot->result = verify(key, object->tbs, object->algorithm, object->signature);
	(void)ERR_pop_to_mark();
	return slot->result;
}

/* RFC 5280 4.1.1.2: the algorithm stands in the TBSCertificate as well, and the two must agree;
 * X509_verify asks it too. */
static bool
algorithms_agree(const struct cert *cert)
{
	struct der outer = der_of(cert->tbs);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der tbs = der_enter(&sequence);

	(void)der_optional(&tbs, DER_CONTEXT_CONSTRUCTED(0));
	(void)der_integer(&tbs);
	return span_equal(envelope_algorithm(&tbs), cert->signature_algorithm);
}

enum signature_result
signature_cert(struct signature_cache *cache, const struct cert *cert, struct span issuer_spki)
{
	struct signed_object object = { &cert->fingerprint, cert->tbs, cert->signature_algorithm,
		cert->signature };

	if (!algorithms_agree(cert))
		return SIGNATURE_BAD;
	return signature_of(cache, &object, issuer_spki);
}

/* X509_CRL_verify does not compare the two algorithms, so neither do we. */
enum signature_result
signature_crl(struct signature_cache *cache, const struct crl *crl, struct span issuer_spki)
{
	struct signed_object object = { &crl->fingerprint, crl->tbs, crl->signature_algorithm,
		crl->signature };

	return signature_of(cache, &object, issuer_spki);
}

int
key_security_bits(struct signature_cache *cache, struct span spki)
{
	struct digest digest = digest_of(spki);
	EVP_PKEY *key = find_key(cache, &digest, spki);
	int bits = key != NULL ? EVP_PKEY_get_security_bits(key) : SECURITY_BITS_UNKNOWN;

	return bits >= 0 ? bits : SECURITY_BITS_UNKNOWN;
}

/* Every step-th certificate from the first, with a decoder of its own; what comes of it is written
 * where no other thread writes. */
struct share {
	const struct cert *const *certs;
	enum signature_result *results;
	size_t first, step, count;
	pthread_t thread;
	bool started;
};

static void *
check_share(void *data)
{
	const struct share *share = data;
	struct key_decoder decoder = { 0 };

	(void)ERR_set_mark();
	for (size_t i = share->first; i < share->count; i += share->step) {
		const struct cert *cert = share->certs[i];
		EVP_PKEY *key = key_decode(&decoder, cert->spki);

		share->results[i] = key == NULL ? SIGNATURE_UNSUPPORTED
						: verify(key, cert->tbs, cert->signature_algorithm,
							  cert->signature);
		EVP_PKEY_free(key);
	}
	(void)ERR_pop_to_mark();
	key_decoder_free(&decoder);
	return NULL;
}

static size_t
thread_count(size_t count)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = processors > 1 ? (size_t)processors : 1;

	if (threads > BATCH_MAX_THREADS)
		threads = BATCH_MAX_THREADS;
	if (threads > count / BATCH_PER_THREAD)
		threads = count / BATCH_PER_THREAD;
	return threads > 0 ? threads : 1;
}

/* This thread takes the first share, and any that could not be given away. */
static void
check_shares(const struct cert *const *certs, enum signature_result *results, size_t count)
{
	struct share shares[BATCH_MAX_THREADS];
	size_t threads = thread_count(count);

	for (size_t i = threads; i-- > 0;) {
		shares[i] = (struct share){ certs, results, i, threads, count, 0, false };
		if (i > 0)
			shares[i].started = pthread_create(&shares[i].thread, NULL, check_share,
						    &shares[i]) == 0;
		if (!shares[i].started)
			(void)check_share(&shares[i]);
	}
	for (size_t i = 1; i < threads; i++)
		if (shares[i].started)
			(void)pthread_join(shares[i].thread, NULL);
}

/* Those whose answer is not known yet. */
static size_t
pick_unknown(struct signature_cache *cache, const struct cert *const *certs, size_t count,
	const struct cert **ret)
{
	size_t unknown = 0;

	for (size_t i = 0; i < count; i++)
		if (cache->results.capacity == 0 ||
			!probe(&cache->results, &certs[i]->fingerprint, &certs[i]->key_digest)
				 ->used)
			ret[unknown++] = certs[i];
	return unknown;
}

void
signatures_own(struct signature_cache *cache, const struct cert *const *certs, size_t count)
{
	CLEANUP(mem_freep)
	const struct cert **unknown = mem_alloc((count + 1) * sizeof(const struct cert *));
	CLEANUP(mem_freep)
	enum signature_result *results = mem_alloc((count + 1) * sizeof(*results));

	count = pick_unknown(cache, certs, count, unknown);
	check_shares(unknown, results, count);
	for (size_t i = 0; i < count; i++) {
		bool is_new;

		table_find(
			&cache->results, &unknown[i]->fingerprint, &unknown[i]->key_digest, &is_new)
			->result = results[i];
	}
}
