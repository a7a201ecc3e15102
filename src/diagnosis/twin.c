/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/twin.h"

#include <string.h>

enum {
	HEAD_SIZE = 48, /* reaches past the serial number */
	TAIL_SIZE = 16, /* the end of the signature */
	SLOTS_MIN = 16,
};

struct twins {
	const struct entry **slots; /* each object stands here twice, by its head and by its tail */
	size_t mask;
};

static uint64_t
hash_bytes(uint64_t hash, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
hash_end(struct span der, bool tail)
{
	size_t size = tail ? TAIL_SIZE : HEAD_SIZE;
	uint64_t hash = hash_bytes(
		UINT64_C(0xcbf29ce484222325), (const uint8_t *)&der.length, sizeof(der.length));

	return hash_bytes(hash + tail, tail ? der.data + der.length - size : der.data, size);
}

static void
twins_add(struct twins *twins, const struct entry *entry)
{
	if (entry->der.length < HEAD_SIZE)
		return;
	for (int tail = 0; tail < 2; tail++) {
		size_t slot = (size_t)hash_end(entry->der, tail) & twins->mask;

		while (twins->slots[slot] != NULL)
			slot = (slot + 1) & twins->mask;
		twins->slots[slot] = entry;
	}
}

static const struct twins *
twins_make(const struct diagnosis *diagnosis)
{
	const struct material *material = &diagnosis->material;
	struct twins *twins = arena_alloc(diagnosis->arena, sizeof(*twins));
	size_t size = SLOTS_MIN;

	while (size < 4 * (material->cert_count + material->crl_count))
		size *= 2;
	twins->slots = arena_alloc(diagnosis->arena, size * sizeof(const struct entry *));
	twins->mask = size - 1;
	for (size_t i = 0; i < material->cert_count; i++)
		twins_add(twins, material->certs[i].entry);
	for (size_t i = 0; i < material->crl_count; i++)
		twins_add(twins, material->crls[i].entry);
	return twins;
}

const struct twins *
twins_of(struct diagnosis *diagnosis)
{
	if (diagnosis->twins == NULL)
		diagnosis->twins = twins_make(diagnosis);
	return diagnosis->twins;
}

/* Bytes that differ in two objects of one length; more than TWIN_MAX_DAMAGE are not counted. */
static size_t
damage_between(struct span a, struct span b)
{
	size_t damage = 0;

	for (size_t i = 0; i < a.length && damage <= TWIN_MAX_DAMAGE; i++)
		damage += a.data[i] != b.data[i];
	return damage;
}

const struct entry *
twins_find(const struct twins *twins, struct span der, size_t *ret_damage)
{
	if (der.length < HEAD_SIZE)
		return NULL;
	for (int tail = 0; tail < 2; tail++)
		for (size_t slot = (size_t)hash_end(der, tail) & twins->mask;
			twins->slots[slot] != NULL; slot = (slot + 1) & twins->mask) {
			const struct entry *known = twins->slots[slot];

			if (known->der.length != der.length)
				continue;
			*ret_damage = damage_between(known->der, der);
			if (*ret_damage > 0 && *ret_damage <= TWIN_MAX_DAMAGE)
				return known;
		}
	return NULL;
}

static bool
signs(struct judge *judge, const struct cert *issuer, const struct entry *entry)
{
	if (entry->kind == ENTRY_CERTIFICATE)
		return judge_issued(judge, issuer, &entry->cert);
	return name_equal(issuer->subject, entry->crl.issuer) &&
	       signature_crl(judge_signatures(judge), &entry->crl, issuer->spki) == SIGNATURE_GOOD;
}

static bool
tells_apart(struct scene *scene, const struct cert *issuer, const struct entry *known,
	const struct entry *other)
{
	struct judge *judge = scene->diagnosis->judge;
	struct span name = known->kind == ENTRY_CRL ? known->crl.issuer : known->cert.issuer;

	return name_equal(issuer->subject, name) && signs(judge, issuer, known) &&
	       !signs(judge, issuer, other);
}

bool
twin_is_sound(struct scene *scene, const struct entry *known, const struct entry *other)
{
	const struct material *material = &scene->diagnosis->material;

	if (known->kind != other->kind)
		return false;
	for (size_t i = 0; i < material->cert_count; i++)
		if (tells_apart(scene, material->certs[i].cert, known, other))
			return true;
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->trusts[i]->anchor_count; j++)
			if (tells_apart(scene, scene->trusts[i]->anchors[j].cert, known, other))
				return true;
	return false;
}
