/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "verify/engines/objects.h"

#include "verify/engines/long_crl.h"

#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#include "base/quiet.h"

enum { OBJECTS_FIRST_CAPACITY = 64 };

enum variant {
	VARIANT_NONE,
	VARIANT_CRL,
	VARIANT_CERT, /* and above: with the trust settings that the bits say */
	VARIANT_HAS_TRUST = 1 << 2,
	VARIANT_TRUSTS_CLIENT = 1 << 3,
	VARIANT_TRUSTS_SERVER = 1 << 4,
	VARIANT_HAS_REJECT = 1 << 5,
	VARIANT_REJECTS_CLIENT = 1 << 6,
	VARIANT_REJECTS_SERVER = 1 << 7,
};

struct object {
	struct digest fingerprint;
	unsigned variant; /* VARIANT_NONE: free */
	X509 *cert;
	X509_CRL *crl;
	struct long_crl *long_crl; /* whose object that is, or NULL */
};

struct expected {
	const struct cert *cert;
	X509 *object; /* written by the thread; NULL where libcrypto refuses the bytes */
};

struct objects {
	struct object *slots;
	size_t capacity, count;
	/* Only as long as the thread has not been joined. */
	struct expected *expected;
	size_t expected_count;
	pthread_t thread;
};

struct objects *
objects_new(void)
{
	struct objects *objects = mem_zalloc(sizeof(*objects));

	objects->capacity = OBJECTS_FIRST_CAPACITY;
	objects->slots = mem_zalloc(objects->capacity * sizeof(objects->slots[0]));
	return objects;
}

static void settle(struct objects *);

static void
empty(struct objects *objects)
{
	settle(objects);
	for (size_t i = 0; i < objects->capacity; i++) {
		X509_free(objects->slots[i].cert);
		if (objects->slots[i].long_crl != NULL)
			long_crl_free(objects->slots[i].long_crl);
		else
			X509_CRL_free(objects->slots[i].crl);
		objects->slots[i] = (struct object){};
	}
	objects->count = 0;
}

void
objects_free(struct objects *objects)
{
	empty(objects);
	mem_free(objects->slots);
	mem_free(objects);
}

void
objects_trim(struct objects *objects, size_t limit)
{
	if (objects->count > limit)
		empty(objects);
}

/* The slot of this object, or the free one where it belongs. */
static struct object *
probe(struct objects *objects, const struct digest *fingerprint, unsigned variant)
{
	uint64_t hash;
	size_t at;

	(void)memcpy(&hash, fingerprint->bytes, sizeof(hash));
	for (at = hash & (objects->capacity - 1);; at = (at + 1) & (objects->capacity - 1)) {
		struct object *slot = &objects->slots[at];

		if (slot->variant == VARIANT_NONE ||
			(slot->variant == variant && digest_equal(&slot->fingerprint, fingerprint)))
			return slot;
	}
}

static void
grow(struct objects *objects)
{
	struct objects bigger = { .capacity = 2 * objects->capacity, .count = objects->count };

	bigger.slots = mem_zalloc(bigger.capacity * sizeof(bigger.slots[0]));
	for (size_t i = 0; i < objects->capacity; i++) {
		const struct object *old = &objects->slots[i];

		if (old->variant != VARIANT_NONE)
			*probe(&bigger, &old->fingerprint, old->variant) = *old;
	}
	mem_free(objects->slots);
	*objects = bigger;
}

/* The object's slot; *ret_new where it has yet to be decoded. */
static struct object *
find(struct objects *objects, const struct digest *fingerprint, unsigned variant, bool *ret_new)
{
	struct object *slot;

	if (2 * objects->count >= objects->capacity)
		grow(objects);
	slot = probe(objects, fingerprint, variant);
	*ret_new = slot->variant == VARIANT_NONE;
	if (*ret_new) {
		slot->fingerprint = *fingerprint;
		slot->variant = variant;
		objects->count++;
	}
	return slot;
}

static unsigned
variant_of(const struct trust_settings *settings)
{
	unsigned variant = VARIANT_CERT;

	if (settings == NULL || !settings->present)
		return variant;
	if (settings->has_trust)
		variant |= VARIANT_HAS_TRUST |
			   (settings->trusts_client ? VARIANT_TRUSTS_CLIENT : 0U) |
			   (settings->trusts_server ? VARIANT_TRUSTS_SERVER : 0U);
	if (settings->has_reject)
		variant |= VARIANT_HAS_REJECT |
			   (settings->rejects_client ? VARIANT_REJECTS_CLIENT : 0U) |
			   (settings->rejects_server ? VARIANT_REJECTS_SERVER : 0U);
	return variant;
}

