/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl.h"

#include <time.h>

#include "base/moment.h"
#include "make.h"
#include "tap.h"

enum { MANY = 2000 };

struct made_entry {
	const char *serial;
	int reason; /* -1: none */
	bool invalidity, unknown_critical;
	const char *issuer;
};

struct made_crl {
	int version; /* 0 is v2 */
	const struct made_entry *entries;
	size_t count;
	const char *number, *base_number;
	bool without_next_update, key_id;
	const char *unknown_critical;
	const ISSUING_DIST_POINT *scope;
};

static ASN1_INTEGER *
integer_of(const char *decimal)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *integer;

	must(BN_dec2bn(&number, decimal) > 0, "a number");
	integer = BN_to_ASN1_INTEGER(number, NULL);
	BN_free(number);
	return integer;
}

static void
add_integer(X509_CRL *crl, int nid, const char *decimal, bool critical)
{
	ASN1_INTEGER *integer = integer_of(decimal);

	must(X509_CRL_add1_ext_i2d(crl, nid, integer, critical, 0) == 1, "an extension");
	ASN1_INTEGER_free(integer);
}

static X509_EXTENSION *
unknown_extension(const char *oid)
{
	X509_EXTENSION *extension = X509V3_EXT_conf(NULL, NULL, oid, "critical,DER:0500");

	must(extension != NULL, "an unknown extension");
	return extension;
}

static void
add_issuer(X509_REVOKED *revoked, const char *text)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();

	GENERAL_NAME_set0_value(name, GEN_DIRNAME, make_name(text));
	(void)sk_GENERAL_NAME_push(names, name);
	must(X509_REVOKED_add1_ext_i2d(revoked, NID_certificate_issuer, names, 1, 0) == 1,
		"an issuer");
	GENERAL_NAMES_free(names);
}

static X509_REVOKED *
make_entry(const struct made_entry *made)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *serial = integer_of(made->serial);
	ASN1_TIME *time = ASN1_TIME_set(NULL, 1700000000);

	must(X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
			X509_REVOKED_set_revocationDate(revoked, time) == 1,
		"an entry");
	if (made->reason >= 0) {
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

		must(ASN1_ENUMERATED_set(reason, made->reason) == 1 &&
				X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0) ==
					1,
			"a reason");
		ASN1_ENUMERATED_free(reason);
	}
	if (made->invalidity) {
		ASN1_GENERALIZEDTIME *when = ASN1_GENERALIZEDTIME_set(NULL, 1600000000);

		must(X509_REVOKED_add1_ext_i2d(revoked, NID_invalidity_date, when, 0, 0) == 1,
			"a date");
		ASN1_GENERALIZEDTIME_free(when);
	}
	if (made->issuer != NULL)
		add_issuer(revoked, made->issuer);
	if (made->unknown_critical) {
		X509_EXTENSION *extension = unknown_extension("1.2.3.4");

		must(X509_REVOKED_add_ext(revoked, extension, -1) == 1, "an extension");
		X509_EXTENSION_free(extension);
	}
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(time);
	return revoked;
}

static void
add_crl_extensions(X509_CRL *crl, const struct made_crl *made)
{
	if (made->number != NULL)
		add_integer(crl, NID_crl_number, made->number, false);
	if (made->base_number != NULL)
		add_integer(crl, NID_delta_crl, made->base_number, true);
	if (made->key_id) {
		AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();

		id->keyid = ASN1_OCTET_STRING_new();
		(void)ASN1_STRING_set(id->keyid, "\x01\x02\x03", 3);
		must(X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, id, 0, 0) == 1,
			"a key identifier");
		AUTHORITY_KEYID_free(id);
	}
	if (made->scope != NULL)
		must(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point,
			     (void *)(uintptr_t)made->scope, 1, 0) == 1,
			"a scope");
	if (made->unknown_critical != NULL) {
		X509_EXTENSION *extension = unknown_extension(made->unknown_critical);

		must(X509_CRL_add_ext(crl, extension, -1) == 1, "an extension");
		X509_EXTENSION_free(extension);
	}
}

