/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What JSSE takes for trust anchors from a keystore, as sun.security.validator.TrustStoreUtil of
 * the JDK does it: every trustedCertEntry, and of each key that has a chain its own certificate.
 * Which certificate of a PKCS#12 that is, is what sun.security.pkcs12.PKCS12KeyStore does with
 * localKeyID and alias. Of two entries of one name the later one is all that is there. PKCS#12
 * compares names in lower case; a JKS keeps them as they stand and looks for them in lower case, so
 * that it never finds one with a capital (sun.security.provider.JavaKeyStore, convertAlias).
 */
#include <string.h>
#include <strings.h>

#include "stores/java_certificate.h"
#include "stores/java_pkcs12.h"
#include "stores/loader.h"

static bool
is_of_sun(const struct store *store)
{
	return strcmp(store->format, "jks") == 0 || strcmp(store->format, "pkcs12") == 0;
}

static const char *
why_damaged(const struct store *store)
{
	bool is_jks = strcmp(store->format, "jks") == 0;

	if (store->integrity == INTEGRITY_BAD)
		return "keystore password was incorrect";
	for (size_t i = 0; i < store->defect_count; i++) {
		if (store->defects[i].harmless)
			continue;
		if (store->defects[i].cause == CAUSE_STORE_KEYSTORE_PASSWORD)
			return is_jks ? "Keystore was tampered with, or password was incorrect"
				      : "keystore password was incorrect";
		if (store->defects[i].cause == CAUSE_STORE_LEGACY_ENCRYPTION ||
			store->defects[i].cause == CAUSE_STORE_KEYSTORE_TYPE)
			return "its content could not be read here";
		if (store->defects[i].cause != CAUSE_STORE_FOREIGN_OBJECT)
			return "the keystore is damaged";
	}
	return java_takes_certificates(store) ? NULL : "a certificate in it is none to Java";
}

static const char *
why_not(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return store->problem;
	if (store_native_loader(store) != LOADER_JAVA_KEYSTORE)
		return "Unrecognized keystore format. Please load it with a specified type";
	if (strcmp(store->format, "pkcs12") == 0)
		switch (java_pkcs12_read(store->bytes)) {
		case JAVA_PKCS12_OPENS:
			return NULL;
		case JAVA_PKCS12_SIGNED:
			return "public key protected PKCS12 not supported";
		case JAVA_PKCS12_FAILS:
			return "the keystore is damaged";
		case JAVA_PKCS12_OTHER:
			break;
		}
	return why_damaged(store);
}

static bool
has_capital(const char *alias)
{
	for (; *alias != '\0'; alias++)
		if (*alias >= 'A' && *alias <= 'Z')
			return true;
	return false;
}

static bool
same_alias(const struct entry *a, const struct entry *b)
{
	return a->alias != NULL && b->alias != NULL && strcasecmp(a->alias, b->alias) == 0;
}

static bool
same_exactly(const struct entry *a, const struct entry *b)
{
	return a->alias != NULL && b->alias != NULL && strcmp(a->alias, b->alias) == 0;
}

/* What stands under a name of its own: a key, or a trusted certificate. */
static bool
is_named(const struct entry *entry)
{
	return entry->role == ENTRY_IS_KEY || entry->role == ENTRY_IS_TRUSTED;
}

/* The last entry of each name, found by one hash of it: bounded in time for any count. */
struct names {
	const struct store *store;
	size_t *slots, mask;
	bool (*same)(const struct entry *, const struct entry *);
};

static size_t
slot_of(const struct names *names, const struct entry *entry)
{
	size_t hash = 5381, slot;

	for (const char *at = entry->alias; *at != '\0'; at++)
		hash = hash * 33 + (size_t)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
	for (slot = hash & names->mask; names->slots[slot] != 0; slot = (slot + 1) & names->mask)
		if (names->same(&names->store->entries[names->slots[slot] - 1], entry))
			break;
	return slot;
}

static void
names_take(struct names *names, struct arena *arena, const struct store *store)
{
	size_t size = 16;

	while (size < store->entry_count * 2)
		size *= 2;
	*names = (struct names){ store, arena_alloc(arena, size * sizeof(*names->slots)), size - 1,
		strcmp(store->format, "pkcs12") == 0 ? same_alias : same_exactly };
	for (size_t i = 0; i < store->entry_count; i++)
		if (is_named(&store->entries[i]) && store->entries[i].alias != NULL)
			names->slots[slot_of(names, &store->entries[i])] = i + 1;
}

static bool
is_shadowed(const struct names *names, size_t index)
{
	const struct entry *entry = &names->store->entries[index];

	return entry->alias != NULL && names->slots[slot_of(names, entry)] != index + 1;
}

static bool
is_never_found(const struct store *store, const struct entry *entry)
{
	return strcmp(store->format, "jks") == 0 && entry->alias != NULL &&
	       has_capital(entry->alias);
}

