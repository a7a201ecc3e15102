/* SPDX-License-Identifier: Apache-2.0 */
/* What is digested while a list is read, and what goes by that. */
#include "x509/crl_list.h"

#include "list.h"
#include "tap.h"

static const enum crl_digests all_digests[] = { CRL_DIGESTS_ALL, CRL_DIGEST_SIGNED,
	CRL_DIGEST_FINGERPRINT };

static struct crl_list *
read_list(struct span bytes, enum crl_digests digests, struct crl *ret)
{
	struct crl_reading reading = {
		.source = crl_source_bytes(bytes), .block = 512, .digests = digests
	};
	struct crl_fault fault;
	struct crl_list *list;

	(void)crl_list_read(&reading, ret, &list, &fault);
	return list;
}

/* A list with entries, signed by libcrypto. */
static void
sign_list(EVP_PKEY *key, const char *digest, bool pss, struct buffer *ret)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *issuer = make_name("CN=A");
	ASN1_TIME *now = ASN1_TIME_set(NULL, 1750000000);
	struct span der;

	must(X509_CRL_set_version(crl, 1) == 1 && X509_CRL_set_issuer_name(crl, issuer) == 1 &&
			X509_CRL_set1_lastUpdate(crl, now) == 1,
		"a CRL");
	for (int i = 0; i < 500; i++) {
		X509_REVOKED *revoked = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		must(ASN1_INTEGER_set(serial, i * 77) == 1 &&
				X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
				X509_REVOKED_set_revocationDate(revoked, now) == 1 &&
				X509_CRL_add0_revoked(crl, revoked) == 1,
			"an entry");
		ASN1_INTEGER_free(serial);
	}
	make_sign(NULL, crl, key, digest, pss);
	der = made_crl_der(crl);
	buffer_add(ret, der.data, der.length);
	made_free(der);
	X509_NAME_free(issuer);
	ASN1_TIME_free(now);
	X509_CRL_free(crl);
}

static enum signature_result
check_signature(struct span bytes, EVP_PKEY *key, enum crl_digests digests)
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	struct span spki = made_spki(key);
	struct crl crl;
	struct crl_list *list = read_list(bytes, digests, &crl);
	enum signature_result result =
		list != NULL ? signature_crl(cache, &crl, spki) : SIGNATURE_UNSUPPORTED;

	crl_list_free(list);
	made_free(spki);
	return result;
}

/* Whatever was digested while the list was read. */
static bool
all_say(struct span bytes, EVP_PKEY *key, enum signature_result result)
{
	for (size_t i = 0; i < COUNT_OF(all_digests); i++)
		if (check_signature(bytes, key, all_digests[i]) != result)
			return false;
	return true;
}

TEST(list_signature, "a signature over the digest holds where it does over the bytes")
{
	static const struct {
		const char *key, *digest;
		bool pss;
	} rows[] = { { "RSA", "SHA256", false }, { "RSA", "SHA384", false },
		{ "RSA", "SHA1", false }, { "RSA", "SHA256", true },
		{ "EC:P-256", "SHA256", false }, { "EC:P-384", "SHA512", false },
		{ "DSA", "SHA256", false }, { "ED25519", NULL, false } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(buffer_free) struct buffer der = {};
		EVP_PKEY *key = make_key(rows[i].key), *other = make_key(rows[i].key);
		EVP_PKEY *alien = make_key(rows[i].key[0] == 'E' ? "RSA" : "EC:P-256");
		uint8_t *last;

		sign_list(key, rows[i].digest, rows[i].pss, &der);
		CHECK(all_say(buffer_span(&der), key, SIGNATURE_GOOD));
		CHECK(all_say(buffer_span(&der), other, SIGNATURE_BAD));
		CHECK(all_say(buffer_span(&der), alien, SIGNATURE_BAD));
		/* The last serial: past all blocks but the last. */
		last = memmem(der.data, der.length, "\x02\x03\x00\x96\x17", 5);
		CHECK(last != NULL);
		last[4] ^= 1;
		CHECK(all_say(buffer_span(&der), key, SIGNATURE_BAD));
		EVP_PKEY_free(key);
		EVP_PKEY_free(other);
		EVP_PKEY_free(alien);
	}
}

