/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/key_info.h"

#include <stdio.h>

/* RFC 3279 2.3, RFC 4055 1.2, RFC 5480 2.1.1, RFC 8410 3 */
#define PKCS1          "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define CERTICOM_CURVE "\x2b\x81\x04\x00"
#define ANSI_PRIME     "\x2a\x86\x48\xce\x3d\x03\x01"
#define BRAINPOOL      "\x2b\x24\x03\x03\x02\x08\x01\x01"

/* Bits of a positive INTEGER's content. */
static unsigned
integer_bits(struct span content)
{
	size_t skip = 0;
	unsigned bits;

	while (skip < content.length && content.data[skip] == 0)
		skip++;
	if (skip == content.length || content.length - skip > UINT16_MAX)
		return 0;
	bits = (unsigned)(content.length - skip) * 8;
	for (unsigned top = content.data[skip]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

/* DSA parameters are a SEQUENCE that begins with p (RFC 3279 2.3.2), and so are those of DH. */
static unsigned
first_integer_bits(struct span sequence)
{
	struct der outer = der_of(sequence);
	struct der_element element = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&element);

	return integer_bits(der_integer(&inside));
}

/* RFC 8017 A.1.1: RSAPublicKey is a SEQUENCE of the modulus and the exponent. */
static void
read_rsa(struct der *, struct span key, struct key_info *ret)
{
	struct der outer = der_of(key);
	struct der_element element = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&element);

	ret->bits = integer_bits(der_integer(&inside));
	ret->exponent_bits = integer_bits(der_integer(&inside));
}

static void
read_dsa(struct der *parameters, struct span, struct key_info *ret)
{
	ret->bits = first_integer_bits(der_next(parameters).whole);
}

static const struct {
	const char *oid;
	size_t oid_length;
	const char *name;
	unsigned bits;
} curves[] = {
#define CURVE(oid, name, bits)                   \
	{                                        \
		oid, sizeof(oid) - 1, name, bits \
	}
	CURVE(ANSI_PRIME "\x07", "P-256", 256),
	CURVE(CERTICOM_CURVE "\x22", "P-384", 384),
	CURVE(CERTICOM_CURVE "\x23", "P-521", 521),
	CURVE(CERTICOM_CURVE "\x0a", "secp256k1", 256),
	CURVE(CERTICOM_CURVE "\x21", "P-224", 224),
	CURVE(CERTICOM_CURVE "\x20", "secp224k1", 224),
	CURVE(ANSI_PRIME "\x01", "P-192", 192),
	CURVE(ANSI_PRIME "\x02", "prime192v2", 192),
	CURVE(ANSI_PRIME "\x03", "prime192v3", 192),
	CURVE(ANSI_PRIME "\x04", "prime239v1", 239),
	CURVE(ANSI_PRIME "\x05", "prime239v2", 239),
	CURVE(ANSI_PRIME "\x06", "prime239v3", 239),
	CURVE(CERTICOM_CURVE "\x1f", "secp192k1", 192),
	CURVE(BRAINPOOL "\x07", "brainpoolP256r1", 256),
	CURVE(BRAINPOOL "\x08", "brainpoolP256t1", 256),
	CURVE(BRAINPOOL "\x0b", "brainpoolP384r1", 384),
	CURVE(BRAINPOOL "\x0c", "brainpoolP384t1", 384),
	CURVE(BRAINPOOL "\x0d", "brainpoolP512r1", 512),
	CURVE(BRAINPOOL "\x0e", "brainpoolP512t1", 512),
	CURVE(CERTICOM_CURVE "\x01", "sect163k1", 163),
	CURVE(CERTICOM_CURVE "\x0f", "sect163r2", 163),
	CURVE(CERTICOM_CURVE "\x1a", "sect233k1", 233),
	CURVE(CERTICOM_CURVE "\x1b", "sect233r1", 233),
	CURVE(CERTICOM_CURVE "\x10", "sect283k1", 283),
	CURVE(CERTICOM_CURVE "\x11", "sect283r1", 283),
	CURVE(CERTICOM_CURVE "\x24", "sect409k1", 409),
	CURVE(CERTICOM_CURVE "\x25", "sect409r1", 409),
	CURVE(CERTICOM_CURVE "\x26", "sect571k1", 571),
	CURVE(CERTICOM_CURVE "\x27", "sect571r1", 571),
	CURVE("\x2a\x81\x1c\xcf\x55\x01\x82\x2d", "SM2", 256),
#undef CURVE
};