/* findMatchedCertificate: by key id and name, else by key id (the last one), else by name. */
static size_t
pkcs12_leaf(const struct store *store, const struct entry *key)
{
	size_t by_id = SIZE_MAX, by_name = SIZE_MAX;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind != ENTRY_CERTIFICATE || entry->role != ENTRY_IS_UNASSIGNED)
			continue;
		if (key->key_id.length > 0 && span_equal(key->key_id, entry->key_id)) {
			if (same_alias(key, entry))
				return i;
			by_id = i;
		} else if (same_alias(key, entry)) {
			by_name = i;
		}
	}
	return by_id != SIZE_MAX ? by_id : by_name;
}

static size_t
leaf_of(const struct store *store, size_t key)
{
	if (strcmp(store->format, "pkcs12") == 0)
		return pkcs12_leaf(store, &store->entries[key]);
	return key + 1 < store->entry_count && store->entries[key + 1].role == ENTRY_IS_CHAIN
		       ? key + 1
		       : SIZE_MAX;
}

enum { JAVA_MAX_KEYS = 1000 }; /* whose certificates are looked for in a PKCS#12 */

static void
java_keystore_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	size_t keys = 0;
	struct names names;

	ret->error = why_not(store);
	ret->loads = ret->error == NULL;
	if (!ret->loads)
		return;
	names_take(&names, task->arena, store);
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		size_t anchor = entry->role == ENTRY_IS_TRUSTED ? i : SIZE_MAX;

		if (!is_named(entry) || is_never_found(store, entry) || is_shadowed(&names, i))
			continue;
		if (entry->role == ENTRY_IS_KEY && keys++ < JAVA_MAX_KEYS)
			anchor = leaf_of(store, i);
		if (anchor == SIZE_MAX || task->loaded[anchor])
			continue;
		task->loaded[anchor] = true;
		ret->certificates++;
	}
	for (size_t i = 0; i < store->defect_count; i++)
		ret->certificates += store->defects[i].role == ENTRY_IS_TRUSTED;
}

static void
blame_shadowed(struct store_builder *builder, const struct store *store)
{
	struct names names;

	names_take(&names, builder->arena, store);
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		struct defect *defect;

		if (is_named(entry) && is_never_found(store, entry))
			(void)builder_defect(builder, CAUSE_STORE_NO_TRUSTED_ENTRIES, entry->offset,
				entry->length,
				"Java never finds the entry \"%s\": names in a JKS are looked for "
				"in "
				"lower case",
				entry->alias);
		if (!is_named(entry) || is_never_found(store, entry) || !is_shadowed(&names, i))
			continue;
		defect = builder_defect(builder, CAUSE_STORE_DUPLICATE, entry->offset,
			entry->length,
			"the name \"%s\" stands here and once more further on: of the two, Java "
			"has the later one alone",
			entry->alias);
		if (defect != NULL)
			defect->harmless = true;
	}
}

static void
blame_untrusted(struct store_builder *builder, const struct store *store)
{
	size_t trusted = 0, unassigned = 0;
	struct defect *defect;

	for (size_t i = 0; i < store->entry_count; i++) {
		trusted += store->entries[i].role == ENTRY_IS_TRUSTED;
		unassigned += store->entries[i].kind == ENTRY_CERTIFICATE &&
			      store->entries[i].role == ENTRY_IS_UNASSIGNED &&
			      !store->loading.loaded[i];
	}
	if (trusted > 0)
		return;
	defect = builder_defect(builder, CAUSE_STORE_NO_TRUSTED_ENTRIES, 0, store->bytes.length,
		store->loading.certificates > 0 ? "there is no trusted certificate in it: for a "
						  "trust store, Java takes the "
						  "certificates of its own keys alone"
		: unassigned > 0
			? "Java passes over every certificate in it, since none has the attribute "
			  "2.16.840.1.113894.746875.1.1 of a trusted one"
			: "there is no trusted certificate in it: \"the trustAnchors parameter "
			  "must "
			  "be non-empty\"");
	/* It may be a server's own identity, and meant as that. */
	if (defect != NULL)
		defect->harmless = store->loading.certificates > 0;
}

static void
java_keystore_blame(struct store_builder *builder, const struct store *store)
{
	struct defect *defect;

	if (store->loading.loads) {
		blame_shadowed(builder, store);
		blame_untrusted(builder, store);
	}
	if (store->loading.loads && !is_of_sun(store)) {
		defect = builder_defect(builder, CAUSE_STORE_KEYSTORE_TYPE, 0, store->bytes.length,
			"no provider of the JDK opens a keystore of this type: BouncyCastle's must "
			"be installed, and the type be named");
		if (defect != NULL)
			defect->harmless = true;
	}
	if (!store->loading.loads && store_native_loader(store) != LOADER_JAVA_KEYSTORE &&
		store->state == STORE_PRESENT)
		(void)builder_defect(builder, CAUSE_STORE_KEYSTORE_TYPE, 0, store->bytes.length,
			"the file is no keystore: Java wants a JKS or PKCS#12 here");
}

const struct store_loader_driver loader_java_keystore = {
	.name = "java_keystore",
	.title = "Java, from a keystore",
	.engine = "java",
	.wants_file = true,
	.load = java_keystore_load,
	.blame = java_keystore_blame,
};
