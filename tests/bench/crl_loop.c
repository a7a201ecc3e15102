/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_loop library|parts LIST CA SEED LOOKUPS: the list read, its signature checked and so many
 * serials looked up, half of which are on it; by libcrypto, or by our reader. Prints how many are.
 */
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#include "crl_serial.h"
#include "x509/x509.h"

static void
must(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "crl_loop: %s\n", what);
	exit(2);
}

static X509 *
read_ca(const char *path)
{
	FILE *file = fopen(path, "rb");
	X509 *ca;

	must(file != NULL, path);
	ca = PEM_read_X509(file, NULL, NULL, NULL);
	must(ca != NULL && fclose(file) == 0, path);
	return ca;
}

static size_t
by_library(const char *path, X509 *ca, uint64_t seed, uint64_t lookups)
{
	BIO *file = BIO_new_file(path, "rb");
	X509_CRL *list = file != NULL ? d2i_X509_CRL_bio(file, NULL) : NULL;
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	uint8_t octets[CRL_SERIAL_SIZE];
	X509_REVOKED *revoked;
	size_t found = 0;

	must(list != NULL && X509_CRL_verify(list, X509_get0_pubkey(ca)) == 1, path);
	for (uint64_t i = 0; i < lookups; i++) {
		crl_serial(seed, i, octets);
		(void)ASN1_STRING_set(serial, octets, CRL_SERIAL_SIZE);
		found += X509_CRL_get0_by_serial(list, &revoked, serial) == 1;
	}
	return found;
}

static size_t
by_parts(const char *path, X509 *ca, uint64_t seed, uint64_t lookups)
{
	uint8_t(*octets)[CRL_SERIAL_SIZE] = mem_alloc(lookups * sizeof(*octets) + 1);
	struct span *serials = mem_alloc(lookups * sizeof(*serials) + 1);
	struct crl_wanted *wanted;
	struct crl_list *list;
	struct crl_fault fault;
	struct crl crl;
	struct crl_reading reading = {};
	unsigned char *spki = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca), &spki);
	struct signature_cache *cache = signature_cache_new();
	size_t found = 0;

	for (uint64_t i = 0; i < lookups; i++) {
		crl_serial(seed, i, octets[i]);
		serials[i] = span_of(octets[i], CRL_SERIAL_SIZE);
	}
	wanted = crl_wanted_new(serials, lookups);
	reading.wanted = wanted;
	reading.digests = CRL_DIGEST_SIGNED;
	reading.source = crl_source_file(open(path, O_RDONLY | O_CLOEXEC));
	must(crl_list_read(&reading, &crl, &list, &fault) == 0, path);
	must(signature_crl(cache, &crl, span_of(spki, (size_t)length)) == SIGNATURE_GOOD, path);
	for (uint64_t i = 0; i < lookups; i++)
		found += crl_find(&crl, serials[i], NULL) == 1;
	crl_list_free(list);
	crl_wanted_free(wanted);
	signature_cache_free(cache);
	OPENSSL_free(spki);
	mem_free(octets);
	mem_free(serials);
	return found;
}

int
main(int count, char **arguments)
{
	uint64_t seed, lookups;
	X509 *ca;

	must(count == 6, "library|parts LIST CA SEED LOOKUPS");
	ca = read_ca(arguments[3]);
	seed = strtoull(arguments[4], NULL, 10);
	lookups = strtoull(arguments[5], NULL, 10);
	printf("%zu\n", strcmp(arguments[1], "library") == 0
				? by_library(arguments[2], ca, seed, lookups)
				: by_parts(arguments[2], ca, seed, lookups));
	X509_free(ca);
	return 0;
}