/* X9.62 ECParameters: version, then the field: a prime, or for 2^m first m. */
static unsigned
explicit_field_bits(const struct der_element *parameters)
{
	struct der inside = der_enter(parameters);
	struct der_element field;
	struct der field_inside;

	(void)der_integer(&inside);
	field = der_expect(&inside, DER_SEQUENCE);
	field_inside = der_enter(&field);
	(void)der_oid(&field_inside);
	if (der_peek(&field_inside) == DER_SEQUENCE) {
		struct der_element binary = der_next(&field_inside);
		struct der binary_inside = der_enter(&binary);
		uint64_t degree = der_unsigned(&binary_inside);

		return degree <= UINT16_MAX ? (unsigned)degree : 0;
	}
	return integer_bits(der_integer(&field_inside));
}

static void
read_ec(struct der *parameters, struct span, struct key_info *ret)
{
	struct der_element element = der_next(parameters);

	if (element.tag == DER_SEQUENCE) {
		ret->explicit_parameters = true;
		ret->bits = explicit_field_bits(&element);
		return;
	}
	for (size_t i = 0; element.tag == DER_OID && i < COUNT_OF(curves); i++) {
		if (!der_oid_is(element.content, curves[i].oid, curves[i].oid_length))
			continue;
		ret->curve = curves[i].name;
		ret->bits = curves[i].bits;
		return;
	}
}

static const struct {
	const char *oid;
	size_t oid_length;
	enum key_kind kind;
	void (*read)(struct der *parameters, struct span key, struct key_info *ret);
} kinds[] = {
#define KIND(oid, kind, read)                    \
	{                                        \
		oid, sizeof(oid) - 1, kind, read \
	}
	KIND(PKCS1 "\x01", KEY_RSA, read_rsa),
	KIND("\x2a\x86\x48\xce\x3d\x02\x01", KEY_EC, read_ec),
	KIND(PKCS1 "\x0a", KEY_RSA_PSS, read_rsa),
	KIND("\x2b\x65\x70", KEY_ED25519, NULL),
	KIND("\x2b\x65\x71", KEY_ED448, NULL),
	KIND("\x2a\x86\x48\xce\x38\x04\x01", KEY_DSA, read_dsa),
	KIND("\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01", KEY_DH, read_dsa),
	KIND("\x2a\x86\x48\xce\x3e\x02\x01", KEY_DH, read_dsa),
#undef KIND
};

static void
read_kind(const struct der_element *algorithm, struct span key, struct key_info *ret)
{
	struct der inside = der_enter(algorithm);
	struct span oid = der_oid(&inside);

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!der_oid_is(oid, kinds[i].oid, kinds[i].oid_length))
			continue;
		ret->kind = kinds[i].kind;
		if (kinds[i].read != NULL)
			kinds[i].read(&inside, key, ret);
		return;
	}
}

struct span
key_info_read(struct der *der, struct key_info *ret)
{
	struct der_element whole = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&whole);
	struct der_element algorithm = der_expect(&inside, DER_SEQUENCE);
	struct der algorithm_inside = der_enter(&algorithm);
	struct span key;

	(void)der_oid(&algorithm_inside);
	if (!der_at_end(&algorithm_inside))
		(void)der_next(&algorithm_inside);
	der_leave(&inside, &algorithm_inside);
	key = der_bits(&inside, NULL);
	der_leave(der, &inside);
	*ret = (struct key_info){ .kind = KEY_OTHER };
	if (der->fault == NULL)
		read_kind(&algorithm, key, ret);
	return whole.whole;
}

void
key_info_text(const struct key_info *key, char *text, size_t size)
{
	static const char *const names[] = {
		[KEY_OTHER] = "unknown key",
		[KEY_RSA] = "RSA",
		[KEY_RSA_PSS] = "RSA-PSS",
		[KEY_EC] = "EC",
		[KEY_ED25519] = "Ed25519",
		[KEY_ED448] = "Ed448",
		[KEY_DSA] = "DSA",
		[KEY_DH] = "DH",
	};

	if (key->curve != NULL)
		(void)snprintf(text, size, "%s %s", names[key->kind], key->curve);
	else if (key->explicit_parameters)
		(void)snprintf(text, size, "EC of explicit parameters, %u bits", key->bits);
	else if (key->kind == KEY_EC)
		(void)snprintf(text, size, "EC of an unknown curve");
	else if (key->bits > 0)
		(void)snprintf(text, size, "%s %u", names[key->kind], key->bits);
	else
		(void)snprintf(text, size, "%s", names[key->kind]);
}
