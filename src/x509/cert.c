/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert.h"

#include <stdio.h>
#include <string.h>

#include "x509/envelope.h"
#include "x509/extensions.h"
#include "x509/key_info.h"
#include "x509/name.h"

enum {
	VERSION_LAST = 2, /* v3 */
	TAG_CLASS_MASK = 0xc0,
	TAG_CLASS_CONTEXT = 0x80,
	TAG_NUMBER_MASK = 0x1f,
	/* Octets of a serial whose decimal digits, fewer than 5/2 an octet, fit their text. */
	SERIAL_MAX_OCTETS = 50,
};

static void
read_validity(struct der *tbs, struct cert *cert)
{
	struct der_element validity = der_expect(tbs, DER_SEQUENCE);
	struct der inside = der_enter(&validity);

	cert->not_before = der_time(&inside);
	cert->not_after = der_time(&inside);
	der_leave(tbs, &inside);
}

/* RFC 5280 4.1.2, field by field. */
static void
read_tbs(struct der *tbs, struct cert *cert)
{
	/* A v1 written out is not DER, for it is the default; OpenSSL takes it, and so do we. */
	cert->version = (int)envelope_version(tbs, VERSION_LAST, "a version above 3") + 1;
	cert->serial = der_integer(tbs);
	cert->inner_algorithm = envelope_algorithm(tbs);
	cert->issuer = envelope_name_noting(tbs, &cert->has_odd_names);
	read_validity(tbs, cert);
	cert->subject = envelope_name_noting(tbs, &cert->has_odd_names);
	cert->spki = key_info_read(tbs, &cert->key);
	if (der_optional(tbs, DER_CONTEXT(1)).tag != 0)
		cert->has_unique_ids = true;
	if (der_optional(tbs, DER_CONTEXT(2)).tag != 0)
		cert->has_unique_ids = true;
	cert_extensions_read(tbs, cert);
}

static void
read_certificate(struct der *der, struct cert *cert)
{
	struct envelope envelope = {};
	struct der tbs;

	if (der->bytes.length > CERT_MAX_SIZE)
		der_fail(der, "larger than any certificate");
	envelope_read(der, &envelope);
	cert->tbs = envelope.tbs.whole;
	cert->signature_algorithm = envelope.algorithm;
	cert->signature = envelope.signature;
	tbs = der_enter(&envelope.tbs);
	read_tbs(&tbs, cert);
	der_leave(der, &tbs);
}

int
cert_read_undigested(
	struct span bytes, struct cert *ret, const char **ret_fault, size_t *ret_offset)
{
	struct der der = der_of(bytes);

	*ret = (struct cert){ .der = bytes, .path_length = CERT_PATH_LENGTH_NONE };
	read_certificate(&der, ret);
	*ret_fault = der.fault;
	*ret_offset = der.fault_offset;
	return der.fault != NULL ? -1 : 0;
}

void
cert_digest(struct cert *cert)
{
	cert->fingerprint = digest_of(cert->der);
	cert->key_digest = digest_of(cert->spki);
}

int
cert_read(struct span bytes, struct cert *ret, const char **ret_fault, size_t *ret_offset)
{
	if (cert_read_undigested(bytes, ret, ret_fault, ret_offset) < 0)
		return -1;
	cert_digest(ret);
	return 0;
}

bool
cert_same(const struct cert *a, const struct cert *b)
{
	return digest_equal(&a->fingerprint, &b->fingerprint) && span_equal(a->der, b->der);
}

bool
cert_is_self_issued(const struct cert *cert)
{
	return name_equal(cert->issuer, cert->subject);
}

/* The magnitude of an INTEGER's content, which fits; returns how many octets of it count. */
static size_t
serial_magnitude(struct span serial, bool negative, uint8_t magnitude[static SERIAL_MAX_OCTETS])
{
	unsigned carry = negative;
	size_t skip = 0;

	for (size_t i = serial.length; i-- > 0;) {
		unsigned octet = negative ? (uint8_t)~serial.data[i] + carry : serial.data[i];

		magnitude[i] = (uint8_t)octet;
		carry = octet >> 8;
	}
	while (skip + 1 < serial.length && magnitude[skip] == 0)
		skip++;
	(void)memmove(magnitude, magnitude + skip, serial.length - skip);
	return serial.length - skip;
}

/* Divides by ten again and again; digits come out last first. */
static void
decimal_text(
	uint8_t *magnitude, size_t length, bool negative, char dec[static CERT_SERIAL_TEXT_SIZE])
{
	char *end = dec + CERT_SERIAL_TEXT_SIZE - 1, *text = end;
	bool more = true;

	*text = '\0';
	while (more) {
		unsigned rest = 0;

		more = false;
		for (size_t i = 0; i < length; i++) {
			unsigned octets = rest << 8 | magnitude[i];

			magnitude[i] = (uint8_t)(octets / 10);
			rest = octets % 10;
			more |= magnitude[i] != 0;
		}
		*--text = (char)('0' + rest);
	}
	if (negative)
		*--text = '-';
	(void)memmove(dec, text, (size_t)(end - text) + 1);
}

void
cert_serial_text(struct span serial, char dec[static CERT_SERIAL_TEXT_SIZE],
	char hex[static CERT_SERIAL_TEXT_SIZE])
{
	uint8_t magnitude[SERIAL_MAX_OCTETS];
	bool negative = serial.length > 0 && serial.data[0] >= 0x80;
	size_t length;

	/* RFC 5280 4.1.2.2 allows 20. */
	if (serial.length == 0 || serial.length > SERIAL_MAX_OCTETS) {
		(void)snprintf(dec, CERT_SERIAL_TEXT_SIZE, "(%zu octets)", serial.length);
		(void)snprintf(hex, CERT_SERIAL_TEXT_SIZE, "(%zu octets)", serial.length);
		return;
	}
	length = serial_magnitude(serial, negative, magnitude);
	hex[0] = '-';
	hex_encode(span_of(magnitude, length), hex + negative);
	decimal_text(magnitude, length, negative, dec);
}

bool
subject_alt_name_next(struct der *names, struct subject_alt_name *ret)
{
	struct der_element element;

	if (der_at_end(names))
		return false;
	if ((der_peek(names) & TAG_CLASS_MASK) != TAG_CLASS_CONTEXT) {
		der_fail(names, "a GeneralName of no known kind");
		return false;
	}
	element = der_next(names);
	if (element.tag == 0)
		return false;
	ret->kind = element.tag & TAG_NUMBER_MASK;
	ret->value = element.content;
	return true;
}
