/* SPDX-License-Identifier: Apache-2.0 */
/* BouncyCastle's BKS, versions 0 to 2: plain records, and an HMAC-SHA1 whose key comes from the
 * password. Sealed keys are passed over. */
#include <string.h>

#include <openssl/crypto.h>

#include "stores/bouncycastle.h"

enum {
	/* Up to version 1 the size in octets was taken for one in bits: 20 bits are two octets
	 * (CVE-2018-5382). */
	BKS_SHORT_KEY = 2,
	BLOCK = 16, /* of the cipher of UBER */
};

static bool
bks_sniff(struct span bytes)
{
	struct bouncycastle header;

	if (!bouncycastle_header(bytes, &header))
		return false;
	bytes = span_of(bytes.data + header.body, bytes.length - header.body);
	/* What does not begin as a record, and names no certificate's type, is encrypted: UBER. */
	return bouncycastle_is_plain(bytes) || span_find(bytes, "X.509", 0) != SIZE_MAX ||
	       bytes.length < BLOCK;
}

static bool
mac_fits(struct store_builder *builder, const struct bouncycastle *header,
	const struct attempt *attempt, struct span body, struct span mac)
{
	CLEANUP(key_bytes_wipe)
	struct key_bytes key = { .length = header->version < 2 ? BKS_SHORT_KEY : JAVA_SHA1_SIZE };
	uint8_t value[KEYSTORE_MAX_KEY];
	size_t length;

	return derivation_run(builder->crypt, &header->derivation, attempt, DERIVE_MAC, &key) &&
	       hmac_of("SHA1", span_of(key.bytes, key.length), body, value, &length) &&
	       length == mac.length && CRYPTO_memcmp(value, mac.data, length) == 0;
}

static bool
find_password(struct store_builder *builder, const struct bouncycastle *header, struct span body,
	struct span mac, const char **ret_refused)
{
	struct keystore_work work = {};
	struct attempt attempt;

	for (size_t i = 0; attempt_get(builder->passwords, i, &attempt); i++) {
		*ret_refused =
			derivation_refused(&header->derivation, &work, attempt.password.given);
		if (*ret_refused != NULL)
			return false;
		if (!mac_fits(builder, header, &attempt, body, mac))
			continue;
		builder->integrity = INTEGRITY_GOOD;
		builder->password_source = text_sanitize(
			builder->arena, attempt.password.source, strlen(attempt.password.source));
		return true;
	}
	return false;
}

static void
check_mac(struct store_builder *builder, const struct bouncycastle *header, struct span body,
	struct span mac)
{
	const char *refused = NULL;
	struct defect *defect;

	builder->integrity = INTEGRITY_UNKNOWN;
	if (find_password(builder, header, body, mac, &refused))
		return;
	defect = builder_defect(builder, CAUSE_STORE_KEYSTORE_PASSWORD,
		builder->bytes.length - mac.length, mac.length,
		"whether the keystore is as it was written cannot be told: %s",
		refused != NULL ? refused : "no password that is given or known fits its MAC");
	/* Without a password, BouncyCastle reads the entries and checks nothing. */
	if (defect != NULL)
		defect->harmless = !passwords_given(builder->passwords);
}

static void
bks_read(struct store_builder *builder)
{
	struct place whole = { .length = builder->bytes.length };
	struct java_cursor cursor = { .bytes = builder->bytes };
	struct bouncycastle header;
	const char *refused = NULL;
	struct span body, mac;

	(void)bouncycastle_header(builder->bytes, &header);
	builder->profile = header.version < 2 ? "BKS version 1" : "BKS version 2";
	cursor.at = header.body;
	if (!bouncycastle_read(builder, &cursor, &whole)) {
		struct defect *defect = builder_defect(builder, CAUSE_STORE_TRUNCATED, cursor.at,
			builder->bytes.length - cursor.at,
			"the keystore ends in the middle of this entry, or the entry is damaged");

		if (defect != NULL)
			defect->is_block = true;
		return;
	}
	body = span_of(builder->bytes.data + header.body, cursor.at - header.body);
	mac = span_of(builder->bytes.data + cursor.at, builder->bytes.length - cursor.at);
	if (mac.length < JAVA_SHA1_SIZE)
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, cursor.at, mac.length,
			"the keystore ends before its MAC");
	else if (mac.length > JAVA_SHA1_SIZE && builder->crypt != NULL &&
		 find_password(builder, &header, body, span_of(mac.data, JAVA_SHA1_SIZE), &refused))
		java_bytes_behind(builder, cursor.at + JAVA_SHA1_SIZE);
	else if (mac.length > JAVA_SHA1_SIZE)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, cursor.at, mac.length,
			"the keystore goes on behind its last entry");
	else if (builder->crypt != NULL)
		check_mac(builder, &header, body, mac);
}

const struct store_format store_bks = {
	.name = "bks",
	.title = "BouncyCastle keystore",
	.family = FAMILY_KEYSTORE,
	.container = "BouncyCastle keystore",
	.sniff = bks_sniff,
	.read = bks_read,
};
