/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/attribute.h"

#include "make.h"
#include "tap.h"
#include "x509/cert.h"

/* The common name "abcd" with other octets, or of another type. */
static const char *
fault_with_name(const char *octets, unsigned tag)
{
	static const struct made made = { .key = "ED25519", .subject = "CN=abcd" };
	EVP_PKEY *key = make_key(made.key);
	X509 *x509 = make_cert(&made, key, NULL, NULL);
	struct span der = made_der(x509);
	uint8_t *copy = OPENSSL_memdup(der.data, der.length);
	const unsigned char *at = copy;
	size_t found = span_find(der, "abcd", 0), offset;
	const char *fault;
	struct cert cert;

	X509_free(x509);
	(void)memcpy(copy + found, octets, 4);
	copy[found - 2] = (uint8_t)tag;
	(void)cert_read(span_of(copy, der.length), &cert, &fault, &offset);
	x509 = d2i_X509(NULL, &at, (long)der.length);
	if ((x509 != NULL) != (fault == NULL))
		fault = "OpenSSL says otherwise";
	X509_free(x509);
	EVP_PKEY_free(key);
	OPENSSL_free(copy);
	made_free(der);
	return fault;
}

TEST(attribute_faults, "names that OpenSSL does not read are refused")
{
	static const char text[] = "a text in a name is not of the characters that its type wants";
	static const char type[] = "a value in a name is of a type that OpenSSL does not read";

	CHECK(fault_with_name("abcd", DER_UTF8_STRING) == NULL);
	CHECK(fault_with_name("a\xc3\xa9z", DER_UTF8_STRING) == NULL);
	CHECK_TEXT(fault_with_name("ab\xc3z", DER_UTF8_STRING), text);
	CHECK(fault_with_name("ab\xc3z", DER_T61_STRING) == NULL);
	CHECK(fault_with_name("ab\xc3z", DER_PRINTABLE_STRING) == NULL);
	CHECK(fault_with_name("\0a\0b", DER_BMP_STRING) == NULL);
	CHECK_TEXT(fault_with_name("\xd8\0\xdc\0", DER_BMP_STRING), text);
	CHECK_TEXT(fault_with_name("\0\x11\0\0", DER_UNIVERSAL_STRING), text);
	CHECK_TEXT(fault_with_name("abcd", DER_VISIBLE_STRING), type);
	CHECK_TEXT(fault_with_name("abcd", DER_OCTET_STRING), type);
	CHECK_TEXT(fault_with_name("abcd", DER_CONTEXT(1)), type);
}

TAP_MAIN()
