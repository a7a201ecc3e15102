/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_generate DIRECTORY ENTRIES SEED: ca.pem, list.der and list.pem of so many entries of 49 bytes
 * with reasons, and good.pem and bad.pem: two clients of that CA, of which bad is on the list.
 * Serials are in no order. The same seed gives the same entries.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crl_serial.h"

enum { ENTRY_SIZE = 49, LONG_LENGTH = 5, DAY = 86400 };

static const char *directory;

static void
must(int done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "crl_generate: %s\n", what);
	exit(2);
}

static FILE *
create(const char *name)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	must(file != NULL, path);
	return file;
}

/* Tag and a length of four octets, or the shortest form of a short one. */
static size_t
put_header(uint8_t *out, uint8_t tag, size_t length)
{
	size_t octets = length < 0x80        ? 0
			: length < 0x100     ? 1
			: length < 0x10000   ? 2
			: length < 0x1000000 ? 3
					     : 4;

	out[0] = tag;
	out[1] = (uint8_t)(octets == 0 ? length : 0x80 | octets);
	for (size_t i = 0; i < octets; i++)
		out[2 + i] = (uint8_t)(length >> 8 * (octets - 1 - i));
	return 2 + octets;
}

static void
put_entry(uint8_t *out, uint64_t seed, uint64_t number)
{
	static const uint8_t time[] = "\x17\x0d"
				      "240229235959Z",
			     reason[] = "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x00";
	static const uint8_t reasons[] = { 0, 1, 2, 3, 4, 5, 9, 10 };

	out[0] = 0x30;
	out[1] = ENTRY_SIZE - 2;
	out[2] = 0x02;
	out[3] = CRL_SERIAL_SIZE;
	crl_serial(seed, 2 * number, out + 4);
	memcpy(out + 20, time, 15);
	out[25] = (uint8_t)('1' + number % 3); /* of three months */
	memcpy(out + 35, reason, 14);
	out[48] = reasons[crl_scatter(number) % sizeof(reasons)];
}

/* A certificate, for us alone where issuer is NULL. */
static X509 *
make_cert(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const uint8_t *serial, const char *cn)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	BIGNUM *number = BN_bin2bn(serial, CRL_SERIAL_SIZE, NULL);
	static const struct {
		int nid;
		const char *value;
	} rows[] = { { NID_basic_constraints, "critical,CA:TRUE" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" } };

	must(X509_set_version(cert, 2) &&
			BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL,
		"serial");
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0),
		"name");
	must(X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : name) &&
			X509_set_pubkey(cert, key),
		"certificate");
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -DAY);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 3650L * DAY);
	for (size_t i = 0; issuer == NULL && i < 2; i++) {
		X509_EXTENSION *extension =
			X509V3_EXT_conf_nid(NULL, NULL, rows[i].nid, rows[i].value);

		must(X509_add_ext(cert, extension, -1), "extension");
		X509_EXTENSION_free(extension);
	}
	must(X509_sign(cert, issuer_key, EVP_sha256()) > 0, "signature");
	BN_free(number);
	return cert;
}

static void
write_cert(const char *name, X509 *cert)
{
	FILE *file = create(name);

	must(PEM_write_X509(file, cert), name);
	must(fclose(file) == 0, name);
}

