/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/nss_trust.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "stores/der_out.h"

enum { SHA1_SIZE = 20, OID_SIZE = 8 };

/* RFC 5280 4.2.1.12: id-kp-clientAuth, serverAuth, emailProtection, codeSigning. */
static const char usages[NSS_PURPOSE__COUNT][OID_SIZE + 1] = {
	[NSS_CLIENT_AUTH] = "\x2b\x06\x01\x05\x05\x07\x03\x02",
	[NSS_SERVER_AUTH] = "\x2b\x06\x01\x05\x05\x07\x03\x01",
	[NSS_EMAIL_PROTECTION] = "\x2b\x06\x01\x05\x05\x07\x03\x04",
	[NSS_CODE_SIGNING] = "\x2b\x06\x01\x05\x05\x07\x03\x03",
};

struct nss_trust_item {
	struct digest key; /* of issuer and serial number */
	struct span sha1;
	uint64_t values[NSS_PURPOSE__COUNT];
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
		.other = trust->other,
	};
	memcpy(item->values, trust->values, sizeof(item->values));
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

static size_t
count_of(const uint64_t values[static NSS_PURPOSE__COUNT], uint64_t value)
{
	size_t count = 0;

	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		count += values[i] == value;
	return count;
}

static void
put_usages(struct buffer *out, unsigned tag, const uint64_t values[static NSS_PURPOSE__COUNT],
	uint64_t value)
{
	size_t list = der_open(out, tag);

	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		if (values[i] == value)
			der_put(out, DER_OID, span_of(usages[i], OID_SIZE));
	der_close(out, list);
}

/* X509_CERT_AUX: the list of trusted uses, then [0] that of rejected ones. Where both together name
 * all that NSS knows, the first says nothing more. An empty one trusts for nothing (crypto/x509/
 * x509_trust.c, obj_trust). */
static struct span
settings_of(struct arena *arena, const uint64_t values[static NSS_PURPOSE__COUNT], bool is_bounded)
{
	CLEANUP(buffer_free) struct buffer out = {};
	size_t settings = der_open(&out, DER_SEQUENCE);

	if (is_bounded)
		put_usages(&out, DER_SEQUENCE, values, NSS_TRUSTED_DELEGATOR);
	if (count_of(values, NSS_NOT_TRUSTED) > 0)
		put_usages(&out, DER_CONTEXT_CONSTRUCTED(0), values, NSS_NOT_TRUSTED);
	der_close(&out, settings);
	return span_of(arena_dup(arena, out.data, out.length), out.length);
}

static void
set_trust(struct arena *arena, const struct nss_trust_item *item, struct entry *entry)
{
	const uint64_t *values = item->values;
	size_t trusted = count_of(values, NSS_TRUSTED_DELEGATOR),
	       rejected = count_of(values, NSS_NOT_TRUSTED);
	bool is_bounded = trusted + rejected < NSS_PURPOSE__COUNT;
	bool is_trusted = values[NSS_CLIENT_AUTH] == NSS_TRUSTED_DELEGATOR;
	/* Trusted for itself, and not to issue: OpenSSL has no word for that. */
	bool is_odd = item->other || count_of(values, NSS_TRUSTED) > 0;

	entry->trust = (struct trust_settings){
		.present = trusted < NSS_PURPOSE__COUNT && (is_odd || trusted + rejected > 0),
		.has_trust = is_odd || (is_bounded && trusted + rejected > 0),
		.has_reject = rejected > 0,
		.rejects_client = values[NSS_CLIENT_AUTH] == NSS_NOT_TRUSTED,
		.rejects_server = values[NSS_SERVER_AUTH] == NSS_NOT_TRUSTED,
	};
	entry->trust.trusts_client = entry->trust.has_trust && is_trusted;
	entry->trust.trusts_server =
		entry->trust.has_trust && values[NSS_SERVER_AUTH] == NSS_TRUSTED_DELEGATOR;
	if (is_odd)
		entry->trust.bytes = trust_settings_bytes(&entry->trust);
	else if (entry->trust.has_trust || entry->trust.has_reject)
		entry->trust.bytes = settings_of(arena, values, is_bounded);
	if (is_trusted)
		entry->role = ENTRY_IS_TRUSTED;
}

