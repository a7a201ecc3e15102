/* SPDX-License-Identifier: Apache-2.0 */
/* Content by digest. Private keys never get in. */
#include <string.h>

#include "ledger/database.h"

enum { OBJECT_MAX_SIZE = 64 << 20, LABEL_MAX = 64 };

/* What stands between BEGIN or END and the kind of key is at most a few words. */
static bool
is_key_label(struct span bytes, size_t key, size_t end)
{
	size_t start = key < LABEL_MAX ? 0 : key - LABEL_MAX;
	struct span before;

	if (end < bytes.length && bytes.data[end] == '-')
		return true;
	for (size_t i = start; i < key; i++)
		if (bytes.data[i] == '\n')
			start = i + 1;
	before = span_of(bytes.data + start, key - start);
	return span_find(before, "-BEGIN ", 0) != SIZE_MAX ||
	       span_find(before, "-END ", 0) != SIZE_MAX;
}

/* A label of any kind of private key ends so; one that is damaged, or left of the two, tells as
 * well. */
static bool
has_pem_key(struct span bytes)
{
	static const char key[] = "PRIVATE KEY";

	for (size_t at = span_find(bytes, key, 0); at != SIZE_MAX;
		at = span_find(bytes, key, at + 1))
		if (is_key_label(bytes, at, at + strlen(key)))
			return true;
	return false;
}

/*
 * DER keys and containers begin with SEQUENCE { INTEGER version … }: PKCS#1 and SEC1 (0 or 1),
 * PKCS#8 (0 or 1), PKCS#12 (3). No certificate or CRL does: theirs is SEQUENCE { SEQUENCE … }. JKS
 * and JCEKS have magic numbers.
 */
static bool
has_binary_key(struct span bytes)
{
	static const uint8_t jks[] = { 0xfe, 0xed, 0xfe, 0xed },
			     jceks[] = { 0xce, 0xce, 0xce, 0xce };
	size_t header;

	if (bytes.length >= 4 &&
		(memcmp(bytes.data, jks, 4) == 0 || memcmp(bytes.data, jceks, 4) == 0))
		return true;
	if (bytes.length < 8 || bytes.data[0] != 0x30)
		return false;
	header = bytes.data[1] < 0x80 ? 2 : 2 + (size_t)(bytes.data[1] & 0x7f);
	return header + 2 < bytes.length && bytes.data[header] == 0x02 &&
	       bytes.data[header + 1] == 0x01;
}

/* UTF-16 is ASCII with a NUL beside each character. */
static bool
has_wide_key(struct span bytes)
{
	CLEANUP(buffer_free) struct buffer narrow = { 0 };
	const uint8_t *data = bytes.data;
	size_t left = bytes.length;

	if (left == 0 || memchr(data, '\0', left) == NULL)
		return false;
	while (left > 0) {
		const uint8_t *nul = memchr(data, '\0', left);
		size_t length = nul != NULL ? (size_t)(nul - data) : left;

		buffer_add(&narrow, data, length);
		length += nul != NULL;
		data += length;
		left -= length;
	}
	return has_pem_key(buffer_span(&narrow));
}

/* Base64 of a key without its labels, or of all its PEM. */
static bool
has_encoded_key(struct span bytes)
{
	CLEANUP(buffer_free) struct buffer decoded = { 0 };
	size_t bad;

	(void)base64_decode(bytes, &decoded, &bad);
	return has_pem_key(buffer_span(&decoded)) || has_binary_key(buffer_span(&decoded));
}

static bool
has_private_key(struct span bytes)
{
	return has_pem_key(bytes) || has_binary_key(bytes) || has_wide_key(bytes) ||
	       has_encoded_key(bytes);
}

bool
ledger_may_keep(struct span bytes)
{
	return bytes.length <= OBJECT_MAX_SIZE && !has_private_key(bytes);
}

int
ledger_put(struct ledger *ledger, struct span bytes, struct digest *ret, struct err *err)
{
	CLEANUP(statement_endp) sqlite3_stmt *statement = NULL;

	*ret = digest_of(bytes);
	if (bytes.length > OBJECT_MAX_SIZE)
		return err_set(err, ERR_LIMIT,
			"ledger: %zu bytes are more than it keeps of one file", bytes.length);
	if (has_private_key(bytes))
		return err_set(err, ERR_DATA,
			"ledger: the file holds a private key, and the ledger keeps none");
	statement = database_prepare(
		ledger, "INSERT OR IGNORE INTO object (digest, bytes) VALUES (?, ?)", err);
	if (statement == NULL)
		return -1;
	bind_span(statement, 1, span_of(ret->bytes, DIGEST_SIZE));
	bind_span(statement, 2, bytes.length > 0 ? bytes : span_of("", 0));
	return database_step(ledger, statement, err);
}

int
ledger_get(struct ledger *ledger, struct arena *arena, const struct digest *digest,
	struct span *ret, struct err *err)
{
	CLEANUP(statement_endp)
	sqlite3_stmt *statement =
		database_prepare(ledger, "SELECT bytes FROM object WHERE digest = ?", err);
	struct digest found;
	int row;

	if (statement == NULL)
		return -1;
	bind_span(statement, 1, span_of(digest->bytes, DIGEST_SIZE));
	row = database_step(ledger, statement, err);
	if (row <= 0)
		return row;
	*ret = column_span(arena, statement, 0);
	found = digest_of(*ret);
	if (!digest_equal(&found, digest))
		return err_set(err, ERR_DATA,
			"ledger %s/ledger.db: an object is not what its digest says",
			ledger->directory);
	return 1;
}
