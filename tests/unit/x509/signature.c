/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

#include "base/mem.h"
#include "make.h"
#include "tap.h"
#include "x509/key_tables.h"
#include "x509/public_key.h"
#include "x509/signature_batch.h"

static const struct made all_made[] = {
	{ .key = "RSA", .digest = "SHA256", .subject = "CN=a" },
	{ .key = "RSA", .digest = "SHA1", .subject = "CN=a" },
	{ .key = "RSA", .digest = "MD5", .subject = "CN=a" },
	{ .key = "RSA", .digest = "SHA256", .pss = true, .subject = "CN=a" },
	{ .key = "RSA", .digest = "SHA1", .pss = true, .subject = "CN=a" },
	{ .key = "RSA-PSS", .digest = "SHA384", .subject = "CN=a" },
	{ .key = "EC:P-256", .digest = "SHA256", .subject = "CN=a" },
	{ .key = "EC:P-384", .digest = "SHA512", .subject = "CN=a" },
	{ .key = "EC:P-521", .digest = "SHA256", .subject = "CN=a" },
	{ .key = "EC:P-256:explicit", .digest = "SHA1", .subject = "CN=a" },
	{ .key = "ED25519", .subject = "CN=a" },
	{ .key = "ED448", .subject = "CN=a" },
	{ .key = "DSA", .digest = "SHA256", .subject = "CN=a" },
};

enum { MADE_COUNT = COUNT_OF(all_made) };

struct fixture {
	EVP_PKEY *key;
	X509 *x509;
	struct span der, spki;
	struct cert cert;
};

static struct fixture fixtures[MADE_COUNT];

static bool
make_fixtures(void)
{
	const char *fault;
	size_t offset;

	for (size_t i = 0; i < MADE_COUNT; i++) {
		struct fixture *fixture = &fixtures[i];

		if (fixture->key != NULL)
			continue;
		fixture->key = make_key(all_made[i].key);
		fixture->x509 = make_cert(&all_made[i], fixture->key, NULL, NULL);
		fixture->der = made_der(fixture->x509);
		fixture->spki = made_spki(fixture->key);
		if (cert_read(fixture->der, &fixture->cert, &fault, &offset) < 0)
			return false;
	}
	return true;
}

TEST(signature_agrees, "each key on each certificate, as X509_verify says")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();

	CHECK(make_fixtures());
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < MADE_COUNT; i++) {
			for (size_t j = 0; j < MADE_COUNT; j++) {
				enum signature_result result =
					signature_cert(cache, &fixtures[i].cert, fixtures[j].spki);
				bool wanted = X509_verify(fixtures[i].x509, fixtures[j].key) == 1;

				if (wanted != (i == j) ||
					result != (wanted ? SIGNATURE_GOOD : SIGNATURE_BAD))
					printf("# %s by %s: %d %d\n", all_made[i].key,
						all_made[j].key, wanted, (int)result);
				CHECK(wanted == (i == j));
				CHECK(result == (wanted ? SIGNATURE_GOOD : SIGNATURE_BAD));
			}
		}
	}
}

/* Certificate and SubjectPublicKeyInfo of different fixtures in turn: what a borrowed key was
 * before must not show. */
TEST(key_borrow, "a key that is lent is the key that was asked for")
{
	CLEANUP(key_decoder_free) struct key_decoder decoder = {};
	static const uint8_t no_point[91] = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
					    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42"
					    "\x00\x04\x01";
	EVP_PKEY *other = make_key("EC:P-256");
	struct span other_spki = made_spki(other);

	CHECK(make_fixtures());
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < MADE_COUNT; i++) {
			EVP_PKEY *key = key_borrow(&decoder, fixtures[i].spki);

			CHECK(key != NULL && EVP_PKEY_eq(key, fixtures[i].key) == 1);
			key = key_borrow(&decoder, other_spki);
			CHECK(key != NULL && EVP_PKEY_eq(key, other) == 1);
			CHECK(X509_verify(fixtures[i].x509, key) != 1);
			CHECK(key_borrow(&decoder, span_of(no_point, sizeof(no_point))) == NULL);
		}
	}
	OPENSSL_free((void *)other_spki.data);
	EVP_PKEY_free(other);
}

