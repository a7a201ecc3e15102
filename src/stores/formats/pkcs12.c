/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#12 (RFC 7292): a PFX holds an AuthenticatedSafe, whose parts are plain or encrypted each by
 * itself, and a MAC over all of it. Certificates and CRLs are read; keys are named, and never
 * decrypted. Writers use BER freely here, so it is read by the forgiving cursor.
 */
#include <stdio.h>
#include <string.h>

#include "stores/pkcs12_algorithm.h"
#include "stores/pkcs12_bags.h"
#include "stores/pkcs12_write.h"

enum { PFX_VERSION = 3, PKCS12_MAX_SAFES = 1000 };

/* 1.2.840.113549.1.7.1, .3 and .6: data, envelopedData, encryptedData; .2: signedData. */
#define PKCS7 "\x2a\x86\x48\x86\xf7\x0d\x01\x07"

struct pkcs12 {
	struct store_builder *builder;
	struct keystore_work work;
	struct pkcs12_mac mac;
	bool has_mac, is_cut;
	bool has_attempt;       /* one that fits was found */
	struct attempt attempt; /* that one */
	size_t opened, closed;  /* encrypted parts */
	const char *why;        /* the first of them was not opened, or no password fits */
	const char *cipher;     /* of the first encrypted part */
	struct derivation derivation;
	bool is_legacy;
};

static bool
is_type(struct span oid, char type)
{
	return oid.length == sizeof(PKCS7) && memcmp(oid.data, PKCS7, sizeof(PKCS7) - 1) == 0 &&
	       (char)oid.data[sizeof(PKCS7) - 1] == type;
}

/* The version and the OID of the content: whatever else of the file is damaged. */
static bool
pkcs12_sniff(struct span bytes)
{
	struct ber cursor = ber_of(bytes), inner;
	struct ber_element outer, version, content, oid;

	if (!ber_take(&cursor, DER_SEQUENCE, &outer))
		return false;
	inner = ber_enter(&outer);
	/* OpenSSL does not look at the number. */
	if (!ber_take(&inner, DER_INTEGER, &version) || version.content.length != 1 ||
		!ber_take(&inner, DER_SEQUENCE, &content))
		return false;
	inner = ber_enter(&content);
	return ber_take(&inner, DER_OID, &oid) &&
	       (is_type(oid.content, 1) || is_type(oid.content, 2));
}

/* Tries what is given and what is known; keeps the first that fits. */
static bool
find_attempt(struct pkcs12 *pkcs12, const struct derivation *derivation,
	bool (*fits)(struct pkcs12 *, const struct attempt *, void *), void *context)
{
	struct attempt attempt;

	for (size_t i = 0; attempt_get(pkcs12->builder->passwords, i, &attempt); i++) {
		const char *refused =
			derivation_refused(derivation, &pkcs12->work, attempt.password.given);

		if (refused != NULL) {
			pkcs12->why = refused;
			return false;
		}
		if (fits(pkcs12, &attempt, context)) {
			pkcs12->has_attempt = true;
			pkcs12->attempt = attempt;
			return true;
		}
	}
	pkcs12->why = passwords_given(pkcs12->builder->passwords)
			      ? "neither the passwords given nor the known ones fit"
			      : "none of the known passwords fits: give its own with "
				"--password-file, --password-fd or --password-env";
	return false;
}

static bool
mac_fits(struct pkcs12 *pkcs12, const struct attempt *attempt, void *context)
{
	return pkcs12_mac_fits(
		pkcs12->builder->crypt, &pkcs12->mac, attempt, *(struct span *)context);
}

/* An encrypted part, as it is being opened. */
struct part {
	struct pkcs12_cipher cipher;
	struct span data;
	struct secret plain;
};

static bool
part_opens(struct pkcs12 *pkcs12, const struct attempt *attempt, void *context)
{
	struct part *part = context;

	return pkcs12_decrypt(
		pkcs12->builder->crypt, &part->cipher, attempt, part->data, &part->plain);
}

