/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a store as it was read: names for people, whose it is, what it trusts. */
#include "stores/format.h"
#include "stores/loader.h"

enum store_loader
format_family_loader(enum format_family family)
{
	switch (family) {
	case FAMILY_KEYSTORE:
		return LOADER_JAVA_KEYSTORE;
	case FAMILY_NSS:
		return LOADER_NSS;
	case FAMILY_P11KIT:
		return LOADER_P11KIT;
	case FAMILY_CARRIER:
		return LOADER_ANY;
	case FAMILY_TEXT:
	case FAMILY_CONTAINER:
		break;
	}
	return LOADER_OPENSSL_FILE;
}

size_t
store_count(const struct store *store, enum entry_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < store->entry_count; i++)
		count += store->entries[i].kind == kind;
	return count;
}

const char *
entry_kind_name(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_CERTIFICATE:
		return "certificate";
	case ENTRY_CRL:
		return "CRL";
	case ENTRY_PRIVATE_KEY:
		return "private key";
	case ENTRY_REQUEST:
		return "certificate request";
	case ENTRY_SECRET_KEY:
		return "secret key";
	case ENTRY_OTHER:
		break;
	}
	return "object";
}

const char *
entry_role_name(enum entry_role role)
{
	switch (role) {
	case ENTRY_IS_TRUSTED:
		return "trusted";
	case ENTRY_IS_KEY:
		return "key";
	case ENTRY_IS_CHAIN:
		return "chain";
	case ENTRY_IS_UNASSIGNED:
		return "unassigned";
	case ENTRY_IS_PLAIN:
		break;
	}
	return NULL;
}

const char *
store_integrity_name(enum store_integrity integrity)
{
	switch (integrity) {
	case INTEGRITY_GOOD:
		return "good";
	case INTEGRITY_UNKNOWN:
		return "unknown";
	case INTEGRITY_BAD:
		return "bad";
	case INTEGRITY_NONE:
		break;
	}
	return NULL;
}

bool
store_is_container(const struct store *store)
{
	return format_find(store->format)->container != NULL;
}

bool
store_is_unknown(const struct store *store)
{
	return store->state == STORE_TOO_LARGE || store->state == STORE_UNREAD;
}

int
store_need(const struct store *store, const char *name, struct err *err)
{
	enum err_code code = store_is_unknown(store)            ? ERR_UNKNOWN
			     : store->state == STORE_UNREADABLE ? ERR_PERMISSION
								: ERR_NO_INPUT;

	if (store->state == STORE_PRESENT)
		return 0;
	return err_set(err, code, "%s: %s", name,
		store->problem != NULL ? store->problem : "not readable");
}

bool
defect_is_loss(const struct defect *defect)
{
	if (defect->harmless)
		return false;
	return defect->is_block || defect->cause == CAUSE_STORE_TRUNCATED ||
	       defect->cause == CAUSE_STORE_CORRUPT_ENTRY ||
	       defect->cause == CAUSE_STORE_KEYSTORE_PASSWORD ||
	       defect->cause == CAUSE_STORE_KEYSTORE_TYPE ||
	       defect->cause == CAUSE_STORE_LEGACY_ENCRYPTION;
}

const char *
store_damage(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (defect_is_loss(&store->defects[i]))
			return store->defects[i].text;
	return store->integrity == INTEGRITY_BAD ? "its content has changed since it was written"
						 : NULL;
}

bool
store_is_damaged(const struct store *store)
{
	return store_damage(store) != NULL;
}

enum store_loader
store_native_loader(const struct store *store)
{
	return format_family_loader(format_find(store->format)->family);
}

bool
store_leaves_untrusted(const struct store *store, const struct entry *entry)
{
	if (entry->trust.rejects_client)
		return true;
	return format_find(store->format)->marks_trust &&
	       (entry->role == ENTRY_IS_UNASSIGNED ||
		       (entry->trust.has_trust && !entry->trust.trusts_client));
}

bool
store_offers(const struct store *store, const struct entry *entry)
{
	if (entry->kind != ENTRY_CERTIFICATE)
		return entry->kind == ENTRY_CRL;
	/* In such a file nothing says that a root is not trusted: it is by being there. */
	if (store_leaves_untrusted(store, entry) &&
		(entry->trust.rejects_client || cert_is_self_issued(&entry->cert)))
		return false;
	return !store_is_container(store) || entry->cert.is_ca || cert_is_self_issued(&entry->cert);
}

struct span
trust_settings_bytes(const struct trust_settings *trust)
{
	/* X509_CERT_AUX: the list of trusted uses, or [0] that of rejected ones: clientAuth. */
	static const char trusted[] = "\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02",
			  rejected[] = "\x30\x0c\xa0\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";

	if (trust->rejects_client)
		return span_of(rejected, sizeof(rejected) - 1);
	if (trust->has_trust && trust->trusts_client)
		return span_of(trusted, sizeof(trusted) - 1);
	return (struct span){};
}

const char *
store_loader_title(enum store_loader loader)
{
	return loader == LOADER_ANY ? "" : loader_get(loader)->title;
}

const char *
store_loader_engine(enum store_loader loader)
{
	return loader == LOADER_ANY ? "" : loader_get(loader)->engine;
}

bool
store_is_plain(const struct store *store)
{
	if (!store->loading.loads || store->loading.certificates != store->entry_count ||
		store->defect_count > 0 || span_find(store->bytes, "TRUSTED", 0) != SIZE_MAX)
		return false;
	for (size_t i = 0; i < store->entry_count; i++)
		if (!store->loading.loaded[i] || store->entries[i].kind != ENTRY_CERTIFICATE)
			return false;
	return true;
}
