/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#12 as PKCS12_parse(3) of OpenSSL 3 takes it (crypto/pkcs12/p12_kiss.c), with the password
 * that fits and without the legacy provider. By rules, since the call would decrypt the keys: the
 * MAC must fit where there is one (without one OpenSSL 3.0 takes no password but the empty one);
 * every certificate comes out, marked or not; CRLs do not; and one part that cannot be decrypted
 * fails it all.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "stores/loader.h"

/* Whether a password may be given for a container without a MAC: asked of an empty one, since
 * nothing else in it can keep it from being read. */
static bool
takes_no_mac(void)
{
	static int answer = -1;
	STACK_OF(PKCS7) * safes;
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	PKCS12 *pkcs12;

	if (answer >= 0)
		return answer;
	ERR_set_mark();
	safes = sk_PKCS7_new_null();
	pkcs12 = PKCS12_init(NID_pkcs7_data);
	answer = safes != NULL && pkcs12 != NULL && PKCS12_pack_authsafes(pkcs12, safes) == 1 &&
		 PKCS12_parse(pkcs12, "x", &key, &cert, &others) == 1;
	sk_X509_pop_free(others, X509_free);
	sk_PKCS7_free(safes);
	PKCS12_free(pkcs12);
	ERR_pop_to_mark();
	return answer;
}

static const char *
why_not(const struct store *store)
{
	if (store->integrity == INTEGRITY_NONE && store->password_source != NULL &&
		!store->password_is_empty && !takes_no_mac())
		return "mac verify failure";
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
		/* What stands in no bag was found in the wreckage. */
		task->loaded[i] = store->entries[i].kind == ENTRY_CERTIFICATE &&
				  store->entries[i].role != ENTRY_IS_PLAIN;
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