static const uint8_t algorithm[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
enum { ALGORITHM_SIZE = sizeof(algorithm) - 1, HEAD_MAX = 1024 };

/* All before the entries, behind the header of the TBS. */
static size_t
put_fields(uint8_t *out, X509 *ca, size_t entries)
{
	unsigned char *name = NULL;
	int name_length = i2d_X509_NAME(X509_get_subject_name(ca), &name);
	static const uint8_t version[] = { 2, 1, 1 };
	static const char times[] = "\x17\x0d"
				    "250101000000Z"
				    "\x17\x0d"
				    "400101000000Z";
	size_t length = 0;

	memcpy(out, version, 3);
	length = 3;
	memcpy(out + length, algorithm, ALGORITHM_SIZE);
	length += ALGORITHM_SIZE;
	memcpy(out + length, name, (size_t)name_length);
	length += (size_t)name_length;
	memcpy(out + length, times, 30);
	length += 30;
	OPENSSL_free(name);
	return length + put_header(out + length, 0x30, entries);
}

static void
write_list(X509 *ca, EVP_PKEY *key, uint64_t count, uint64_t seed)
{
	static const uint8_t number[] =
		"\xa0\x0e\x30\x0c\x30\x0a\x06\x03\x55\x1d\x14\x04\x03\x02\x01\x07";
	uint8_t fields[HEAD_MAX], header[16], entry[ENTRY_SIZE], signature[1024], tail[64];
	size_t entries = count * ENTRY_SIZE, fields_length = put_fields(fields, ca, entries);
	size_t tbs = fields_length + entries + sizeof(number) - 1, header_length, tail_length;
	size_t signature_length = sizeof(signature), key_size = (size_t)EVP_PKEY_get_size(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	FILE *file = create("list.der");

	header_length = put_header(header, 0x30, tbs);
	memcpy(tail, algorithm, ALGORITHM_SIZE);
	tail_length = ALGORITHM_SIZE + put_header(tail + ALGORITHM_SIZE, 0x03, key_size + 1);
	tail[tail_length++] = 0;
	{
		uint8_t outer[16];
		size_t length =
			put_header(outer, 0x30, header_length + tbs + tail_length + key_size);

		(void)fwrite(outer, 1, length, file);
	}
	must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1, "signer");
	(void)EVP_DigestSignUpdate(context, header, header_length);
	(void)fwrite(header, 1, header_length, file);
	(void)EVP_DigestSignUpdate(context, fields, fields_length);
	(void)fwrite(fields, 1, fields_length, file);
	for (uint64_t i = 0; i < count; i++) {
		put_entry(entry, seed, i);
		(void)EVP_DigestSignUpdate(context, entry, ENTRY_SIZE);
		(void)fwrite(entry, 1, ENTRY_SIZE, file);
	}
	(void)EVP_DigestSignUpdate(context, number, sizeof(number) - 1);
	(void)fwrite(number, 1, sizeof(number) - 1, file);
	must(EVP_DigestSignFinal(context, signature, &signature_length) == 1, "signature");
	(void)fwrite(tail, 1, tail_length, file);
	(void)fwrite(signature, 1, signature_length, file);
	must(fclose(file) == 0, "list.der");
	EVP_MD_CTX_free(context);
}

static void
write_pem(void)
{
	char path[4096];
	uint8_t bytes[48 * 64], text[66 * 65];
	FILE *in, *out = create("list.pem");
	size_t length;

	(void)snprintf(path, sizeof(path), "%s/list.der", directory);
	in = fopen(path, "rb");
	must(in != NULL, path);
	(void)fputs("-----BEGIN X509 CRL-----\n", out);
	while ((length = fread(bytes, 1, sizeof(bytes), in)) > 0)
		for (size_t at = 0; at < length; at += 48) {
			int part = length - at < 48 ? (int)(length - at) : 48;

			(void)EVP_EncodeBlock(text, bytes + at, part);
			(void)fprintf(out, "%s\n", text);
		}
	(void)fputs("-----END X509 CRL-----\n", out);
	(void)fclose(in);
	must(fclose(out) == 0, "list.pem");
}

int
main(int count, char **arguments)
{
	EVP_PKEY *key = EVP_RSA_gen(2048), *client = EVP_EC_gen("P-256");
	uint8_t serial[CRL_SERIAL_SIZE];
	uint64_t entries, seed;
	X509 *ca;

	must(count == 4, "DIRECTORY ENTRIES SEED");
	directory = arguments[1];
	entries = strtoull(arguments[2], NULL, 10);
	seed = strtoull(arguments[3], NULL, 10);
	must(mkdir(directory, 0700) == 0 && entries > 0 && entries < 40'000'000, directory);
	crl_serial(seed, 1, serial);
	ca = make_cert(key, NULL, key, serial, "Issuer of long lists");
	write_cert("ca.pem", ca);
	crl_serial(seed, 3, serial);
	write_cert("good.pem", make_cert(client, ca, key, serial, "good"));
	crl_serial(seed, 2 * (entries / 2), serial);
	write_cert("bad.pem", make_cert(client, ca, key, serial, "bad"));
	write_list(ca, key, entries, seed);
	write_pem();
	return 0;
}