/* More than a thread takes, of every kind of key, good and tampered with in turn. */
TEST(signature_batch, "many at once are answered as each by itself")
{
	enum { COPIES = 40, COUNT = COPIES * MADE_COUNT };
	static uint8_t bytes[COUNT][4096];
	static struct cert certs[COUNT];
	static const struct cert *list[COUNT];
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	CLEANUP(signature_cache_freep) struct signature_cache *single = signature_cache_new();
	CLEANUP(signature_batch_freep) struct signature_batch *batch = NULL;

	CHECK(make_fixtures());
	for (size_t i = 0; i < COUNT; i++) {
		struct span der = fixtures[i % MADE_COUNT].der;
		const char *fault;
		size_t offset;

		CHECK(der.length <= sizeof(bytes[i]));
		memcpy(bytes[i], der.data, der.length);
		/* The last octets are the signature's. */
		bytes[i][der.length - 1 - i % 7] ^= i % 2 == 0 ? 0 : (uint8_t)(1 + i % 3);
		CHECK(cert_read(span_of(bytes[i], der.length), &certs[i], &fault, &offset) == 0);
		list[i] = &certs[i];
	}
	batch = signature_batch_new(cache, list, COUNT);
	signature_batch_end(batch);
	for (size_t i = 0; i < COUNT; i++) {
		enum signature_result wanted = signature_cert(single, &certs[i], certs[i].spki);

		CHECK(signature_own_is_known(cache, &certs[i]));
		CHECK(signature_cert(cache, &certs[i], certs[i].spki) == wanted);
		CHECK(wanted == (i % 2 == 0 ? SIGNATURE_GOOD : SIGNATURE_BAD));
	}
}

TEST(signature_tampered, "a changed octet is noticed")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();

	CHECK(make_fixtures());
	for (size_t i = 0; i < MADE_COUNT; i++) {
		struct span der = fixtures[i].der;
		CLEANUP(mem_freep) uint8_t *copy = mem_dup(der.data, der.length);
		struct cert cert;
		const char *fault;
		size_t offset;

		copy[(size_t)(fixtures[i].cert.serial.data - der.data)] ^= 2;
		CHECK(cert_read(span_of(copy, der.length), &cert, &fault, &offset) == 0);
		CHECK(signature_cert(cache, &cert, fixtures[i].spki) == SIGNATURE_BAD);
		copy[(size_t)(fixtures[i].cert.serial.data - der.data)] ^= 2;
		copy[der.length - 1] ^= 1;
		CHECK(cert_read(span_of(copy, der.length), &cert, &fault, &offset) == 0);
		CHECK(signature_cert(cache, &cert, fixtures[i].spki) == SIGNATURE_BAD);
	}
}

TEST(signature_algorithm_mismatch, "the two algorithms of a certificate must agree")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	struct cert cert;
	const char *fault;
	size_t offset;

	CHECK(make_fixtures());
	struct span der = fixtures[0].der;
	CLEANUP(mem_freep) uint8_t *copy = mem_dup(der.data, der.length);
	size_t outer = (size_t)(fixtures[0].cert.signature_algorithm.data - der.data);

	/* sha256WithRSAEncryption becomes sha384WithRSAEncryption, outside alone. */
	CHECK(copy[outer + 12] == 0x0b);
	copy[outer + 12] = 0x0c;
	CHECK(cert_read(span_of(copy, der.length), &cert, &fault, &offset) == 0);
	CHECK(signature_cert(cache, &cert, fixtures[0].spki) == SIGNATURE_BAD);
}