/* Written and read again, as libcrypto would have it from a file. */
static X509_CRL *
make_crl(const struct made_crl *made, EVP_PKEY *key, struct span *ret_der)
{
	X509_CRL *crl = X509_CRL_new(), *again;
	X509_NAME *issuer = make_name("C=DE/O=Lab/CN=Root");
	ASN1_TIME *now = ASN1_TIME_set(NULL, 1750000000), *next = ASN1_TIME_set(NULL, 2600000000);
	const unsigned char *at;

	must(X509_CRL_set_version(crl, made->version == 1 ? 0 : 1) == 1 &&
			X509_CRL_set_issuer_name(crl, issuer) == 1 &&
			X509_CRL_set1_lastUpdate(crl, now) == 1 &&
			(made->without_next_update || X509_CRL_set1_nextUpdate(crl, next) == 1),
		"a CRL");
	for (size_t i = 0; i < made->count; i++)
		must(X509_CRL_add0_revoked(crl, make_entry(&made->entries[i])) == 1, "an entry");
	add_crl_extensions(crl, made);
	make_sign(NULL, crl, key, NULL, false);
	*ret_der = made_crl_der(crl);
	at = ret_der->data;
	again = d2i_X509_CRL(NULL, &at, (long)ret_der->length);
	X509_NAME_free(issuer);
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	X509_CRL_free(crl);
	return again;
}

static bool
same_integer(struct span ours, const ASN1_INTEGER *integer)
{
	unsigned char *encoded = NULL;
	int length = i2d_ASN1_INTEGER(integer, &encoded);
	struct der der = der_of(span_of(encoded, length > 0 ? (size_t)length : 0));
	bool same = length > 0 && span_equal(ours, der_integer(&der));

	OPENSSL_free(encoded);
	return same;
}

static bool
extension_integer_agrees(bool has, struct span ours, const X509_CRL *crl, int nid)
{
	ASN1_INTEGER *integer = X509_CRL_get_ext_d2i(crl, nid, NULL, NULL);
	bool good = has == (integer != NULL) && (integer == NULL || same_integer(ours, integer));

	ASN1_INTEGER_free(integer);
	return good;
}

static int64_t
moment_of(const ASN1_TIME *time)
{
	struct tm calendar;

	if (time == NULL)
		return MOMENT_NEVER;
	return ASN1_TIME_to_tm(time, &calendar) == 1 ? timegm(&calendar) : INT64_MIN;
}

static bool
scope_agrees(const struct crl_scope *scope, const X509_CRL *crl)
{
	ISSUING_DIST_POINT *point =
		X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
	bool good = scope->present == (point != NULL);

	if (point != NULL)
		good = good && scope->only_user == (point->onlyuser > 0) &&
		       scope->only_ca == (point->onlyCA > 0) &&
		       scope->only_attribute == (point->onlyattr > 0) &&
		       scope->indirect == (point->indirectCRL > 0) &&
		       scope->only_some_reasons == (point->onlysomereasons != NULL) &&
		       (scope->distribution_point.length > 0) == (point->distpoint != NULL);
	ISSUING_DIST_POINT_free(point);
	return good;
}

static bool
entry_agrees(const struct crl_entry *entry, const X509_REVOKED *revoked)
{
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
	bool good = same_integer(entry->serial, X509_REVOKED_get0_serialNumber(revoked)) &&
		    entry->revoked_at == moment_of(X509_REVOKED_get0_revocationDate(revoked)) &&
		    entry->reason == (reason != NULL ? (int)ASN1_ENUMERATED_get(reason) : -1) &&
		    (entry->certificate_issuer.length > 0) ==
			    (X509_REVOKED_get_ext_by_NID(revoked, NID_certificate_issuer, -1) >= 0);

	ASN1_ENUMERATED_free(reason);
	return good;
}

static bool
entries_agree(const struct crl *crl, X509_CRL *x509)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x509);
	struct der cursor = der_of(crl->entries);
	struct crl_entry entry;
	size_t count = 0;

	while (crl_entry_next(&cursor, &entry)) {
		if ((int)count >= sk_X509_REVOKED_num(revoked) ||
			!entry_agrees(&entry, sk_X509_REVOKED_value(revoked, (int)count)))
			return false;
		count++;
	}
	return cursor.fault == NULL && crl->entry_count == count &&
	       (int)count == (revoked != NULL ? sk_X509_REVOKED_num(revoked) : 0);
}

static const char *
disagreement(const struct crl *crl, X509_CRL *x509)
{
	const unsigned char *issuer;
	const ASN1_BIT_STRING *signature;
	size_t length;
	struct digest digest;

	if (crl->version != (int)X509_CRL_get_version(x509) + 1)
		return "version";
	if (X509_NAME_get0_der(X509_CRL_get_issuer(x509), &issuer, &length) != 1 ||
		!span_equal(crl->issuer, span_of(issuer, length)))
		return "issuer";
	if (crl->this_update != moment_of(X509_CRL_get0_lastUpdate(x509)) ||
		crl->next_update != moment_of(X509_CRL_get0_nextUpdate(x509)))
		return "times";
	if (!extension_integer_agrees(crl->has_number, crl->number, x509, NID_crl_number))
		return "number";
	if (!extension_integer_agrees(crl->is_delta, crl->base_number, x509, NID_delta_crl))
		return "base number";
	if (!scope_agrees(&crl->scope, x509))
		return "scope";
	X509_CRL_get0_signature(x509, &signature, NULL);
	if (!span_equal(crl->signature, span_of(ASN1_STRING_get0_data(signature),
						(size_t)ASN1_STRING_length(signature))))
		return "signature";
	if (X509_CRL_digest(x509, EVP_sha256(), digest.bytes, NULL) != 1 ||
		!digest_equal(&digest, &crl->fingerprint))
		return "fingerprint";
	return entries_agree(crl, x509) ? NULL : "entries";
}

