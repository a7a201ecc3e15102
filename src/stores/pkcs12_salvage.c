/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EncryptedContentInfo without the container around it (RFC 7292 5.1, RFC 2315 10.1): an algorithm
 * with its parameters, and the content. In CBC a block depends on itself and the one before it: so
 * what is whole comes out whole, wherever damage is beside it, and how long the content is said to
 * be does not matter.
 */
#include "stores/pkcs12_salvage.h"

#include <string.h>

#include "stores/ber.h"
#include "stores/pkcs12_algorithm.h"

enum {
	LONGEST_HEADER = 6, /* of the content: a tag and a length */
	LONGEST_BLOCK = 16,
	MAX_SIZE = 8 << 20, /* bytes: they are decrypted from each place in a block */
};

/* The identifiers of PBES2, and of the schemes of PKCS#12: the number of each follows. */
static const char pbes2[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",
		  pbes1[] = "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";

struct encrypted {
	struct pkcs12_cipher cipher;
	struct place place;
	struct span rest; /* behind the algorithm, to the end of the file */
};

/* The SEQUENCE in front of an identifier, and what is behind it. A private key of its own, whose
 * content is an OCTET STRING (RFC 5958 3), is not for us. */
static bool
encrypted_at(struct span bytes, size_t oid, struct encrypted *ret)
{
	struct ber_element algorithm;

	for (size_t header = 2; header <= 3 && header <= oid; header++) {
		size_t at = oid - header;
		struct ber cursor = ber_of(span_of(bytes.data + at, bytes.length - at));

		if (!ber_take(&cursor, DER_SEQUENCE, &algorithm) || algorithm.clipped ||
			algorithm.content.data != bytes.data + oid)
			continue;
		*ret = (struct encrypted){};
		ret->rest =
			span_of(bytes.data + at + cursor.offset, bytes.length - at - cursor.offset);
		pkcs12_cipher_read(&algorithm, &ret->cipher);
		return ret->cipher.problem == NULL && ret->rest.length > LONGEST_HEADER &&
		       ret->rest.data[0] != DER_OCTET_STRING;
	}
	return false;
}

/* Whether this password brings something out. Where the first block begins is not believed, since a
 * header may be damaged and bytes may be lost: there are only so many places modulo its size. */
static bool
opens(struct store_builder *builder, const struct encrypted *part, const struct attempt *attempt)
{
	CLEANUP(pkcs12_keys_wipe) struct pkcs12_keys keys = {};
	size_t before = builder->entry_count;

	if (!pkcs12_keys_derive(builder->crypt, &part->cipher, attempt, &keys))
		return false;
	for (size_t at = 0; at < LONGEST_BLOCK && at < part->rest.length; at++) {
		struct span data = span_of(part->rest.data + at, part->rest.length - at);
		struct secret plain = {};

		builder->salvage.decrypted += data.length;
		if (builder->salvage.decrypted > SALVAGE_MAX_DECRYPTED)
			break;
		if (pkcs12_decrypt_blocks(builder->crypt, &part->cipher, &keys, data, &plain))
			builder_salvage(builder, span_of(plain.data, plain.length), &part->place);
		secret_free(&plain);
	}
	return builder->entry_count > before;
}

static void
salvage_part(struct store_builder *builder, const struct encrypted *part)
{
	struct attempt attempt;

	if (!cipher_is_there(builder->crypt, part->cipher.cipher, part->cipher.is_legacy))
		return;
	for (size_t i = 0; attempt_get(builder->passwords, i, &attempt); i++)
		if (derivation_refused(&part->cipher.derivation, &builder->work,
			    attempt.password.given) != NULL ||
			opens(builder, part, &attempt))
			return;
}

/* Counts a part, and whether it may be opened still. */
static bool
part_may(struct store_builder *builder)
{
	struct salvage_work *work = &builder->salvage;

	if (work->parts <= SALVAGE_MAX_PARTS)
		work->parts++;
	return work->parts <= SALVAGE_MAX_PARTS && work->decrypted <= SALVAGE_MAX_DECRYPTED;
}

void
pkcs12_salvage(struct store_builder *builder, struct span bytes, const struct place *place)
{
	size_t modern, old;
	struct encrypted part;

	if (builder->crypt == NULL || bytes.length > MAX_SIZE)
		return;
	modern = span_find(bytes, pbes2, 0);
	old = span_find(bytes, pbes1, 0);
	while (modern != SIZE_MAX || old != SIZE_MAX) {
		size_t at = modern < old ? modern : old;

		part = (struct encrypted){};
		if (encrypted_at(bytes, at, &part)) {
			if (!part_may(builder))
				return;
			part.place = *place;
			salvage_part(builder, &part);
		}
		if (at == modern)
			modern = span_find(bytes, pbes2, at + 1);
		else
			old = span_find(bytes, pbes1, at + 1);
	}
}
