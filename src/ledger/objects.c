/* SPDX-License-Identifier: Apache-2.0 */
/* Content by digest. Private keys never get in. */
#include <string.h>

#include "ledger/database.h"

enum { OBJECT_MAX_SIZE = 64 << 20 };

/* PEM says what it is; a label of any kind of private key ends so. */
static bool
has_pem_key(struct span bytes)
{
	static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY-----";

	for (size_t at = span_find(bytes, begin, 0); at != SIZE_MAX;
		at = span_find(bytes, begin, at + 1)) {
		struct span label = span_of(bytes.data + at, bytes.length - at);
		size_t end;

		/* No farther than a label goes, or a large bundle would be read once per block. */
		if (label.length > 64 + sizeof(key))
			label.length = 64 + sizeof(key);
		end = span_find(label, key, 0);
		if (end != SIZE_MAX && end < 64 && memchr(label.data + 11, '\n', end - 11) == NULL)
			return true;
	}
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

int
ledger_put(struct ledger *ledger, struct span bytes, struct digest *ret, struct err *err)
{
	CLEANUP(statement_endp) sqlite3_stmt *statement = NULL;

	*ret = digest_of(bytes);
	if (bytes.length > OBJECT_MAX_SIZE)
		return err_set(err, ERR_LIMIT,
			"ledger: %zu bytes are more than it keeps of one file", bytes.length);
	if (has_pem_key(bytes) || has_binary_key(bytes))
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
