/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "probe/words.h"

#define IDENTITY_CLEANUP(type, function)          \
	static void function##_end(type **object) \
	{                                         \
		function(*object);                \
	}

IDENTITY_CLEANUP(BIO, BIO_free)
IDENTITY_CLEANUP(EVP_PKEY, EVP_PKEY_free)
IDENTITY_CLEANUP(X509, X509_free)

static void
wiped_buffer_free(struct buffer *buffer)
{
	if (buffer->data != NULL)
		secret_wipe(buffer->data, buffer->capacity);
	buffer_free(buffer);
}

/* Never asks: nobody sits before a probe. */
static int
no_password(char *, int, int, void *)
{
	return -1;
}

const char *
identity_problem(struct arena *arena, const struct client *client)
{
	if (client->supposed_issuer != NULL)
		return "the client is a supposed one, which has no certificate to send";
	if (client->problem != NULL)
		return arena_printf(arena, "the client cannot be used: %s", client->problem);
	if (client->chain_length == 0)
		return "the client has no certificate";
	return NULL;
}

X509 *
identity_certificate(const struct cert *cert)
{
	const unsigned char *at = cert->der.data;

	return d2i_X509(NULL, &at, (long)cert->der.length);
}

static int
use_chain(struct arena *arena, SSL_CTX *context, const struct client *client, const char **problem)
{
	for (size_t i = 0; i < client->chain_length; i++) {
		CLEANUP(X509_free_end) X509 *cert = identity_certificate(&client->chain[i]);

		if (cert != NULL && (i == 0 ? SSL_CTX_use_certificate(context, cert)
					    : SSL_CTX_add1_chain_cert(context, cert)) == 1)
			continue;
		*problem = arena_printf(arena,
			"certificate %zu of the client cannot be sent by our library: %s", i + 1,
			words_last(arena));
		return -1;
	}
	return 0;
}

static int
use_key(struct arena *arena, SSL_CTX *context, const struct client *client, const char **problem)
{
	CLEANUP(wiped_buffer_free) struct buffer text = {};
	CLEANUP(BIO_free_end) BIO *bio = NULL;
	CLEANUP(EVP_PKEY_free_end) EVP_PKEY *key = NULL;
	struct err err = {};

	if (file_read(client->key_path, CLIENT_MAX_FILE, &text, &err) < 0) {
		*problem = arena_printf(arena, "the client's key cannot be read: %s", err.message);
		return -1;
	}
	bio = BIO_new_mem_buf(text.data, (int)text.length);
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (key == NULL || SSL_CTX_use_PrivateKey(context, key) != 1) {
		*problem = arena_printf(
			arena, "the client's key cannot be used: %s", words_last(arena));
		return -1;
	}
	return 0;
}

int
identity_use(struct arena *arena, SSL_CTX *context, const struct client *client,
	const char **ret_problem)
{
	*ret_problem = identity_problem(arena, client);
	if (*ret_problem == NULL && client->key_path == NULL)
		*ret_problem = "there is no key for the client's certificate";
	if (*ret_problem == NULL && client->key_mismatch)
		*ret_problem = "the key is not that of the client's certificate";
	if (*ret_problem != NULL)
		return -1;
	ERR_clear_error();
	TRY(use_chain(arena, context, client, ret_problem));
	return use_key(arena, context, client, ret_problem);
}
