/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as two names, the length of the first in front: comparing is what an equality has to
 * be, equal names have equal hashes, and libcrypto has them equal where we have.
 */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "x509/envelope.h"
#include "x509/name.h"

/* Readers of certificates take no other names. */
static bool
is_name(struct span bytes)
{
	struct der der = der_of(bytes);

	(void)envelope_name(&der);
	return der.fault == NULL && der.offset == bytes.length;
}

static X509_NAME *
libcrypto_name(struct span bytes)
{
	const unsigned char *at = bytes.data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)bytes.length);

	ERR_clear_error();
	return name;
}

static void
counter_check(struct span a, struct span b, bool equal)
{
	X509_NAME *left = libcrypto_name(a), *right = libcrypto_name(b);

	if (left != NULL && right != NULL)
		fuzz_require((X509_NAME_cmp(left, right) == 0) == equal);
	X509_NAME_free(left);
	X509_NAME_free(right);
}

static void
show(struct arena *arena, struct span name)
{
	char hash[NAME_HASH_TEXT_SIZE];

	fuzz_require(name_text(arena, name) != NULL && name_common(arena, name) != NULL);
	(void)name_openssl_hash(name, hash);
	(void)name_openssl_hash_old(name, hash);
	(void)name_is_empty(name);
}

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct span a, b;
	size_t length;
	bool equal;

	if (bytes.length < 2)
		return;
	length = (size_t)bytes.data[0] << 8 | bytes.data[1];
	if (length > bytes.length - 2)
		return;
	a = span_of(bytes.data + 2, length);
	b = span_of(bytes.data + 2 + length, bytes.length - 2 - length);
	if (!is_name(a) || !is_name(b))
		return;
	equal = name_equal(a, b);
	fuzz_require(equal == name_equal(b, a) && name_equal(a, a) && name_equal(b, b));
	fuzz_require(name_same_text(a, b) == name_same_text(b, a));
	fuzz_require(!equal || name_hash(a) == name_hash(b));
	fuzz_require(equal == span_equal(name_canonical(arena, a), name_canonical(arena, b)));
	counter_check(a, b, equal);
	show(arena, a);
	show(arena, b);
}

FUZZ(use(bytes))