/* With the password that is known by now, or with each. */
static bool
part_open(struct pkcs12 *pkcs12, struct part *part)
{
	if (!pkcs12->has_attempt)
		return find_attempt(pkcs12, &part->cipher.derivation, part_opens, part);
	pkcs12->why = derivation_refused(&part->cipher.derivation, &pkcs12->work, true);
	if (pkcs12->why != NULL)
		return false;
	pkcs12->why = "the password that fits the container does not open it";
	if (!part_opens(pkcs12, &pkcs12->attempt, part))
		return false;
	pkcs12->why = NULL;
	return true;
}

static bool
is_refused(const struct derivation *derivation)
{
	return derivation->rounds == 0 || derivation->rounds > KEYSTORE_MAX_ROUNDS;
}

static void
part_closed(struct pkcs12 *pkcs12, const struct part *part, const struct place *place)
{
	const char *why = part->cipher.problem;
	enum cause_code cause = CAUSE_STORE_KEYSTORE_PASSWORD;

	pkcs12->closed++;
	if (why != NULL || (part->cipher.is_legacy && !cipher_is_there(pkcs12->builder->crypt,
							      part->cipher.cipher, true))) {
		cause = CAUSE_STORE_LEGACY_ENCRYPTION;
		why = why != NULL ? why : "OpenSSL's legacy provider is not installed here";
	} else if (is_refused(&part->cipher.derivation)) {
		cause = CAUSE_STORE_CORRUPT_ENTRY;
		why = part->cipher.derivation.rounds == 0
			      ? "its iteration count is none"
			      : "its iteration count is higher than any reader goes";
	} else if (pkcs12->has_attempt) {
		cause = CAUSE_STORE_CORRUPT_ENTRY;
	}
	(void)builder_defect(pkcs12->builder, cause, place->offset, place->length,
		"a part of the container is not read, %s%sand %zu bytes of it stay closed: %s",
		part->cipher.name == NULL ? "" : part->cipher.name,
		part->cipher.name == NULL ? "" : ", ", part->data.length,
		why != NULL ? why : pkcs12->why);
}

static void
part_note(struct pkcs12 *pkcs12, const struct part *part, const struct place *place)
{
	if (pkcs12->cipher == NULL && part->cipher.name != NULL) {
		pkcs12->cipher = part->cipher.name;
		pkcs12->derivation = part->cipher.derivation;
	}
	if (!part->cipher.is_legacy || part->plain.data == NULL)
		return;
	pkcs12->is_legacy = true;
	struct defect *defect = builder_defect(pkcs12->builder, CAUSE_STORE_LEGACY_ENCRYPTION,
		place->offset, place->length,
		"the certificates are encrypted by %s: OpenSSL 3 reads that with its legacy "
		"provider alone",
		part->cipher.name);

	if (defect != NULL)
		defect->harmless = true;
}

/* EncryptedData (RFC 2315 13): version, { contentType, algorithm, [0] IMPLICIT OCTET STRING } */
static bool
read_encrypted(struct pkcs12 *pkcs12, const struct ber_element *data, const struct place *whole)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct ber inside = ber_enter(data), info;
	struct ber_element version, content, oid, algorithm, octets;
	struct part part = {};
	struct pkcs12_bags bags = { .builder = pkcs12->builder, .is_cut = pkcs12->is_cut };

	if (!ber_take(&inside, DER_INTEGER, &version) || !ber_take(&inside, DER_SEQUENCE, &content))
		return false;
	info = ber_enter(&content);
	if (!ber_take(&info, DER_OID, &oid) || !ber_take(&info, DER_SEQUENCE, &algorithm) ||
		!ber_next(&info, &octets) || (octets.tag & ~0x20u) != DER_CONTEXT(0) ||
		!ber_octets(&octets, &segments, &part.data))
		return false;
	bags.place = builder_place(pkcs12->builder, octets.whole, whole);
	pkcs12_cipher_read(&algorithm, &part.cipher);
	if (part.cipher.problem == NULL && pkcs12->builder->crypt != NULL &&
		cipher_is_there(
			pkcs12->builder->crypt, part.cipher.cipher, part.cipher.is_legacy) &&
		part_open(pkcs12, &part)) {
		pkcs12->opened++;
		bags.is_cut |= octets.clipped;
		pkcs12_bags_read(&bags, span_of(part.plain.data, part.plain.length));
	} else if (pkcs12->builder->crypt != NULL) {
		part_closed(pkcs12, &part, &bags.place);
	}
	part_note(pkcs12, &part, &bags.place);
	secret_free(&part.plain);
	return true;
}

