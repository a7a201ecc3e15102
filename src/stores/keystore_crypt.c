/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/keystore_crypt.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

enum { MAX_BLOCK = EVP_MAX_BLOCK_LENGTH };

struct keystore_crypt {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *legacy, *base;
	bool has_looked;
	uint64_t rounds;
};

struct keystore_crypt *
keystore_crypt_new(void)
{
	return mem_zalloc(sizeof(struct keystore_crypt));
}

void
keystore_crypt_free(struct keystore_crypt *crypt)
{
	if (crypt == NULL)
		return;
	if (crypt->legacy != NULL)
		(void)OSSL_PROVIDER_unload(crypt->legacy);
	if (crypt->base != NULL)
		(void)OSSL_PROVIDER_unload(crypt->base);
	OSSL_LIB_CTX_free(crypt->context);
	mem_free(crypt);
}

/* The legacy provider is a module of its own, which need not be installed. */
bool
keystore_crypt_load(struct keystore_crypt *crypt)
{
	if (crypt->has_looked)
		return false;
	crypt->has_looked = true;
	ERR_set_mark();
	crypt->context = OSSL_LIB_CTX_new();
	if (crypt->context != NULL) {
		crypt->base = OSSL_PROVIDER_load(crypt->context, "default");
		crypt->legacy = OSSL_PROVIDER_load(crypt->context, "legacy");
	}
	ERR_pop_to_mark();
	return true;
}

static OSSL_LIB_CTX *
legacy_context(struct keystore_crypt *crypt)
{
	(void)keystore_crypt_load(crypt);
	return crypt->legacy != NULL ? crypt->context : NULL;
}

void
secret_free(struct secret *secret)
{
	if (secret->data != NULL)
		secret_wipe(secret->data, secret->length);
	mem_free(secret->data);
	*secret = (struct secret){};
}

void
key_bytes_wipe(struct key_bytes *key)
{
	secret_wipe(key, sizeof(*key));
}

bool
attempt_get(const struct passwords *passwords, size_t index, struct attempt *ret)
{
	size_t at = 0;

	for (size_t i = 0; passwords_get(passwords, i, &ret->password); i++) {
		ret->is_null = false;
		if (at++ == index)
			return true;
		ret->is_null = ret->password.text.length == 0;
		if (ret->is_null && at++ == index)
			return true;
	}
	return false;
}

const char *
derivation_refused(const struct derivation *derivation, struct keystore_work *work, bool given)
{
	if (derivation->rounds == 0)
		return "its iteration count is none";
	if (derivation->rounds > KEYSTORE_MAX_ROUNDS)
		return "its iteration count is higher than any reader goes";
	if (derivation->salt.length > KEYSTORE_MAX_SALT)
		return "its salt is longer than any writer makes it";
	if (!given && work->guesses + derivation->rounds > KEYSTORE_MAX_GUESSES)
		return "its iteration count is too high for guesses: give the password";
	if (work->total + derivation->rounds > KEYSTORE_MAX_WORK)
		return "its iteration counts add up to more than is spent on one file";
	work->total += derivation->rounds;
	work->guesses += given ? 0 : derivation->rounds;
	return NULL;
}

/* RFC 7292 B.1: a BMPString with its two NULs at the end. */
static bool
derive_pkcs12(const struct derivation *derivation, const struct attempt *attempt,
	enum derivation_purpose purpose, struct key_bytes *ret)
{
	uint8_t password[2 * PASSWORD_MAX_SIZE + 2] = {};
	size_t length = attempt->is_null ? 0 : password_utf16(attempt->password.text, password) + 2;
	EVP_MD *digest = EVP_MD_fetch(NULL, derivation->digest, NULL);
	CLEANUP(mem_freep)
	uint8_t *salt = mem_alloc(derivation->salt.length + 1);
	bool done;

	if (derivation->salt.length > 0)
		memcpy(salt, derivation->salt.data, derivation->salt.length);
	done = digest != NULL &&
	       PKCS12_key_gen_uni_ex(attempt->is_null ? NULL : password, (int)length, salt,
		       (int)derivation->salt.length, (int)purpose, (int)derivation->rounds,
		       (int)ret->length, ret->bytes, digest, NULL, NULL) == 1;
	EVP_MD_free(digest);
	secret_wipe(password, sizeof(password));
	return done;
}

static bool
derive_pbkdf2(
	const struct derivation *derivation, const struct attempt *attempt, struct key_bytes *ret)
{
	const struct span text = attempt->password.text;
	EVP_MD *digest = EVP_MD_fetch(NULL, derivation->digest, NULL);
	bool done = digest != NULL &&
		    PKCS5_PBKDF2_HMAC(text.length > 0 ? (const char *)text.data : "",
			    (int)text.length, derivation->salt.data, (int)derivation->salt.length,
			    (int)derivation->rounds, digest, (int)ret->length, ret->bytes) == 1;

	EVP_MD_free(digest);
	return done;
}

uint64_t
keystore_crypt_rounds(const struct keystore_crypt *crypt)
{
	return crypt->rounds;
}

