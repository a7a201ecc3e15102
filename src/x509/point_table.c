/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
/* EC_GROUP_precompute_mult: nothing that is not deprecated makes a table. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "x509/point_table.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "base/mem.h"
#include "x509/der.h"

enum {
	ORDER_OCTETS = 32,
	POINT_OCTETS = 1 + 2 * ORDER_OCTETS,
	NAME_SIZE = 80, /* of a curve */
};

struct point_table {
	EC_GROUP *curve;  /* its generator is the curve's, whose table libcrypto has */
	EC_GROUP *of_key; /* its generator is the key's point, and it has a table of that */
};

void
point_table_free(struct point_table *table)
{
	if (table == NULL)
		return;
	EC_GROUP_free(table->curve);
	EC_GROUP_free(table->of_key);
	mem_free(table);
}

bool
point_table_fits(const EVP_PKEY *key)
{
	char name[NAME_SIZE] = "";
	size_t length;

	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, name, sizeof(name), &length) == 1 &&
	       strcmp(name, SN_X9_62_prime256v1) == 0;
}

static void
end_point(EC_POINT **point)
{
	EC_POINT_free(*point);
}

/* The curve by its name, for a key may bring parameters of its own beside it. */
static int
make(struct point_table *table, const EVP_PKEY *key)
{
	CLEANUP(end_point) EC_POINT *point = NULL;
	uint8_t octets[POINT_OCTETS];
	size_t length = 0;

	table->curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (table->curve == NULL || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
					    octets, sizeof(octets), &length) != 1)
		return -1;
	point = EC_POINT_new(table->curve);
	table->of_key = EC_GROUP_dup(table->curve);
	/* oct2point refuses what is not on the curve, whose order is prime and its cofactor 1. */
	if (point == NULL || table->of_key == NULL ||
		EC_POINT_oct2point(table->curve, point, octets, length, NULL) != 1 ||
		EC_POINT_is_at_infinity(table->curve, point) == 1 ||
		EC_GROUP_set_generator(table->of_key, point, EC_GROUP_get0_order(table->curve),
			BN_value_one()) != 1 ||
		EC_GROUP_precompute_mult(table->of_key, NULL) != 1)
		return -1;
	return EC_GROUP_have_precompute_mult(table->of_key) == 1 ? 0 : -1;
}

struct point_table *
point_table_new(const EVP_PKEY *key)
{
	CLEANUP(point_table_freep) struct point_table *table = NULL;
	int result;

	if (!point_table_fits(key))
		return NULL;
	table = mem_zalloc(sizeof(*table));
	(void)ERR_set_mark();
	result = make(table, key);
	(void)ERR_pop_to_mark();
	return result == 0 ? TAKE(table) : NULL;
}