static bool
read_plain(struct pkcs12 *pkcs12, const struct ber_element *octets, const struct place *whole)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct pkcs12_bags bags = { .builder = pkcs12->builder, .is_cut = pkcs12->is_cut };
	struct span contents;

	if ((octets->tag & 0x1f) != DER_OCTET_STRING || !ber_octets(octets, &segments, &contents))
		return false;
	bags.place = builder_place(pkcs12->builder, octets->whole, whole);
	pkcs12_bags_read(&bags, contents);
	return true;
}

/* Java takes what stands where [0] should, whatever its tag is. */
static void
note_tag(struct pkcs12 *pkcs12, const struct ber_element *wrapped, const struct place *place)
{
	if (wrapped->tag != DER_CONTEXT_CONSTRUCTED(0))
		(void)builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
			place->length, "a tag in this part of the container is damaged");
}

static void
note_version(struct pkcs12 *pkcs12, const struct place *place)
{
	struct defect *defect = builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY,
		place->offset, place->length,
		"the container is not of version 3, the one that there is: Java does not open it");

	if (defect != NULL)
		defect->harmless = true;
}

static void
note_length(struct pkcs12 *pkcs12, const struct place *place)
{
	(void)builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY, place->offset,
		place->length, "a length in this part of the container is damaged");
}

/* One ContentInfo of the AuthenticatedSafe. */
static void
read_safe(struct pkcs12 *pkcs12, const struct ber_element *info, const struct place *whole)
{
	struct store_builder *builder = pkcs12->builder;
	struct place place = builder_place(builder, info->whole, whole);
	struct ber inside = ber_enter(info), box;
	struct ber_element oid = {}, wrapped, value;
	bool done = false;

	if (ber_take(&inside, DER_OID, &oid) && ber_next(&inside, &wrapped)) {
		note_tag(pkcs12, &wrapped, &place);
		box = ber_enter(&wrapped);
		if (!pkcs12->is_cut && (info->clipped || wrapped.clipped))
			note_length(pkcs12, &place);
		if (ber_next(&box, &value))
			done = is_type(oid.content, 1)   ? read_plain(pkcs12, &value, whole)
			       : is_type(oid.content, 6) ? read_encrypted(pkcs12, &value, whole)
							 : false;
	}
	if (done)
		return;
	if (is_type(oid.content, 3))
		(void)builder_defect(builder, CAUSE_STORE_KEYSTORE_TYPE, place.offset, place.length,
			"a part of the container is encrypted to the key of its recipient and is "
			"not read");
	else if (!pkcs12->is_cut)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset, place.length,
			"a part of the container is damaged");
	if (!is_type(oid.content, 3))
		builder_salvage(builder, info->whole, whole);
}

static void
read_safes(struct pkcs12 *pkcs12, struct span contents, const struct place *whole)
{
	struct ber outer = ber_of(contents), inside;
	struct ber_element safes, info;
	size_t count = 0, from;

	if (!ber_take(&outer, DER_SEQUENCE, &safes)) {
		if (!pkcs12->is_cut)
			(void)builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY,
				whole->offset, whole->length,
				"the list of the container's parts is damaged");
		builder_salvage(pkcs12->builder, contents, whole);
		return;
	}
	inside = ber_enter(&safes);
	from = 0;
	while (count++ < PKCS12_MAX_SAFES && ber_next(&inside, &info)) {
		read_safe(pkcs12, &info, whole);
		from = inside.offset;
	}
	if (!inside.damaged && count <= PKCS12_MAX_SAFES)
		return;
	(void)builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY, whole->offset,
		whole->length, "the list of the container's parts is damaged");
	builder_salvage(pkcs12->builder,
		span_of(inside.bytes.data + from, inside.bytes.length - from), whole);
}

