/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/effort.h"

enum {
	EFFORT_FOLDED = 4,  /* octets of names a unit, where they are not the same bytes */
	EFFORT_TEXT = 64,   /* octets of other names */
	EFFORT_LISTED = 16, /* octets of a list, a name */
	EFFORT_CERT = 64,   /* of a certificate, whatever its length */
	EFFORT_WALKED = 8,  /* octets of it a unit */
	WORD_BITS = 64,
	/* Of multiplications of two words, as many as a unit. */
	EFFORT_PRODUCTS = 25,
	DSA_STEPS = 512, /* two exponents of 256 bits */
	/* Verifications by libcrypto 3 with code of their own, and by its general one. */
	EFFORT_P256 = 2'600,
	EFFORT_ED25519 = 4'000,
	EFFORT_ED448 = 20'000,
	EFFORT_CURVE = 200, /* times the third power of the field's words */
	FIELD_BITS_MAX = 661,
	EFFORT_UNKNOWN = 1'000,
};

bool
effort_spend(const struct question *question, uint64_t units)
{
	uint32_t *left = &question->judge->effort;

	if (units >= *left) {
		*left = 0;
		return false;
	}
	*left -= (uint32_t)units;
	return true;
}

bool
effort_is_spent(const struct question *question)
{
	return question->judge->effort == 0;
}

bool
effort_spend_names(const struct question *question, struct span a, struct span b)
{
	return effort_spend(
		question, span_equal(a, b) ? 1 : 1 + (a.length + b.length) / EFFORT_FOLDED);
}

bool
effort_spend_subtree(
	const struct question *question, struct span name, struct span base, bool is_directory)
{
	size_t octets = name.length + base.length;

	return effort_spend(question, 1 + octets / (is_directory ? EFFORT_FOLDED : EFFORT_TEXT));
}

bool
effort_spend_lists(const struct question *question, struct span a, struct span b)
{
	uint64_t names = 1 + a.length / EFFORT_LISTED;

	return effort_spend(question, names * (1 + b.length / EFFORT_LISTED));
}

bool
effort_spend_cert(const struct question *question, const struct cert *cert)
{
	return effort_spend(question, EFFORT_CERT + cert->der.length / EFFORT_WALKED);
}

static uint64_t
words_of(unsigned bits)
{
	return (bits + WORD_BITS - 1) / WORD_BITS;
}

/* As many multiplications modulo a number of so many bits. */
static uint64_t
modular(unsigned bits, uint64_t steps)
{
	return 1 + steps * words_of(bits) * words_of(bits) / EFFORT_PRODUCTS;
}

static uint64_t
units_of_curve(const struct key_info *key)
{
	uint64_t words = words_of(key->bits > 0 ? key->bits : FIELD_BITS_MAX);

	if (key->bits == 256 && !key->explicit_parameters)
		return EFFORT_P256;
	return EFFORT_CURVE * words * words * words;
}

static uint64_t
units_of_key(const struct key_info *key)
{
	switch (key->kind) {
	case KEY_RSA:
	case KEY_RSA_PSS:
		return modular(key->bits, key->exponent_bits);
	case KEY_DSA:
		return modular(key->bits, DSA_STEPS);
	case KEY_EC:
		return units_of_curve(key);
	case KEY_ED25519:
		return EFFORT_ED25519;
	case KEY_ED448:
		return EFFORT_ED448;
	case KEY_DH:
	case KEY_OTHER:
		break;
	}
	return EFFORT_UNKNOWN;
}

bool
effort_spend_signature(const struct question *question, const struct key_info *key)
{
	return effort_spend(question, units_of_key(key));
}
