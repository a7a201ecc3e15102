/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/verifying_key.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "x509/key_tables.h"
#include "x509/signature_check.h"

#define PKCS1_AS_DER "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA_AS_DER "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"

/* AlgorithmIdentifiers to the letter (RFC 4055 5, RFC 5758 3.2): whatever differs is left to
 * signature_check. */
static const struct form {
	const char *der;
	size_t length;
	int kind;        /* of the key */
	unsigned digest; /* number in digests */
} forms[] = {
#define FORM(der, kind, digest)                    \
	{                                          \
		der, sizeof(der) - 1, kind, digest \
	}
	FORM(PKCS1_AS_DER "\x0b\x05\x00", EVP_PKEY_RSA, 0),
	FORM(PKCS1_AS_DER "\x0c\x05\x00", EVP_PKEY_RSA, 1),
	FORM(PKCS1_AS_DER "\x0d\x05\x00", EVP_PKEY_RSA, 2),
	FORM(ECDSA_AS_DER "\x02", EVP_PKEY_EC, 0),
	FORM(ECDSA_AS_DER "\x03", EVP_PKEY_EC, 1),
	FORM(ECDSA_AS_DER "\x04", EVP_PKEY_EC, 2),
#undef FORM
};

static EVP_MD *digests[VERIFYING_DIGESTS];
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

/* Fetched once: OpenSSL 3 looks an algorithm up by name at each use of EVP_sha256(). */
static void
digests_fetch(void)
{
	static const char *const names[VERIFYING_DIGESTS] = { "SHA256", "SHA384", "SHA512" };

	for (size_t i = 0; i < VERIFYING_DIGESTS; i++)
		digests[i] = EVP_MD_fetch(NULL, names[i], NULL);
}

void
verifying_key_free(struct verifying_key *key)
{
	if (key == NULL)
		return;
	for (size_t i = 0; i < VERIFYING_DIGESTS; i++)
		EVP_PKEY_CTX_free(key->ready[i]);
	BN_CTX_free(key->numbers);
	EVP_PKEY_free(key->key);
	mem_free(key);
}

struct verifying_key *
verifying_key_adopt(EVP_PKEY *key)
{
	struct verifying_key *made = NULL;

	if (key != NULL) {
		made = mem_zalloc(sizeof(*made));
		made->key = key;
	}
	return made;
}

void
verifying_key_watch(
	struct verifying_key *key, struct key_tables *tables, const struct digest *key_digest)
{
	key->tables = tables;
	if (point_table_fits(key->key))
		key->place = key_tables_watch(tables, key_digest);
}

static const struct form *
form_of(struct span algorithm)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (algorithm.length == forms[i].length &&
			memcmp(algorithm.data, forms[i].der, forms[i].length) == 0)
			return &forms[i];
	return NULL;
}

/* Made with what EVP_DigestVerifyInit makes, which ASN1_item_verify calls. */
static EVP_PKEY_CTX *
context_new(EVP_PKEY *key, const EVP_MD *digest)
{
	EVP_PKEY_CTX *context = digest != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;

	if (context != NULL && EVP_PKEY_verify_init(context) == 1 &&
		EVP_PKEY_CTX_set_signature_md(context, digest) == 1)
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

/* NULL where this is no algorithm of the key's that is set up once. */
static const struct form *
form_for(const struct verifying_key *key, struct span algorithm)
{
	const struct form *form = form_of(algorithm);

	(void)pthread_once(&digests_once, digests_fetch);
	return form != NULL && digests[form->digest] != NULL &&
			       EVP_PKEY_get_base_id(key->key) == form->kind
		       ? form
		       : NULL;
}

bool
verifying_key_claims(struct verifying_key *key, struct span signed_bytes, struct span algorithm_der,
	struct span signature, struct claimed *ret)
{
	const struct point_table *table = key->place != NULL ? key_tables_ready(key->place) : NULL;
	const struct form *form = table != NULL ? form_for(key, algorithm_der) : NULL;
	unsigned length;

	if (form == NULL || EVP_Digest(signed_bytes.data, signed_bytes.length, ret->digest, &length,
				    digests[form->digest], NULL) != 1)
		return false;
	(void)key_tables_count(key->tables, key->place, key->key);
	ret->claim = (struct point_claim){ table, span_of(ret->digest, length), signature, false };
	return true;
}

/* Whether the key's table, where it has one, shows that the signature is good. */
static bool
table_verifies(struct verifying_key *key, struct span digest, struct span signature)
{
	struct point_claim claim = { .digest = digest, .signature = signature };

	if (key->tables != NULL)
		claim.table = key_tables_count(key->tables, key->place, key->key);
	if (claim.table == NULL)
		return false;
	if (key->numbers == NULL)
		key->numbers = BN_CTX_new();
	if (key->numbers != NULL)
		point_table_check(&claim, 1, key->numbers);
	return claim.holds;
}

enum signature_result
verifying_key_check(struct verifying_key *key, struct span signed_bytes, struct span algorithm_der,
	struct span signature)
{
	const struct form *form = form_for(key, algorithm_der);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (form != NULL && key->ready[form->digest] == NULL)
		key->ready[form->digest] = context_new(key->key, digests[form->digest]);
	if (form == NULL || key->ready[form->digest] == NULL ||
		EVP_Digest(signed_bytes.data, signed_bytes.length, digest, &length,
			digests[form->digest], NULL) != 1)
		return signature_check(key->key, signed_bytes, algorithm_der, signature);
	if (table_verifies(key, span_of(digest, length), signature))
		return SIGNATURE_GOOD;
	return EVP_PKEY_verify(key->ready[form->digest], signature.data, signature.length, digest,
		       length) == 1
		       ? SIGNATURE_GOOD
		       : SIGNATURE_BAD;
}