TEST(signature_unsupported, "an unknown algorithm or key is not called a bad signature")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	CLEANUP(mem_freep) uint8_t *copy = NULL;
	struct cert cert;
	const char *fault;
	size_t offset, changed = 0;
	struct span der;

	CHECK(make_fixtures());
	ERR_clear_error();
	der = fixtures[10].der;
	copy = mem_dup(der.data, der.length);
	/* Ed25519's OID in both algorithms, not in the key: 1.3.101.112 becomes 1.3.101.2. */
	for (size_t i = 0; i + 5 <= der.length; i++) {
		bool in_key = copy + i >= copy + (fixtures[10].cert.spki.data - der.data) &&
			      i < (size_t)(fixtures[10].cert.spki.data - der.data) +
					      fixtures[10].cert.spki.length;

		if (memcmp(copy + i, "\x06\x03\x2b\x65\x70", 5) == 0 && !in_key) {
			copy[i + 4] = 2;
			changed++;
		}
	}
	CHECK(changed == 2);
	CHECK(cert_read(span_of(copy, der.length), &cert, &fault, &offset) == 0);
	CHECK(signature_cert(cache, &cert, fixtures[10].spki) == SIGNATURE_UNSUPPORTED);
	CHECK_TEXT(signature_algorithm_name(cert.signature_algorithm), "unknown");
	CHECK(signature_security_bits(cert.signature_algorithm) == -1);
	CHECK(signature_cert(cache, &fixtures[0].cert, span_of("\x30\x00", 2)) ==
		SIGNATURE_UNSUPPORTED);
	CHECK(key_security_bits(cache, span_of("\x30\x00", 2)) == -1);
	CHECK(ERR_peek_error() == 0);
}

TEST(signature_crls, "CRLs are checked by the same rules")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();

	CHECK(make_fixtures());
	for (size_t i = 0; i < MADE_COUNT; i++) {
		X509_CRL *x509 = X509_CRL_new();
		ASN1_TIME *now = ASN1_TIME_set(NULL, 1750000000);
		struct crl crl;
		const char *fault;
		size_t offset;
		struct span der;

		CHECK(X509_CRL_set_issuer_name(x509, X509_get_subject_name(fixtures[i].x509)) == 1);
		CHECK(X509_CRL_set1_lastUpdate(x509, now) == 1);
		make_sign(NULL, x509, fixtures[i].key, all_made[i].digest, all_made[i].pss);
		der = made_crl_der(x509);
		CHECK(crl_read(der, &crl, &fault, &offset) == 0);
		for (size_t j = 0; j < MADE_COUNT; j++) {
			bool wanted = X509_CRL_verify(x509, fixtures[j].key) == 1;

			/* The first five certificates have each its own RSA key. */
			CHECK(signature_crl(cache, &crl, fixtures[j].spki) ==
				(wanted ? SIGNATURE_GOOD : SIGNATURE_BAD));
		}
		X509_CRL_free(x509);
		ASN1_TIME_free(now);
		made_free(der);
	}
}

TEST(signature_bits, "security bits are OpenSSL's")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();

	CHECK(make_fixtures());
	for (size_t i = 0; i < MADE_COUNT; i++) {
		int bits = -1;

		CHECK(X509_get_signature_info(fixtures[i].x509, NULL, NULL, &bits, NULL) == 1);
		if (signature_security_bits(fixtures[i].cert.signature_algorithm) != bits)
			printf("# %zu: %d\n", i, bits);
		CHECK(signature_security_bits(fixtures[i].cert.signature_algorithm) == bits);
		CHECK(key_security_bits(cache, fixtures[i].spki) ==
			EVP_PKEY_get_security_bits(fixtures[i].key));
	}
}

TEST(signature_many, "the cache grows and still knows")
{
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	struct cert cert;

	CHECK(make_fixtures());
	cert = fixtures[10].cert;
	for (unsigned i = 0; i < 300; i++) {
		(void)memcpy(cert.fingerprint.bytes, &i, sizeof(i));
		CHECK(signature_cert(cache, &cert, fixtures[10].spki) == SIGNATURE_GOOD);
	}
	/* What is known is not checked again: the same fingerprint has the same bytes. */
	cert.signature.length = 0;
	for (unsigned i = 0; i < 300; i++) {
		(void)memcpy(cert.fingerprint.bytes, &i, sizeof(i));
		CHECK(signature_cert(cache, &cert, fixtures[10].spki) == SIGNATURE_GOOD);
	}
	signature_cache_free(NULL);
}

/* By one key with a table and one that never has one; each third is tampered with, some are not
 * what the pair says. */