/* The MAC was checked first, where it can be; here is what that says of the content. */
static void
judge_integrity(struct pkcs12 *pkcs12, bool mac_fits_content)
{
	struct store_builder *builder = pkcs12->builder;
	const struct derivation *derivation = &pkcs12->mac.derivation;
	struct defect *defect;

	if (!pkcs12->has_mac || builder->crypt == NULL)
		return;
	if (mac_fits_content) {
		builder->integrity = INTEGRITY_GOOD;
		return;
	}
	builder->integrity = INTEGRITY_UNKNOWN;
	if (pkcs12->mac.problem == NULL && is_refused(derivation)) {
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"the iteration count of the MAC is %ju, and nobody goes through more than "
			"%d: the file is damaged, or made to keep its reader busy",
			(uintmax_t)derivation->rounds, KEYSTORE_MAX_ROUNDS);
	} else if (pkcs12->mac.problem != NULL) {
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"whether the container is as it was written cannot be told: %s",
			pkcs12->mac.problem);
	} else if (pkcs12->opened > 0) {
		builder->integrity = INTEGRITY_BAD;
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"the password opens the container, and its MAC does not fit: bytes of it "
			"have changed since it was written");
	} else if (pkcs12->closed == 0 && !pkcs12->is_cut) {
		defect = builder_defect(builder, CAUSE_STORE_KEYSTORE_PASSWORD, 0,
			builder->bytes.length,
			"whether the container is as it was written cannot be told: %s",
			pkcs12->why);
		if (defect != NULL)
			defect->harmless = !passwords_given(builder->passwords);
	}
}

/* Named as their writers name them (go-pkcs12, keytool, openssl pkcs12 -legacy). */
static const char *
profile_of(const struct pkcs12 *pkcs12)
{
	const char *cipher = pkcs12->cipher;
	bool old_mac = !pkcs12->has_mac || strcmp(pkcs12->mac.digest, "SHA1") == 0;

	if (cipher == NULL)
		return pkcs12->has_mac ? "unencrypted" : "passwordless";
	if (strcmp(cipher, "RC2-40-CBC") == 0 && old_mac)
		return "LegacyRC2";
	if (strcmp(cipher, "3DES-CBC") == 0 && old_mac && pkcs12->derivation.kind == DERIVE_PKCS12)
		return "LegacyDES";
	if (strcmp(cipher, "AES-256-CBC") == 0 && pkcs12->derivation.digest != NULL &&
		strcmp(pkcs12->derivation.digest, "SHA256") == 0 &&
		(!pkcs12->has_mac || strcmp(pkcs12->mac.digest, "SHA256") == 0) &&
		!pkcs12->mac.is_pbmac1)
		return "Modern2023";
	return arena_printf(pkcs12->builder->arena, "%s, MAC %s%s", cipher,
		pkcs12->mac.is_pbmac1 ? "PBMAC1 HMAC-" : "",
		pkcs12->has_mac ? pkcs12->mac.digest : "none");
}

static bool
is_readable(const struct pkcs12 *pkcs12)
{
	return pkcs12->has_mac && pkcs12->mac.problem == NULL &&
	       !is_refused(&pkcs12->mac.derivation) && pkcs12->builder->crypt != NULL;
}

static void
read_content(struct pkcs12 *pkcs12, struct span contents, const struct place *whole)
{
	struct store_builder *builder = pkcs12->builder;
	bool mac_fits_content = is_readable(pkcs12) &&
				find_attempt(pkcs12, &pkcs12->mac.derivation, mac_fits, &contents);

	read_safes(pkcs12, contents, whole);
	judge_integrity(pkcs12, mac_fits_content);
	if (pkcs12->mac.problem != NULL || pkcs12->mac.digest == NULL)
		pkcs12->has_mac = false;
	builder->profile = profile_of(pkcs12);
	builder->password_is_empty =
		pkcs12->has_attempt && pkcs12->attempt.password.text.length == 0;
	if (pkcs12->has_attempt)
		builder->password_source = text_sanitize(builder->arena,
			pkcs12->attempt.password.source, strlen(pkcs12->attempt.password.source));
}

