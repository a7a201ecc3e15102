/* SPDX-License-Identifier: Apache-2.0 */
/* Each claim is put to EVP_PKEY_verify as well, and the two must agree: on signatures that are
 * made, bent, out of range, oddly encoded, and on those where adding up the points meets its
 * special cases. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "x509/point_table.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "base/mem.h"
#include "make.h"
#include "tap.h"

enum { KEYS = 3, ROUNDS = 60, SIGNATURE_MAX = 160, POINT_OCTETS = 65 };

static struct {
	EC_GROUP *group;
	const BIGNUM *order;
	BN_CTX *numbers;
	EVP_PKEY *key;
	struct point_table *table;
	BIGNUM *secret;
	unsigned held, refused;
} court;

struct encoded {
	uint8_t bytes[SIGNATURE_MAX];
	size_t length;
};

static BIGNUM *
number(uint64_t value)
{
	BIGNUM *made = BN_new();

	must(made != NULL && BN_set_word(made, value) == 1, "a number");
	return made;
}

static BIGNUM *
chance(void)
{
	BIGNUM *made = BN_new();

	do
		must(BN_rand_range(made, court.order) == 1, "a number");
	while (BN_is_zero(made));
	return made;
}

static void
begin(void)
{
	if (court.group != NULL)
		return;
	court.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	court.order = EC_GROUP_get0_order(court.group);
	court.numbers = BN_CTX_new();
}

static void
take_point(const EC_POINT *point)
{
	uint8_t octets[POINT_OCTETS];
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"prime256v1", 10),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof(octets)),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	EVP_PKEY_free(court.key);
	court.key = NULL;
	point_table_free(court.table);
	must(EC_POINT_point2oct(court.group, point, POINT_CONVERSION_UNCOMPRESSED, octets,
		     sizeof(octets), NULL) == sizeof(octets) &&
			EVP_PKEY_fromdata_init(context) == 1 &&
			EVP_PKEY_fromdata(context, &court.key, EVP_PKEY_PUBLIC_KEY, parameters) ==
				1,
		"a key");
	EVP_PKEY_CTX_free(context);
	court.table = point_table_new(court.key);
	must(court.table != NULL, "a table");
}

/* The key of this secret from now on. */
static void
take_secret(BIGNUM *secret)
{
	EC_POINT *point = EC_POINT_new(court.group);

	BN_free(court.secret);
	court.secret = secret;
	must(EC_POINT_mul(court.group, point, secret, NULL, NULL, NULL) == 1, "a point");
	take_point(point);
	EC_POINT_free(point);
}

static struct encoded
encode(const BIGNUM *r, const BIGNUM *s)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	struct encoded encoded = {};
	uint8_t *at = encoded.bytes;

	must(ECDSA_SIG_set0(signature, BN_dup(r), BN_dup(s)) == 1 &&
			i2d_ECDSA_SIG(signature, NULL) <= SIGNATURE_MAX,
		"a signature");
	encoded.length = (size_t)i2d_ECDSA_SIG(signature, &at);
	ECDSA_SIG_free(signature);
	return encoded;
}

static void
digest_number(struct span digest, BIGNUM *ret)
{
	must(BN_bin2bn(digest.data, digest.length < 32 ? (int)digest.length : 32, ret) != NULL,
		"a number");
}

/* SEC 1 4.1.3 with this nonce. */
static void
sign(struct span digest, const BIGNUM *nonce, BIGNUM *r, BIGNUM *s)
{
	EC_POINT *point = EC_POINT_new(court.group);
	BIGNUM *e = BN_new(), *inverse = BN_new();

	digest_number(digest, e);
	must(EC_POINT_mul(court.group, point, nonce, NULL, NULL, NULL) == 1 &&
			EC_POINT_get_affine_coordinates(court.group, point, r, NULL, NULL) == 1 &&
			BN_nnmod(r, r, court.order, court.numbers) == 1 &&
			BN_mod_mul(s, r, court.secret, court.order, court.numbers) == 1 &&
			BN_mod_add(s, s, e, court.order, court.numbers) == 1 &&
			BN_mod_inverse(inverse, nonce, court.order, court.numbers) != NULL &&
			BN_mod_mul(s, s, inverse, court.order, court.numbers) == 1,
		"a signature");
	EC_POINT_free(point);
	BN_free(e);
	BN_free(inverse);
}

