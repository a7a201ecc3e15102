/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/nss_trust.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { SHA1_SIZE = 20 };

struct nss_trust_item {
	struct digest key; /* of issuer and serial number */
	struct span sha1;
	uint64_t client;
	bool other;
};

bool
nss_trust_is_given(uint64_t value)
{
	return value == NSS_TRUSTED || value == NSS_TRUSTED_DELEGATOR;
}

static struct digest
key_of(struct span issuer, struct span serial)
{
	CLEANUP(buffer_free) struct buffer both = {};

	buffer_addf(&both, "%zu ", issuer.length);
	buffer_add(&both, issuer.data, issuer.length);
	buffer_add(&both, serial.data, serial.length);
	return digest_of(buffer_span(&both));
}

void
nss_trusts_add(struct arena *arena, struct nss_trusts *trusts, const struct nss_trust *trust)
{
	struct nss_trust_item *item;

	trusts->items = arena_grow(
		arena, trusts->items, trusts->count, &trusts->capacity, sizeof(*trusts->items));
	item = &trusts->items[trusts->count++];
	*item = (struct nss_trust_item){
		.key = key_of(trust->issuer, trust->serial),
		.client = trust->client,
		.other = trust->other,
	};
	if (trust->sha1.length == SHA1_SIZE)
		item->sha1 = span_of(arena_dup(arena, trust->sha1.data, SHA1_SIZE), SHA1_SIZE);
}

static int
compare_items(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static bool
is_about(const struct nss_trust_item *item, struct span der)
{
	uint8_t sha1[EVP_MAX_MD_SIZE];
	unsigned size;

	return item->sha1.length == 0 ||
	       (EVP_Digest(der.data, der.length, sha1, &size, EVP_sha1(), NULL) == 1 &&
		       span_equal(item->sha1, span_of(sha1, size)));
}

static void
put_trust(const struct nss_trusts *trusts, struct entry *entry)
{
	CLEANUP(buffer_free) struct buffer serial = {};
	const uint8_t head[] = { DER_INTEGER, (uint8_t)entry->cert.serial.length };
	struct digest wanted;
	const struct nss_trust_item *item;

	buffer_add(&serial, head, sizeof(head));
	buffer_add(&serial, entry->cert.serial.data, entry->cert.serial.length);
	wanted = key_of(entry->cert.issuer, buffer_span(&serial));
	item = bsearch(
		&wanted, trusts->items, trusts->count, sizeof(*trusts->items), compare_items);
	if (item == NULL || !is_about(item, entry->der))
		return;
	entry->trust = (struct trust_settings){ .present = true };
	entry->trust.trusts_client = item->client == NSS_TRUSTED_DELEGATOR;
	entry->trust.has_trust = item->other || entry->trust.trusts_client;
	entry->trust.rejects_client = entry->trust.has_reject = item->client == NSS_NOT_TRUSTED;
	entry->trust.bytes = trust_settings_bytes(&entry->trust);
	if (entry->trust.trusts_client)
		entry->role = ENTRY_IS_TRUSTED;
}

void
nss_trusts_put(struct nss_trusts *trusts, struct store_builder *builder, size_t first)
{
	if (trusts->count == 0)
		return;
	qsort(trusts->items, trusts->count, sizeof(*trusts->items), compare_items);
	for (size_t i = first; i < builder->entry_count; i++)
		if (builder->entries[i].kind == ENTRY_CERTIFICATE)
			put_trust(trusts, &builder->entries[i]);
}
