/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two stores are the same to whoever asks, and keystores of the corpus to compare. */
#pragma once

#include <string.h>

#include "stores/damage.h"
#include "stores/write.h"

static inline bool
texts_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool
entries_same(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && span_equal(a->der, b->der) && texts_same(a->label, b->label) &&
	       texts_same(a->path, b->path) && texts_same(a->link, b->link) &&
	       a->offset == b->offset && a->length == b->length &&
	       a->text_offset == b->text_offset && a->line == b->line && a->role == b->role &&
	       texts_same(a->alias, b->alias) && a->created == b->created &&
	       span_equal(a->key_id, b->key_id) && a->is_enclosed == b->is_enclosed &&
	       a->trust.present == b->trust.present && a->trust.has_trust == b->trust.has_trust &&
	       a->trust.has_reject == b->trust.has_reject &&
	       a->trust.trusts_client == b->trust.trusts_client &&
	       a->trust.rejects_client == b->trust.rejects_client &&
	       a->trust.trusts_server == b->trust.trusts_server &&
	       a->trust.rejects_server == b->trust.rejects_server &&
	       span_equal(a->trust.bytes, b->trust.bytes) &&
	       digest_equal(&a->cert.fingerprint, &b->cert.fingerprint) &&
	       digest_equal(&a->crl.fingerprint, &b->crl.fingerprint);
}

static inline bool
defects_same(const struct defect *a, const struct defect *b)
{
	return a->cause == b->cause && texts_same(a->path, b->path) && a->offset == b->offset &&
	       a->length == b->length && a->line == b->line && texts_same(a->text, b->text) &&
	       span_equal(a->salvage, b->salvage) && a->is_block == b->is_block &&
	       a->harmless == b->harmless;
}

static inline bool
stores_same(const struct store *a, const struct store *b)
{
	if (!texts_same(a->profile, b->profile) || a->integrity != b->integrity ||
		!texts_same(a->password_source, b->password_source) ||
		a->password_is_empty != b->password_is_empty)
		return false;
	if (strcmp(a->format, b->format) != 0 || a->state != b->state ||
		a->entry_count != b->entry_count || a->defect_count != b->defect_count ||
		a->loading.loads != b->loading.loads ||
		!texts_same(a->loading.error, b->loading.error) ||
		a->loading.certificates != b->loading.certificates ||
		a->loading.crls != b->loading.crls)
		return false;
	for (size_t i = 0; i < a->entry_count; i++)
		if (!entries_same(&a->entries[i], &b->entries[i]) ||
			(a->loader != LOADER_ANY && a->loading.loaded[i] != b->loading.loaded[i]))
			return false;
	for (size_t i = 0; i < a->defect_count; i++)
		if (!defects_same(&a->defects[i], &b->defects[i]))
			return false;
	return true;
}

/* The corpus in some format, under a password that keytool's users know, or one that is given. */
static inline void
write_keystore(const char *format, const struct password *password, struct buffer *out)
{
	static struct entry entries[DAMAGE_BLOCKS];
	const struct entry *pointers[DAMAGE_BLOCKS];
	struct store_content content = { pointers, DAMAGE_BLOCKS, password, 1700000000 };
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = (struct entry){ .der = damage_ders[i], .created = 1600000000 };
		(void)cert_read(damage_ders[i], &entries[i].cert, &fault, &offset);
		pointers[i] = &entries[i];
	}
	must(store_write(format, &content, out, NULL) == 0, format);
}
