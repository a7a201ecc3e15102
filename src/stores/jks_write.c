/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/jks_write.h"

#include <string.h>

#include <openssl/evp.h>

enum { JKS_VERSION = 2, JKS_TAG_CERT = 2, MILLISECONDS = 1000, JKS_MAX_ALIAS = 1024 };

static const char whitener[] = "Mighty Aphrodite";

bool
jks_digest(struct span text, struct span bytes, uint8_t ret[static JKS_DIGEST_SIZE])
{
	uint8_t password[2 * PASSWORD_MAX_SIZE], value[EVP_MAX_MD_SIZE];
	size_t length = password_utf16(text, password);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL && EVP_DigestInit_ex2(context, EVP_sha1(), NULL) == 1 &&
		    EVP_DigestUpdate(context, password, length) == 1 &&
		    EVP_DigestUpdate(context, whitener, sizeof(whitener) - 1) == 1 &&
		    EVP_DigestUpdate(context, bytes.data, bytes.length) == 1 &&
		    EVP_DigestFinal_ex(context, value, NULL) == 1;

	EVP_MD_CTX_free(context);
	secret_wipe(password, sizeof(password));
	memcpy(ret, value, JKS_DIGEST_SIZE);
	return done;
}

static void
put_number(struct buffer *out, uint64_t number, size_t size)
{
	for (size_t i = size; i-- > 0;) {
		uint8_t octet = (uint8_t)(number >> 8 * i);

		buffer_add(out, &octet, 1);
	}
}

/* Modified UTF-8, as DataOutput.writeUTF has it: each UTF-16 unit by itself. */
static void
put_text(struct buffer *out, const char *text)
{
	CLEANUP(buffer_free) struct buffer octets = {};
	size_t length = strlen(text);
	CLEANUP(mem_freep) uint8_t *units = mem_alloc(2 * length + 1);

	length = password_utf16(span_of(text, length), units);
	for (size_t i = 0; i < length; i += 2) {
		unsigned unit = (unsigned)units[i] << 8 | units[i + 1];

		if (unit < 0x80) {
			put_number(&octets, unit, 1);
		} else if (unit < 0x800) {
			put_number(&octets, 0xc080 | (unit >> 6) << 8 | (unit & 0x3f), 2);
		} else {
			put_number(&octets,
				0xe08080 | (unit >> 12) << 16 | (unit >> 6 & 0x3f) << 8 |
					(unit & 0x3f),
				3);
		}
	}
	put_number(out, octets.length, 2);
	if (octets.length > 0)
		buffer_add(out, octets.data, octets.length);
}

/* Cut where a character begins: two octets say how long it is. */
static const char *
short_alias(struct arena *arena, const char *alias)
{
	size_t length = strlen(alias);

	if (length <= JKS_MAX_ALIAS)
		return alias;
	for (length = JKS_MAX_ALIAS; ((unsigned char)alias[length] & 0xc0) == 0x80;)
		length--;
	return arena_strndup(arena, alias, length);
}

int
jks_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *const *aliases = store_aliases(arena, content);
	uint8_t digest[JKS_DIGEST_SIZE];
	size_t from = out->length;

	if (content->password == NULL)
		return err_set(err, ERR_USAGE, "a JKS is not written without a password");
	buffer_add(out, "\xfe\xed\xfe\xed", 4);
	put_number(out, JKS_VERSION, 4);
	put_number(out, content->count, 4);
	for (size_t i = 0; i < content->count; i++) {
		const struct entry *entry = content->entries[i];
		int64_t created = entry->created == MOMENT_NEVER ? content->now : entry->created;

		put_number(out, JKS_TAG_CERT, 4);
		put_text(out, short_alias(arena, aliases[i]));
		put_number(out, (uint64_t)created * MILLISECONDS, 8);
		put_text(out, "X.509");
		put_number(out, entry->der.length, 4);
		buffer_add(out, entry->der.data, entry->der.length);
	}
	if (!jks_digest(
		    content->password->text, span_of(out->data + from, out->length - from), digest))
		return err_set(err, ERR_INTERNAL, "libcrypto makes no SHA-1 of the keystore");
	buffer_add(out, digest, sizeof(digest));
	return 0;
}
