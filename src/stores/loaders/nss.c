/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server of NSS (mod_nss, the 389 directory server) accepts client certificates by: the
 * certificates of its database that are marked as a trusted CA for TLS clients, "T" of certutil(1).
 * One that is marked for servers alone, "C", issues no client certificate there
 * (lib/certhigh/certvfy.c, certUsageSSLCA and certUsageAnyCA).
 */
#include <string.h>

#include "stores/loader.h"

static const char *
why_not(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return store->problem;
	if (strcmp(store->format, "nss") != 0)
		return "SEC_ERROR_BAD_DATABASE: it is no database of NSS";
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == CAUSE_STORE_TRUNCATED && !store->defects[i].harmless)
			return "SEC_ERROR_BAD_DATABASE: the database is damaged";
	return NULL;
}

static void
nss_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;

	ret->error = why_not(store);
	ret->loads = ret->error == NULL;
	for (size_t i = 0; ret->loads && i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		task->loaded[i] =
			entry->kind == ENTRY_CRL ||
			(entry->kind == ENTRY_CERTIFICATE && entry->role == ENTRY_IS_TRUSTED);
		ret->certificates += entry->kind == ENTRY_CERTIFICATE && task->loaded[i];
		ret->crls += entry->kind == ENTRY_CRL;
	}
}

const struct store_loader_driver loader_nss = {
	.name = "nss",
	.title = "NSS, from its database",
	.engine = "nss",
	.wants_file = true,
	.wants_directory = true,
	.load = nss_load,
};
