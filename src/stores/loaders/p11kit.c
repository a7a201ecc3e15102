/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What p11-kit's trust module gives to those that ask it for anchors of clients, as `trust extract
 * --filter=ca-anchors --purpose=client-auth` shows it: certificates that are marked as trusted, not
 * distrusted as well, and without an extension beside them that leaves client authentication out.
 *
 * A file that it cannot parse it takes for one of PEM blocks, none of them trusted; behind an
 * object without a class it reads no more (trust/parser.c).
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "stores/loader.h"

enum { P11KIT_MAX_LOOKED_INTO = 10'000 }; /* certificates, each of which takes a tenth of a ms */

static const char *
why_not(const struct store *store)
{
	if (store->state != STORE_PRESENT)
		return store->problem;
	for (size_t i = 0; i < store->defect_count; i++)
		/* It does not look into a certificate. */
		if (store->defects[i].is_block && !store->defects[i].harmless &&
			store->defects[i].salvage.length == 0)
			return "p11-kit does not parse the file, and trusts nothing of it";
	return NULL;
}

/* Where it stops reading. */
static size_t
end_of(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == CAUSE_STORE_CORRUPT_ENTRY &&
			!store->defects[i].is_block && !store->defects[i].harmless)
			return store->defects[i].offset;
	return SIZE_MAX;
}

/* It does not look into a certificate; those whom it gives it to do, by OpenSSL. What is damaged in
 * itself is damaged in a file of which something is said. */
static bool
is_read(const struct store *store, size_t index)
{
	const unsigned char *at = store->entries[index].der.data;
	X509 *cert;

	if (store->defect_count == 0 || index >= P11KIT_MAX_LOOKED_INTO)
		return true;
	ERR_set_mark();
	cert = d2i_X509(NULL, &at, (long)store->entries[index].der.length);
	ERR_pop_to_mark();
	X509_free(cert);
	return cert != NULL;
}

static void
p11kit_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	size_t end = end_of(store);

	ret->error = why_not(store);
	ret->loads = ret->error == NULL;
	for (size_t i = 0; ret->loads && i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		task->loaded[i] = entry->kind == ENTRY_CERTIFICATE &&
				  entry->role == ENTRY_IS_TRUSTED && entry->offset < end &&
				  !store_leaves_untrusted(store, entry) && is_read(store, i);
		ret->certificates += task->loaded[i];
	}
	for (size_t i = 0; ret->loads && i < store->defect_count; i++)
		ret->certificates += store->defects[i].harmless &&
				     store->defects[i].role == ENTRY_IS_TRUSTED &&
				     store->defects[i].offset < end;
}

const struct store_loader_driver loader_p11kit = {
	.name = "p11kit",
	.title = "p11-kit's trust module",
	.engine = "p11-kit",
	.wants_file = true,
	.load = p11kit_load,
};