/* Both are said by anyExtendedKeyUsage, which is also what counts where no purpose is asked
 * (X509_check_trust, obj_trust). A use that is neither stands for all the others that a list may
 * hold. */
static const ASN1_OBJECT *
use_of(bool client, bool server)
{
	if (client && server)
		return OBJ_nid2obj(NID_anyExtendedKeyUsage);
	return OBJ_nid2obj(client ? NID_client_auth : server ? NID_server_auth : NID_code_sign);
}

static void
set_trust(X509 *cert, unsigned variant)
{
	if ((variant & VARIANT_HAS_TRUST) != 0)
		(void)X509_add1_trust_object(cert, use_of((variant & VARIANT_TRUSTS_CLIENT) != 0,
							   (variant & VARIANT_TRUSTS_SERVER) != 0));
	if ((variant & VARIANT_HAS_REJECT) != 0)
		(void)X509_add1_reject_object(
			cert, use_of((variant & VARIANT_REJECTS_CLIENT) != 0,
				      (variant & VARIANT_REJECTS_SERVER) != 0));
}

static X509 *
decode_cert(const struct cert *cert)
{
	const unsigned char *at = cert->der.data;
	X509 *object;

	(void)ERR_set_mark();
	object = d2i_X509(NULL, &at, (long)cert->der.length);
	(void)ERR_pop_to_mark();
	return object;
}

static void *
decode_expected(void *data)
{
	struct objects *objects = data;

	for (size_t i = 0; i < objects->expected_count; i++) {
		quiet_hold();
		objects->expected[i].object = decode_cert(objects->expected[i].cert);
		quiet_release();
	}
	return NULL;
}

void
objects_expect(struct objects *objects, const struct cert *const *certs, size_t count)
{
	settle(objects);
	if (count > OBJECTS_MAX_EXPECTED)
		count = OBJECTS_MAX_EXPECTED;
	objects->expected = mem_zalloc((count + 1) * sizeof(objects->expected[0]));
	for (size_t i = 0; i < count; i++)
		objects->expected[i].cert = certs[i];
	objects->expected_count = count;
	if (count == 0 || pthread_create(&objects->thread, NULL, decode_expected, objects) != 0) {
		mem_free(objects->expected);
		objects->expected = NULL;
	}
}

/* Waits for the thread, and takes what it has decoded. */
static void
settle(struct objects *objects)
{
	struct expected *expected = objects->expected;

	if (expected == NULL)
		return;
	(void)pthread_join(objects->thread, NULL);
	objects->expected = NULL;
	for (size_t i = 0; i < objects->expected_count; i++) {
		bool is_new;
		struct object *slot =
			find(objects, &expected[i].cert->fingerprint, VARIANT_CERT, &is_new);

		if (is_new)
			slot->cert = expected[i].object;
		else
			X509_free(expected[i].object);
	}
	mem_free(expected);
}

X509 *
objects_cert(
	struct objects *objects, const struct cert *cert, const struct trust_settings *settings)
{
	unsigned variant = variant_of(settings);
	struct object *slot;
	bool is_new;

	settle(objects);
	slot = find(objects, &cert->fingerprint, variant, &is_new);
	if (!is_new)
		return slot->cert;
	slot->cert = decode_cert(cert);
	if (slot->cert != NULL && variant != VARIANT_CERT)
		set_trust(slot->cert, variant);
	return slot->cert;
}

X509_CRL *
objects_crl(struct objects *objects, const struct crl *crl)
{
	const unsigned char *at = crl->der.data;
	bool is_new;
	struct object *slot = find(objects, &crl->identity, VARIANT_CRL, &is_new);

	if (!is_new)
		return slot->crl;
	(void)ERR_set_mark();
	if (crl->der.length == 0 || crl->entry_count > OBJECTS_MAX_CRL_ENTRIES) {
		slot->long_crl = long_crl_new(crl);
		slot->crl = slot->long_crl != NULL ? long_crl_object(slot->long_crl) : NULL;
	} else {
		slot->crl = d2i_X509_CRL(NULL, &at, (long)crl->der.length);
	}
	(void)ERR_pop_to_mark();
	return slot->crl;
}