static bool
library_says(struct span digest, const struct encoded *signature)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(court.key, NULL);
	const EVP_MD *kind = digest.length == 64   ? EVP_sha512()
			     : digest.length == 48 ? EVP_sha384()
			     : digest.length == 20 ? EVP_sha1()
						   : EVP_sha256();
	bool result;

	must(EVP_PKEY_verify_init(context) == 1 &&
			EVP_PKEY_CTX_set_signature_md(context, kind) == 1,
		"a context");
	result = EVP_PKEY_verify(context, signature->bytes, signature->length, digest.data,
			 digest.length) == 1;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return result;
}

static bool
table_says(struct span digest, const struct encoded *signature)
{
	struct point_claim claim = { court.table, digest,
		span_of(signature->bytes, signature->length), true };

	point_table_check(&claim, 1, court.numbers);
	return claim.holds;
}

static bool
both_accept(struct span digest, const struct encoded *signature)
{
	court.held++;
	return library_says(digest, signature) && table_says(digest, signature) &&
	       ERR_peek_error() == 0;
}

static bool
both_refuse(struct span digest, const struct encoded *signature)
{
	court.refused++;
	return !library_says(digest, signature) && !table_says(digest, signature) &&
	       ERR_peek_error() == 0;
}

static bool
both_accept_of(struct span digest, const BIGNUM *r, const BIGNUM *s)
{
	struct encoded encoded = encode(r, s);

	return both_accept(digest, &encoded);
}

static bool
both_refuse_of(struct span digest, const BIGNUM *r, const BIGNUM *s)
{
	struct encoded encoded = encode(r, s);

	return both_refuse(digest, &encoded);
}