static void
put_trust(struct arena *arena, const struct nss_trusts *trusts, struct entry *entry)
{
	CLEANUP(buffer_free) struct buffer serial = {};
	struct digest wanted;
	const struct nss_trust_item *item;

	der_put(&serial, DER_INTEGER, entry->cert.serial);
	wanted = key_of(entry->cert.issuer, buffer_span(&serial));
	item = bsearch(
		&wanted, trusts->items, trusts->count, sizeof(*trusts->items), compare_items);
	if (item != NULL && is_about(item, entry->der))
		set_trust(arena, item, entry);
}

void
nss_trusts_put(struct nss_trusts *trusts, struct store_builder *builder, size_t first)
{
	if (trusts->count == 0)
		return;
	qsort(trusts->items, trusts->count, sizeof(*trusts->items), compare_items);
	for (size_t i = first; i < builder->entry_count; i++)
		if (builder->entries[i].kind == ENTRY_CERTIFICATE)
			put_trust(builder->arena, trusts, &builder->entries[i]);
}

/* Sets what a list of usages names to this value; false where it names what NSS does not know, or
 * what has one already. */
static bool
take_usages(const struct der_element *list, uint64_t value, uint64_t ret[static NSS_PURPOSE__COUNT])
{
	struct der cursor = der_enter(list);

	while (!der_at_end(&cursor)) {
		struct span usage = der_oid(&cursor);
		size_t i = 0;

		while (i < NSS_PURPOSE__COUNT && !der_oid_is(usage, usages[i], OID_SIZE))
			i++;
		if (i == NSS_PURPOSE__COUNT || ret[i] != 0)
			return false;
		ret[i] = value;
	}
	return cursor.fault == NULL;
}

/* What settings leave open is not trusted where they say what is, and trusted where they say alone
 * what is not. */
static bool
read_settings(struct span bytes, uint64_t ret[static NSS_PURPOSE__COUNT])
{
	struct der outer = der_of(bytes);
	struct der_element settings = der_expect(&outer, DER_SEQUENCE), trusted, rejected;
	struct der cursor = der_enter(&settings);
	size_t open;

	trusted = der_optional(&cursor, DER_SEQUENCE);
	rejected = der_optional(&cursor, DER_CONTEXT_CONSTRUCTED(0));
	if ((trusted.tag != 0 && !take_usages(&trusted, NSS_TRUSTED_DELEGATOR, ret)) ||
		(rejected.tag != 0 && !take_usages(&rejected, NSS_NOT_TRUSTED, ret)))
		return false;
	open = count_of(ret, 0);
	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		if (ret[i] == 0)
			ret[i] = trusted.tag != 0 ? NSS_MUST_VERIFY : NSS_TRUSTED_DELEGATOR;
	/* With nothing left open they would be read as a list of what is rejected. */
	return outer.fault == NULL && cursor.fault == NULL && (trusted.tag == 0 || open > 0) &&
	       (trusted.tag != 0 || rejected.tag != 0);
}

bool
nss_trust_of(const struct entry *entry, uint64_t ret[static NSS_PURPOSE__COUNT])
{
	const struct trust_settings *trust = &entry->trust;
	bool is_unsaid = trust->bytes.length == 0 && !trust->has_trust && !trust->has_reject;
	bool is_marked = entry->role != ENTRY_IS_UNASSIGNED && entry->role != ENTRY_IS_CHAIN;

	memset(ret, 0, NSS_PURPOSE__COUNT * sizeof(*ret));
	if (trust->bytes.length > 0)
		return read_settings(trust->bytes, ret);
	for (size_t i = 0; i < NSS_PURPOSE__COUNT; i++)
		ret[i] = is_marked ? NSS_TRUSTED_DELEGATOR : NSS_MUST_VERIFY;
	return is_unsaid && (!is_marked || !trust->present);
}
