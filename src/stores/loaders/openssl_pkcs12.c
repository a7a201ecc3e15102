/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#12 as PKCS12_parse(3) of OpenSSL 3 takes it (crypto/pkcs12/p12_kiss.c), with the password
 * that fits and without the legacy provider. The call itself would decrypt the keys: so the library
 * is asked for what it is made of, as far as that needs no password, and the rest goes by rules.
 * The MAC must fit where there is one (without one OpenSSL 3.0 takes no password but the empty
 * one); every certificate comes out, marked or not; CRLs do not; and one part that cannot be read
 * fails it all.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "stores/loader.h"
#include "stores/openssl_match.h"

enum { MAX_DEPTH = 10 }; /* of bags that hold bags */

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
	}
	return NULL;
}

/* What was decrypted here goes by the defects of what was read. */
static bool
is_damaged(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return true;
	return false;
}

/* What the library takes out of the parts that are not encrypted. */
struct taken {
	const struct loader_task *task;
	struct openssl_match match;
	size_t certificates;
	bool has_encrypted;
};

/* parse_bag refuses a value of another type since CVE-2026-22795 was mended in it: so 3.0.19 of
 * Debian 12 does. */
static bool
has_odd_attribute(const PKCS12_SAFEBAG *bag)
{
	const ASN1_TYPE *name = PKCS12_SAFEBAG_get0_attr(bag, NID_friendlyName);
	const ASN1_TYPE *key_id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);

	return (name != NULL && name->type != V_ASN1_BMPSTRING) ||
	       (key_id != NULL && key_id->type != V_ASN1_OCTET_STRING);
}

/* parse_bag of p12_kiss.c, without the keys. */
static bool
take_certificate(const PKCS12_SAFEBAG *bag, struct taken *taken)
{
	unsigned char *der = NULL;
	X509 *cert;
	int length;

	if (has_odd_attribute(bag))
		return false;
	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return true;
	cert = PKCS12_SAFEBAG_get1_cert(bag);
	if (cert == NULL)
		return false;
	taken->certificates++;
	length = i2d_X509(cert, &der);
	if (length > 0)
		openssl_match_take(taken->task->arena, &taken->match, ENTRY_CERTIFICATE,
			span_of(der, (size_t)length));
	OPENSSL_free(der);
	X509_free(cert);
	return true;
}

static bool
take_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, struct taken *taken)
{
	struct {
		const STACK_OF(PKCS12_SAFEBAG) * bags;
		int next;
	} stack[MAX_DEPTH] = { { bags, 0 } };
	size_t depth = 1;

	while (depth > 0) {
		const PKCS12_SAFEBAG *bag;

		if (stack[depth - 1].next >= sk_PKCS12_SAFEBAG_num(stack[depth - 1].bags)) {
			depth--;
			continue;
		}
		bag = sk_PKCS12_SAFEBAG_value(stack[depth - 1].bags, stack[depth - 1].next++);
		if (PKCS12_SAFEBAG_get_nid(bag) == NID_certBag && !take_certificate(bag, taken))
			return false;
		if (PKCS12_SAFEBAG_get_nid(bag) != NID_safeContentsBag)
			continue;
		if (depth == MAX_DEPTH)
			return false;
		stack[depth].bags = PKCS12_SAFEBAG_get0_safes(bag);
		stack[depth++].next = 0;
	}
	return true;
}

static bool
take_parts(const STACK_OF(PKCS7) * parts, struct taken *taken)
{
	bool reads = parts != NULL;

	for (int i = 0; reads && i < sk_PKCS7_num(parts); i++) {
		PKCS7 *part = sk_PKCS7_value(parts, i);
		STACK_OF(PKCS12_SAFEBAG) * bags;

		taken->has_encrypted |= PKCS7_type_is_encrypted(part);
		if (!PKCS7_type_is_data(part))
			continue;
		bags = PKCS12_unpack_p7data(part);
		reads = bags != NULL && take_bags(bags, taken);
		sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	}
	return reads;
}

/* Whether the library gets through it, as far as that needs no password. */
static bool
ask(struct span bytes, struct taken *taken)
{
	const unsigned char *at = bytes.data;
	STACK_OF(PKCS7) *parts = NULL;
	PKCS12 *pkcs12;
	bool reads = false;

	ERR_set_mark();
	pkcs12 = d2i_PKCS12(NULL, &at, (long)bytes.length);
	if (pkcs12 != NULL) {
		parts = PKCS12_unpack_authsafes(pkcs12);
		reads = take_parts(parts, taken);
	}
	sk_PKCS7_pop_free(parts, PKCS7_free);
	PKCS12_free(pkcs12);
	ERR_pop_to_mark();
	return reads;
}

/* What was decrypted here, and by its bags. */
static size_t
take_by_rules(const struct loader_task *task)
{
	const struct store *store = task->store;
	size_t count = 0;

	for (size_t i = 0; i < store->entry_count; i++) {
		/* What stands in no bag was found in the wreckage. */
		task->loaded[i] = store->entries[i].kind == ENTRY_CERTIFICATE &&
				  store->entries[i].role != ENTRY_IS_PLAIN;
		count += task->loaded[i];
	}
	for (size_t i = 0; i < store->defect_count; i++)
		count += store->defects[i].harmless && store->defects[i].role != ENTRY_IS_PLAIN;
	return count;
}

static void
openssl_pkcs12_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct taken taken = { task,
		{ store->entries, store->entry_count, task->loaded, 0, NULL, 0 }, 0, false };

	ret->error = store->state != STORE_PRESENT          ? store->problem
		     : strcmp(store->format, "pkcs12") != 0 ? "it is no PKCS#12"
							    : why_not(store);
	if (ret->error == NULL &&
		(!ask(store->bytes, &taken) || (taken.has_encrypted && is_damaged(store))))
		ret->error = "the container is damaged";
	ret->loads = ret->error == NULL;
	if (!ret->loads)
		memset(task->loaded, 0, store->entry_count * sizeof(*task->loaded));
	else
		ret->certificates = taken.has_encrypted ? take_by_rules(task) : taken.certificates;
}

const struct store_loader_driver loader_openssl_pkcs12 = {
	.name = "openssl_pkcs12",
	.title = "OpenSSL, by PKCS12_parse",
	.engine = "openssl-pkcs12",
	.wants_file = true,
	.load = openssl_pkcs12_load,
};
