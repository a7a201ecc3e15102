/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "x509/cert.h"

/* The fixed bytes before an uncompressed point, as DER has them (RFC 5480 2). */
static const struct form {
	const char *prefix;
	size_t prefix_length, length;
	const char *group;
} forms[KEY_CURVE__COUNT] = {
#define FORM(curve, prefix, point, group) \
	[curve] = { prefix, sizeof(prefix) - 1, sizeof(prefix) - 1 + point, group }
	FORM(KEY_CURVE_P256,
		"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d"
		"\x03"
		"\x01\x07\x03\x42\x00",
		65, "prime256v1"),
	FORM(KEY_CURVE_P384,
		"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"
		"\x03"
		"\x62\x00",
		97, "secp384r1"),
#undef FORM
};

void
key_decoder_free(struct key_decoder *decoder)
{
	EVP_PKEY_CTX_free(decoder->elliptic);
	EVP_PKEY_free(decoder->other);
	for (size_t i = 0; i < KEY_CURVE__COUNT; i++)
		EVP_PKEY_free(decoder->points[i]);
	*decoder = (struct key_decoder){ 0 };
}

static const struct form *
form_of(struct span spki)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (spki.length == forms[i].length &&
			memcmp(spki.data, forms[i].prefix, forms[i].prefix_length) == 0 &&
			spki.data[forms[i].prefix_length] == POINT_CONVERSION_UNCOMPRESSED)
			return &forms[i];
	return NULL;
}

/* The same key as d2i_PUBKEY gives, the point checked in the same way; but that one asks every
 * decoder of every provider first, which takes thrice as long as the key itself. */
static EVP_PKEY *
decode_point(struct key_decoder *decoder, const struct form *form, struct span spki)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)form->group, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
			(uint8_t *)spki.data + form->prefix_length,
			spki.length - form->prefix_length),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	parameters[0].data_size = strlen(form->group);
	if (decoder->elliptic == NULL)
		decoder->elliptic = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (decoder->elliptic == NULL || EVP_PKEY_fromdata_init(decoder->elliptic) != 1 ||
		EVP_PKEY_fromdata(decoder->elliptic, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *
decode_any(struct span spki)
{
	const unsigned char *at = spki.data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.length);

	if (key != NULL && at != spki.data + spki.length) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

EVP_PKEY *
key_decode(struct key_decoder *decoder, struct span spki)
{
	const struct form *form = form_of(spki);
	EVP_PKEY *key = NULL;

	if (spki.length > CERT_MAX_SIZE)
		return NULL;
	(void)ERR_set_mark();
	if (form != NULL)
		key = decode_point(decoder, form, spki);
	if (key == NULL)
		key = decode_any(spki);
	(void)ERR_pop_to_mark();
	return key;
}

/* Another point of the curve in the key that is there; libcrypto checks that it is one. */
static EVP_PKEY *
borrow_point(struct key_decoder *decoder, const struct form *form, struct span spki)
{
	EVP_PKEY **key = &decoder->points[form - forms];

	if (*key == NULL)
		return *key = decode_point(decoder, form, spki);
	if (EVP_PKEY_set1_encoded_public_key(
		    *key, spki.data + form->prefix_length, spki.length - form->prefix_length) == 1)
		return *key;
	EVP_PKEY_free(*key);
	return *key = NULL;
}

EVP_PKEY *
key_borrow(struct key_decoder *decoder, struct span spki)
{
	const struct form *form = form_of(spki);
	EVP_PKEY *key = NULL;

	(void)ERR_set_mark();
	if (form != NULL)
		key = borrow_point(decoder, form, spki);
	(void)ERR_pop_to_mark();
	if (key != NULL)
		return key;
	EVP_PKEY_free(decoder->other);
	return decoder->other = key_decode(decoder, spki);
}