static const struct made_entry entries[] = {
	{ "1", -1, false, false, NULL },
	{ "-200", 0, false, false, NULL },
	{ "1461501637330902918203684832716283019655932542975", 1, true, false, NULL },
	{ "3", 2, false, false, NULL },
	{ "4", 3, false, false, NULL },
	{ "5", 4, false, false, NULL },
	{ "6", 5, false, false, NULL },
	{ "7", 6, false, false, NULL },
	{ "8", 8, false, false, NULL },
	{ "9", 9, false, false, NULL },
	{ "10", 10, false, false, NULL },
};
static const struct made_entry indirect_entries[] = {
	{ "1", -1, false, false, NULL },
	{ "2", 1, false, false, "CN=Other" },
	{ "3", -1, false, false, NULL },
	{ "4", -1, false, true, NULL },
};

/* NULL, or what differs. */
static const char *
check_crl(const struct made_crl *made, EVP_PKEY *key)
{
	struct span der;
	X509_CRL *x509 = make_crl(made, key, &der);
	struct crl crl;
	const char *fault, *difference;
	size_t offset;

	difference = crl_read(der, &crl, &fault, &offset) < 0 ? fault : disagreement(&crl, x509);
	if (difference != NULL)
		printf("# %s\n", difference);
	X509_CRL_free(x509);
	made_free(der);
	return difference;
}

TEST(crl_agrees, "every sort of CRL reads as libcrypto reads it")
{
	EVP_PKEY *key = make_key("ED25519");
	ISSUING_DIST_POINT *scope = ISSUING_DIST_POINT_new();
	struct made_crl made = { .version = 1, .entries = entries, .count = 1 };

	CHECK(check_crl(&made, key) == NULL);
	made = (struct made_crl){ .number = "1", .without_next_update = true };
	CHECK(check_crl(&made, key) == NULL);
	made = (struct made_crl){ .entries = entries,
		.count = COUNT_OF(entries),
		.number = "340282366920938463463374607431768211455",
		.base_number = "128",
		.key_id = true,
		.unknown_critical = "1.2.3.4" };
	CHECK(check_crl(&made, key) == NULL);
	made = (struct made_crl){
		.entries = indirect_entries, .count = COUNT_OF(indirect_entries), .scope = scope
	};
	CHECK(check_crl(&made, key) == NULL);
	scope->onlyuser = 0xff;
	CHECK(check_crl(&made, key) == NULL);
	scope->onlyuser = 0;
	scope->onlyCA = 0xff;
	scope->indirectCRL = 0xff;
	CHECK(check_crl(&made, key) == NULL);
	scope->onlyattr = 0xff;
	scope->onlysomereasons = ASN1_BIT_STRING_new();
	(void)ASN1_BIT_STRING_set_bit(scope->onlysomereasons, 1, 1);
	scope->distpoint = DIST_POINT_NAME_new();
	scope->distpoint->type = 0;
	scope->distpoint->name.fullname = GENERAL_NAMES_new();
	CHECK(check_crl(&made, key) == NULL);
	ISSUING_DIST_POINT_free(scope);
	EVP_PKEY_free(key);
}

static bool
finds(const struct crl *crl, const char *decimal, struct crl_entry *ret)
{
	ASN1_INTEGER *integer = integer_of(decimal);
	unsigned char *encoded = NULL;
	int length = i2d_ASN1_INTEGER(integer, &encoded);
	struct der der = der_of(span_of(encoded, (size_t)length));
	bool found = crl_find(crl, der_integer(&der), ret) > 0;

	ASN1_INTEGER_free(integer);
	OPENSSL_free(encoded);
	return found;
}