/* AuthenticatedSafe in an OCTET STRING; signedData is integrity by public key, which nobody uses.
 */
static bool
read_pfx(struct pkcs12 *pkcs12, struct ber *pfx, const struct place *whole)
{
	CLEANUP(buffer_free) struct buffer segments = {};
	struct ber_element version, info, oid, wrapped, octets, mac;
	struct ber inside, box;
	struct span contents;
	struct place place;
	bool has_mac;

	if (!ber_take(pfx, DER_INTEGER, &version) || !ber_take(pfx, DER_SEQUENCE, &info))
		return false;
	if (version.content.data[0] != PFX_VERSION)
		note_version(pkcs12, whole);
	inside = ber_enter(&info);
	if (!ber_take(&inside, DER_OID, &oid) || !ber_next(&inside, &wrapped))
		return false;
	note_tag(pkcs12, &wrapped, whole);
	if (is_type(oid.content, 2)) {
		(void)builder_defect(pkcs12->builder, CAUSE_STORE_KEYSTORE_TYPE, whole->offset,
			whole->length,
			"the container is signed instead of having a MAC: no engine reads that");
		return true;
	}
	box = ber_enter(&wrapped);
	if (!ber_next(&box, &octets) || (octets.tag & 0x1f) != DER_OCTET_STRING ||
		!ber_octets(&octets, &segments, &contents))
		return false;
	if (!pkcs12->is_cut && (info.clipped || wrapped.clipped || octets.clipped)) {
		(void)builder_defect(pkcs12->builder, CAUSE_STORE_TRUNCATED, whole->offset,
			whole->length,
			"the container ends before its content does: a length in it is damaged");
		pkcs12->is_cut = true;
	}
	has_mac = pfx->offset < pfx->bytes.length;
	if (has_mac && ber_take(pfx, DER_SEQUENCE, &mac) && !mac.clipped) {
		pkcs12->has_mac = true;
		pkcs12_mac_read(&mac, &pkcs12->mac);
	} else if (has_mac && !pkcs12->is_cut) {
		(void)builder_defect(pkcs12->builder, CAUSE_STORE_CORRUPT_ENTRY, whole->offset,
			whole->length,
			"the MAC of the container is damaged: whether the rest is as it was "
			"written cannot be told");
	}
	place = builder_place(pkcs12->builder, octets.whole, whole);
	read_content(pkcs12, contents, &place);
	return true;
}

static void
pkcs12_read(struct store_builder *builder)
{
	struct pkcs12 pkcs12 = { .builder = builder };
	struct place whole = { .length = builder->bytes.length };
	struct ber cursor = ber_of(builder->bytes), pfx;
	struct ber_element outer;
	size_t rest;

	if (!ber_take(&cursor, DER_SEQUENCE, &outer))
		return;
	pfx = ber_enter(&outer);
	pkcs12.is_cut = outer.clipped;
	if (outer.clipped)
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, 0, builder->bytes.length,
			"the container ends too early: its first bytes announce more than the %zu "
			"that are there",
			builder->bytes.length);
	if (!read_pfx(&pkcs12, &pfx, &whole) && !outer.clipped)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"the container is damaged: its content is not where it belongs");
	builder->work = pkcs12.work;
	rest = builder->bytes.length - cursor.offset;
	if (rest > 0) {
		struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY,
			cursor.offset, rest, "%zu bytes follow the container", rest);

		if (defect != NULL)
			defect->harmless = true;
	}
}

const struct store_format store_pkcs12 = {
	.name = "pkcs12",
	.title = "PKCS#12 container",
	.family = FAMILY_KEYSTORE,
	.container = "PKCS#12 container",
	.sniff = pkcs12_sniff,
	.read = pkcs12_read,
	.carries_crls = true,
	.carries_names = true,
	.write = pkcs12_write,
};
