/* SPDX-License-Identifier: Apache-2.0 */
/* BouncyCastle's UBER: the records of a BKS and a SHA-1 of them, all encrypted by Twofish-CBC under
 * the PKCS#12 derivation. libcrypto has no Twofish; nettle has. */
#include <string.h>

#include <nettle/cbc.h>
#include <nettle/twofish.h>
#include <openssl/evp.h>

#include "stores/bouncycastle.h"

enum { UBER_KEY_SIZE = 32 };

static bool
uber_sniff(struct span bytes)
{
	struct bouncycastle header;

	return bouncycastle_header(bytes, &header) &&
	       bytes.length - header.body >= TWOFISH_BLOCK_SIZE;
}

static bool
decrypt(struct store_builder *builder, const struct bouncycastle *header,
	const struct attempt *attempt, struct span data, struct secret *ret)
{
	CLEANUP(key_bytes_wipe) struct key_bytes key = { .length = UBER_KEY_SIZE };
	CLEANUP(key_bytes_wipe) struct key_bytes iv = { .length = TWOFISH_BLOCK_SIZE };
	struct twofish_ctx context;

	if (!derivation_run(builder->crypt, &header->derivation, attempt, DERIVE_KEY, &key) ||
		!derivation_run(builder->crypt, &header->derivation, attempt, DERIVE_IV, &iv))
		return false;
	data.length -= data.length % TWOFISH_BLOCK_SIZE;
	*ret = (struct secret){ mem_alloc(data.length), data.length };
	twofish_set_key(&context, key.length, key.bytes);
	cbc_decrypt(&context, (nettle_cipher_func *)twofish_decrypt, TWOFISH_BLOCK_SIZE, iv.bytes,
		data.length, ret->data, data.data);
	secret_wipe(&context, sizeof(context));
	if (bouncycastle_is_plain(span_of(ret->data, ret->length)))
		return true;
	secret_free(ret);
	return false;
}

static bool
find_password(struct store_builder *builder, const struct bouncycastle *header, struct span data,
	struct secret *ret, const char **ret_refused)
{
	struct keystore_work work = {};
	struct attempt attempt;

	for (size_t i = 0; attempt_get(builder->passwords, i, &attempt); i++) {
		*ret_refused =
			derivation_refused(&header->derivation, &work, attempt.password.given);
		if (*ret_refused != NULL)
			return false;
		if (!decrypt(builder, header, &attempt, data, ret))
			continue;
		builder->password_source = text_sanitize(
			builder->arena, attempt.password.source, strlen(attempt.password.source));
		return true;
	}
	return false;
}

static void
read_records(struct store_builder *builder, const struct secret *secret, const struct place *whole)
{
	struct java_cursor cursor = { .bytes = span_of(secret->data, secret->length) };
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t end;

	builder->integrity = INTEGRITY_BAD;
	if (bouncycastle_read(builder, &cursor, whole) &&
		cursor.bytes.length - cursor.at >= JAVA_SHA1_SIZE &&
		EVP_Digest(secret->data, cursor.at, digest, NULL, EVP_sha1(), NULL) == 1 &&
		memcmp(digest, secret->data + cursor.at, JAVA_SHA1_SIZE) == 0) {
		builder->integrity = INTEGRITY_GOOD;
		/* As many blocks as its content needs, the last with one octet of padding at least:
		 * who reads it stops there. */
		end = (cursor.at + JAVA_SHA1_SIZE) / TWOFISH_BLOCK_SIZE * TWOFISH_BLOCK_SIZE +
		      TWOFISH_BLOCK_SIZE;
		if (end < whole->length)
			java_bytes_behind(builder, whole->offset + end);
		return;
	}
	(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, whole->offset, whole->length,
		"the password opens the keystore, and bytes of it have changed since it was "
		"written");
}

static void
uber_read(struct store_builder *builder)
{
	struct bouncycastle header;
	struct secret secret = {};
	const char *refused = NULL;
	struct place place;
	struct span data;

	(void)bouncycastle_header(builder->bytes, &header);
	builder->profile = "UBER";
	if (builder->crypt == NULL)
		return;
	if (header.version == 0) {
		builder->integrity = INTEGRITY_UNKNOWN;
		(void)builder_defect(builder, CAUSE_STORE_KEYSTORE_TYPE, 0, builder->bytes.length,
			"the keystore is of UBER's first version, whose keys BouncyCastle derives "
			"in a way of its own: it is not read here");
		return;
	}
	data = span_of(builder->bytes.data + header.body, builder->bytes.length - header.body);
	place = (struct place){ header.body, data.length, header.body, true };
	if (find_password(builder, &header, data, &secret, &refused)) {
		read_records(builder, &secret, &place);
	} else {
		builder->integrity = INTEGRITY_UNKNOWN;
		(void)builder_defect(builder, CAUSE_STORE_KEYSTORE_PASSWORD, place.offset,
			place.length, "the keystore is encrypted as a whole and stays closed: %s",
			refused != NULL ? refused : "no password that is given or known opens it");
	}
	secret_free(&secret);
}

const struct store_format store_uber = {
	.name = "uber",
	.title = "BouncyCastle keystore, encrypted",
	.family = FAMILY_KEYSTORE,
	.container = "BouncyCastle keystore",
	.sniff = uber_sniff,
	.read = uber_read,
};
