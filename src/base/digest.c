/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quiet.h"

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

/* Fetched once: OpenSSL 3 looks an algorithm up by name at each use of EVP_sha256(). */
static void
sha256_fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static pthread_t preparer;
static bool is_preparing;

static void *
prepare(void *)
{
	quiet_hold();
	(void)pthread_once(&sha256_once, sha256_fetch);
	quiet_release();
	return NULL;
}

void
digest_prepare(void)
{
	if (!is_preparing)
		is_preparing = pthread_create(&preparer, NULL, prepare, NULL) == 0;
}

void
digest_ready(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	(void)pthread_mutex_lock(&lock);
	if (is_preparing)
		(void)pthread_join(preparer, NULL);
	is_preparing = false;
	(void)pthread_mutex_unlock(&lock);
}

_Noreturn static void
digest_impossible(void)
{
	(void)fputs("trustmend: fatal: libcrypto has no SHA-256\n", stderr);
	abort();
}

struct digest
digest_of(struct span bytes)
{
	struct digest digest;
	unsigned length = 0;

	if (pthread_once(&sha256_once, sha256_fetch) != 0 || sha256 == NULL)
		digest_impossible();
	if (EVP_Digest(bytes.length > 0 ? bytes.data : (const uint8_t *)"", bytes.length,
		    digest.bytes, &length, sha256, NULL) != 1 ||
		length != DIGEST_SIZE)
		digest_impossible();
	return digest;
}

void
digest_text(const struct digest *digest, char text[static DIGEST_TEXT_SIZE])
{
	hex_encode(span_of(digest->bytes, DIGEST_SIZE), text);
}

int
digest_parse(const char *text, struct digest *ret)
{
	struct digest digest;

	if (hex_decode(text, digest.bytes, DIGEST_SIZE) != DIGEST_SIZE)
		return -1;
	*ret = digest;
	return 0;
}
