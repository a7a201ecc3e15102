/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Mbed TLS itself says of the chains of tests/unit/verify/chains.c on standard input: a line
 * each, number, verdict and reason. The library asks time() for the time: it is given the case's.
 */
#include <mbedtls/base64.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS = 7, REASON_SIZE = 1024 };

static time_t now;

time_t
time(time_t *ret)
{
	if (ret != NULL)
		*ret = now;
	return now;
}

static unsigned char *
decode(const char *text, size_t length, size_t *ret_length)
{
	unsigned char *der = malloc(length + 1);

	if (der == NULL || mbedtls_base64_decode(der, length + 1, ret_length,
				   (const unsigned char *)text, length) != 0)
		abort();
	return der;
}

/* What cannot be read is left out. */
static void
read_all(char *texts, mbedtls_x509_crt *certificates, mbedtls_x509_crl *lists)
{
	char *rest = texts;

	for (char *text = strsep(&rest, ","); text != NULL; text = strsep(&rest, ",")) {
		size_t length;
		unsigned char *der = decode(text, strlen(text), &length);

		if (length > 0 && certificates != NULL)
			(void)mbedtls_x509_crt_parse_der(certificates, der, length);
		if (length > 0 && lists != NULL)
			(void)mbedtls_x509_crl_parse_der(lists, der, length);
		free(der);
	}
}

/* As mbedtls_ssl_check_cert_usage has it. */
static int
check_usage(const mbedtls_x509_crt *leaf, const char *purpose)
{
	int failed = 0;

	if (strcmp(purpose, "client") == 0)
		failed =
			mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) ||
			mbedtls_x509_crt_check_extended_key_usage(leaf, MBEDTLS_OID_CLIENT_AUTH,
				MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
	if (strcmp(purpose, "server") == 0)
		failed = mbedtls_x509_crt_check_extended_key_usage(
			leaf, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
	return failed;
}

static int
judge(char **fields, char *reason)
{
	mbedtls_x509_crt chain, anchors;
	mbedtls_x509_crl lists;
	uint32_t flags = 0;
	size_t length;
	unsigned char *leaf = decode(fields[3], strlen(fields[3]), &length);
	int result;

	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&anchors);
	mbedtls_x509_crl_init(&lists);
	now = (time_t)atoll(fields[1]);
	result = mbedtls_x509_crt_parse_der(&chain, leaf, length);
	if (result != 0)
		(void)snprintf(reason, REASON_SIZE, "parse -0x%x", (unsigned)-result);
	if (result == 0) {
		read_all(fields[4], &chain, NULL);
		read_all(fields[5], &anchors, NULL);
		read_all(fields[6], NULL, &lists);
		result =
			mbedtls_x509_crt_verify(&chain, &anchors, &lists, NULL, &flags, NULL, NULL);
		if (result == 0 && check_usage(&chain, fields[2]) != 0)
			result = 1;
		(void)snprintf(reason, REASON_SIZE, "-0x%x flags 0x%x", (unsigned)-result,
			(unsigned)flags);
	}
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&anchors);
	mbedtls_x509_crl_free(&lists);
	free(leaf);
	return result;
}

int
main(void)
{
	char *line = NULL, reason[REASON_SIZE];
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0) {
		char *fields[FIELDS], *rest = line;
		int refused;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < FIELDS; i++)
			fields[i] = strsep(&rest, "\t");
		refused = judge(fields, reason);
		printf("%s\t%s\t%s\n", fields[0], refused ? "reject" : "accept",
			refused ? reason : "");
	}
	free(line);
	return 0;
}
