/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/spiffe_write.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { NUMBER_MAX = 2048 }; /* bytes of one number: an RSA modulus of 16384 bits */

/* RFC 4648 5, without padding; or section 4 where x5c wants it. */
static void
put_base64(struct buffer *out, struct span bytes, bool for_urls)
{
	CLEANUP(buffer_free) struct buffer lines = {};

	base64_encode_lines(bytes, &lines);
	for (size_t i = 0; i < lines.length; i++) {
		char digit = (char)lines.data[i];

		if (digit == '\n' || (for_urls && digit == '='))
			continue;
		if (for_urls && (digit == '+' || digit == '/'))
			digit = digit == '+' ? '-' : '_';
		buffer_add(out, &digit, 1);
	}
}

/* An octet string of this length, or of as many octets as it takes (RFC 7518 6.2.1.2, 6.3.1.1). */
static bool
put_number(
	struct buffer *out, const EVP_PKEY *key, const char *name, const char *member, int length)
{
	uint8_t bytes[NUMBER_MAX];
	BIGNUM *number = NULL;
	int size = -1;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_num_bytes(number) <= NUMBER_MAX)
		size = BN_bn2binpad(number, bytes, length > 0 ? length : BN_num_bytes(number));
	BN_free(number);
	if (size < 0)
		return false;
	buffer_addf(out, ",\n      \"%s\": \"", member);
	put_base64(out, span_of(bytes, (size_t)size), true);
	buffer_add_text(out, "\"");
	return true;
}

static bool
put_curve(struct buffer *out, const EVP_PKEY *key)
{
	static const struct {
		const char *group, *name;
		int length;
	} curves[] = { { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 },
		{ "secp521r1", "P-521", 66 } };
	char group[64];
	size_t length;

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), &length) != 1)
		return false;
	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		if (strcmp(group, curves[i].group) != 0)
			continue;
		buffer_addf(out, "\"EC\",\n      \"crv\": \"%s\"", curves[i].name);
		return put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", curves[i].length) &&
		       put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", curves[i].length);
	}
	return false;
}

static bool
put_octets(struct buffer *out, const EVP_PKEY *key, const char *curve)
{
	uint8_t bytes[64];
	size_t length = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(key, bytes, &length) != 1)
		return false;
	buffer_addf(out, "\"OKP\",\n      \"crv\": \"%s\",\n      \"x\": \"", curve);
	put_base64(out, span_of(bytes, length), true);
	buffer_add_text(out, "\"");
	return true;
}

static bool
put_key(struct buffer *out, const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		buffer_add_text(out, "\"RSA\"");
		return put_number(out, key, OSSL_PKEY_PARAM_RSA_N, "n", 0) &&
		       put_number(out, key, OSSL_PKEY_PARAM_RSA_E, "e", 0);
	case EVP_PKEY_EC:
		return put_curve(out, key);
	case EVP_PKEY_ED25519:
		return put_octets(out, key, "Ed25519");
	case EVP_PKEY_ED448:
		return put_octets(out, key, "Ed448");
	default:
		return false;
	}
}

static bool
put_entry(struct buffer *out, const struct entry *entry)
{
	const unsigned char *at = entry->cert.spki.data;
	EVP_PKEY *key;
	bool done;

	ERR_set_mark();
	key = d2i_PUBKEY(NULL, &at, (long)entry->cert.spki.length);
	buffer_add_text(out, "    {\n      \"use\": \"x509-svid\",\n      \"kty\": ");
	done = key != NULL && put_key(out, key);
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	buffer_add_text(out, ",\n      \"x5c\": [\"");
	put_base64(out, entry->der, false);
	buffer_add_text(out, "\"]\n    }");
	return done;
}

bool
spiffe_holds(const struct entry *entry)
{
	return !entry->trust.present && (entry->cert.is_ca || cert_is_self_issued(&entry->cert));
}

int
spiffe_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	buffer_add_text(out, "{\n  \"keys\": [\n");
	for (size_t i = 0; i < content->count; i++) {
		if (!put_entry(out, content->entries[i]))
			return err_set(err, ERR_DATA,
				"the key of certificate %zu is of no kind that a JSON Web Key has",
				i + 1);
		buffer_add_text(out, i + 1 < content->count ? ",\n" : "\n");
	}
	buffer_add_text(out, "  ]\n}\n");
	return 0;
}