bool
derivation_run(struct keystore_crypt *crypt, const struct derivation *derivation,
	const struct attempt *attempt, enum derivation_purpose purpose, struct key_bytes *ret)
{
	bool done;

	if (ret->length == 0 || ret->length > sizeof(ret->bytes))
		return false;
	crypt->rounds += derivation->rounds;
	ERR_set_mark();
	done = derivation->kind == DERIVE_PKCS12 ? derive_pkcs12(derivation, attempt, purpose, ret)
						 : derive_pbkdf2(derivation, attempt, ret);
	ERR_pop_to_mark();
	return done;
}

static EVP_CIPHER *
cipher_fetch(struct keystore_crypt *crypt, const char *name, bool is_legacy)
{
	OSSL_LIB_CTX *context = is_legacy ? legacy_context(crypt) : NULL;
	EVP_CIPHER *cipher;

	if (is_legacy && context == NULL)
		return NULL;
	ERR_set_mark();
	cipher = EVP_CIPHER_fetch(context, name, NULL);
	ERR_pop_to_mark();
	return cipher;
}

bool
cipher_is_there(struct keystore_crypt *crypt, const char *name, bool is_legacy)
{
	EVP_CIPHER *cipher = cipher_fetch(crypt, name, is_legacy);

	EVP_CIPHER_free(cipher);
	return cipher != NULL;
}

static bool
fits(const EVP_CIPHER *cipher, const struct cipher_key *key)
{
	return (size_t)EVP_CIPHER_get_key_length(cipher) == key->key.length &&
	       (size_t)EVP_CIPHER_get_iv_length(cipher) == key->iv.length;
}

static bool
decrypt_blocks(const EVP_CIPHER *cipher, const struct cipher_key *key, struct span data,
	struct secret *ret)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0, rest = 0;
	bool done =
		context != NULL &&
		EVP_DecryptInit_ex2(context, cipher, key->key.data, key->iv.data, NULL) == 1 &&
		EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
		EVP_DecryptUpdate(context, ret->data, &length, data.data, (int)data.length) == 1 &&
		EVP_DecryptFinal_ex(context, ret->data + length, &rest) == 1;

	EVP_CIPHER_CTX_free(context);
	return done && (size_t)length + (size_t)rest == data.length;
}

static bool
padding_is_right(const struct secret *secret, size_t block)
{
	size_t count = secret->length > 0 ? secret->data[secret->length - 1] : 0;

	if (count == 0 || count > block || count > secret->length)
		return false;
	for (size_t i = secret->length - count; i < secret->length; i++)
		if (secret->data[i] != count)
			return false;
	return true;
}

bool
cipher_decrypt(struct keystore_crypt *crypt, const struct cipher_key *key, struct span data,
	struct secret *ret, bool *ret_padded)
{
	EVP_CIPHER *cipher = cipher_fetch(crypt, key->cipher, key->is_legacy);
	size_t block = cipher == NULL ? 1 : (size_t)EVP_CIPHER_get_block_size(cipher);
	bool done;

	*ret_padded = false;
	data.length -= data.length % block;
	*ret = (struct secret){ mem_alloc(data.length + MAX_BLOCK), data.length };
	ERR_set_mark();
	done = cipher != NULL && fits(cipher, key) && data.length <= INT32_MAX &&
	       decrypt_blocks(cipher, key, data, ret);
	ERR_pop_to_mark();
	EVP_CIPHER_free(cipher);
	if (!done)
		return false;
	*ret_padded = block == 1 || padding_is_right(ret, block);
	/* The buffer is wiped to its length: what is cut off the end goes first. */
	if (*ret_padded && block > 1) {
		size_t kept = ret->length - ret->data[ret->length - 1];

		secret_wipe(ret->data + kept, ret->length - kept);
		ret->length = kept;
	}
	return true;
}

bool
cipher_encrypt(struct keystore_crypt *crypt, const struct cipher_key *key, struct span data,
	struct buffer *out)
{
	EVP_CIPHER *cipher = cipher_fetch(crypt, key->cipher, key->is_legacy);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	CLEANUP(mem_freep)
	uint8_t *bytes = mem_alloc(data.length + MAX_BLOCK);
	int length = 0, rest = 0;
	bool done = cipher != NULL && context != NULL && fits(cipher, key) &&
		    data.length <= INT32_MAX &&
		    EVP_EncryptInit_ex2(context, cipher, key->key.data, key->iv.data, NULL) == 1 &&
		    EVP_EncryptUpdate(context, bytes, &length, data.data, (int)data.length) == 1 &&
		    EVP_EncryptFinal_ex(context, bytes + length, &rest) == 1;

	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	if (done)
		buffer_add(out, bytes, (size_t)length + (size_t)rest);
	return done;
}

bool
hmac_of(const char *digest, struct span key, struct span data, uint8_t out[static KEYSTORE_MAX_KEY],
	size_t *ret_length)
{
	static_assert(EVP_MAX_MD_SIZE <= KEYSTORE_MAX_KEY);
	bool done;

	ERR_set_mark();
	done = EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key.data, key.length, data.data,
		       data.length, out, KEYSTORE_MAX_KEY, ret_length) != NULL;
	ERR_pop_to_mark();
	return done;
}