TEST(crl_finds, "revoked serials are found, and what was taken off the list is not")
{
	EVP_PKEY *key = make_key("ED25519");
	struct made_crl made = {
		.entries = entries, .count = COUNT_OF(entries), .key_id = true, .number = "255"
	};
	struct span der;
	X509_CRL *x509 = make_crl(&made, key, &der);
	struct crl crl;
	struct crl_entry entry;
	const char *fault;
	size_t offset;

	CHECK(crl_read(der, &crl, &fault, &offset) == 0);
	CHECK(finds(&crl, "1", &entry) && entry.reason == REASON_NONE &&
		entry.revoked_at == 1700000000);
	CHECK(finds(&crl, "-200", NULL));
	CHECK(finds(&crl, "1461501637330902918203684832716283019655932542975", &entry));
	CHECK(entry.reason == 1);
	CHECK(finds(&crl, "10", &entry) && entry.reason == 10);
	CHECK(!finds(&crl, "8", NULL));
	CHECK(!finds(&crl, "200", NULL) && !finds(&crl, "2", NULL));
	CHECK(crl.has_authority_key_id && crl.unknown_critical.length == 0);
	CHECK(span_equal(crl.authority_key_id.key_id, span_of("\x01\x02\x03", 3)));
	CHECK(span_equal(crl.number, span_of("\x00\xff", 2)));
	X509_CRL_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
}

TEST(crl_indirect, "an entry's issuer goes on to those behind it")
{
	EVP_PKEY *key = make_key("ED25519");
	ISSUING_DIST_POINT *scope = ISSUING_DIST_POINT_new();
	struct made_crl made = { .entries = indirect_entries,
		.count = COUNT_OF(indirect_entries),
		.scope = scope,
		.unknown_critical = "1.2.3.4" };
	struct span der;
	X509_CRL *x509;
	struct crl crl;
	struct crl_entry entry;
	const char *fault;
	size_t offset;

	scope->indirectCRL = 0xff;
	x509 = make_crl(&made, key, &der);
	CHECK(crl_read(der, &crl, &fault, &offset) == 0);
	CHECK(crl.scope.indirect && der_oid_is(crl.unknown_critical, "\x2a\x03\x04", 3));
	CHECK(finds(&crl, "1", &entry) && entry.certificate_issuer.length == 0);
	CHECK(finds(&crl, "3", &entry) && entry.certificate_issuer.length > 0);
	CHECK(!entry.unknown_critical);
	CHECK(finds(&crl, "4", &entry) && entry.unknown_critical);
	X509_CRL_free(x509);
	ISSUING_DIST_POINT_free(scope);
	EVP_PKEY_free(key);
	made_free(der);
}

TEST(crl_numbers, "numbers compare as numbers")
{
	struct span none = {}, zero = span_of("\0", 1), small = span_of("\x7f", 1),
		    large = span_of("\x00\x80", 2), larger = span_of("\x01\x00", 2);

	CHECK(crl_number_compare(none, zero) == 0);
	CHECK(crl_number_compare(zero, small) == -1);
	CHECK(crl_number_compare(large, small) == 1);
	CHECK(crl_number_compare(large, larger) == -1);
	CHECK(crl_number_compare(larger, larger) == 0);
}

TEST(crl_mutations, "no prefix is a CRL, and no changed octet does harm")
{
	EVP_PKEY *key = make_key("ED25519");
	struct made_crl made = {
		.entries = entries, .count = COUNT_OF(entries), .number = "255", .base_number = "1"
	};
	struct span der;
	X509_CRL *x509 = make_crl(&made, key, &der);
	uint8_t *copy = OPENSSL_memdup(der.data, der.length);
	struct crl crl;
	const char *fault;
	size_t offset;

	for (size_t length = 0; length < der.length; length++)
		CHECK(crl_read(span_of(copy, length), &crl, &fault, &offset) == -1 &&
			fault != NULL && offset <= length);
	for (size_t i = 0; i < der.length; i++) {
		copy[i] ^= 0x80;
		if (crl_read(span_of(copy, der.length), &crl, &fault, &offset) < 0)
			CHECK(fault != NULL && offset <= der.length);
		copy[i] ^= 0x80;
	}
	OPENSSL_free(copy);
	X509_CRL_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
}

TEST(crl_large, "a list of many is walked in order")
{
	EVP_PKEY *key = make_key("ED25519");
	static struct made_entry many[MANY];
	static char serials[MANY][8];
	struct made_crl made = { .entries = many, .count = MANY };
	struct span der;
	X509_CRL *x509;
	struct crl crl;
	const char *fault;
	size_t offset;

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(serials[i], sizeof(serials[i]), "%d", i + 1000);
		many[i] =
			(struct made_entry){ .serial = serials[i], .reason = i % 2 == 0 ? -1 : 1 };
	}
	x509 = make_crl(&made, key, &der);
	CHECK(crl_read(der, &crl, &fault, &offset) == 0);
	CHECK(crl.entry_count == MANY && disagreement(&crl, x509) == NULL);
	CHECK(finds(&crl, "2999", NULL) && !finds(&crl, "3000", NULL));
	X509_CRL_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
}

TAP_MAIN()
