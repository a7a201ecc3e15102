/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#12 as PKCS12_parse(3) of OpenSSL 3 takes it (crypto/pkcs12/p12_kiss.c), with the password
 * that fits and without the legacy provider. By rules, since the call would decrypt the keys: the
 * MAC must fit where there is one; every certificate comes out, marked or not; CRLs do not; and one
 * part that cannot be decrypted fails it all.
 */
#include <string.h>

#include "stores/loader.h"

static const char *
why_not(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++) {
		enum cause_code cause = store->defects[i].cause;

		/* What OpenSSL has in its legacy provider alone stops it, though it is read here.
		 */
		if (cause == CAUSE_STORE_LEGACY_ENCRYPTION)
			return "unsupported";
		if (cause == CAUSE_STORE_KEYSTORE_PASSWORD || store->integrity == INTEGRITY_BAD)
			return "mac verify failure";
		if (!store->defects[i].harmless)
			return "the container is damaged";
	}
	return NULL;
}

static void
openssl_pkcs12_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;

	ret->error = store->state != STORE_PRESENT          ? store->problem
		     : strcmp(store->format, "pkcs12") != 0 ? "it is no PKCS#12"
							    : why_not(store);
	ret->loads = ret->error == NULL;
	for (size_t i = 0; ret->loads && i < store->entry_count; i++) {
		task->loaded[i] = store->entries[i].kind == ENTRY_CERTIFICATE;
		ret->certificates += task->loaded[i];
	}
}

const struct store_loader_driver loader_openssl_pkcs12 = {
	.name = "openssl_pkcs12",
	.title = "OpenSSL, by PKCS12_parse",
	.engine = "openssl-pkcs12",
	.wants_file = true,
	.load = openssl_pkcs12_load,
};
