/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "verify/engines/long_crl.h"

#include <pthread.h>
#include <stdlib.h>

#include "x509/signature_check.h"

struct long_crl {
	const struct crl *crl;
	X509_CRL *object;
	X509_REVOKED *revoked; /* the last answer, which libcrypto borrows */
};

static X509_CRL_METHOD *methods;
/* Which methods a list has is a setting of the whole process while it is decoded. */
static pthread_mutex_t decoding = PTHREAD_MUTEX_INITIALIZER;

/* crl_revoked_issuer_match (crypto/x509/x_crl.c) */
static bool
is_of_issuer(const struct crl *crl, const struct crl_entry *entry, struct span issuer)
{
	struct der walk = der_of(entry->certificate_issuer);
	struct subject_alt_name name;

	if (issuer.length == 0)
		issuer = crl->issuer;
	if (entry->certificate_issuer.length == 0)
		return name_equal(crl->issuer, issuer);
	while (subject_alt_name_next(&walk, &name))
		if (name.kind == 4 && name_equal(name.value, issuer))
			return true;
	return false;
}

static struct span
encoded_name(const X509_NAME *name)
{
	const unsigned char *bytes;
	size_t length;

	if (name == NULL || X509_NAME_get0_der(name, &bytes, &length) != 1)
		return (struct span){};
	return span_of(bytes, length);
}

static void
keep_revoked(struct long_crl *list, const ASN1_INTEGER *serial, int64_t revoked_at)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)revoked_at);

	X509_REVOKED_free(list->revoked);
	list->revoked = X509_REVOKED_new();
	if (list->revoked == NULL || time == NULL ||
		X509_REVOKED_set_serialNumber(list->revoked, (ASN1_INTEGER *)(uintptr_t)serial) !=
			1 ||
		X509_REVOKED_set_revocationDate(list->revoked, time) != 1)
		abort(); /* no memory: as mem_alloc */
	ASN1_TIME_free(time);
}

/* As def_crl_lookup: the first entry of that serial and issuer. What cannot be told any more counts
 * as revoked: whoever relies on the list would not let anybody in by it. */
static int
look_up(X509_CRL *object, X509_REVOKED **ret, const ASN1_INTEGER *serial, const X509_NAME *issuer)
{
	struct long_crl *list = X509_CRL_get_meth_data(object);
	unsigned char *encoded = NULL;
	int length = i2d_ASN1_INTEGER(serial, &encoded), found;
	struct der der = der_of(span_of(encoded, length > 0 ? (size_t)length : 0));
	struct crl_search search = crl_search_begin(list->crl, der_integer(&der));
	struct crl_entry entry = {};

	do
		found = crl_search_next(&search, &entry);
	while (found > 0 && !is_of_issuer(list->crl, &entry, encoded_name(issuer)));
	crl_search_end(&search);
	OPENSSL_free(encoded);
	if (found == 0 || (found > 0 && entry.reason == REASON_REMOVED))
		return 0;
	keep_revoked(list, serial, entry.revoked_at);
	*ret = list->revoked;
	return 1;
}

static int
check_signature(X509_CRL *object, EVP_PKEY *key)
{
	const struct long_crl *list = X509_CRL_get_meth_data(object);

	return signature_check_crl(key, list->crl) == SIGNATURE_GOOD;
}

struct long_crl *
long_crl_new(const struct crl *crl)
{
	CLEANUP(buffer_free) struct buffer outline = {};
	struct long_crl *list = mem_zalloc(sizeof(*list));
	const unsigned char *at;

	crl_outline(crl, &outline);
	at = outline.data;
	list->crl = crl;
	(void)pthread_mutex_lock(&decoding);
	if (methods == NULL)
		methods = X509_CRL_METHOD_new(NULL, NULL, look_up, check_signature);
	X509_CRL_set_default_method(methods);
	list->object = d2i_X509_CRL(NULL, &at, (long)outline.length);
	X509_CRL_set_default_method(NULL);
	(void)pthread_mutex_unlock(&decoding);
	if (list->object != NULL && methods != NULL) {
		X509_CRL_set_meth_data(list->object, list);
		return list;
	}
	long_crl_free(list);
	return NULL;
}

void
long_crl_free(struct long_crl *list)
{
	if (list == NULL)
		return;
	X509_CRL_free(list->object);
	X509_REVOKED_free(list->revoked);
	mem_free(list);
}

X509_CRL *
long_crl_object(const struct long_crl *list)
{
	return list->object;
}