/* In [1, order - 1], in as few octets as there can be (FIPS 186-5 6.4.2 step 1, X.690 8.3.2). */
static bool
take_number(struct der *der, const BIGNUM *order, BIGNUM *number)
{
	struct span content = der_integer(der);

	return der->fault == NULL && content.length <= ORDER_OCTETS + 1 && content.data[0] < 0x80 &&
	       BN_bin2bn(content.data, (int)content.length, number) != NULL &&
	       !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

static bool
take_signature(struct span signature, const BIGNUM *order, BIGNUM *r, BIGNUM *s)
{
	struct der der = der_of(signature);
	struct der_element sequence = der_expect(&der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	if (der.fault != NULL || !take_number(&inside, order, r) || !take_number(&inside, order, s))
		return false;
	der_leave(&der, &inside);
	return der.fault == NULL && der_at_end(&der);
}

/* The octets of the digest that count are as many as the order has: the leftmost (step 2). */
static bool
take_digest(struct span digest, BIGNUM *number)
{
	size_t length = digest.length < ORDER_OCTETS ? digest.length : ORDER_OCTETS;

	return BN_bin2bn(digest.data, (int)length, number) != NULL;
}

/* Whether r is the first coordinate of uG + vQ, modulo the order (steps 5 to 7). */
static bool
is_at(const struct point_table *table, BN_CTX *numbers, const BIGNUM *u, const BIGNUM *v,
	const BIGNUM *r)
{
	CLEANUP(end_point) EC_POINT *sum = EC_POINT_new(table->curve);
	CLEANUP(end_point) EC_POINT *other = EC_POINT_new(table->of_key);
	BIGNUM *x = BN_CTX_get(numbers);

	return x != NULL && sum != NULL && other != NULL &&
	       EC_POINT_mul(table->curve, sum, u, NULL, NULL, numbers) == 1 &&
	       EC_POINT_mul(table->of_key, other, v, NULL, NULL, numbers) == 1 &&
	       EC_POINT_add(table->curve, sum, sum, other, numbers) == 1 &&
	       EC_POINT_is_at_infinity(table->curve, sum) == 0 &&
	       EC_POINT_get_affine_coordinates(table->curve, sum, x, NULL, numbers) == 1 &&
	       BN_nnmod(x, x, EC_GROUP_get0_order(table->curve), numbers) == 1 && BN_cmp(x, r) == 0;
}

/* Steps 4 to 7, by the inverse of s. */
static bool
holds(const struct point_claim *claim, BN_CTX *numbers, const BIGNUM *r, const BIGNUM *inverse)
{
	const BIGNUM *order = EC_GROUP_get0_order(claim->table->curve);
	BIGNUM *u = BN_CTX_get(numbers), *v = BN_CTX_get(numbers);

	return v != NULL && take_digest(claim->digest, u) &&
	       BN_mod_mul(u, u, inverse, order, numbers) == 1 &&
	       BN_mod_mul(v, r, inverse, order, numbers) == 1 &&
	       is_at(claim->table, numbers, u, v, r);
}

/* A claim whose numbers are in their range, and the product of each s before its own. */
struct candidate {
	struct point_claim *claim;
	BIGNUM *r, *s, *before;
};

/* Those whose numbers are in their range; product is that of each s. */
static size_t
take_candidates(struct point_claim *claims, size_t count, BN_CTX *numbers, BIGNUM *product,
	struct candidate candidates[static POINT_CLAIMS])
{
	const BIGNUM *order = EC_GROUP_get0_order(claims[0].table->curve);
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		struct candidate *next = &candidates[taken];

		*next = (struct candidate){ &claims[i], BN_CTX_get(numbers), BN_CTX_get(numbers),
			BN_CTX_get(numbers) };
		if (next->before == NULL ||
			!take_signature(claims[i].signature, order, next->r, next->s))
			continue;
		if (BN_copy(next->before, product) == NULL ||
			BN_mod_mul(product, product, next->s, order, numbers) != 1)
			return 0;
		taken++;
	}
	return taken;
}

/*
 * Finding an inverse takes as long as a multiplication of the point, so there is one for all
 * (Montgomery 1987, 10.3.1): the inverse of the product of each s, times what comes before the last
 * of them, is the inverse of that; times the last, it is the inverse of the product without it.
 */
static void
check(struct point_claim *claims, size_t count, BN_CTX *numbers)
{
	const BIGNUM *order = EC_GROUP_get0_order(claims[0].table->curve);
	struct candidate candidates[POINT_CLAIMS];
	BIGNUM *rest = BN_CTX_get(numbers), *inverse = BN_CTX_get(numbers);
	size_t taken;

	if (inverse == NULL || BN_one(rest) != 1)
		return;
	taken = take_candidates(claims, count, numbers, rest, candidates);
	if (taken == 0 || BN_mod_inverse(rest, rest, order, numbers) == NULL)
		return;
	for (size_t i = taken; i-- > 0;) {
		const struct candidate *candidate = &candidates[i];

		BN_CTX_start(numbers);
		candidate->claim->holds =
			BN_mod_mul(inverse, rest, candidate->before, order, numbers) == 1 &&
			holds(candidate->claim, numbers, candidate->r, inverse);
		BN_CTX_end(numbers);
		if (BN_mod_mul(rest, rest, candidate->s, order, numbers) != 1)
			return;
	}
}

void
point_table_check(struct point_claim *claims, size_t count, BN_CTX *numbers)
{
	(void)ERR_set_mark();
	for (size_t i = 0; i < count; i++)
		claims[i].holds = false;
	for (size_t i = 0; i < count; i += POINT_CLAIMS) {
		size_t some = count - i < POINT_CLAIMS ? count - i : POINT_CLAIMS;

		BN_CTX_start(numbers);
		check(&claims[i], some, numbers);
		BN_CTX_end(numbers);
	}
	(void)ERR_pop_to_mark();
}