TEST(signature_foresee, "what is checked ahead, by tables, is answered as each by itself")
{
	enum { COUNT = 3 * KEY_TABLE_SEEN + 200 };
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	CLEANUP(signature_cache_freep) struct signature_cache *single = signature_cache_new();
	static uint8_t bytes[COUNT][2048];
	static struct cert certs[COUNT];
	static struct signature_pair pairs[COUNT];
	static const struct made made = {
		.key = "EC:P-256", .digest = "SHA256", .subject = "CN=l"
	};
	struct cert issuers[3];
	struct digest known;
	const char *fault;
	size_t offset;

	CHECK(make_fixtures());
	/* Two of P-256, whose keys are the fixture's and a new one's; and one of RSA. */
	issuers[0] = fixtures[6].cert;
	issuers[1] = fixtures[0].cert;
	issuers[2] = fixtures[9].cert;
	signature_cache_use_tables(cache, tables);
	for (size_t i = 0; i < COUNT; i++) {
		size_t by = i % 4 == 3 ? 0 : 6;
		char serial[24];
		struct made this = made;
		X509 *x509;
		struct span der;

		(void)snprintf(serial, sizeof(serial), "%zu", i + 1);
		this.serial = serial;
		this.digest = i % 5 == 0 ? "SHA384" : i % 5 == 1 ? "SHA1" : "SHA256";
		x509 = make_cert(&this, fixtures[6].key, fixtures[by].x509, fixtures[by].key);
		der = made_der(x509);
		CHECK(der.length <= sizeof(bytes[i]));
		memcpy(bytes[i], der.data, der.length);
		bytes[i][der.length - 1 - i % 7] ^= i % 3 == 0 ? (uint8_t)(1 + i % 5) : 0;
		CHECK(cert_read(span_of(bytes[i], der.length), &certs[i], &fault, &offset) == 0);
		pairs[i] = (struct signature_pair){ &certs[i],
			i % 9 == 4 ? &issuers[2] : &issuers[by == 0] };
		made_free(der);
		X509_free(x509);
	}
	/* Until it has a table, the key is counted. */
	key_tables_expect(tables, 1'000'000);
	for (size_t i = 0; i < 3 * KEY_TABLE_SEEN; i++)
		CHECK(signature_by(cache, pairs[i].cert, pairs[i].issuer) ==
			signature_by(single, pairs[i].cert, pairs[i].issuer));
	known = digest_of(fixtures[6].spki);
	CHECK(key_tables_ready(key_tables_watch(tables, &known)) != NULL);
	signature_foresee(cache, pairs, COUNT);
	signature_foresee(cache, pairs, 0);
	/* Those that hold are known: no bit of their signatures is needed any more. */
	for (size_t i = 3 * KEY_TABLE_SEEN; i < COUNT; i++) {
		struct cert unsigned_cert = certs[i];
		bool is_known = i % 4 != 3 && i % 5 != 1 && i % 3 != 0 && i % 9 != 4;

		unsigned_cert.signature.length = 0;
		if (is_known)
			CHECK(signature_by(cache, &unsigned_cert, pairs[i].issuer) ==
				SIGNATURE_GOOD);
	}
	for (size_t i = 0; i < COUNT; i++) {
		enum signature_result wanted = signature_by(single, pairs[i].cert, pairs[i].issuer);

		CHECK((wanted == SIGNATURE_GOOD) == (i % 3 != 0 && i % 9 != 4));
		CHECK(signature_by(cache, pairs[i].cert, pairs[i].issuer) == wanted);
	}
}

TEST(signature_trim, "what was trimmed is found again, and keys keep their tables")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	struct cert cert;

	CHECK(make_fixtures());
	signature_cache_use_tables(cache, tables);
	key_tables_expect(tables, 1'000'000);
	cert = fixtures[6].cert;
	for (unsigned i = 0; i < 100; i++) {
		struct cert other = cert;

		(void)memcpy(other.fingerprint.bytes, &i, sizeof(i));
		CHECK(signature_cert(cache, &other, fixtures[6].spki) == SIGNATURE_GOOD);
		CHECK(signature_own_is_known(cache, &other));
		signature_cache_trim(cache, i % 2 == 0 ? 0 : 1'000, i % 3 == 0 ? 0 : 5);
		CHECK(signature_own_is_known(cache, &other) == (i % 2 != 0));
		other.signature.length--;
		other.fingerprint.bytes[31] ^= 1;
		CHECK(signature_cert(cache, &other, fixtures[6].spki) == SIGNATURE_BAD);
	}
}

TAP_MAIN()