TEST(point_table_signatures, "signatures made by chance, and with a bit of them changed")
{
	static const size_t lengths[] = { 20, 32, 48, 64 };
	BIGNUM *r = BN_new(), *s = BN_new();
	uint8_t bytes[64];

	begin();
	for (unsigned i = 0; i < KEYS; i++) {
		take_secret(chance());
		for (unsigned j = 0; j < ROUNDS; j++) {
			struct span digest = span_of(bytes, lengths[j % COUNT_OF(lengths)]);
			BIGNUM *nonce = chance();
			struct encoded encoded;
			unsigned bit;

			must(RAND_bytes(bytes, sizeof(bytes)) == 1, "octets");
			sign(digest, nonce, r, s);
			encoded = encode(r, s);
			CHECK(both_accept(digest, &encoded));
			for (bit = j; bit < 8 * encoded.length; bit += 37) {
				encoded.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
				CHECK(both_refuse(digest, &encoded));
				encoded.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			bytes[j % 20] ^= 1;
			CHECK(both_refuse(digest, &encoded));
			bytes[j % 20] ^= 1;
			/* What stands behind the leftmost 256 bits does not count. */
			bytes[digest.length - 1] ^= 1;
			CHECK(digest.length > 32 ? both_accept(digest, &encoded)
						 : both_refuse(digest, &encoded));
			BN_free(nonce);
		}
	}
	BN_free(r);
	BN_free(s);
}

TEST(point_table_ranges,
	"numbers outside of [1, order - 1] are refused, whatever they are equal to")
{
	uint8_t bytes[32];
	struct span digest = span_of(bytes, sizeof(bytes));
	BIGNUM *r = BN_new(), *s = BN_new(), *other = BN_new(), *zero = number(0), *one = number(1);
	BIGNUM *nonce;

	begin();
	take_secret(chance());
	for (unsigned i = 0; i < ROUNDS; i++) {
		must(RAND_bytes(bytes, sizeof(bytes)) == 1, "octets");
		nonce = chance();
		sign(digest, nonce, r, s);
		BN_free(nonce);
		CHECK(both_accept_of(digest, r, s));
		/* Its mirror is one, too: s and order - s. */
		CHECK(BN_sub(other, court.order, s) == 1 && both_accept_of(digest, r, other));
		CHECK(BN_add(other, court.order, s) == 1 && both_refuse_of(digest, r, other));
		CHECK(BN_add(other, court.order, r) == 1 && both_refuse_of(digest, other, s));
		CHECK(BN_sub(other, court.order, r) == 1 && both_refuse_of(digest, other, s));
		CHECK(BN_sub(other, r, court.order) == 1 && both_refuse_of(digest, other, s));
		CHECK(BN_sub(other, s, court.order) == 1 && both_refuse_of(digest, r, other));
		CHECK(both_refuse_of(digest, zero, s) && both_refuse_of(digest, r, zero));
		CHECK(both_refuse_of(digest, zero, zero) && both_refuse_of(digest, one, one));
		CHECK(both_refuse_of(digest, court.order, s) &&
			both_refuse_of(digest, r, court.order));
		CHECK(both_refuse_of(digest, s, r));
	}
	BN_free(r);
	BN_free(s);
	BN_free(other);
	BN_free(zero);
	BN_free(one);
}

/* SEC 1 4.1.6: the key by which (x of the point, s) is a signature of the digest. */
static void
recover(const EC_POINT *point, const BIGNUM *x, struct span digest, BIGNUM *r, BIGNUM *s)
{
	EC_POINT *key = EC_POINT_new(court.group);
	BIGNUM *e = BN_new(), *inverse = BN_new(), *product = BN_new(), *random = chance();

	digest_number(digest, e);
	must(BN_nnmod(r, x, court.order, court.numbers) == 1 && BN_copy(s, random) != NULL &&
			BN_mod_inverse(inverse, r, court.order, court.numbers) != NULL &&
			BN_mod_mul(product, s, inverse, court.order, court.numbers) == 1 &&
			BN_mod_mul(e, e, inverse, court.order, court.numbers) == 1 &&
			BN_sub(e, court.order, e) == 1 &&
			EC_POINT_mul(court.group, key, e, point, product, NULL) == 1,
		"a key");
	take_point(key);
	EC_POINT_free(key);
	BN_free(e);
	BN_free(inverse);
	BN_free(product);
	BN_free(random);
}

/* The next point whose first coordinate is not below x. */
static void
next_point(EC_POINT *point, BIGNUM *x)
{
	while (EC_POINT_set_compressed_coordinates(court.group, point, x, 0, NULL) != 1)
		must(BN_add_word(x, 1) == 1, "a number");
	ERR_clear_error();
}

TEST(point_table_overflow, "coordinates from the order on count modulo the order, numbers do not")
{
	static const uint8_t bytes[32] = { 1, 2, 3 };
	struct span digest = span_of(bytes, sizeof(bytes));
	BIGNUM *r = BN_new(), *s = BN_new(), *more = BN_new(), *x = number(1);
	EC_POINT *point;

	begin();
	point = EC_POINT_new(court.group);
	for (unsigned i = 0; i < 4; i++) {
		/* r + order is the x of no point, or of another one. */
		next_point(point, x);
		recover(point, x, digest, r, s);
		CHECK(both_accept_of(digest, r, s));
		CHECK(BN_add(more, r, court.order) == 1 && BN_num_bits(more) == 256);
		CHECK(both_refuse_of(digest, more, s));
		CHECK(BN_add_word(x, 1) == 1);
	}
	CHECK(BN_copy(x, court.order) != NULL);
	for (unsigned i = 0; i < 4; i++) {
		CHECK(BN_add_word(x, 1) == 1);
		next_point(point, x);
		recover(point, x, digest, r, s);
		CHECK(BN_cmp(x, court.order) > 0 && BN_cmp(r, x) < 0);
		CHECK(both_accept_of(digest, r, s));
		CHECK(both_refuse_of(digest, x, s));
	}
	EC_POINT_free(point);
	BN_free(r);
	BN_free(s);
	BN_free(more);
	BN_free(x);
}

/* u1 = e / s, u2 = r / s: by the secret 1 both points are the same where e = r, by order - 1 they
 * cancel each other. */
TEST(point_table_special_sums, "sums of a point and itself, its opposite, and nothing")
{
	BIGNUM *r = BN_new(), *s = BN_new(), *secret = BN_new();
	uint8_t bytes[32] = {};
	struct span digest = span_of(bytes, sizeof(bytes));

	begin();
	for (unsigned i = 0; i < 8; i++) {
		BIGNUM *nonce = i % 2 == 0 ? chance() : number(i);

		/* r by this nonce, which is then what is signed. */
		take_secret(number(1));
		sign(digest, nonce, r, s);
		CHECK(BN_bn2binpad(r, bytes, sizeof(bytes)) == sizeof(bytes));
		sign(digest, nonce, r, s);
		CHECK(both_accept_of(digest, r, s));
		CHECK(BN_copy(secret, court.order) != NULL && BN_sub_word(secret, 1) == 1);
		take_secret(BN_dup(secret));
		CHECK(both_refuse_of(digest, r, s));
		/* A digest of 0, and such a key's own signatures. */
		memset(bytes, 0, sizeof(bytes));
		sign(digest, nonce, r, s);
		CHECK(both_accept_of(digest, r, s));
		/* One that is larger than the order. */
		memset(bytes, 0xff, sizeof(bytes));
		sign(digest, nonce, r, s);
		CHECK(both_accept_of(digest, r, s));
		take_secret(number(2 + i));
		sign(digest, nonce, r, s);
		CHECK(both_accept_of(digest, r, s));
		memset(bytes, 0, sizeof(bytes));
		BN_free(nonce);
	}
	BN_free(r);
	BN_free(s);
	BN_free(secret);
}

static struct encoded
spliced(const struct encoded *from, size_t at, size_t removed, const char *added, size_t length)
{
	struct encoded made = { .length = from->length - removed + length };

	memcpy(made.bytes, from->bytes, at);
	memcpy(made.bytes + at, added, length);
	memcpy(made.bytes + at + length, from->bytes + at + removed, from->length - at - removed);
	return made;
}

TEST(point_table_encodings, "one form of DER, and no other, is a signature")
{
	static const uint8_t bytes[32] = { 9 };
	struct span digest = span_of(bytes, sizeof(bytes));
	BIGNUM *r = BN_new(), *s = BN_new(), *nonce = number(12345);
	struct encoded good, bad;

	begin();
	take_secret(number(54321));
	while (sign(digest, nonce, r, s), BN_num_bits(r) < 256)
		CHECK(BN_add_word(nonce, 1) == 1);
	good = encode(r, s);
	CHECK(both_accept(digest, &good));
	/* Cut at every place. */
	for (size_t i = 0; i < good.length; i++) {
		bad = good;
		bad.length = i;
		CHECK(both_refuse(digest, &bad));
	}
	bad = spliced(&good, good.length, 0, "\0", 1);
	CHECK(both_refuse(digest, &bad));
	/* Inside of the sequence, behind both. */
	bad = spliced(&good, good.length, 0, "\x05\x00", 2);
	bad.bytes[1] += 2;
	CHECK(both_refuse(digest, &bad));
	/* A length in more octets than it needs, or none. */
	bad = spliced(&good, 1, 0, "\x81", 1);
	CHECK(both_refuse(digest, &bad));
	bad = spliced(&good, 1, 1, "\x80", 1);
	bad = spliced(&bad, bad.length, 0, "\0\0", 2);
	CHECK(both_refuse(digest, &bad));
	/* A nought before r. */
	bad = spliced(&good, 4, 0, "\0", 1);
	bad.bytes[1]++;
	bad.bytes[3]++;
	CHECK(both_refuse(digest, &bad));
	/* The nought that keeps r, whose first bit is set, from being negative, is not there. */
	CHECK(good.bytes[3] == 33 && good.bytes[4] == 0);
	bad = spliced(&good, 4, 1, "", 0);
	bad.bytes[1]--;
	bad.bytes[3]--;
	CHECK(both_refuse(digest, &bad));
	/* Other tags: a set, octets. */
	bad = spliced(&good, 0, 1, "\x31", 1);
	CHECK(both_refuse(digest, &bad));
	bad = spliced(&good, 2, 1, "\x04", 1);
	CHECK(both_refuse(digest, &bad));
	/* Without content, alone or in both places. */
	bad = (struct encoded){ "\x30\x04\x02\x00\x02\x00", 6 };
	CHECK(both_refuse(digest, &bad));
	bad = (struct encoded){ "\x30\x00", 2 };
	CHECK(both_refuse(digest, &bad));
	BN_free(r);
	BN_free(s);
	BN_free(nonce);
}

/* Made by different keys, with bad ones and empty ones anywhere among them. */
TEST(point_table_many, "many at once are answered as each by itself")
{
	enum { COUNT = 3 * POINT_CLAIMS + 5 };
	static uint8_t digests[COUNT][32];
	static struct encoded signatures[COUNT];
	static struct point_claim claims[COUNT];
	struct point_table *tables[KEYS];
	BIGNUM *r = BN_new(), *s = BN_new(), *zero = number(0);

	begin();
	for (unsigned i = 0; i < KEYS; i++) {
		take_secret(chance());
		tables[i] = court.table;
		court.table = NULL;
		for (unsigned j = i; j < COUNT; j += KEYS) {
			BIGNUM *nonce = chance();

			must(RAND_bytes(digests[j], 32) == 1, "octets");
			sign(span_of(digests[j], 32), nonce, r, s);
			signatures[j] = encode(r, j % 11 == 3 ? zero : s);
			digests[j][0] ^= j % 7 == 2;
			if (j % 13 == 5)
				signatures[j].length = 0;
			claims[j] = (struct point_claim){ tables[i], span_of(digests[j], 32),
				span_of(signatures[j].bytes, signatures[j].length), true };
			BN_free(nonce);
		}
	}
	point_table_check(claims, COUNT, court.numbers);
	for (unsigned j = 0; j < COUNT; j++)
		CHECK(claims[j].holds == (j % 11 != 3 && j % 7 != 2 && j % 13 != 5));
	/* None of them holds. */
	for (unsigned j = 0; j < COUNT; j++)
		claims[j].signature = span_of("\x30\x06\x02\x01\x00\x02\x01\x01", 8);
	point_table_check(claims, COUNT, court.numbers);
	for (unsigned j = 0; j < COUNT; j++)
		CHECK(!claims[j].holds);
	point_table_check(NULL, 0, court.numbers);
	for (unsigned i = 0; i < KEYS; i++)
		point_table_free(tables[i]);
	BN_free(r);
	BN_free(s);
	BN_free(zero);
}

TEST(point_table_other_keys, "keys of other kinds and curves have no table")
{
	static const char *const kinds[] = { "RSA", "EC:P-384", "EC:P-521", "ED25519", "DSA" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		EVP_PKEY *key = make_key(kinds[i]);

		CHECK(!point_table_fits(key));
		CHECK(point_table_new(key) == NULL);
		EVP_PKEY_free(key);
	}
	point_table_free(NULL);
}

TEST(point_table_court, "the claims above were of both kinds, and all was put to both")
{
	CHECK(court.held > KEYS * ROUNDS);
	CHECK(court.refused > 4 * court.held);
	EVP_PKEY_free(court.key);
	point_table_free(court.table);
	BN_free(court.secret);
	BN_CTX_free(court.numbers);
	EC_GROUP_free(court.group);
}

TAP_MAIN()