TEST(list_algorithms_differ, "the outer algorithm decides, as it does for a whole list")
{
	CLEANUP(buffer_free) struct buffer der = {};
	EVP_PKEY *key = make_key("RSA");
	size_t at;

	sign_list(key, "SHA256", false, &der);
	at = span_find(buffer_span(&der), "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 0);
	CHECK(at < 100);
	/* Announced as SHA-384 inside: digested anew, and not what was signed any more. */
	der.data[at + 10] = 0x0c;
	CHECK(all_say(buffer_span(&der), key, SIGNATURE_BAD));
	EVP_PKEY_free(key);
}

TEST(list_identity, "a list goes by all of its bytes: whichever is another, it is another list")
{
	CLEANUP(buffer_free) struct buffer der = {};
	EVP_PKEY *key = make_key("EC:P-256");
	struct crl crl, other;
	struct crl_list *list;
	size_t read = 0;

	sign_list(key, "SHA256", false, &der);
	list = read_list(buffer_span(&der), CRL_DIGEST_SIGNED, &crl);
	CHECK(list != NULL && !crl.has_fingerprint);
	crl_list_free(list);
	for (size_t i = 0; i < der.length; i++) {
		der.data[i] ^= 0x10;
		list = read_list(buffer_span(&der), CRL_DIGEST_SIGNED, &other);
		if (list != NULL) {
			CHECK(!digest_equal(&crl.identity, &other.identity));
			read++;
		}
		crl_list_free(list);
		der.data[i] ^= 0x10;
	}
	/* Serials and days, and the signature. */
	CHECK(read > 1000);
	list = read_list(buffer_span(&der), CRL_DIGEST_SIGNED, &other);
	CHECK(list != NULL && digest_equal(&crl.identity, &other.identity));
	crl_list_free(list);
	EVP_PKEY_free(key);
}

TEST(list_weak,
	"what a weak digest signs, or none, does not tell a list apart: it has a fingerprint")
{
	static const struct {
		const char *key, *digest;
		bool pss, is_enough;
	} rows[] = { { "RSA", "SHA1", false, false }, { "RSA", "SHA224", false, false },
		{ "RSA", "SHA256", true, false }, { "ED25519", NULL, false, false },
		{ "RSA", "SHA256", false, true }, { "RSA", "SHA384", false, true },
		{ "RSA", "SHA512", false, true } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(buffer_free) struct buffer der = {};
		EVP_PKEY *key = make_key(rows[i].key);
		struct digest fingerprint;

		sign_list(key, rows[i].digest, rows[i].pss, &der);
		fingerprint = digest_of(buffer_span(&der));
		for (size_t j = 0; j < COUNT_OF(all_digests); j++) {
			struct crl crl;
			CLEANUP(crl_list_freep)
			struct crl_list *list = read_list(buffer_span(&der), all_digests[j], &crl);
			bool without = rows[i].is_enough && all_digests[j] == CRL_DIGEST_SIGNED;

			CHECK(list != NULL && crl.has_fingerprint == !without);
			CHECK(digest_equal(&crl.identity, &fingerprint) == !without);
			CHECK(without || digest_equal(&crl.fingerprint, &fingerprint));
		}
		EVP_PKEY_free(key);
	}
}

TEST(list_der, "all bytes are had again while they are those that were read, and no longer")
{
	EVP_PKEY *key = make_key("RSA");

	for (size_t i = 0; i < COUNT_OF(all_digests); i++) {
		CLEANUP(buffer_free) struct buffer der = {}, again = {};
		CLEANUP(crl_list_freep) struct crl_list *list = NULL;
		uint8_t digest[EVP_MAX_MD_SIZE];
		struct crl crl;
		unsigned length;

		sign_list(key, "SHA256", false, &der);
		list = read_list(buffer_span(&der), all_digests[i], &crl);
		CHECK(list != NULL && crl_list_der(list, der.length, &again) == 0);
		CHECK(span_equal(buffer_span(&again), buffer_span(&der)));
		CHECK(crl_list_digest(list, NID_sha384, digest, &length) == 0 && length == 48);
		/* In the last entry, and in the signature. */
		for (size_t back = 1; back < 600; back += 300) {
			der.data[der.length - back] ^= 1;
			buffer_free(&again);
			CHECK(crl_list_der(list, der.length, &again) == -1);
			der.data[der.length - back] ^= 1;
		}
		der.data[der.length - 600] ^= 1;
		CHECK(crl_list_digest(list, NID_sha512, digest, &length) == -1);
		CHECK(crl_list_digest(list, NID_sha384, digest, &length) == -1);
	}
	EVP_PKEY_free(key);
}

TEST(list_record, "a record serves who asks for no other digests than were made")
{
	EVP_PKEY *key = make_key("RSA");
	CLEANUP(buffer_free) struct buffer der = {};

	sign_list(key, "SHA256", false, &der);
	for (size_t made = 0; made < COUNT_OF(all_digests); made++) {
		CLEANUP(buffer_free) struct buffer record = {};
		struct crl crl;
		struct crl_list *list = read_list(buffer_span(&der), all_digests[made], &crl);

		CHECK(list != NULL && crl_list_record(&crl, &record) == 0);
		crl_list_free(list);
		for (size_t asked = 0; asked < COUNT_OF(all_digests); asked++) {
			struct crl_reading reading = { .source =
							       crl_source_bytes(buffer_span(&der)),
				.digests = all_digests[asked] };
			struct crl known;

			list = crl_list_recall(buffer_span(&record), &reading, &known);
			CHECK((list != NULL) == (made == 0 || made == asked));
			CHECK(list == NULL || digest_equal(&known.identity, &crl.identity));
			CHECK(list == NULL || known.has_fingerprint == crl.has_fingerprint);
			crl_list_free(list);
		}
	}
	EVP_PKEY_free(key);
}

TAP_MAIN()
